"""Rules as Ibis expressions: the same answers from DuckDB, PostgreSQL and Spark, whose NULL is Kleene's unknown.

The firms' relation holds what `relation_of` writes: one column a fact (a set has one a member), money in fen, codes as
their dictionary writes them, NULL for unknown; of a ledger, whether it is known. Its entries are another relation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import Any as Expression

import ibis
import numpy as np
import pyarrow as pa

from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.dictionaries import TRUE_STATE, UNKNOWN_STATE, Dictionary
from tulou.policies.core.firms.columns import EVERY_CODE, OPEN, UNKNOWN_CODE, Codes, FlagsColumn, Ledgers, Numbers, Sets
from tulou.policies.core.firms.facts import EVERY
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.rule.folding import folded
from tulou.policies.core.rule.tree import (
    All,
    Any,
    AtLeast,
    Const,
    In,
    Intersects,
    Is,
    Limits,
    Measure,
    Measured,
    Node,
    Not,
    Range,
    Unknown,
    When,
    walk,
)

DAY_ZERO = dt.date(1970, 1, 1).toordinal()


LookUp = Callable[[str, pa.Table], Expression]


def sql_name(fact: str) -> str:
    """The column of a fact: dots become two underscores.

    >>> sql_name("tags.high_tech")
    'tags__high_tech'
    """
    return fact.replace(".", "__")


@dataclass
class Compiled:
    """Answers as one relation: `firm_id` and one nullable boolean `p0`, `p1`, … a policy, in the order of `ids`."""

    ids: tuple[str, ...]
    expression: Expression
    look_ups: Mapping[str, pa.Table] = field(default_factory=dict)


def compile_sql(
    rules: Mapping[str, Node],
    catalogue: Catalogue,
    as_of: dt.date | None,
    firms: Expression,
    ledger: Expression = None,
    look_up: LookUp | None = None,
) -> Compiled:
    """The rules over a relation of firms (an Ibis table) and, where rules have windows, one of ledger entries.

    `ledger` has firm_id, attr, day (DATE), amount (fen), scheme. `look_up` makes a relation of an attribute's codes
    from their table; without it they go along as data.
    """
    nodes = [folded(rule, as_of, catalogue) for rule in rules.values()]
    joining = _Joining(catalogue, firms, ledger, look_up or (lambda _, table: ibis.memtable(table)))
    joining.join_codes([item for node in nodes for item in walk(node) if isinstance(item, In)])
    joining.join_measures([item.measure for node in nodes for item in walk(node) if isinstance(item, Measured)])
    answers = [joining.answer(node).cast("boolean").name(f"p{i}") for i, node in enumerate(nodes)]
    relation = joining.relation
    return Compiled(tuple(rules), relation.select(relation.firm_id, *answers), joining.look_ups)


class _Joining:
    """The firms' relation with what the rules look up beside it, and the expressions over it."""

    def __init__(self, catalogue: Catalogue, firms: Expression, ledger: Expression, look_up: LookUp) -> None:
        self.catalogue, self.relation, self.ledger, self._look_up = catalogue, firms, ledger, look_up
        self.look_ups: dict[str, pa.Table] = {}
        self._sets: dict[tuple[str, frozenset[str], frozenset[str]], str] = {}
        self._measures: dict[Measure, str] = {}

    def join_codes(self, nodes: Sequence[In]) -> None:
        """One look-up a dictionary attribute: its codes with their state in every set that rules name."""
        by_attr: dict[str, dict[tuple[frozenset[str], frozenset[str]], str]] = {}
        for node in nodes:
            if self.catalogue.dictionary_of(node.attr) is not None:
                sets = by_attr.setdefault(node.attr, {})
                sets.setdefault((node.include, node.exclude), f"{sql_name(node.attr)}_s{len(sets)}")
        for attr, sets in by_attr.items():
            dictionary = self.catalogue.dictionary_of(attr)
            if dictionary is not None and sql_name(attr) in self.relation.columns:
                self.look_ups[attr] = _states(attr, dictionary, sets)
                look_up = self._look_up(attr, self.look_ups[attr])
                key = f"{sql_name(attr)}_code"
                self.relation = self.relation.left_join(look_up, self.relation[sql_name(attr)] == look_up[key]).drop(
                    key
                )
                self._sets |= {(attr, *each): name for each, name in sets.items()}

    def join_measures(self, measures: Sequence[Measure]) -> None:
        """Sums and counts of ledgers, aggregated once."""
        wanted = list(dict.fromkeys(measures))
        if not wanted or self.ledger is None:
            return
        self._measures = {measure: f"m{i}" for i, measure in enumerate(wanted)}
        rows = self.ledger
        columns = {name: _aggregate(rows, measure).name(name) for measure, name in self._measures.items()}
        totals = rows.group_by(measured_firm=rows.firm_id).aggregate(*columns.values())
        joined = self.relation.left_join(totals, self.relation.firm_id == totals.measured_firm)
        self.relation = joined.drop("measured_firm")

    def answer(self, node: Node) -> Expression:
        """A boolean expression, NULL where the answer is unknown."""
        match node:
            case Const():
                return ibis.literal(node.value)
            case All():
                return reduce(and_, [self.answer(part) for part in node.parts])
            case Any():
                return reduce(or_, [self.answer(part) for part in node.parts])
            case Not():
                return ~self.answer(node.part)
            case AtLeast():
                return _enough(node.count, [self.answer(part) for part in node.parts])
            case When():
                condition, then = self.answer(node.condition), self.answer(node.then)
                # `(~condition).isnull()` would be written NOT (…) IS NULL, which SQL reads as NOT ((…) IS NULL).
                return ibis.cases((condition, then), (~condition, False), else_=_unknown())
            case In() | Range() | Is() | Intersects() | Measured() | Unknown():
                return self._atom(node)
            case _:
                raise TypeError(f"fold the rule first: {type(node).__name__}")

    def _atom(self, node: In | Range | Is | Intersects | Measured | Unknown) -> Expression:
        match node:
            case In():
                return ~self._in(node) if node.negated else self._in(node)
            case Range():
                dates = self.catalogue[node.attr].kind is Kind.DATE
                return self._within(self._column(node.attr), node.limits, dates=dates)
            case Is():
                column = self._column(node.attr)
                return _unknown() if column is None else column == node.value
            case Intersects():
                members = [self._column(f"{node.attr}.{member}") for member in sorted(node.members)]
                return reduce(or_, [_unknown() if column is None else column for column in members])
            case Measured():
                return self._within(self._measure(node.measure), node.limits)
            case _:
                return _unknown()

    def _column(self, fact: str) -> Expression:
        name = sql_name(fact)
        return self.relation[name] if name in self.relation.columns else None

    def _in(self, node: In) -> Expression:
        column = self._column(node.attr)
        if column is None:
            return _unknown()
        found = self._sets.get((node.attr, node.include, node.exclude))
        if found is not None:
            return self.relation[found].nullif(UNKNOWN_STATE) == TRUE_STATE
        codes = sorted((node.include - node.exclude) | {EVERY})
        return column.isin(codes)

    def _within(self, column: Expression, limits: Limits, *, dates: bool = False) -> Expression:
        if column is None:
            return _unknown()
        tests = []
        for operator, bound in (("ge", limits.ge), ("gt", limits.gt), ("le", limits.le), ("lt", limits.lt)):
            if bound is not None:
                tests.append(
                    _compared(column, *_day(operator, int(bound))) if dates else _compared(column, operator, bound)
                )
        return reduce(and_, tests)

    def _measure(self, measure: Measure) -> Expression:
        known = self._column(measure.attr)
        if known is None:
            return None
        total = self.relation[self._measures[measure]].fill_null(0) if measure in self._measures else ibis.literal(0)
        return ibis.cases((known.fill_null(False), total), else_=ibis.null("int64"))


def _unknown() -> Expression:
    return ibis.null("boolean")


def _enough(count: int, parts: Sequence[Expression]) -> Expression:
    """At least `count` of the parts, counted with CASE: PostgreSQL casts no boolean to a bigint."""
    sure = reduce(lambda one, two: one + two, [ibis.cases((part, 1), else_=0) for part in parts])
    possible = reduce(lambda one, two: one + two, [ibis.cases((~part, 0), else_=1) for part in parts])
    return ibis.cases((sure >= count, True), (possible < count, False), else_=_unknown())


def _compared(column: Expression, operator: str, bound: Expression) -> Expression:
    match operator:
        case "ge":
            return column >= bound
        case "gt":
            return column > bound
        case "le":
            return column <= bound
        case _:
            return column < bound


def _day(operator: str, ordinal: int) -> tuple[str, Expression]:
    """The bound as a date; one outside the calendar becomes one at its edge that says the same."""
    first, last = dt.date.min.toordinal(), dt.date.max.toordinal()
    if ordinal < first:
        return ("ge" if operator in ("ge", "gt") else "lt"), ibis.literal(dt.date.min)
    if ordinal > last:
        return ("gt" if operator in ("ge", "gt") else "le"), ibis.literal(dt.date.max)
    return operator, ibis.literal(dt.date.fromordinal(ordinal))


def _states(attr: str, dictionary: Dictionary, sets: Mapping[tuple[frozenset[str], frozenset[str]], str]) -> pa.Table:
    columns: dict[str, Expression] = {f"{sql_name(attr)}_code": [*dictionary.codes, EVERY]}
    for (include, exclude), name in sets.items():
        states = np.append(dictionary.states(include, exclude), np.int8(TRUE_STATE))
        columns[name] = pa.array(states.astype(np.int16), pa.int16())
    return pa.table(columns)


def _aggregate(rows: Expression, measure: Measure) -> Expression:
    after, upto = _day("gt", measure.after), _day("le", measure.upto)
    counted = (rows.attr == measure.attr) & _compared(rows.day, *after) & _compared(rows.day, *upto)
    if measure.schemes:
        counted &= rows.scheme.isin(sorted(measure.schemes))
    value = rows.amount if measure.measure == "sum" else ibis.literal(1, "int64")
    return ibis.cases((counted, value), else_=ibis.literal(0, "int64")).sum().cast("int64")


def relation_of(firm_ids: Sequence[str], table: FirmTable, members: Mapping[str, Sequence[str]]) -> pa.Table:
    """A table of firms as the relation that `compile_sql` reads. `members` names each set's members that rules use."""
    columns: dict[str, pa.Array] = {"firm_id": pa.array(firm_ids, pa.string())}
    for attr, column in table.columns.items():
        if isinstance(column, Sets):
            for member in members.get(attr, ()):
                columns[sql_name(f"{attr}.{member}")] = _flags(column.state(member))
        else:
            columns[sql_name(attr)] = _plain(column, table.catalogue[attr].kind)
    return pa.table(columns)


def _plain(column: Codes | Numbers | FlagsColumn | Ledgers, kind: Kind) -> pa.Array:
    match column:
        case FlagsColumn():
            return _flags(column.states)
        case Ledgers():
            return pa.array(column.known)
        case Numbers() if kind is Kind.DATE:
            return pa.array((column.values - DAY_ZERO).astype(np.int32), pa.int32(), mask=~column.known).cast(
                pa.date32()
            )
        case Numbers():
            return pa.array(column.values, mask=~column.known)
        case Codes():
            words = column.dictionary.codes if column.dictionary is not None else column.vocabulary
            places = np.where(column.places == EVERY_CODE, len(words), column.places)
            taken = pa.array(places, pa.int32(), mask=column.places == UNKNOWN_CODE)
            return pa.array([*words, EVERY], pa.string()).take(taken)


def _flags(states: Expression) -> pa.Array:
    return pa.array(states == 1, pa.bool_(), mask=states == OPEN)


def ledger_of(firm_ids: Sequence[str], table: FirmTable) -> pa.Table:
    """The entries of a table's ledgers as the relation that `compile_sql` reads."""
    parts = []
    for attr, column in table.columns.items():
        if isinstance(column, Ledgers):
            owners = np.repeat(np.arange(len(table)), np.diff(column.starts))
            parts.append(
                pa.table(
                    {
                        "firm_id": pa.array(firm_ids, pa.string()).take(pa.array(owners)),
                        "attr": pa.array([attr] * len(owners), pa.string()),
                        "day": pa.array((column.days - DAY_ZERO).astype(np.int32), pa.int32()).cast(pa.date32()),
                        "amount": pa.array(column.amounts, pa.int64()),
                        "scheme": pa.array([*column.vocabulary, ""], pa.string()).take(pa.array(column.schemes)),
                    }
                )
            )
    empty = pa.schema(
        [
            ("firm_id", pa.string()),
            ("attr", pa.string()),
            ("day", pa.date32()),
            ("amount", pa.int64()),
            ("scheme", pa.string()),
        ]
    )
    return pa.concat_tables(parts) if parts else empty.empty_table()


def members_of(rules: Mapping[str, Node]) -> dict[str, list[str]]:
    """The members of each set that rules name."""
    found: dict[str, set[str]] = {}
    for rule in rules.values():
        for item in walk(rule):
            if isinstance(item, Intersects):
                found.setdefault(item.attr, set()).update(item.members)
    return {attr: sorted(members) for attr, members in found.items()}
