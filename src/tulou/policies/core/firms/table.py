"""Many firms in columns: what the array and the bitset engines read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.firms.columns import (
    EVERY_CODE,
    OPEN,
    UNKNOWN_CODE,
    Codes,
    Column,
    FlagsColumn,
    Kleene,
    Ledgers,
    Numbers,
    Sets,
    codes_from,
    ledgers_from,
    sets_from,
    state_of,
)
from tulou.policies.core.firms.facts import EVERY, Fact, Firm, LedgerEntry, SetFact
from tulou.policies.core.rule.tree import Atom, In, Intersects, Is, Measure, Measured, Range

C = TypeVar("C", Codes, Numbers, FlagsColumn, Sets, Ledgers)


class FirmTable:
    """Firms as columns. A column that is absent is unknown for every firm."""

    def __init__(
        self,
        size: int,
        columns: Mapping[str, Column],
        catalogue: Catalogue,
        measures: Mapping[Measure, Numbers] | None = None,
    ) -> None:
        self.size, self.catalogue = size, catalogue
        self.columns: dict[str, Column] = dict(columns)
        self._measures: dict[Measure, Numbers] = dict(measures or {})
        self._given = frozenset(self._measures)

    def __len__(self) -> int:
        return self.size

    def column(self, attr: str) -> Column:
        """The column of an attribute; made, and all unknown, where the firms' file has none."""
        if attr not in self.columns:
            self.columns[attr] = unknown_column(self.catalogue, attr, self.size)
        return self.columns[attr]

    def of(self, attr: str, kind: type[C]) -> C:
        """The column of an attribute, which is of this kind. Raises TypeError where it is not."""
        column = self.column(attr)
        if not isinstance(column, kind):
            raise TypeError(f"{attr} is a column of {type(column).__name__}, not of {kind.__name__}")
        return column

    def measure(self, wanted: Measure) -> Numbers:
        """The sum or count of a ledger's window; kept, because rules share windows."""
        if wanted not in self._measures:
            self._measures[wanted] = self.of(wanted.attr, Ledgers).measure(wanted)
        return self._measures[wanted]

    def answer(self, atom: Atom) -> Kleene:
        """What a row of a folded rule says about each firm."""
        match atom:
            case Measured():
                return self.measure(atom.measure).answer(atom.limits)
            case Range():
                return self.of(atom.attr, Numbers).answer(atom.limits)
            case In():
                return self.of(atom.attr, Codes).answer(atom)
            case Is():
                return self.of(atom.attr, FlagsColumn).answer(atom.value)
            case Intersects():
                return self.of(atom.attr, Sets).answer(atom.members)
            case _:
                nobody = np.zeros(self.size, dtype=bool)
                return Kleene(nobody, ~nobody)

    def lacks(self, attr: str) -> npt.NDArray[np.bool_]:
        """Where a fact that is one value is unknown."""
        column = self.column(attr)
        return column.rest == OPEN if isinstance(column, Sets) else ~column.known

    def put(self, row: int, facts: Mapping[str, Fact | None]) -> None:
        """Change facts of one firm; None makes a fact unknown."""
        for attr, fact in facts.items():
            self.column(attr).put(row, fact)
            for measure in [each for each in self._measures if each.attr == attr and each not in self._given]:
                del self._measures[measure]

    def take(self, rows: npt.NDArray[np.intp] | slice) -> FirmTable:
        """The table of some rows."""
        columns = {attr: column.take(rows) for attr, column in self.columns.items()}
        return FirmTable(len(np.arange(self.size)[rows]), columns, self.catalogue)

    def joined(self, other: FirmTable) -> FirmTable:
        """These firms and, after them, the others."""
        attrs = dict.fromkeys([*self.columns, *other.columns])
        columns: dict[str, Column] = {}
        for attr in attrs:
            mine, theirs = self.column(attr), other.column(attr)
            columns[attr] = mine.joined(theirs)  # type: ignore[arg-type]
        return FirmTable(self.size + other.size, columns, self.catalogue)


def unknown_column(catalogue: Catalogue, attr: str, size: int) -> Column:
    """A column in which nothing is known."""
    match catalogue[attr].kind:
        case Kind.CODE:
            return Codes(np.full(size, UNKNOWN_CODE, np.int32), (), catalogue.dictionary_of(attr))
        case Kind.FLAG:
            return FlagsColumn(np.full(size, OPEN, np.int8))
        case Kind.SET:
            return Sets({}, np.full(size, OPEN, np.int8))
        case Kind.LEDGER:
            return ledgers_from([None] * size)
        case Kind.NUMBER:
            return Numbers(np.zeros(size, np.float64), np.zeros(size, dtype=bool))
        case _:
            return Numbers(np.zeros(size, np.int64), np.zeros(size, dtype=bool))


def column_from(catalogue: Catalogue, attr: str, facts: Sequence[Any]) -> Column:
    """A column from one fact a firm (None: unknown), each already of the attribute's kind."""
    size = len(facts)
    match catalogue[attr].kind:
        case Kind.CODE:
            return codes_from(facts, catalogue.dictionary_of(attr))
        case Kind.FLAG:
            return FlagsColumn(np.fromiter((state_of(fact) for fact in facts), np.int8, size))
        case Kind.SET:
            return sets_from(facts)
        case Kind.LEDGER:
            return ledgers_from(facts)
        case Kind.NUMBER:
            values = np.fromiter((0.0 if fact is None else fact for fact in facts), np.float64, size)
        case _:
            values = np.fromiter((0 if fact is None else fact for fact in facts), np.int64, size)
    return Numbers(values, np.fromiter((fact is not None for fact in facts), bool, size))


def table_of(firms: Sequence[Firm], catalogue: Catalogue) -> FirmTable:
    """The table of a few firms that are at hand one by one."""
    attrs = dict.fromkeys(attr for firm in firms for attr in firm.facts if attr in catalogue)
    columns = {attr: column_from(catalogue, attr, [firm.facts.get(attr) for firm in firms]) for attr in attrs}
    return FirmTable(len(firms), columns, catalogue)


def facts_at(table: FirmTable, row: int) -> dict[str, Fact]:
    """The facts of one firm of a table, as the walk over a rule reads them."""
    found: dict[str, Fact] = {}
    for attr, column in table.columns.items():
        fact = fact_at(column, row)
        if fact is not None:
            found[attr] = fact
    return found


def fact_at(column: Column, row: int) -> Fact | None:
    """One firm's fact out of a column."""
    match column:
        case Codes():
            return _code_at(column, row)
        case Numbers():
            return column.values[row].item() if column.known[row] else None
        case FlagsColumn():
            return None if column.states[row] == OPEN else bool(column.states[row])
        case Sets():
            rest = int(column.rest[row])
            members = {
                member: None if states[row] == OPEN else bool(states[row]) for member, states in column.members.items()
            }
            return SetFact(members, None if rest == OPEN else bool(rest))
        case Ledgers():
            return _ledger_at(column, row)


def _code_at(column: Codes, row: int) -> str | None:
    place = int(column.places[row])
    if place == UNKNOWN_CODE:
        return None
    if place == EVERY_CODE:
        return EVERY
    return column.dictionary.codes[place] if column.dictionary is not None else column.vocabulary[place]


def _ledger_at(column: Ledgers, row: int) -> Fact | None:
    if not column.known[row]:
        return None
    entries = range(int(column.starts[row]), int(column.starts[row + 1]))
    return tuple(
        LedgerEntry(int(column.days[i]), int(column.amounts[i]), column.vocabulary[column.schemes[i]]) for i in entries
    )
