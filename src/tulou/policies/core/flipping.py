"""The nearest change: what would have to be different for a rule to hold, cheapest first."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Kind
from tulou.policies.core.firms.facts import SetFact
from tulou.policies.core.rule.calendar import moved
from tulou.policies.core.rule.scalar import Walker, measure_on, measured, old_enough
from tulou.policies.core.rule.tree import (
    Age,
    All,
    Any,
    AtLeast,
    Attested,
    In,
    Intersects,
    Is,
    Leaf,
    Node,
    Not,
    Range,
    When,
    Window,
)
from tulou.policies.core.rule.truth import AS_OF
from tulou.policies.core.rule.wording import day, fact_in_words, number, worded

CODE_COST, MEMBER_COST, FLAG_COST, WAIT_COST = 3.0, 1.0, 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would have to change: the fact, what it is, what it would have to be, or the day to wait for.

    `target` is the nearest value where there is one: a number (fen, for money), true or false, a set's member.
    """

    attr: str
    text: Text
    value: Text
    needed: Text
    target: int | float | str | None = None
    wait_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """Changes that together turn a rule, and how far they are."""

    changes: tuple[Change, ...]
    cost: float


def flips(rule: Node, walker: Walker) -> Flip | None:
    """The nearest changes that make `rule` true; None where nothing that can change does (a policy that has ended).

    What is unknown is taken as it would have to be.
    """
    return Flipping(walker).node(rule, wish=True)


def together(parts: Iterable[Flip | None]) -> Flip | None:
    """All of the changes; None where one part cannot change."""
    changes: dict[Change, None] = {}
    cost = 0.0
    for part in parts:
        if part is None:
            return None
        changes |= dict.fromkeys(part.changes)
        cost += part.cost
    return Flip(tuple(changes), cost)


def nearest(count: int, parts: Sequence[Flip | None]) -> Flip | None:
    """The cheapest `count` of the parts."""
    able = sorted((part for part in parts if part is not None), key=lambda part: part.cost)
    return together(able[:count]) if len(able) >= count else None


NOTHING = Flip((), 0.0)


class Flipping:
    """Ways to make rows of a rule hold, or not hold, for one firm."""

    def __init__(self, walker: Walker) -> None:
        self.walker, self.catalogue = walker, walker.catalogue

    def node(self, node: Node, *, wish: bool) -> Flip | None:
        """The nearest changes that make `node` what is wished."""
        if self.walker.verdict(node).truth != ("F" if wish else "T"):
            return NOTHING
        match node:
            case All() | Any() | AtLeast():
                return self._group(node, wish=wish)
            case Not():
                return self.node(node.part, wish=not wish)
            case When():
                condition, then = self.node(node.condition, wish=wish), self.node(node.then, wish=wish)
                return together((condition, then)) if wish else nearest(1, (condition, then))
            case In() | Range() | Is() | Intersects() | Age() | Window() | Attested():
                return self.leaf(node, wish=wish)
            case _:
                return None

    def _group(self, node: All | Any | AtLeast, *, wish: bool) -> Flip | None:
        needed = {All: len(node.parts), Any: 1}.get(type(node), getattr(node, "count", 1))
        parts = [part for part in node.parts if part.about.hard and self.walker.in_effect(part.about) != "F"]
        if isinstance(node, All):
            needed = len(parts)
        # A group of n parts that needs k of them fails when n - k + 1 fail.
        return nearest(needed if wish else len(parts) - needed + 1, [self.node(part, wish=wish) for part in parts])

    def leaf(self, node: Leaf, *, wish: bool) -> Flip | None:
        """The nearest change of one row."""
        match node:
            case Range():
                return self._range(node, wish=wish)
            case Age():
                return self._wait(node, self._birthday(node, wish=wish))
            case Window():
                return self._wait(node, self._leaving(node, wish=wish))
            case In():
                return self._changed(node, _opposite(node, self.walker, wish=wish), CODE_COST)
            case Is():
                needed = Text(zh="是", en="yes") if node.value is wish else Text(zh="否", en="no")
                return self._changed(node, needed, FLAG_COST, node.value is wish)
            case Intersects():
                return self._members(node, wish=wish)
            case _:
                return None

    def _changed(
        self, node: In | Range | Is | Intersects, needed: Text, cost: float, target: float | str | None = None
    ) -> Flip:
        label = self.catalogue.label(node.attr)
        value = fact_in_words(node.attr, self.walker.facts.get(node.attr), self.catalogue)
        zh = f"{label.zh}: 现为{value.zh}, 需为{needed.zh}"
        text = Text(zh=zh, en=f"{label.en}: is {value.en}, would have to be {needed.en}")
        return Flip((Change(node.attr, text, value, needed, target),), cost)

    def _range(self, node: Range, *, wish: bool) -> Flip | None:
        if node.attr == AS_OF:
            return self._day(node, wish=wish)
        fact, kind = self.walker.facts.get(node.attr), self.catalogue[node.attr].kind
        if not isinstance(fact, (int, float)) or kind is Kind.DATE:
            return None
        bound = _nearest_bound(node, fact, kind, wish=wish)
        if bound is None:
            return None
        unit = self.catalogue[node.attr].unit or Text(zh="", en="")
        distance = abs(bound - fact) / max(abs(fact), abs(bound), 1)
        return self._changed(node, number(bound, kind, unit), 1 + min(1.0, distance), bound)

    def _day(self, node: Range, *, wish: bool) -> Flip | None:
        today = self.walker.as_of
        if today is None:
            return None
        start = node.limits.ge if node.limits.ge is not None else None
        if wish and start is not None and start > today.toordinal():
            return self._wait(node, int(start))
        return None

    def _birthday(self, node: Age, *, wish: bool) -> int | None:
        born, today = self.walker.facts.get(node.attr), self.walker.as_of
        if not isinstance(born, int) or today is None:
            return None
        for n in sorted(node.limits.ends()):
            for date in (moved(born, int(n), node.unit), moved(born, int(n), node.unit) + 1):
                later = dt.date.fromordinal(min(date, dt.date.max.toordinal()))
                if later > today and old_enough(born, node, later) is wish:
                    return date
        return None

    def _leaving(self, node: Window, *, wish: bool) -> int | None:
        """The first day on which enough entries have left the window."""
        ledger, today = self.walker.facts.get(node.attr), self.walker.as_of
        if not isinstance(ledger, tuple) or today is None:
            return None
        for entry in sorted(ledger):
            date = moved(entry.day, node.length, node.unit)
            for each in (date, date + 1):
                if today.toordinal() < each <= dt.date.max.toordinal():
                    measure = measure_on(node, dt.date.fromordinal(each))
                    if node.limits.admits(measured(ledger, measure)) is wish:
                        return each
        return None

    def _wait(self, node: Range | Age | Window, ordinal: int | None) -> Flip | None:
        if ordinal is None or self.walker.as_of is None:
            return None
        when = day(ordinal)
        value = fact_in_words(node.attr, self.walker.facts.get(node.attr), self.catalogue)
        rule = worded(node, self.catalogue)
        text = Text(zh=f"{rule.zh}: 自{when.zh}起满足", en=f"{rule.en}: holds from {when.en}")
        change = Change(node.attr, text, value, when, wait_until=dt.date.fromordinal(ordinal))
        years = (ordinal - self.walker.as_of.toordinal()) / 365
        return Flip((change,), WAIT_COST + min(years, 10.0))

    def _members(self, node: Intersects, *, wish: bool) -> Flip:
        labels = self.catalogue[node.attr].members
        fact = self.walker.facts.get(node.attr)
        has = [member for member in sorted(node.members) if isinstance(fact, SetFact) and fact.has(member)]
        members = sorted(node.members) if wish else has
        words = [labels.get(member, Text(zh=member, en=member)) for member in members]
        zh, en = "、".join(each.zh for each in words), ", ".join(each.en for each in words)
        needed = Text(zh=f"取得其一: {zh}", en=f"one of: {en}") if wish else Text(zh=f"不含: {zh}", en=f"without: {en}")
        return self._changed(node, needed, MEMBER_COST, min(node.members) if wish else None)


def _opposite(node: In, walker: Walker, *, wish: bool) -> Text:
    """What the code would have to be."""
    rule = worded(In(node.attr, node.include, node.exclude, node.negated is wish), walker.catalogue)
    label = walker.catalogue.label(node.attr)
    zh = rule.zh.removeprefix(label.zh).removeprefix("属于: ")
    return Text(zh=zh, en=rule.en.removeprefix(f"{label.en} is "))


def _nearest_bound(node: Range, fact: float, kind: Kind, *, wish: bool) -> float | None:
    """The nearest value on the other side of a limit."""
    step = 1 if kind in (Kind.INTEGER, Kind.MONEY) else 0
    limits = node.limits
    inside = [
        each
        for each in (
            limits.ge,
            None if limits.gt is None else limits.gt + step if step else math.nextafter(limits.gt, math.inf),
            limits.le,
            None if limits.lt is None else limits.lt - step if step else math.nextafter(limits.lt, -math.inf),
        )
        if each is not None
    ]
    outside = [
        each
        for each in (
            None if limits.ge is None else limits.ge - step if step else math.nextafter(limits.ge, -math.inf),
            limits.gt,
            None if limits.le is None else limits.le + step if step else math.nextafter(limits.le, math.inf),
            limits.lt,
        )
        if each is not None
    ]
    able = [each for each in (inside if wish else outside) if limits.admits(each) is wish]
    return min(able, key=lambda each: abs(each - fact), default=None)
