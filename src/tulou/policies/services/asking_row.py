"""The question about one firm, made ready: which items are asked, and the SQL of all attributes over their values.

Making it costs more than asking it, and it holds nothing of any firm; so each thread keeps it for as long as the
profile and the catalogue are the same. The values of a firm come in with a transaction that is always taken back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from tulou.policies.services.sources import ENDED, Compiler, presence, sources, wide
from tulou.pool.core.catalogue import Catalogue as Items
from tulou.pool.core.catalogue import Item
from tulou.pool.core.contract import LogicalType
from tulou.pool.core.profile.features import FeatureKind
from tulou.pool.services.duty import Shape

NUMBERS = frozenset({LogicalType.INTEGER, LogicalType.NUMBER})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one firm. `columns` are those of the profile that are read, with their item (None: about a
    dataset); `answers` the attribute, or member of a set, and the item of each answer."""

    items: Items
    shape: Shape
    by_name: Mapping[str, Item]
    codes: frozenset[str]
    columns: Mapping[str, str | None]
    answers: tuple[tuple[str, str], ...]
    connection: duckdb.DuckDBPyConnection

    def ask(self, values: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
        """Attribute, item and answer, one for each source, out of the values of a reading. Nothing of them stays."""
        if not self.answers:
            return
        row = self._row(values)
        self.connection.execute("BEGIN")
        try:
            self.connection.execute(f"INSERT INTO profile VALUES ({', '.join('?' * len(row))})", row)
            found = self.connection.execute("EXECUTE question").fetchone() or ()
        finally:
            self.connection.execute("ROLLBACK")
        for (name, item), answer in zip(self.answers, found, strict=True):
            yield name, item, answer

    def _row(self, values: Mapping[str, Any]) -> list[Any]:
        """The values of a reading as the firm's one row of the profile: decimals and days came as text."""
        heads: dict[str, Mapping[str, Any]] = {}
        by_column: dict[str, Any] = {}
        for facts in values.values():
            for fact in facts:
                heads[fact["dataset"]] = fact
                by_column[wide(f"{fact['dataset']}.{fact['column']}", FeatureKind(fact["kind"]))] = fact["value"]
        row: list[Any] = []
        for column, item in self.columns.items():
            if item is None:
                dataset, _, about = column.rpartition("__")
                head = heads.get(dataset)
                row.append(head and head["period" if about == "period" else "received_at"])
            else:
                value = by_column.get(column)
                if value is not None and self.by_name[item].logical_type in NUMBERS:
                    value = float(value)
                row.append(value)
        return row


_questions = threading.local()


def question_about_one(items: Items, shape: Shape) -> Question:
    """The question for the profile and the catalogue as they are."""
    kept: Question | None = getattr(_questions, "kept", None)
    if kept is None or kept.items is not items or kept.shape != shape:
        if kept is not None:
            kept.connection.close()
        _questions.kept = kept = _ready(items, shape)
    return kept


def _ready(items: Items, shape: Shape) -> Question:
    by_name = items_by_name(items)
    columns = {column: item for column, item in columns_of(by_name).items() if column in shape.columns}
    compiler = compiler_for(by_name, shape)
    answers, expressions = [], []
    for name, rows in sources().items():
        for source in rows:
            for expression in compiler.attribute(name, [source]):
                answers.append((name, source.item))
                expressions.append(expression)
    connection = duckdb.connect(config={"threads": 1})
    typed = ", ".join(f'"{column}" {_sql_type(item, by_name)}' for column, item in columns.items())
    if answers:
        # A statement is prepared while the table is empty: an optimiser that trusts its statistics would take every
        # test for NULL as answered.
        connection.execute("PRAGMA disable_optimizer")
        connection.execute(f"CREATE TEMP TABLE profile ({typed})")
        connection.execute(f"PREPARE question AS SELECT {', '.join(expressions)} FROM profile")
    return Question(items, shape, by_name, items_to_ask(by_name), columns, tuple(answers), connection)


def _sql_type(item: str | None, by_name: Mapping[str, Item]) -> str:
    type_ = by_name[item].logical_type if item else None
    if type_ in NUMBERS:
        return "DOUBLE"
    return "BOOLEAN" if type_ is LogicalType.BOOLEAN else "VARCHAR"


def items_by_name(known: Items) -> dict[str, Item]:
    """The catalogue's items by `dataset.column`."""
    return {f"{item.dataset}.{item.technical_name}": item for item in known.items.values()}


def items_to_ask(by_name: Mapping[str, Item]) -> frozenset[str]:
    """Every mapped item, and of lists that name everybody the whole record: whether there is one is the answer."""
    rows = [row for each in sources().values() for row in each]
    names = {item for row in rows for item in row.items()}
    whole = {row.dataset for row in rows if row.complete}
    return frozenset(item.code for name, item in by_name.items() if name in names or item.dataset in whole)


def columns_of(by_name: Mapping[str, Item]) -> dict[str, str | None]:
    """Every column of the profile that the sources read, with its item; None for those about a dataset."""
    wanted: dict[str, str | None] = {}
    for rows in sources().values():
        for source in rows:
            if not source.item:
                continue
            wanted |= dict(source.columns())
            wanted[presence(source.dataset)] = None
            if source.fined:
                wanted[wide(f"{source.dataset}.period")] = None
    wanted[wide(ENDED[0])] = ENDED[0]
    return {column: item for column, item in wanted.items() if item is None or item in by_name}


def compiler_for(by_name: Mapping[str, Item], shape: Shape) -> Compiler:
    """Writes the SQL of attributes over a profile of this shape."""
    return Compiler(shape.as_of, shape.columns, {name: item.unit for name, item in by_name.items()})
