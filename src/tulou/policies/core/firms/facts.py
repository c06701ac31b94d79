"""One firm's facts. A fact that is absent or None is unknown, and never quietly false or zero."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Attribute, Catalogue, Kind
from tulou.policies.core.dictionaries import NOWHERE

EVERY: Final = "*"
"""As the code of a firm: every code holds, because the real one is unknown and the source decided so."""

TRUE_WORDS = frozenset({"true", "t", "1", "yes", "y", "是", "有", "oui"})
FALSE_WORDS = frozenset({"false", "f", "0", "no", "n", "否", "无", "non"})
UNKNOWN_WORDS = frozenset({"", "null", "none", "na", "n/a", "nan", "未知"})
ALL_TRUE = "all true"


@dataclass(frozen=True, slots=True)
class SetFact:
    """What is known about a set: some members surely in or out, None where unknown, and `rest` for all others."""

    members: Mapping[str, bool | None]
    rest: bool | None = None

    def has(self, member: str) -> bool | None:
        """Whether `member` is in the set."""
        return self.members.get(member, self.rest)


@dataclass(frozen=True, slots=True, order=True)
class LedgerEntry:
    """One grant: the day's ordinal, the amount in fen, the scheme."""

    day: int
    amount: int
    scheme: str = ""


Ledger = tuple[LedgerEntry, ...]
Fact = str | int | float | bool | SetFact | Ledger


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a fact comes from, as of when, and whether a department vouches for it."""

    source: Text | None = None
    as_of: dt.date | None = None
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm, its facts by attribute, and where they come from. `as_of` is its own day, where it carries one."""

    firm_id: str
    facts: Mapping[str, Fact]
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    as_of: dt.date | None = None


class Unreadable(ValueError):  # noqa: N818 - reads as the outcome that it is
    """A value that is not of its attribute's kind; `expected` says what would be."""

    def __init__(self, expected: Text) -> None:
        super().__init__(expected.en)
        self.expected = expected


EXPECTED: Mapping[Kind, Text] = {
    Kind.CODE: Text(zh="代码 (文字)", en="a code (text)"),
    Kind.INTEGER: Text(zh="整数", en="a whole number"),
    Kind.NUMBER: Text(zh="数字", en="a number"),
    Kind.MONEY: Text(zh="以元为单位的金额, 最多两位小数", en="an amount in yuan with at most two decimals"),
    Kind.FLAG: Text(zh="true 或 false", en="true or false"),
    Kind.DATE: Text(zh="日期 YYYY-MM-DD", en="a date YYYY-MM-DD"),
    Kind.SET: Text(zh="成员列表, 或 成员: true/false/null", en="a list of members, or member: true/false/null"),
    Kind.LEDGER: Text(
        zh="台账条目列表 {date, amount, scheme}, 金额非负",
        en="a list of entries {date, amount, scheme}, amounts not negative",
    ),
}


def fact_from(kind: Kind, raw: Any) -> Fact | None:
    """The fact that a file's value means; None where it is unknown. Raises Unreadable.

    >>> fact_from(Kind.MONEY, "12.5"), fact_from(Kind.FLAG, "是"), fact_from(Kind.INTEGER, None)
    (1250, True, None)
    """
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return None
    if isinstance(raw, str) and raw.strip().lower() in UNKNOWN_WORDS and kind not in (Kind.SET, Kind.LEDGER):
        return None
    try:
        return _READERS[kind](raw)
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
        raise Unreadable(EXPECTED[kind]) from error


def _code(raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        raise ValueError(raw)
    return str(raw).strip()


def whole(raw: Any) -> int:
    """A whole number from text or any number type; 249.0 is 249, 249.5 is refused."""
    if isinstance(raw, bool):
        raise TypeError(raw)
    value = Decimal(raw.strip() if isinstance(raw, str) else str(raw))
    if value != value.to_integral_value() or abs(value) >= 2**53:
        raise ValueError(raw)
    return int(value)


def real(raw: Any) -> float:
    """A finite number."""
    if isinstance(raw, bool):
        raise TypeError(raw)
    value = float(raw)
    if not math.isfinite(value):
        raise ValueError(raw)
    return value


def fen(raw: Any) -> int:
    """Yuan in a file as fen; a third decimal is refused rather than rounded."""
    if isinstance(raw, bool):
        raise TypeError(raw)
    try:
        value = Decimal(raw.strip().replace(",", "") if isinstance(raw, str) else str(raw)) * 100
    except InvalidOperation as error:
        raise ValueError(raw) from error
    return whole(value)


def flag(raw: Any) -> bool:
    """True or false from a boolean, 0 or 1, or a word of zh, en or fr."""
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise ValueError(raw)
    return word in TRUE_WORDS


def ordinal(raw: Any) -> int:
    """A day as its proleptic ordinal, from a date, a datetime or ISO text."""
    if isinstance(raw, dt.datetime):
        return raw.date().toordinal()
    if isinstance(raw, dt.date):
        return raw.toordinal()
    return dt.date.fromisoformat(str(raw).strip()[:10]).toordinal()


def _set(raw: Any) -> SetFact | None:
    if isinstance(raw, str):
        if raw.strip().lower() in UNKNOWN_WORDS:
            return None
        if raw.strip().lower() == ALL_TRUE:
            return SetFact({}, rest=True)
        return SetFact({word.strip(): True for word in raw.split(";") if word.strip()}, rest=False)
    if isinstance(raw, Mapping):
        return SetFact({str(name): None if value is None else flag(value) for name, value in raw.items()})
    return SetFact({str(member): True for member in list(raw)}, rest=False)


def _ledger(raw: Any) -> Ledger:
    entries = [LedgerEntry(ordinal(row["date"]), fen(row["amount"]), str(row.get("scheme") or "")) for row in raw]
    if any(entry.amount < 0 for entry in entries):
        raise ValueError(raw)
    return tuple(sorted(entries))


_READERS: Mapping[Kind, Callable[[Any], Fact | None]] = {
    Kind.CODE: _code,
    Kind.INTEGER: whole,
    Kind.NUMBER: real,
    Kind.MONEY: fen,
    Kind.FLAG: flag,
    Kind.DATE: ordinal,
    Kind.SET: _set,
    Kind.LEDGER: _ledger,
}


def facts_from(row: Mapping[str, Any], catalogue: Catalogue) -> tuple[dict[str, Fact], str | None, Unreadable | None]:
    """The facts of a row, by attribute; with the attribute and the complaint where a value cannot be read.

    A set may stand as one value or as columns `set.member`, `project.cost` as one column or as an object `project`;
    what the catalogue does not name is left out.
    """
    facts: dict[str, Fact] = {}
    parts: dict[str, dict[str, Any]] = {}
    for name, raw in _flat(row, catalogue):
        attribute = catalogue.attributes.get(name)
        if attribute is None:
            head, _, member = name.rpartition(".")
            if head and _is_set(catalogue.attributes.get(head)):
                parts.setdefault(head, {})[member] = fact_or_none(raw)
            continue
        try:
            fact = fact_from(attribute.kind, raw)
        except Unreadable as error:
            return facts, name, error
        if fact is not None:
            facts[name] = _canonical(fact, name, catalogue)
    for name, members in parts.items():
        try:
            fact = fact_from(Kind.SET, members)
        except Unreadable as error:
            return facts, name, error
        if isinstance(fact, SetFact):
            facts[name] = fact
    return facts, None, None


def _canonical(fact: Fact, attr: str, catalogue: Catalogue) -> Fact:
    """A code as its dictionary writes it, where the dictionary knows it."""
    dictionary = catalogue.dictionary_of(attr) if isinstance(fact, str) else None
    if dictionary is None or not isinstance(fact, str):
        return fact
    place = dictionary.position_of_fact(fact)
    return fact if place == NOWHERE else dictionary.codes[place]


def _flat(row: Mapping[str, Any], catalogue: Catalogue) -> Iterator[tuple[str, Any]]:
    for name, raw in row.items():
        if isinstance(raw, Mapping) and name not in catalogue:
            yield from ((f"{name}.{inner}", value) for inner, value in raw.items())
        else:
            yield name, raw


def fact_or_none(raw: Any) -> Any:
    """`raw`, or None for the words that mean unknown."""
    return None if isinstance(raw, str) and raw.strip().lower() in UNKNOWN_WORDS else raw


def _is_set(attribute: Attribute | None) -> bool:
    return attribute is not None and attribute.kind is Kind.SET
