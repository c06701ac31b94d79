"""Versions of a table: what was known when."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

DELIVERY, RECEIPT, OPERATION, UNDOES, KEY = (
    "tulou.delivery-id",
    "tulou.receipt",
    "tulou.operation",
    "tulou.undoes",
    "tulou.key",
)
"""What a snapshot says of itself: the delivery that it brought and its receipt, how it met what was there, the
deliveries that it took back (a JSON list), and the key that records were merged on (a JSON list)."""


def properties_of(snapshot: Snapshot) -> Mapping[str, str]:
    """What we wrote into a snapshot's summary."""
    return snapshot.summary.additional_properties if snapshot.summary else {}


def undone_by(snapshot: Snapshot) -> tuple[str, ...]:
    """The deliveries that a snapshot took back."""
    document = properties_of(snapshot).get(UNDOES)
    return tuple(json.loads(document)) if document else ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a table: which delivery or operation made it, when, and how many records it holds.

    `undoes` names the deliveries that it took back.
    """

    snapshot_id: int
    committed_at: dt.datetime
    known_at: dt.datetime
    operation: str
    delivery_id: str | None
    undoes: tuple[str, ...]
    records: int
    added: int
    removed: int
    tags: tuple[str, ...]


def lineage(table: Table) -> list[Snapshot]:
    """The snapshots that led to the current one, oldest first."""
    by_id = {snapshot.snapshot_id: snapshot for snapshot in table.snapshots()}
    current = table.current_snapshot()
    chain: list[Snapshot] = []
    while current is not None:
        chain.append(current)
        current = by_id.get(current.parent_snapshot_id) if current.parent_snapshot_id is not None else None
    return chain[::-1]


def snapshot_of(table: Table, *, as_of: dt.datetime | None, snapshot_id: int | None) -> Snapshot | None:
    """The snapshot by id, the last one that was known at `as_of` (with its time zone), or the current one.

    None where the table was still empty.
    """
    if snapshot_id is not None:
        return table.snapshot_by_id(snapshot_id)
    if as_of is None:
        return table.current_snapshot()
    known = [snapshot for snapshot in lineage(table) if known_at(snapshot) <= as_of]
    return known[-1] if known else None


def known_at(snapshot: Snapshot) -> dt.datetime:
    """When the pool came to know a version: when its delivery was received, or, for anything else, when it was made.

    In a pool that was filled later with the deliveries of past months the two differ by months.
    """
    if (document := properties_of(snapshot).get(RECEIPT)) is not None:
        return dt.datetime.fromisoformat(json.loads(document)["received_at"])
    return dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, tz=dt.UTC)


def versions(table: Table) -> list[Version]:
    """Every version of a table, oldest first."""
    tags: dict[int, list[str]] = {}
    for name, reference in table.refs().items():
        if name != "main":
            tags.setdefault(reference.snapshot_id, []).append(name)
    rows = []
    for snapshot in lineage(table):
        summary = properties_of(snapshot)
        rows.append(
            Version(
                snapshot_id=snapshot.snapshot_id,
                committed_at=dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, tz=dt.UTC),
                known_at=known_at(snapshot),
                operation=summary.get(OPERATION, "?"),
                delivery_id=summary.get(DELIVERY),
                undoes=undone_by(snapshot),
                records=int(summary.get("total-records", 0)),
                added=int(summary.get("added-records", 0)),
                removed=int(summary.get("deleted-records", 0)),
                tags=tuple(sorted(tags.get(snapshot.snapshot_id, []))),
            )
        )
    return rows
