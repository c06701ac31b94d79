"""One rule, one firm: a walk over the tree as it is written. Every faster way must agree with this one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.dictionaries import NOWHERE, TRUE_STATE, UNKNOWN_STATE
from tulou.policies.core.firms.facts import EVERY, Fact, LedgerEntry, SetFact
from tulou.policies.core.rule.calendar import moved
from tulou.policies.core.rule.tree import (
    About,
    Age,
    All,
    Any,
    AtLeast,
    Attested,
    Const,
    In,
    Intersects,
    Is,
    Leaf,
    Limits,
    Measure,
    Measured,
    Node,
    Not,
    Range,
    Unknown,
    When,
    Window,
)
from tulou.policies.core.rule.truth import AS_OF, FALSE, TRUE, Truth, Verdict, negated, truth_of


class Walker:
    """Answers rules for one firm on one day (None: the day is unknown)."""

    def __init__(self, facts: Mapping[str, Fact], as_of: dt.date | None, catalogue: Catalogue) -> None:
        self.facts, self.as_of, self.catalogue = facts, as_of, catalogue

    def verdict(self, node: Node) -> Verdict:
        """What `node` says, and the facts that are missing where it is unknown.

        Missing facts are the union over the unknown children; of an unknown `when` over both branches.
        """
        match node:
            case Const():
                return TRUE if node.value else FALSE
            case All():
                return conjunction(self._part(part, ineffective=TRUE) for part in node.parts)
            case Any():
                return disjunction(self._part(part, ineffective=FALSE) for part in node.parts)
            case AtLeast():
                return at_least(node.count, [self._part(part, ineffective=FALSE) for part in node.parts])
            case Not():
                inner = self.verdict(node.part)
                return Verdict(negated(inner.truth), inner.missing)
            case When():
                return conditional(self.verdict(node.condition), self.verdict(node.then))
            case _:
                return self.leaf(node)

    def _part(self, node: Node, ineffective: Verdict) -> Verdict:
        """A part of a group; a soft row, and a row that is not in effect, counts as `ineffective`."""
        about = node.about
        if not about.hard:
            return TRUE
        if not about.dated:
            return self.verdict(node)
        effect = self.in_effect(about)
        if effect == "F":
            return ineffective
        verdict = self.verdict(node)
        if effect == "T" or verdict == ineffective:
            return verdict
        return Verdict("U", verdict.missing | {AS_OF})

    def in_effect(self, about: About) -> Truth:
        """Whether a row is in effect on the day."""
        if not about.dated:
            return "T"
        if self.as_of is None:
            return "U"
        return truth_of((about.effective_from or dt.date.min) <= self.as_of <= (about.effective_to or dt.date.max))

    def leaf(self, node: Leaf | Measured | Unknown) -> Verdict:
        """What one criterion row says."""
        match node:
            case Attested():
                return Verdict("U", frozenset({f"attested.{node.key}"}))
            case Range() if node.attr == AS_OF:
                return _known(None if self.as_of is None else node.limits.admits(self.as_of.toordinal()), AS_OF)
            case Range():
                return _known(within(self.facts.get(node.attr), node.limits), node.attr)
            case Is():
                fact = self.facts.get(node.attr)
                return _known(None if fact is None else fact is node.value, node.attr)
            case In():
                return _known(self._in(node), node.attr)
            case Intersects():
                return self._intersects(node)
            case Age() | Window():
                return self._dated(node)
            case Measured():
                return self._measured(node)
            case Unknown():
                also = {node.also} if node.also and self.facts.get(node.also) is None else set()
                return Verdict("U", frozenset({node.always} | also))

    def _in(self, node: In) -> bool | None:
        fact = self.facts.get(node.attr)
        if not isinstance(fact, str):
            return None
        state = code_state(fact, node, self.catalogue)
        return None if state is None else state is not node.negated

    def _intersects(self, node: Intersects) -> Verdict:
        fact = self.facts.get(node.attr)
        known = fact if isinstance(fact, SetFact) else SetFact({})
        has = {member: known.has(member) for member in node.members}
        if True in has.values():
            return TRUE
        missing = frozenset(f"{node.attr}.{member}" for member, value in has.items() if value is None)
        return Verdict("U", missing) if missing else FALSE

    def _dated(self, node: Age | Window) -> Verdict:
        fact = self.facts.get(node.attr)
        missing = ({node.attr} if fact is None else set()) | ({AS_OF} if self.as_of is None else set())
        if missing or self.as_of is None:
            return Verdict("U", frozenset(missing))
        if isinstance(node, Window):
            return self._measured(Measured(measure_on(node, self.as_of), node.limits))
        born = isinstance(fact, int) and old_enough(fact, node, self.as_of)
        return TRUE if born else FALSE

    def _measured(self, node: Measured) -> Verdict:
        fact = self.facts.get(node.measure.attr)
        value = measured(fact, node.measure) if isinstance(fact, tuple) else None
        return _known(None if value is None else node.limits.admits(value), node.measure.attr)


def conjunction(verdicts: Iterable[Verdict]) -> Verdict:
    """Kleene's `and`."""
    missing: set[str] = set()
    unknown = False
    for verdict in verdicts:
        if verdict.truth == "F":
            return FALSE
        if verdict.truth == "U":
            unknown = True
            missing |= verdict.missing
    return Verdict("U", frozenset(missing)) if unknown else TRUE


def disjunction(verdicts: Iterable[Verdict]) -> Verdict:
    """Kleene's `or`."""
    missing: set[str] = set()
    unknown = False
    for verdict in verdicts:
        if verdict.truth == "T":
            return TRUE
        if verdict.truth == "U":
            unknown = True
            missing |= verdict.missing
    return Verdict("U", frozenset(missing)) if unknown else FALSE


def at_least(count: int, verdicts: Sequence[Verdict]) -> Verdict:
    """True when `count` are true, false when fewer can be."""
    true = sum(verdict.truth == "T" for verdict in verdicts)
    open_ = [verdict for verdict in verdicts if verdict.truth == "U"]
    if true >= count:
        return TRUE
    if true + len(open_) < count:
        return FALSE
    return Verdict("U", frozenset().union(*(verdict.missing for verdict in open_)))


def conditional(condition: Verdict, then: Verdict) -> Verdict:
    """`when`: not applicable counts as false; unknown waits for both branches."""
    if condition.truth == "F":
        return FALSE
    if condition.truth == "U":
        return Verdict("U", condition.missing | then.missing)
    return then


def _known(value: bool | None, fact: str) -> Verdict:
    return Verdict("U", frozenset({fact})) if value is None else TRUE if value else FALSE


def within(fact: Fact | None, limits: Limits) -> bool | None:
    """Whether a number lies inside `limits`; None where it is unknown."""
    return limits.admits(fact) if isinstance(fact, (int, float)) else None


def code_state(code: str, node: In, catalogue: Catalogue) -> bool | None:
    """Whether a code lies in the set of `node`; None where it is too coarse to tell, or unknown to its dictionary."""
    if code == EVERY:
        return True
    dictionary = catalogue.dictionary_of(node.attr)
    if dictionary is None:
        return code in node.include and code not in node.exclude
    place = dictionary.position_of_fact(code)
    if place == NOWHERE:
        return None
    state = dictionary.states(node.include, node.exclude)[place]
    return None if state == UNKNOWN_STATE else bool(state == TRUE_STATE)


def measure_on(node: Window, as_of: dt.date) -> Measure:
    """The days of a window on a day: after `as_of - length`, up to `as_of`."""
    today = as_of.toordinal()
    return Measure(node.attr, node.measure, moved(today, -node.length, node.unit), today, node.schemes)


def measured(ledger: Iterable[LedgerEntry], measure: Measure) -> int:
    """The sum (fen) or count of the entries in the days of `measure`."""
    amounts = [
        entry.amount
        for entry in ledger
        if measure.after < entry.day <= measure.upto and (not measure.schemes or entry.scheme in measure.schemes)
    ]
    return sum(amounts) if measure.measure == "sum" else len(amounts)


def old_enough(born: int, node: Age, as_of: dt.date) -> bool:
    """Whether the age of a date lies inside the limits: reached on its anniversary, passed on the day after."""
    today, limits = as_of.toordinal(), node.limits

    def birthday(age: float) -> int:
        return moved(born, int(age), node.unit)

    return (
        (limits.ge is None or birthday(limits.ge) <= today)
        and (limits.gt is None or birthday(limits.gt) < today)
        and (limits.le is None or birthday(limits.le) >= today)
        and (limits.lt is None or birthday(limits.lt) > today)
    )


def evaluate(
    rule: Node, facts: Mapping[str, Fact], as_of: dt.date | None, catalogue: Catalogue | None = None
) -> Verdict:
    """What a rule says about one firm on a day.

    >>> from tulou.policies.core.rule.tree import All, Is, Range, Limits
    >>> rule = All((Range("headcount", Limits(le=300)), Is("tax_arrears", False)))
    >>> evaluate(rule, {"headcount": 12}, None)
    Verdict(truth='U', missing=frozenset({'tax_arrears'}))
    """
    return Walker(facts, as_of, catalogue or Catalogue({})).verdict(rule)
