"""What is done to a pool while it dies, and what must be true afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from tulou.kernel.errors import Refused, Text
from tulou.pool.core.contract import Column, Contract, LogicalType
from tulou.pool.core.ingest import ingest
from tulou.pool.core.lake import Lake, Receipt
from tulou.pool.core.lake.checking import check
from tulou.pool.core.lake.rollback import roll_back

NOW = dt.datetime(2020, 4, 1, 9, tzinfo=dt.UTC)


def text(word: str) -> Text:
    return Text(zh=word, en=word)


METERS = Contract(
    dataset="power_meter",
    department="power",
    version="1",
    title=text("用电"),
    columns=(
        Column("uscc", LogicalType.STRING, text("代码")),
        Column("energy", LogicalType.NUMBER, text("电量"), precision=14, scale=2),
    ),
    primary_key=("uscc",),
)

FIRST = "".join(f"firm{number:03},{number}.50\n" for number in range(40))
SECOND = "".join(f"firm{number:03},{number}.75\n" for number in range(30, 60)) + "firm099,many\n"
THIRD = "".join(f"firm{number:03},1.00\n" for number in range(100, 110))


def file_of(folder: Path, name: str, rows: str) -> Path:
    path = folder / f"{name}.csv"
    path.write_text("代码,电量\n" + rows, encoding="utf-8")
    return path


def content(lake: Lake) -> list[tuple[Any, ...]]:
    with duckdb.connect(config={"threads": 1}) as connection:
        query = f"SELECT uscc, energy::VARCHAR, _delivery_id FROM {lake.relation('power_meter')} ORDER BY ALL"
        return connection.execute(query).fetchall()


@dataclass(frozen=True)
class Story:
    """Something that is done to a pool. `prepare` makes the pool, `act` is what dies."""

    name: str
    prepare: Callable[[Path, Path], None]
    act: Callable[[Path, Path], object]


def send(root: Path, files: Path, name: str, rows: str, contract: Contract = METERS) -> Receipt:
    lake = Lake.open(root)
    return ingest(lake, file_of(files, name, rows), contract, received_at=NOW, delivery_id=name)


def with_one_delivery(root: Path, files: Path) -> None:
    Lake.create(root)
    send(root, files, "first", FIRST)


def with_two_deliveries(root: Path, files: Path) -> None:
    with_one_delivery(root, files)
    send(root, files, "second", SECOND)


WIDER = replace(
    METERS,
    version="2",
    columns=(*METERS.columns, Column("note", LogicalType.STRING, text("备注"))),
)


def prepared_empty(root: Path, files: Path) -> None:
    Lake.create(root)


def carelessly(root: Path, files: Path) -> Receipt:
    """The same without any fsync of ours: what the enumeration must find fault with."""
    import tulou.pool.core.lake.durable as durable
    import tulou.pool.core.lake.lake as lake

    lake.sync_file = lambda path: None  # type: ignore[attr-defined]
    lake.sync_folder = durable.sync_folder = lambda folder: None  # type: ignore[attr-defined]
    return send(root, files, "second", SECOND)


def taken_back(root: Path, files: Path) -> None:
    """Take the second delivery back; asked again after it happened, the pool refuses and says so."""
    lake = Lake.open(root)
    try:
        roll_back(lake, "second", apply=True)
    except Refused as refused:
        if refused.finding.code != "delivery.does_not_stand" or "rolled back" not in refused.finding.text.en:
            raise


STORIES = {
    story.name: story
    for story in (
        Story("merge", with_one_delivery, lambda root, files: send(root, files, "second", SECOND)),
        Story("first", prepared_empty, lambda root, files: send(root, files, "second", SECOND)),
        Story("wider", with_one_delivery, lambda root, files: send(root, files, "second", SECOND, WIDER)),
        Story("refusal", with_one_delivery, lambda root, files: send(root, files, "second", "")),
        Story("careless", with_one_delivery, carelessly),
        Story("rollback", with_two_deliveries, taken_back),
    )
}


@dataclass(frozen=True)
class State:
    """What can be seen of a pool: its records, its deliveries and their states."""

    records: list[tuple[Any, ...]]
    deliveries: list[tuple[str, str, int, int]]


def state(root: Path) -> State:
    lake = Lake.open(root)
    try:
        records = content(lake) if "power_meter" in lake.datasets() else []
        told = [(r.delivery_id, s, r.accepted, r.rejected) for r, s in lake.receipts()]
        return State(records, told)
    finally:
        lake.close()


def sound(root: Path) -> list[str]:
    """What a check of the pool finds fault with; a ledger that lags behind history is no fault."""
    lake = Lake.open(root)
    try:
        health = check(lake, now=NOW)
        return [f"{f.code}: {f.where.file}" for f in health.findings if f.code != "lake.ledger"]
    finally:
        lake.close()
