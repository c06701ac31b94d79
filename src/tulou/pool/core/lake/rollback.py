"""Taking deliveries back: the table becomes what it would be had they never come, and stays as it was in history."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tulou.kernel.errors import Text, Where, refuse
from tulou.pool.core.lake.asking import at_hand
from tulou.pool.core.lake.durable import local
from tulou.pool.core.lake.ledger import ROLLED_BACK, STANDS, UNDOING
from tulou.pool.core.lake.merging import Plan
from tulou.pool.core.lake.receipt import Receipt
from tulou.pool.core.lake.replays import replays_of
from tulou.pool.core.lake.schema import DELIVERY_ID, DataFiles, TableSchema, literal, quoted, table_schema
from tulou.pool.core.lake.versions import DELIVERY, KEY, OPERATION, UNDOES, lineage, properties_of, undone_by
from tulou.pool.core.lake.writing import copy_out, engine

if TYPE_CHECKING:
    from tulou.pool.core.lake.lake import Lake

_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Rollback:
    """What taking a delivery back does (or did): its replays go with it; `restored` records come back.

    `snapshot_id` is None where nothing was done yet.
    """

    dataset: str
    deliveries: tuple[str, ...]
    removed: int
    restored: int
    records: int
    snapshot_id: int | None = None


def roll_back(lake: Lake, delivery_id: str, *, apply: bool = False) -> Rollback:
    """Take a delivery back, in one commit; without `apply` only say what that would do.

    The records that it brought go, and those that it replaced come back, unless a later delivery has replaced them too.
    The replays of a delivery go with it. History keeps the version: `as-of` still shows what was known then. Raises
    Refused where the delivery is not known, was refused whole, or was rolled back already.
    """
    receipt = _standing(lake, delivery_id)
    folder = lake.stage(f"rollback-{delivery_id}")
    identifier = (receipt.department, receipt.dataset)
    try:
        with lake.lock(receipt.dataset):
            for _ in range(_ATTEMPTS):
                table = lake.table(receipt.dataset)
                lake.catch_up(table)
                gone = (_standing(lake, delivery_id).delivery_id, *_names(replays_of(lake, delivery_id)))
                if not apply:
                    return Rollback(receipt.dataset, gone, *_counted(table, gone))
                plan, counted = _plan(table, gone, folder)
                about = {OPERATION: "rollback", UNDOES: json.dumps(gone)}
                for name in gone:
                    lake.ledger.mark(name, UNDOING)
                with contextlib.suppress(CommitFailedException):
                    snapshot_id = lake.put(identifier, table, table.schema(), plan, {}, about)
                    for name in gone:
                        lake.ledger.mark(name, ROLLED_BACK)
                    return Rollback(receipt.dataset, gone, *counted, snapshot_id=snapshot_id)
        raise refuse("lake.busy", f"{receipt.dataset} 正被频繁写入", f"{receipt.dataset} is being written all the time")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _names(receipts: Sequence[Receipt]) -> list[str]:
    return [receipt.delivery_id for receipt in receipts]


def _standing(lake: Lake, delivery_id: str) -> Receipt:
    found = lake.ledger.find(delivery_id)
    if found is None:
        raise refuse(
            "delivery.none",
            f"数据池中没有交付 {delivery_id}",
            f"The pool has no delivery {delivery_id}",
            remedy=Text(zh="tulou pool history 会列出所有交付", en="tulou pool history lists all deliveries"),
        )
    receipt, state = found
    if state != STANDS:
        raise refuse(
            "delivery.does_not_stand",
            f"交付 {delivery_id} 没有生效 ({'已撤回' if state == ROLLED_BACK else '被拒收'})",
            f"Delivery {delivery_id} does not stand (it was {'rolled back' if state == ROLLED_BACK else 'refused'})",
            where=Where(file=receipt.file_name),
        )
    return receipt


@dataclass(frozen=True, slots=True)
class _Brought:
    """A standing delivery in the order of the table's history: how it met what was there, and the files it added."""

    delivery_id: str
    order: int
    mode: str
    key: tuple[str, ...]
    files: tuple[Path, ...]


def _counted(table: Table, gone: Sequence[str]) -> tuple[int, int, int]:
    """How many records taking deliveries out would remove, restore, and leave; nothing is written for it."""
    columns = table_schema(table.schema())
    files = _standing_files(table)
    names = ", ".join(map(literal, gone))
    back = _restored(_history(table), gone, columns)
    removed = restored = 0
    with at_hand() as connection:
        if files:
            held = DataFiles("", None, tuple(path for path, _ in files), columns).duckdb()
            query = f"SELECT count(*) FROM {held} WHERE {DELIVERY_ID} IN ({names})"
            ((removed,),) = connection.execute(query).fetchall()
        if back is not None:
            ((restored,),) = connection.execute(f"SELECT count(*) FROM ({back})").fetchall()
    return removed, restored, sum(records for _, records in files) - removed + restored


_MOST_KEPT = 1_000
_added_by: dict[tuple[str, int], tuple[Path, ...]] = {}
_standing_in: dict[tuple[str, int], tuple[tuple[Path, int], ...]] = {}
"""What the manifests of a snapshot say never changes, and reading them is the dearest part of a question."""


def _standing_files(table: Table) -> tuple[tuple[Path, int], ...]:
    """The files that make up the table now, and how many records each holds."""
    snapshot = table.current_snapshot()
    if snapshot is None:
        return ()
    key = (table.location(), snapshot.snapshot_id)
    if key not in _standing_in:
        if len(_standing_in) >= _MOST_KEPT:
            _standing_in.clear()
        tasks = table.scan(snapshot_id=snapshot.snapshot_id).plan_files()
        _standing_in[key] = tuple((local(task.file.file_path), task.file.record_count) for task in tasks)
    return _standing_in[key]


def _plan(table: Table, gone: Sequence[str], folder: Path) -> tuple[Plan, tuple[int, int, int]]:
    """The commit that takes deliveries out; how many records it removes, restores, and leaves."""
    columns = table_schema(table.schema())
    files = [task.file for task in table.scan().plan_files()]
    history = _history(table)
    with engine(folder) as connection:
        names = ", ".join(map(literal, gone))
        removed, kept = 0, []
        touched: list[DataFile] = []
        for file in files:
            held = DataFiles("", None, (local(file.file_path),), columns).duckdb()
            query = f"SELECT count(*) FROM {held} WHERE {DELIVERY_ID} IN ({names})"
            ((count,),) = connection.execute(query).fetchall()
            if count:
                removed += count
                touched.append(file)
                if count < file.record_count:
                    query = f"SELECT * FROM {held} WHERE {DELIVERY_ID} NOT IN ({names})"
                    kept += copy_out(connection, query, columns, folder)
        restored = 0
        if (back := _restored(history, gone, columns)) is not None:
            for path in copy_out(connection, back, columns, folder):
                restored += pq.read_metadata(path).num_rows
                kept.append(path)
    before = sum(file.record_count for file in files)
    return Plan((), touched, kept), (removed, restored, before - removed + restored)


def _history(table: Table) -> list[_Brought]:
    """Every delivery that stands, oldest first, from the table's own history."""
    found: dict[str, _Brought] = {}
    for order, snapshot in enumerate(lineage(table)):
        properties = properties_of(snapshot)
        if (name := properties.get(DELIVERY)) is not None:
            key = tuple(json.loads(properties.get(KEY, "[]")))
            found[name] = _Brought(name, order, properties[OPERATION], key, _added(table, snapshot))
        for undone in undone_by(snapshot):
            found.pop(undone, None)
    return list(found.values())


def _added(table: Table, snapshot: Snapshot) -> tuple[Path, ...]:
    """The files that a snapshot added (some hold, beside what was brought, records that stayed)."""
    key = (table.location(), snapshot.snapshot_id)
    if key not in _added_by:
        if len(_added_by) >= _MOST_KEPT:
            _added_by.clear()
        _added_by[key] = tuple(
            local(entry.data_file.file_path)
            for manifest in snapshot.manifests(table.io)
            if manifest.added_snapshot_id == snapshot.snapshot_id
            for entry in manifest.fetch_manifest_entry(table.io)
            if entry.snapshot_id == snapshot.snapshot_id
        )
    return _added_by[key]


def _restored(history: Sequence[_Brought], gone: Sequence[str], columns: TableSchema) -> str | None:
    """SQL text of the records that come back: they would stand had `gone` never come, and do not stand now.

    A record stands when no later delivery has merged one with its key or replaced the whole table.
    """
    taken = [one for one in history if one.delivery_id in gone]
    rest = [one for one in history if one.delivery_id not in gone]
    start = max((one.order for one in rest if one.mode == "replace"), default=0)
    swept = max((one.order for one in taken if one.mode == "replace"), default=-1)
    merged = [one for one in taken if one.mode == "merge" and one.key]
    last = max([swept, *(one.order for one in merged)])
    pool = [one for one in rest if one.order >= start]
    if not any(one.order < last for one in pool):
        return None
    key = next((one.key for one in [*reversed(merged), *reversed(pool)] if one.key), ())
    held = " UNION ALL ".join(_rows(one, columns) for one in pool)
    if not key:
        return f"SELECT * EXCLUDE (_order, _merges) FROM ({held}) WHERE _order < {swept}"
    names = ", ".join(map(quoted, key))
    lost = f"SELECT *, {swept} AS _lost FROM ({held})"
    if merged:
        keys = " UNION ALL ".join(f"SELECT {names}, _order AS _taken FROM ({_rows(one, columns)})" for one in merged)
        join = "INNER" if swept < 0 else "LEFT"
        lost = (
            f"SELECT held.*, greatest(coalesce(_taken, -1), {swept}) AS _lost FROM ({held}) AS held {join} JOIN "
            f"(SELECT {names}, max(_taken) AS _taken FROM ({keys}) GROUP BY ALL) USING ({names})"
        )
    return (
        f"SELECT * EXCLUDE (_order, _merges, _lost) FROM ({lost} "
        f"QUALIFY _order >= max(CASE WHEN _merges THEN _order ELSE -1 END) OVER (PARTITION BY {names})) "
        "WHERE _order < _lost"
    )


def _rows(brought: _Brought, columns: TableSchema) -> str:
    """SQL text of the records that a delivery brought, with its place in history."""
    held = DataFiles("", None, brought.files, columns).duckdb()
    merges = str(brought.mode == "merge" and bool(brought.key)).lower()
    return (
        f"SELECT *, {brought.order} AS _order, {merges} AS _merges FROM {held} "
        f"WHERE {DELIVERY_ID} = {literal(brought.delivery_id)}"
    )
