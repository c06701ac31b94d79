"""Tables that Tulou makes itself: entities, profiles. Any relation, in one commit, with the columns that it brings."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException

from tulou.kernel.errors import refuse, wrong_use
from tulou.pool.core.lake.merging import Mode, merge_plan
from tulou.pool.core.lake.schema import Wanted, grown, iceberg_type_of, literal, table_schema
from tulou.pool.core.lake.transaction import load
from tulou.pool.core.lake.versions import OPERATION
from tulou.pool.core.lake.writing import conformed, copy_out, engine

if TYPE_CHECKING:
    from tulou.pool.core.lake.lake import Lake

Derived: TypeAlias = "pa.Table | pa.RecordBatchReader | Path | Sequence[Path]"

DERIVED = ("entity", "profile")
"""Namespaces of tables that Tulou makes itself."""

_ATTEMPTS = 20


def write_derived(
    lake: Lake, name: str, data: Derived, *, key: tuple[str, ...], mode: Mode, about: Mapping[str, str]
) -> int:
    """What `Lake.write_derived` says."""
    namespace, _, short = name.partition(".")
    if namespace not in DERIVED or not short.isidentifier():
        raise wrong_use("lake.not_derived", f"{name} 不是派生表的名称", f"{name} is no name of a derived table")
    if mode == "merge" and not key:
        raise wrong_use("lake.no_key", f"合并 {name} 需要主键", f"Merging {name} needs a key")
    identifier = (namespace, short)
    folder = lake.stage(name)
    try:
        with engine(folder) as connection, lake.lock(name):
            source = _source(connection, data)
            wanted = _wanted(connection, source)
            _check_key(name, key, wanted)
            files: list[Path] | None = None
            for _ in range(_ATTEMPTS):
                table = load(lake.catalog, identifier)
                current, last = (table.schema(), table.metadata.last_column_id) if table else (None, 0)
                schema = grown(current, last, wanted, table=name, anew=mode == "replace")
                columns = table_schema(schema)
                if files is None:
                    files = copy_out(connection, f"SELECT * FROM {source}", columns, folder)
                files = lake.settled(identifier, conformed(files, columns, folder))
                plan = merge_plan(table, schema, files, key=key, mode=mode, folder=folder)
                with contextlib.suppress(CommitFailedException):
                    return lake.put(identifier, table, schema, plan, {}, {**about, OPERATION: mode})
        raise refuse("lake.busy", f"{name} 正被频繁写入", f"{name} is being written all the time")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _source(connection: duckdb.DuckDBPyConnection, data: Any) -> str:
    if isinstance(data, Path):
        data = [data]
    if isinstance(data, (pa.Table, pa.RecordBatchReader)):
        connection.register("brought", data)
        return "brought"
    return f"read_parquet([{', '.join(literal(str(path)) for path in data)}], union_by_name=true)"


def _wanted(connection: duckdb.DuckDBPyConnection, source: str) -> list[Wanted]:
    columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    return [Wanted(name, iceberg_type_of(str(kind), name)) for name, kind, *_ in columns]


def _check_key(name: str, key: tuple[str, ...], wanted: Sequence[Wanted]) -> None:
    lacking = sorted(set(key) - {column.name for column in wanted})
    if lacking:
        raise wrong_use(
            "lake.no_key", f"{name} 的数据缺少主键列 {lacking}", f"The data for {name} lack the key columns {lacking}"
        )
