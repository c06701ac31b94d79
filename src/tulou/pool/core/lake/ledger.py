"""The deliveries' ledger: one row a delivery id. It can be rebuilt from the tables' snapshots, which are the truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Engine, MetaData, String, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tulou.pool.core.lake.receipt import Receipt

_METADATA = MetaData()
_DELIVERY = Table(
    "tulou_delivery",
    _METADATA,
    Column("delivery_id", String(200), primary_key=True),
    Column("dataset", String(200), nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("received_at", String(40), nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("snapshot_id", BigInteger),
    Column("receipt", Text, nullable=False),
)
STANDS, ROLLED_BACK, REFUSED = "stands", "rolled_back", "refused"
UNDOING = "undoing"
"""Somebody set out to take it back; whether that came about the table's history knows."""


class Ledger:
    """Receipts by delivery id, in the database of the catalogue (SQLite or PostgreSQL)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self) -> None:
        """Make the ledger's table, where it is not there."""
        _METADATA.create_all(self._engine, checkfirst=True)

    def find(self, delivery_id: str) -> tuple[Receipt, str] | None:
        """The receipt of a delivery and its state, or None where the ledger does not know it."""
        query = select(_DELIVERY.c.receipt, _DELIVERY.c.state).where(_DELIVERY.c.delivery_id == delivery_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return (Receipt.from_json(row.receipt), row.state) if row else None

    def add(self, receipt: Receipt, state: str) -> None:
        """Write a receipt down. A refused delivery may come again under its id, corrected, and then takes its place."""
        row = _row(receipt, state)
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(_DELIVERY).values(**row))
        except IntegrityError:
            refused = (_DELIVERY.c.delivery_id == receipt.delivery_id) & (_DELIVERY.c.state == REFUSED)
            with self._engine.begin() as connection:
                connection.execute(update(_DELIVERY).where(refused).values(**row))

    def mark(self, delivery_id: str, state: str) -> None:
        """Change the state of a delivery."""
        with self._engine.begin() as connection:
            connection.execute(update(_DELIVERY).where(_DELIVERY.c.delivery_id == delivery_id).values(state=state))

    def undoing(self, dataset: str | None = None) -> list[tuple[str, str]]:
        """The deliveries (dataset and id) that somebody set out to take back and did not come to say so."""
        query = select(_DELIVERY.c.dataset, _DELIVERY.c.delivery_id).where(_DELIVERY.c.state == UNDOING)
        if dataset is not None:
            query = query.where(_DELIVERY.c.dataset == dataset)
        with self._engine.connect() as connection:
            return [(row.dataset, row.delivery_id) for row in connection.execute(query)]

    def receipts(self, dataset: str | None = None) -> Iterator[tuple[Receipt, str]]:
        """Every receipt with its state, oldest first; of one dataset where it is named."""
        query = select(_DELIVERY.c.receipt, _DELIVERY.c.state).order_by(
            _DELIVERY.c.received_at, _DELIVERY.c.delivery_id
        )
        if dataset is not None:
            query = query.where(_DELIVERY.c.dataset == dataset)
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                yield Receipt.from_json(row.receipt), row.state

    def latest(self, dataset: str) -> Receipt | None:
        """The receipt of the standing delivery of a dataset that was received last, replays not among them."""
        query = (
            select(_DELIVERY.c.receipt)
            .where(_DELIVERY.c.dataset == dataset, _DELIVERY.c.state == STANDS)
            .order_by(_DELIVERY.c.received_at.desc(), _DELIVERY.c.delivery_id.desc())
        )
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                receipt = Receipt.from_json(row.receipt)
                if receipt.replays is None and receipt.medians:
                    return receipt
        return None

    def states(self, delivery_ids: Sequence[str]) -> dict[str, str]:
        """The state of each of the deliveries that the ledger knows."""
        query = select(_DELIVERY.c.delivery_id, _DELIVERY.c.state).where(_DELIVERY.c.delivery_id.in_(delivery_ids))
        with self._engine.connect() as connection:
            return {row.delivery_id: row.state for row in connection.execute(query)}

    def replace(self, rows: Iterable[tuple[Receipt, str]]) -> None:
        """Put `rows` in the place of all deliveries but those that were refused whole, in one transaction."""
        with self._engine.begin() as connection:
            connection.execute(delete(_DELIVERY).where(_DELIVERY.c.state != REFUSED))
            for receipt, state in rows:
                connection.execute(delete(_DELIVERY).where(_DELIVERY.c.delivery_id == receipt.delivery_id))
                connection.execute(insert(_DELIVERY).values(**_row(receipt, state)))


def _row(receipt: Receipt, state: str) -> dict[str, Any]:
    return {
        "delivery_id": receipt.delivery_id,
        "dataset": receipt.dataset,
        "sha256": receipt.sha256,
        "received_at": receipt.received_at.astimezone(dt.UTC).isoformat(),
        "state": state,
        "snapshot_id": receipt.snapshot_id,
        "receipt": receipt.to_json(),
    }
