"""What came into a pool and what became of it, told in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tulou.kernel.errors import Text
from tulou.pool.core.lake.ledger import REFUSED, STANDS
from tulou.pool.core.lake.receipt import Receipt
from tulou.pool.core.lake.versions import Version

if TYPE_CHECKING:
    from tulou.pool.core.lake.lake import Lake


@dataclass(frozen=True, slots=True)
class DatasetState:
    """A dataset as it stands: how many records, from how many deliveries, and which was the last."""

    dataset: str
    title: Text
    department: str
    contract_version: str
    records: int
    deliveries: int
    versions: int
    last_delivery: str | None
    last_received: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a dataset: a delivery (accepted or refused whole), a replay or a rollback.

    `state` is what became of the delivery: stands, rolled_back or refused; `records` is what the table held after it.
    """

    at: dt.datetime
    delivery_id: str | None
    operation: str
    state: str | None
    file_name: str | None
    records_in: int | None
    accepted: int | None
    rejected: int | None
    records: int | None
    replays: str | None
    undoes: tuple[str, ...]
    tags: tuple[str, ...]
    snapshot_id: int | None


def overview(lake: Lake) -> list[DatasetState]:
    """Every dataset of the pool, by name."""
    return [_state(lake, name) for name in lake.datasets()]


def _state(lake: Lake, name: str) -> DatasetState:
    contract = lake.contract(name)
    versions = lake.versions(name)
    standing = [receipt for receipt, state in lake.receipts(name) if state == STANDS]
    last = standing[-1] if standing else None
    return DatasetState(
        dataset=name,
        title=contract.title,
        department=contract.department,
        contract_version=contract.version,
        records=versions[-1].records if versions else 0,
        deliveries=len(standing),
        versions=len(versions),
        last_delivery=last.delivery_id if last else None,
        last_received=last.received_at if last else None,
    )


def events(lake: Lake, dataset: str) -> list[Event]:
    """What happened to a dataset, in the order in which the pool came to know of it."""
    receipts = {receipt.delivery_id: (receipt, state) for receipt, state in lake.receipts(dataset)}
    found = list(_accepted(lake, dataset, receipts))
    seen = {event.delivery_id for event in found}
    found += [_refused(receipt) for name, (receipt, state) in receipts.items() if state == REFUSED and name not in seen]
    return sorted(found, key=lambda event: event.at)


def _accepted(lake: Lake, dataset: str, receipts: dict[str, tuple[Receipt, str]]) -> Iterator[Event]:
    versions = lake.versions(dataset) if dataset in lake.datasets() else []
    for version in versions:
        receipt, state = receipts.get(version.delivery_id or "", (None, None))
        yield _event(version, receipt, state)


def _event(version: Version, receipt: Receipt | None, state: str | None) -> Event:
    replays = receipt.replays if receipt else None
    return Event(
        at=version.known_at,
        delivery_id=version.delivery_id,
        operation="replay" if replays else version.operation,
        state=state,
        file_name=receipt.file_name if receipt else None,
        records_in=receipt.records_in if receipt else None,
        accepted=receipt.accepted if receipt else None,
        rejected=receipt.rejected if receipt else None,
        records=version.records,
        replays=replays,
        undoes=version.undoes,
        tags=version.tags,
        snapshot_id=version.snapshot_id,
    )


def _refused(receipt: Receipt) -> Event:
    return Event(
        at=receipt.received_at,
        delivery_id=receipt.delivery_id,
        operation="refused",
        state=REFUSED,
        file_name=receipt.file_name,
        records_in=None,
        accepted=0,
        rejected=None,
        records=None,
        replays=receipt.replays,
        undoes=(),
        tags=(),
        snapshot_id=None,
    )
