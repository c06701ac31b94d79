"""How what is brought meets what is there: appended, merged on a key, or in place of everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import duckdb
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from tulou.pool.core.lake.durable import local
from tulou.pool.core.lake.schema import DataFiles, TableSchema, quoted, table_schema
from tulou.pool.core.lake.writing import copy_out, engine

Mode = Literal["append", "merge", "replace"]
SMALL = 4 * 2**20
"""Files of fewer bytes are rewritten together."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a commit does: files that leave the table, the files brought, and new ones with records that stay.

    `data` lies in the table's folder already, `kept` in a working folder.
    """

    data: Sequence[Path]
    removed: Sequence[DataFile] = ()
    kept: Sequence[Path] = field(default_factory=tuple)


def merge_plan(
    table: Table | None, schema: Schema, data: Sequence[Path], *, key: Sequence[str], mode: Mode, folder: Path
) -> Plan:
    """The plan for the files `data` in a table whose schema is to be `schema`.

    Only files that hold a key that is brought are rewritten; files whose bounds lie outside what is brought are not
    even opened. Without a key nothing can be merged: what is brought is appended. `folder` takes the rewritten files.
    """
    if table is None or mode == "append" or (mode == "merge" and not key):
        return Plan(data)
    files = [task.file for task in table.scan().plan_files()]
    if mode == "replace":
        return Plan(data, files)
    if not data or not files:
        return Plan(data)
    columns = table_schema(schema)
    with engine(folder) as connection:
        brought = DataFiles("", None, tuple(data), columns).duckdb()
        near = _near(files, schema, key, connection, brought)
        if not near:
            return Plan(data)
        names = ", ".join(quoted(name) for name in key)
        connection.execute(f"CREATE TEMP TABLE brought_key AS SELECT DISTINCT {names} FROM {brought}")
        replaced = _replaced(connection, near, columns, names)
        touched = [file for file in near if replaced.get(local(file.file_path))]
        partly = [file for file in touched if replaced[local(file.file_path)] < file.record_count]
        kept: list[Path] = []
        for group in _grouped(partly):
            held = _relation(group, columns)
            kept += copy_out(connection, f"SELECT * FROM {held} ANTI JOIN brought_key USING ({names})", columns, folder)
    return Plan(data, touched, kept)


def _replaced(
    connection: duckdb.DuckDBPyConnection, files: Sequence[DataFile], columns: TableSchema, names: str
) -> dict[Path, int]:
    """How many records of each file have a key that is brought."""
    query = (
        f"SELECT filename, count(*) FROM {_relation(files, columns)} SEMI JOIN brought_key USING ({names}) GROUP BY 1"
    )
    return {Path(name): count for name, count in connection.execute(query).fetchall()}


def _grouped(files: Sequence[DataFile]) -> list[list[DataFile]]:
    """Large files alone, so that their bounds stay narrow; small ones together, so that they do not pile up."""
    small = [file for file in files if file.file_size_in_bytes < SMALL]
    return [*([file] for file in files if file.file_size_in_bytes >= SMALL), *([small] if small else [])]


def _relation(files: Sequence[DataFile], columns: TableSchema) -> str:
    return DataFiles("", None, tuple(local(file.file_path) for file in files), columns).duckdb()


_EPOCH = dt.date(1970, 1, 1)
_BOUNDED = ("date", "long", "int", "string")


def _near(
    files: Sequence[DataFile], schema: Schema, key: Sequence[str], connection: duckdb.DuckDBPyConnection, brought: str
) -> list[DataFile]:
    """The files whose bounds overlap those of what is brought in every column of the key that has bounds."""
    fields = [schema.find_field(name) for name in key]
    fields = [one for one in fields if str(one.field_type) in _BOUNDED]
    if not fields:
        return list(files)
    limits = ", ".join(f"min({quoted(one.name)}), max({quoted(one.name)})" for one in fields)
    row = connection.execute(f"SELECT {limits} FROM {brought}").fetchone() or ()
    near = list(files)
    for position, one in enumerate(fields):
        least, most = _counted(row[2 * position]), _counted(row[2 * position + 1])
        if least is None or most is None:
            continue
        near = [file for file in near if _overlaps(file, one.field_id, one.field_type, least, most)]
    return near


def _overlaps(file: DataFile, field_id: int, kind: Any, least: Any, most: Any) -> bool:
    lower, upper = (file.lower_bounds or {}).get(field_id), (file.upper_bounds or {}).get(field_id)
    if lower is None or upper is None:
        return True
    first: Any = from_bytes(kind, lower)
    last: Any = from_bytes(kind, upper)
    return bool(first <= most and last >= least)


def _counted(value: Any) -> Any:
    """A bound as Iceberg counts it: dates in days since 1970."""
    return (value - _EPOCH).days if isinstance(value, dt.date) else value
