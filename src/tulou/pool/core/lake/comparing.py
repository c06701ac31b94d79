"""Two versions of a table side by side: records added, removed and changed by key, and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tulou.kernel.errors import Text, wrong_use
from tulou.pool.core.contract.codec import contract_from_json
from tulou.pool.core.lake.references import Reference, resolve
from tulou.pool.core.lake.schema import PROVENANCE, DataFiles, quoted, table_schema
from tulou.pool.core.lake.writing import engine

if TYPE_CHECKING:
    import duckdb
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table

    from tulou.pool.core.lake.lake import Lake

SAMPLE = 20
"""Records of each kind that are shown."""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column that came, went, or has another name or type."""

    change: str
    column: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of `before` on the way to `after`.

    With a key, `changed` counts records that are in both with other values, `columns_changed` in how many of them each
    column differs. Without a key a changed record counts as one removed and one added. The samples hold at most 20
    records of each kind; those of `changed` have `[before, after]` for each column that differs.
    """

    dataset: str
    before: str
    after: str
    records_before: int
    records_after: int
    key: tuple[str, ...]
    added: int
    removed: int
    changed: int
    columns_changed: Mapping[str, int]
    schema: tuple[ColumnChange, ...]
    added_sample: Sequence[Mapping[str, Any]]
    removed_sample: Sequence[Mapping[str, Any]]
    changed_sample: Sequence[Mapping[str, Any]]


def diff(lake: Lake, before: str, after: str) -> Difference:
    """Compare two versions of one table; `references.resolve` says how they are named.

    Records are compared under today's column names, where they came from (delivery, number, time) not among them.
    Raises WrongUse where the two are versions of different tables.
    """
    first, second = resolve(lake, before), resolve(lake, after)
    if first.dataset != second.dataset:
        raise wrong_use(
            "diff.two_datasets",
            f"{before} 和 {after} 属于不同的数据集 ({first.dataset}, {second.dataset})",
            f"{before} and {after} belong to different datasets ({first.dataset}, {second.dataset})",
            remedy=Text(zh="请比较同一数据集的两个版本", en="Compare two versions of one dataset"),
        )
    table = lake.table(first.dataset)
    key = _key(table)
    files = [_files(lake, one) for one in (first, second)]
    columns = [field.name for field in files[0].schema.fields if field.name not in PROVENANCE]
    folder = lake.stage(f"diff-{first.dataset}")
    try:
        with engine(folder) as connection:
            for name, held in zip(("earlier", "later"), files, strict=True):
                listed = ", ".join(map(quoted, columns))
                connection.execute(f"CREATE VIEW {name} AS SELECT {listed} FROM {held.duckdb()}")
            counts = [connection.execute(f"SELECT count(*) FROM {n}").fetchall()[0][0] for n in ("earlier", "later")]
            body = _by_key(connection, columns, key) if key else _by_value(connection)
    finally:
        lake.unstage(folder)
    return Difference(
        dataset=first.dataset,
        before=before,
        after=after,
        records_before=counts[0],
        records_after=counts[1],
        key=key,
        schema=tuple(_columns(_schema(table, first), _schema(table, second))),
        **body,
    )


def _key(table: Table) -> tuple[str, ...]:
    document = table.properties.get("tulou.contract")
    return contract_from_json(document).primary_key if document else ()


def _files(lake: Lake, reference: Reference) -> DataFiles:
    if reference.snapshot_id is None:
        table = lake.table(reference.dataset)
        return DataFiles(reference.dataset, None, (), table_schema(table.schema()))
    return lake.plan(reference.dataset, snapshot_id=reference.snapshot_id)


def _by_key(connection: duckdb.DuckDBPyConnection, columns: Sequence[str], key: Sequence[str]) -> dict[str, Any]:
    names = ", ".join(map(quoted, key))
    values = [name for name in columns if name not in key]
    on = " AND ".join(f"e.{quoted(name)} = l.{quoted(name)}" for name in key)
    differs = [f"e.{quoted(name)} IS DISTINCT FROM l.{quoted(name)}" for name in values]
    any_differs = " OR ".join(differs) or "false"
    connection.execute(f"CREATE VIEW added AS SELECT * FROM later ANTI JOIN earlier USING ({names})")
    connection.execute(f"CREATE VIEW removed AS SELECT * FROM earlier ANTI JOIN later USING ({names})")
    counts = ", ".join(["count(*)", *(f"count_if({term})" for term in differs)])
    total, *each = connection.execute(
        f"SELECT {counts} FROM earlier e JOIN later l ON {on} WHERE {any_differs}"
    ).fetchall()[0]
    pairs = ", ".join(
        [
            *(f"l.{quoted(name)} AS {quoted(name)}" for name in key),
            *(
                f"CASE WHEN {term} THEN [e.{quoted(name)}::VARCHAR, l.{quoted(name)}::VARCHAR] END AS {quoted(name)}"
                for name, term in zip(values, differs, strict=True)
            ),
        ]
    )
    changed = f"SELECT {pairs} FROM earlier e JOIN later l ON {on} WHERE {any_differs}"
    order = ", ".join(f"l.{quoted(name)}" for name in key)
    return {
        **_samples(connection, names),
        "changed": total,
        "columns_changed": {name: count for name, count in zip(values, each, strict=True) if count},
        "changed_sample": [
            {name: value for name, value in row.items() if value is not None}
            for row in _rows(connection, f"{changed} ORDER BY {order} LIMIT {SAMPLE}")
        ],
    }


def _by_value(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    connection.execute("CREATE VIEW added AS SELECT * FROM later EXCEPT ALL SELECT * FROM earlier")
    connection.execute("CREATE VIEW removed AS SELECT * FROM earlier EXCEPT ALL SELECT * FROM later")
    return {**_samples(connection, "ALL"), "changed": 0, "columns_changed": {}, "changed_sample": []}


def _samples(connection: duckdb.DuckDBPyConnection, order: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("added", "removed"):
        found[name] = connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
        found[f"{name}_sample"] = _rows(connection, f"SELECT * FROM {name} ORDER BY {order} LIMIT {SAMPLE}")
    return found


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    answer = connection.execute(query)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _schema(table: Table, reference: Reference) -> Schema | None:
    if reference.snapshot_id is None:
        return None
    snapshot = table.snapshot_by_id(reference.snapshot_id)
    number = snapshot.schema_id if snapshot and snapshot.schema_id is not None else table.schema().schema_id
    return table.schemas()[number]


def _columns(before: Schema | None, after: Schema | None) -> list[ColumnChange]:
    if before is None or after is None:
        return []
    old = {field.field_id: field for field in before.fields}
    new = {field.field_id: field for field in after.fields}
    changes = [ColumnChange("added", new[n].name, after=str(new[n].field_type)) for n in new if n not in old]
    changes += [ColumnChange("removed", old[n].name, before=str(old[n].field_type)) for n in old if n not in new]
    for number in old.keys() & new.keys():
        if old[number].name != new[number].name:
            changes.append(ColumnChange("renamed", new[number].name, old[number].name, new[number].name))
        if old[number].field_type != new[number].field_type:
            kinds = str(old[number].field_type), str(new[number].field_type)
            changes.append(ColumnChange("widened", new[number].name, *kinds))
    return changes
