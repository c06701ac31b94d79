"""What the pool knows of a firm, as the rules of policies ask it: of one firm for its own people, of all for matching.

The facts stand as of the day of the pool's profile. What no department knows may have been declared by the firm; a
declared fact answers only what is unknown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tulou.kernel.errors import Refused, Text, refuse
from tulou.kernel.sizes import size_class
from tulou.platform.actor import Actor
from tulou.platform.records import new_public_id
from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.choices import answered
from tulou.policies.core.firms.columns import OPEN, Codes, Column, FlagsColumn, Numbers, Sets, codes_from
from tulou.policies.core.firms.facts import Fact, Firm, Provenance, SetFact, Unreadable, ordinal
from tulou.policies.core.firms.table import FirmTable, fact_at, unknown_column
from tulou.policies.models import Declaration
from tulou.policies.services.asking_row import (
    Question,
    columns_of,
    compiler_for,
    items_by_name,
    question_about_one,
)
from tulou.policies.services.sources import ENDED, SIZE, Compiler, catalogue, kind_of, sources, wide
from tulou.pool.core.consent import Granularity
from tulou.pool.courtyard import catalogue as items_of_pool
from tulou.pool.services.duty import Shape, profile_shape, read_for_duty
from tulou.pool.services.reading import Asked, read_own
from tulou.registry.models import Organisation

PURPOSE = "POLICY_MATCH"
EVER = (dt.date(1900, 1, 1), dt.date(2200, 1, 1))
DAY_ZERO = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact comes from: which item of which department, of which period, in which delivery, received when."""

    department: Text
    dataset: Text
    item: Text
    item_code: str
    period: dt.date | None
    delivery: str
    received_at: dt.datetime


@dataclass(frozen=True)
class OwnFacts:
    """One firm's facts, with the origin of each (declared ones have none)."""

    firm: Firm
    origins: Mapping[str, Origin]
    as_of: dt.date


@dataclass(frozen=True)
class AllFacts:
    """The facts of all firms in existence that have a credit code; `version` tells the build of the profile."""

    firm_ids: list[str]
    table: FirmTable
    as_of: dt.date
    version: str


# One firm ------------------------------------------------------------------------------------------------------------


def facts_of(actor: Actor, firm: Organisation, *, key: str = "") -> OwnFacts:
    """The facts of the actor's own firm, read through the pool's gate: decided and on the record like every reading.

    Raises ReadDenied where the actor may not read for this firm. A firm that the pool does not know has no facts but
    those that it declared.
    """
    shape = _shape()
    question = question_about_one(items_of_pool(), shape)
    asked = Asked(question.codes, *EVER, Granularity.RAW)
    try:
        values = read_own(actor, firm, asked, key=key or new_public_id()).values
    except Refused as refused:
        if refused.finding.code != "profile.unknown":
            raise
        values = {}
    facts, used = _facts_in(question, values)
    found = {name: _origin(item, values, question) for name, item in used.items()}
    origins = {name: origin for name, origin in found.items() if origin is not None}
    declared = declared_facts(firm.pk)
    provenance = {name: _provenance(origin) for name, origin in origins.items()}
    provenance |= {name: Provenance(DECLARED, shape.as_of, verified=False) for name in declared if name not in facts}
    return OwnFacts(Firm(firm.code, with_declared(facts, declared), provenance), origins, shape.as_of)


DECLARED = Text(zh="企业自行申报", en="declared by the firm")


def _shape() -> Shape:
    shape = profile_shape()
    if shape is None:
        raise refuse("policies.facts.none", "数据池还没有企业画像", "The pool has no profiles of firms yet")
    return shape


def _facts_in(question: Question, values: Mapping[str, Any]) -> tuple[dict[str, Fact], dict[str, str]]:
    """The facts in the values of a reading, and the item that each was taken from."""
    facts: dict[str, Fact] = {}
    used: dict[str, str] = {}
    members: dict[str, bool | None] = {}
    for name, item, value in question.ask(values):
        if value is None or name in used:
            continue
        used[name] = item
        _, _, member = name.partition(".")
        if member:
            members[member] = bool(value)
        else:
            facts[name] = ordinal(value) if kind_of(name) is Kind.DATE else value
    if members:
        facts["tags"] = SetFact(members)
    size = None if "size" in facts else _size(facts)
    if size is not None:
        facts["size"] = size
    return {name: _canonical(name, fact) for name, fact in facts.items()}, used


def _canonical(name: str, fact: Fact) -> Fact:
    dictionary = catalogue().dictionary_of(name)
    if dictionary is None or not isinstance(fact, str):
        return fact
    place = dictionary.position_of_fact(fact)
    return fact if place < 0 else dictionary.codes[place]


def _size(facts: Mapping[str, Any]) -> str | None:
    return size_of(facts.get("industry"), facts.get("headcount"), facts.get("revenue"), facts.get("assets"))


def size_of(industry: str | None, headcount: int | None, revenue: int | None, assets: int | None) -> str | None:
    """The size class that the known figures leave (amounts in fen); None where they leave several.

    >>> size_of("C1311", 12, 100_000_000, None)
    'micro'
    """
    if industry is None:
        return None
    try:
        found = size_class(industry, employees=_not_negative(headcount), revenue=_yuan(revenue), assets=_yuan(assets))
    except Refused:
        return None
    return None if found is None else found.value


def _not_negative(value: int | None) -> int | None:
    return value if value is None or value >= 0 else None


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None or fen < 0 else Decimal(fen) / 100


def _origin(item: str, values: Mapping[str, Any], question: Question) -> Origin | None:
    found = question.by_name[item]
    facts = values.get(found.code) or ()
    if not facts:
        return None
    fact, known = facts[0], question.items
    return Origin(
        department=known.departments[found.department].title,
        dataset=known.datasets[found.dataset].title,
        item=found.title,
        item_code=found.code,
        period=dt.date.fromisoformat(fact["period"]) if fact["period"] else None,
        delivery=fact["delivery"],
        received_at=dt.datetime.fromisoformat(fact["received_at"]),
    )


def _provenance(origin: Origin) -> Provenance:
    source = Text(
        zh=f"{origin.department.zh}: {origin.dataset.zh}，{origin.item.zh}",
        en=f"{origin.department.en}: {origin.dataset.en}, {origin.item.en}",
    )
    return Provenance(source, origin.period or origin.received_at.date())


# Declared facts ------------------------------------------------------------------------------------------------------


def declared_facts(firm: int, known: Catalogue | None = None) -> dict[str, Fact]:
    """What a firm declared and still stands; an answer that no rule understands any more is left out."""
    rows = Declaration.objects.filter(firm_id=firm, ended_at=None).order_by("id").values_list("fact", "answer")
    return _declared(rows, known or catalogue())


def _declared(rows: Iterable[tuple[str, str]], known: Catalogue) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for fact, answer in rows:
        try:
            facts = answered(facts, fact, answer, known)
        except Unreadable:
            continue
    return facts


def with_declared(facts: Mapping[str, Fact], declared: Mapping[str, Fact]) -> dict[str, Fact]:
    """The facts, with declared ones where nothing is known; of a set, member by member.

    >>> with_declared({"headcount": 3}, {"headcount": 4, "project.started": True})
    {'headcount': 3, 'project.started': True}
    """
    found = dict(facts)
    for name, fact in declared.items():
        known = found.get(name)
        if known is None:
            found[name] = fact
        elif isinstance(known, SetFact) and isinstance(fact, SetFact):
            open_ = {member: value for member, value in fact.members.items() if known.has(member) is None}
            found[name] = SetFact({**known.members, **open_}, known.rest)
    return found


def overlay(table: FirmTable, row_of: Mapping[str, int], known: Catalogue) -> int:
    """Put what firms declared into the table of all firms; how many firms it concerned."""
    by_firm: dict[str, list[tuple[str, str]]] = {}
    rows = Declaration.objects.filter(ended_at=None).order_by("id").values_list("firm__code", "fact", "answer")
    for code, fact, answer in rows.iterator(chunk_size=2_000):
        if code in row_of:
            by_firm.setdefault(code, []).append((fact, answer))
    for code, answers in by_firm.items():
        put_declared(table, row_of[code], _declared(answers, known))
    return len(by_firm)


def put_declared(table: FirmTable, row: int, declared: Mapping[str, Fact]) -> None:
    """Put one firm's declared facts into its row, where nothing is known."""
    here = {name: fact for name in declared if (fact := fact_at(table.column(name), row)) is not None}
    table.put(row, {name: fact for name, fact in with_declared(here, declared).items() if fact != here.get(name)})


# All firms -----------------------------------------------------------------------------------------------------------


def all_facts(actor: Actor) -> AllFacts:
    """The facts of all firms in existence, read for the state's duty to bring policies to firms."""
    by_name = items_by_name(items_of_pool())
    shape = _shape()
    wanted = {column: item and by_name[item].code for column, item in columns_of(by_name).items()}
    known = catalogue()
    firm_ids: list[str] = []
    tables: list[FirmTable] = []
    with read_for_duty(actor, PURPOSE, wanted) as reading, duckdb.connect() as connection:
        there = Shape(shape.version, reading.as_of, frozenset(reading.columns))
        question = _question(compiler_for(by_name, there))
        for batch in reading.batches():
            connection.register("profile", pa.Table.from_batches([batch]))
            answer = connection.execute(question).to_arrow_table()
            firm_ids += answer["firm_id"].to_pylist()
            tables.append(_table_of(answer, known))
        as_of = reading.as_of
    table = reduce(FirmTable.joined, tables) if tables else FirmTable(0, {}, known)
    overlay(table, {firm_id: row for row, firm_id in enumerate(firm_ids)}, known)
    return AllFacts(firm_ids, table, as_of, shape.version)


def _question(compiler: Compiler) -> str:
    """One SELECT over a batch of the profile: a column for each attribute and each member of a set."""
    parts = ["uscc AS firm_id"]
    for name, rows in sources().items():
        answers = compiler.attribute(name, rows)
        if answers:
            parts.append(f'coalesce({", ".join(answers)}) AS "{name}"')
    status = wide(ENDED[0])
    codes = ", ".join(f"'{code}'" for code in ENDED[1])
    stands = f" AND coalesce({status}, '') NOT IN ({codes})" if status in compiler.columns else ""
    return f"SELECT {', '.join(parts)} FROM profile WHERE uscc IS NOT NULL{stands}"


def _table_of(answer: pa.Table, known: Catalogue) -> FirmTable:
    columns: dict[str, Column] = {}
    members: dict[str, npt.NDArray[np.int8]] = {}
    for name in answer.column_names:
        _, _, member = name.partition(".")
        values = answer[name].combine_chunks()
        if member:
            members[member] = _states(values)
        elif name in known:
            columns[name] = _column(known, name, values)
    if members:
        columns["tags"] = Sets(members, np.full(answer.num_rows, OPEN, np.int8))
    table = FirmTable(answer.num_rows, columns, known)
    _fill_sizes(table)
    return table


def _column(known: Catalogue, name: str, values: Any) -> Column:
    match known[name].kind:
        case Kind.CODE:
            encoded = pc.dictionary_encode(values.cast(pa.string()))
            words = codes_from(encoded.dictionary.to_pylist(), known.dictionary_of(name))
            places = np.append(words.places, np.int32(-1))
            indices = pc.fill_null(encoded.indices, len(words.places)).to_numpy(zero_copy_only=False)
            return Codes(places[indices].astype(np.int32), words.vocabulary, words.dictionary)
        case Kind.FLAG:
            return FlagsColumn(_states(values))
        case Kind.DATE:
            numbers = values.cast(pa.date32()).cast(pa.int32())
            return _numbers(numbers, pa.int64(), DAY_ZERO)
        case Kind.NUMBER:
            return _numbers(values, pa.float64())
        case _:
            return _numbers(values, pa.int64())


def _numbers(values: Any, type_: pa.DataType, plus: int = 0) -> Numbers:
    known = pc.is_valid(values).to_numpy(zero_copy_only=False)
    filled = pc.fill_null(values.cast(type_), 0).to_numpy(zero_copy_only=False)
    return Numbers(filled + plus, np.array(known))


def _states(values: Any) -> npt.NDArray[np.int8]:
    states = pc.fill_null(pc.cast(values.cast(pa.bool_()), pa.int8()), OPEN)
    return np.array(states.to_numpy(zero_copy_only=False), np.int8)


def _fill_sizes(table: FirmTable) -> None:
    """Derive the size class where no list gives it (`derived: size`)."""
    if not any(source.derived == SIZE for source in sources()["size"]):
        return
    column = table.columns.setdefault("size", unknown_column(table.catalogue, "size", table.size))
    needed = [table.column(name) for name in ("industry", "headcount", "revenue", "assets")]
    for row in np.flatnonzero(~column.known).tolist():  # type: ignore[union-attr]
        industry, *figures = (fact_at(each, row) for each in needed)
        size = size_of(industry, *figures)  # type: ignore[arg-type]
        if size is not None:
            column.put(row, size)
