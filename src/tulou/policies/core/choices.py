"""How a question can be answered: the few answers that the rules tell apart, in words, each with the fact it means.

An answer is a short text (`350100`, `12`, `true`), so that it can stand in a form and come back from it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tulou.kernel.errors import Text
from tulou.policies.core.asking import MUCH
from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.dictionaries import UNKNOWN_STATE, Dictionary
from tulou.policies.core.firms.facts import EXPECTED, Fact, LedgerEntry, SetFact, Unreadable, fact_from
from tulou.policies.core.rule.folding import folded
from tulou.policies.core.rule.tree import In, Limits, Measured, Node, Range, walk
from tulou.policies.core.rule.wording import day as day_in_words
from tulou.policies.core.rule.wording import limits_in_words

MOST_SPANS, LONG_LIST, ALIKE = 6, 8, 4
"""Numbers with more spans are typed in; in a list longer than this, as many codes that no rule tells apart are one."""
YES, NO = Text(zh="是", en="Yes"), Text(zh="否", en="No")
NOTHING = Text(zh="没有领取过", en="Nothing so far")
OTHER = Text(zh="其他", en="Another one")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: what the form sends, and what the person reads."""

    answer: str
    label: Text


def choices(
    fact: str,
    rules: Sequence[Node],
    facts: Mapping[str, Fact],
    catalogue: Catalogue,
    day: dt.date,
    *,
    exact: bool = False,
) -> tuple[Choice, ...]:
    """The answers to choose from; none where the answer has to be typed in. `rules` are those that wait for it.

    A number is chosen as a span, unless it has to be `exact`: then only a person's own number will do, and of a ledger
    only that there is nothing. A code is chosen level by level: where what is known is too coarse, what lies under it
    is offered.
    """
    attribute = catalogue.attributes.get(fact)
    if attribute is None or attribute.kind is Kind.FLAG:  # a member of a set, or a flag
        return (Choice("true", YES), Choice("false", NO))
    if attribute.kind is Kind.CODE:
        return _codes(fact, rules, facts, catalogue)
    fixed = [folded(rule, day, catalogue) for rule in rules]
    if attribute.kind is Kind.LEDGER:
        return (Choice("none", NOTHING),) if exact else _ledgers(fact, fixed, day)
    if exact or attribute.kind is Kind.SET:
        return ()
    ranges = [item.limits for rule in fixed for item in walk(rule) if isinstance(item, Range) and item.attr == fact]
    whole = attribute.kind is not Kind.NUMBER
    found = []
    for limits in spans(ranges):
        label = (
            _days(limits)
            if attribute.kind is Kind.DATE
            else limits_in_words(limits, attribute.unit or Text(zh="", en=""), attribute.kind)
        )
        found.append(Choice(written(attribute.kind, inside(limits, whole=whole)), label))
    return tuple(found) if 1 < len(found) <= MOST_SPANS else ()


def _codes(fact: str, rules: Sequence[Node], facts: Mapping[str, Fact], catalogue: Catalogue) -> tuple[Choice, ...]:
    dictionary = catalogue.dictionary_of(fact)
    if dictionary is None:
        return ()
    known = facts.get(fact)
    offered = dictionary.children(known if isinstance(known, str) and known in dictionary else None)
    rows = [item for rule in rules for item in walk(rule) if isinstance(item, In) and item.attr == fact]
    tables = [dictionary.states(row.include, row.exclude) for row in rows]
    signs = {code: tuple(int(table[dictionary.position(code)]) for table in tables) for code in offered}
    return tuple(_merged(offered, signs, dictionary))


def _merged(offered: Sequence[str], signs: Mapping[str, tuple[int, ...]], dictionary: Dictionary) -> Iterator[Choice]:
    """The codes of a long list; the many that mean the same to every rule are one answer, at its end."""
    alike: list[str] = []
    if len(offered) > LONG_LIST:
        usual, times = Counter(signs[code] for code in offered).most_common(1)[0]
        if times >= ALIKE and UNKNOWN_STATE not in usual:
            alike = [code for code in offered if signs[code] == usual]
    for code in offered:
        if code not in alike:
            yield Choice(code, dictionary.label(code))
    if alike:
        yield Choice(alike[0], OTHER)


def spans(limits: Sequence[Limits]) -> Iterator[Limits]:
    """The spans into which bounds cut the numbers, lowest first.

    >>> [(each.ge, each.gt, each.le, each.lt) for each in spans([Limits(le=300), Limits(ge=1, lt=50)])]
    [(None, None, None, 1), (1, None, None, 50), (50, None, 300, None), (None, 300, None, None)]
    """
    cuts = {(end, False) for each in limits for end in (each.ge, each.lt) if end is not None}
    cuts |= {(end, True) for each in limits for end in (each.gt, each.le) if end is not None}
    low: tuple[float, bool] | None = None
    for cut in [*sorted(cuts), None]:
        ge, gt = (None, None) if low is None else (None, low[0]) if low[1] else (low[0], None)
        le, lt = (None, None) if cut is None else (cut[0], None) if cut[1] else (None, cut[0])
        if cuts:
            yield Limits(ge=ge, gt=gt, le=le, lt=lt)
        low = cut


def inside(limits: Limits, *, whole: bool) -> float:
    """A number of a span: the one nearest to its lower end, else to its upper end.

    >>> inside(Limits(gt=50, le=300), whole=True), inside(Limits(lt=1.5), whole=False)
    (51, 0.5)
    """
    if limits.ge is not None:
        return limits.ge
    if limits.gt is not None:
        if whole:
            return limits.gt + 1
        return limits.gt + 1 if limits.admits(limits.gt + 1) else (limits.gt + limits.ends()[-1]) / 2
    if limits.le is not None:
        return limits.le
    return (limits.lt or 0) - 1


def written(kind: Kind, value: float) -> str:
    """A number as an answer writes it: yuan for money, ISO for a day."""
    if kind is Kind.MONEY:
        return format(Decimal(int(value)) / 100, "f")
    if kind is Kind.DATE:
        return dt.date.fromordinal(int(value)).isoformat()
    return str(int(value)) if kind is Kind.INTEGER else f"{value:g}"


def _days(limits: Limits) -> Text:
    low = limits.ge if limits.ge is not None else None if limits.gt is None else limits.gt + 1
    high = limits.le if limits.le is not None else None if limits.lt is None else limits.lt - 1
    if low is None:
        until = day_in_words(high or 1)
        return Text(zh=f"{until.zh}或更早", en=f"{until.en} or earlier")
    since = day_in_words(low)
    if high is None:
        return Text(zh=f"{since.zh}或更晚", en=f"{since.en} or later")
    until = day_in_words(high)
    return Text(zh=f"{since.zh}至{until.zh}", en=f"{since.en} to {until.en}")


def _ledgers(fact: str, rules: Sequence[Node], day: dt.date) -> tuple[Choice, ...]:
    rows = [item for rule in rules for item in walk(rule) if isinstance(item, Measured) and item.measure.attr == fact]
    measures = {row.measure for row in rows}
    none = Choice("none", NOTHING)
    if len(measures) != 1:
        schemes = sorted({scheme for measure in measures for scheme in measure.schemes}) or [""]
        much = ",".join(f"{day.isoformat()}:{Decimal(MUCH) / 100}:{scheme}" for scheme in schemes)
        return (none, Choice(much, Text(zh="领取过", en="Some")))
    measure = next(iter(measures))
    scheme = min(measure.schemes, default="")
    kind = Kind.MONEY if measure.measure == "sum" else Kind.INTEGER
    found = [none]
    for limits in spans([row.limits for row in rows]):
        amount = int(inside(limits, whole=True))
        if amount < 1:
            continue
        label = limits_in_words(limits, Text(zh="次", en="times"), kind)
        each, times = (amount, 1) if measure.measure == "sum" else (100, amount)
        entries = ",".join([f"{day.isoformat()}:{Decimal(each) / 100}:{scheme}"] * min(times, 100))
        found.append(Choice(entries, Text(zh=f"领取过, {label.zh}", en=f"Some: {label.en}")))
    return tuple(found)


def answered(facts: Mapping[str, Fact], fact: str, answer: str, catalogue: Catalogue) -> dict[str, Fact]:
    """The facts with one more answer. Raises Unreadable where the answer is not of the fact's kind.

    >>> from tulou.policies.core.attributes import standard_attributes
    >>> answered({}, "tags.high_tech", "true", Catalogue(standard_attributes()))
    {'tags': SetFact(members={'high_tech': True}, rest=None)}
    """
    attribute = catalogue.attributes.get(fact)
    if attribute is None:
        head, _, member = fact.rpartition(".")
        if head not in catalogue or catalogue[head].kind is not Kind.SET:
            raise Unreadable(Text(zh=f"没有名为 {fact} 的属性", en=f"a known fact; there is none called {fact}"))
        value = fact_from(Kind.FLAG, answer)
        known = facts.get(head)
        old = known if isinstance(known, SetFact) else SetFact({})
        return {**facts, head: SetFact({**old.members, member: value is True}, old.rest)}
    value = _ledger(answer) if attribute.kind is Kind.LEDGER else fact_from(attribute.kind, answer)
    if value is None:
        raise Unreadable(EXPECTED[attribute.kind])
    dictionary = catalogue.dictionary_of(fact)
    if dictionary is not None and (not isinstance(value, str) or value not in dictionary):
        raise Unreadable(EXPECTED[Kind.CODE])
    return {**facts, fact: value}


def _ledger(answer: str) -> tuple[LedgerEntry, ...]:
    if answer == "none":
        return ()
    rows = [part.split(":", 2) for part in answer.split(",")]
    if any(len(row) != 3 for row in rows):
        raise Unreadable(EXPECTED[Kind.LEDGER])
    found = fact_from(Kind.LEDGER, [{"date": date, "amount": amount, "scheme": name} for date, amount, name in rows])
    return found if isinstance(found, tuple) else ()
