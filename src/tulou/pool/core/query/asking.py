"""Asking the pool: a question is checked, its tables are laid open read-only, and DuckDB is shut in before it runs."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from tulou.kernel.errors import Refused, Text, Where, refuse
from tulou.pool.core.contract import Contract
from tulou.pool.core.lake import DataFiles, Lake, literal, quoted
from tulou.pool.core.profile.asof import known_files
from tulou.pool.core.profile.features import SEPARATOR
from tulou.pool.core.query.reading import ItemRead, Question, Relation, read_question

ASKABLE = ("profile.enterprise", "entity.enterprise")
"""Tables of Tulou's own that may be asked beside the departments' datasets."""

_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class ReadItem:
    """An item that a question read, as the catalogue knows it."""

    dataset: str
    column: str
    item: str | None
    title: Text | None
    department: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question: its rows, to be read once, and exactly what it reads."""

    question: Question
    items: tuple[ReadItem, ...]
    rows: pa.RecordBatchReader


class PoolRelations:
    """The tables of a pool, looked up when a question names them."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._tables = lake.tables()
        self._contracts: dict[str, Contract] = {}

    def find(self, written: str) -> Relation | None:
        """The table that a name means (its own, or its title), or None."""
        name = written.lower()
        if name in ASKABLE and name in self._tables:
            return Relation(name, self._columns(name))
        if name in self._datasets():
            return self._dataset(name)
        titled = [
            each for each in self._datasets() if written in (self.contract(each).title.zh, self.contract(each).title.en)
        ]
        return self._dataset(titled[0]) if len(titled) == 1 else None

    def contract(self, dataset: str) -> Contract:
        """The contract of a dataset, kept."""
        if dataset not in self._contracts:
            self._contracts[dataset] = self._lake.contract(dataset)
        return self._contracts[dataset]

    def item(self, read: ItemRead) -> ReadItem:
        """What the catalogue says of an item that was read; for the profile's columns, of the item behind it."""
        dataset, name = read.dataset, read.column
        if dataset in ASKABLE:
            dataset, _, rest = read.column.partition(SEPARATOR)
            name = rest.partition(SEPARATOR)[0]
        if dataset not in self._datasets():
            return ReadItem(read.dataset, read.column, None, None, None)
        contract = self.contract(dataset)
        for column in contract.columns:
            if column.name == name:
                return ReadItem(read.dataset, read.column, column.item_code, column.title, contract.department)
        return ReadItem(read.dataset, read.column, None, None, contract.department)

    def _datasets(self) -> list[str]:
        return [name for name in self._tables if "." not in name]

    def _dataset(self, name: str) -> Relation:
        titles: dict[str, str] = {}
        for column in self.contract(name).columns:
            titles |= {column.title.zh: column.name, column.title.en: column.name}
        return Relation(name, self._columns(name), titles)

    def _columns(self, name: str) -> dict[str, str]:
        return dict(self._lake.plan(name).schema.duckdb_types)


@contextmanager
def asked(
    lake: Lake, sql: str, *, as_of: dt.date | None = None, seconds: float = 120, memory: str = "1GB"
) -> Iterator[Answer]:
    """Ask `sql` of the pool, as it was known at the end of the day `as_of` or is now.

    The engine may read the files of the tables that the question names, and nothing else: no other file, no network, no
    extension, no setting. Raises Refused where the question is not allowed, does not run, or takes over `seconds`.
    """
    relations = PoolRelations(lake)
    question = read_question(sql, relations)
    files = {name: _files(lake, name, as_of) for name in question.datasets}
    folder = lake.stage("query")
    try:
        with _shut_in(files, folder, memory) as connection:
            timer = threading.Timer(seconds, connection.interrupt)
            timer.start()
            try:
                rows = connection.execute(question.sql).to_arrow_reader(_BATCH)
                items = tuple(relations.item(read) for read in question.items)
                yield Answer(question, items, rows)
            except duckdb.InterruptException:
                raise _too_long(seconds) from None
            except duckdb.OutOfMemoryException:
                raise _too_big(memory) from None
            except (duckdb.Error, pa.ArrowException) as error:
                raise _failed(str(error), seconds, memory) from None
            finally:
                timer.cancel()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files(lake: Lake, name: str, as_of: dt.date | None) -> DataFiles:
    return lake.plan(name) if as_of is None or name in ASKABLE else known_files(lake, name, as_of)


@contextmanager
def _shut_in(files: dict[str, DataFiles], folder: Path, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": 2,
        "temp_directory": str(folder / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(config=config) as connection:
        connection.execute("SET TimeZone = 'Asia/Shanghai'")
        for name, planned in files.items():
            connection.execute(f"CREATE VIEW {quoted(name)} AS SELECT * FROM {planned.duckdb()}")
        paths = ", ".join(literal(str(path)) for planned in files.values() for path in planned.paths)
        connection.execute(f"SET allowed_paths = [{paths}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def _too_long(seconds: float) -> Refused:
    return refuse(
        "query.too_long",
        f"查询超过 {seconds:g} 秒, 已停止",
        f"The query took longer than {seconds:g} seconds and was stopped",
        remedy=Text(zh="请缩小范围, 或先建立企业画像宽表再查询", en="Narrow it, or ask the table profile.enterprise"),
    )


def _too_big(memory: str) -> Refused:
    return refuse(
        "query.too_big",
        f"查询需要的内存超过 {memory}",
        f"The query needs more than {memory} of memory",
        remedy=Text(zh="请先筛选或汇总", en="Filter or aggregate first"),
    )


def _failed(message: str, seconds: float, memory: str) -> Refused:
    """The refusal for an engine's error; while rows are read they come wrapped, with the kind in their text."""
    if "Interrupt" in message:
        return _too_long(seconds)
    if "Out of Memory" in message:
        return _too_big(memory)
    return refuse(
        "query.failed",
        "查询未能执行",
        "The query did not run",
        where=Where(value=message.splitlines()[0][:300]),
        remedy=Text(zh="请检查类型和数值", en="Check types and values"),
    )
