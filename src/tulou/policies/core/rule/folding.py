"""A rule on one day: ages become dates, windows days, rows out of effect go, what is decided is decided.

`folded` keeps results and missing facts exactly as the walk over the unfolded rule gives them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.rule.calendar import born_between
from tulou.policies.core.rule.scalar import measure_on
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
    Measured,
    Node,
    Not,
    Range,
    Unknown,
    When,
    Window,
)
from tulou.policies.core.rule.truth import AS_OF


def folded(node: Node, as_of: dt.date | None, catalogue: Catalogue) -> Node:
    """`node` on the day `as_of` (None: unknown): no ages, windows, dates of effect, soft rows; constants worked in."""
    return _Folding(as_of, catalogue).fold(node)


class _Folding:
    def __init__(self, as_of: dt.date | None, catalogue: Catalogue) -> None:
        self.as_of, self.catalogue = as_of, catalogue

    def fold(self, node: Node) -> Node:
        match node:
            case All():
                return all_of(self._part(part, neutral=True) for part in node.parts)
            case Any():
                return self._any_of(self._part(part, neutral=False) for part in node.parts)
            case AtLeast():
                return self._at_least(node.count, [self._part(part, neutral=False) for part in node.parts])
            case Not():
                return negation(self.fold(node.part))
            case When():
                return conditional(self.fold(node.condition), self.fold(node.then))
            case Attested():
                return Unknown(f"attested.{node.key}")
            case Age() | Window():
                return self._dated(node)
            case Range() if node.attr == AS_OF:
                return Unknown(AS_OF) if self.as_of is None else Const(node.limits.admits(self.as_of.toordinal()))
            case _:
                # The dates of effect are worked in by the group around; they must not count a second time.
                return replace(node, about=About()) if node.about.dated else node

    def _dated(self, node: Age | Window) -> Node:
        if self.as_of is None:
            return Unknown(AS_OF, also=node.attr)
        if isinstance(node, Window):
            return Measured(measure_on(node, self.as_of), node.limits)
        return Range(node.attr, born_between(node.limits, node.unit, self.as_of))

    def _part(self, node: Node, *, neutral: bool) -> Node:
        about = node.about
        if not about.hard:
            return Const(True)
        if not about.dated:
            return self.fold(node)
        if self.as_of is None:
            # In effect or not, nobody knows: only an answer that equals the one without the row is certain.
            return (self._any_of if neutral else all_of)((Unknown(AS_OF), self.fold(node)))
        effective = (about.effective_from or dt.date.min) <= self.as_of <= (about.effective_to or dt.date.max)
        return self.fold(node) if effective else Const(neutral)

    def _any_of(self, parts: Iterable[Node]) -> Node:
        found: list[Node] = []
        for part in _flat(parts, Any):
            if isinstance(part, Const):
                if part.value:
                    return Const(True)
            elif part not in found:
                self._join(found, part)
        return found[0] if len(found) == 1 else Any(tuple(found)) if found else Const(False)

    def _join(self, found: list[Node], part: Node) -> None:
        """Add an alternative; sets over the same attribute become one set."""
        for i, other in enumerate(found):
            if isinstance(part, Intersects) and isinstance(other, Intersects) and part.attr == other.attr:
                found[i] = Intersects(part.attr, part.members | other.members)
                return
            if isinstance(part, In) and isinstance(other, In) and self._joinable(part, other):
                found[i] = In(part.attr, part.include | other.include)
                return
        found.append(part)

    def _joinable(self, one: In, two: In) -> bool:
        """Not where there is a hierarchy: a coarse code could be known to lie in the union and in neither set."""
        if one.attr != two.attr or one.negated or two.negated or one.exclude or two.exclude:
            return False
        dictionary = self.catalogue.dictionary_of(one.attr)
        return dictionary is None or dictionary.flat

    def _at_least(self, count: int, parts: list[Node]) -> Node:
        count -= sum(isinstance(part, Const) and part.value for part in parts)
        open_ = [part for part in parts if not isinstance(part, Const)]
        if count <= 0:
            return Const(True)
        if count > len(open_):
            return Const(False)
        if count == len(open_):
            return all_of(open_)
        return self._any_of(open_) if count == 1 else AtLeast(count, tuple(open_))


def _flat(parts: Iterable[Node], kind: type[All] | type[Any]) -> Iterator[Node]:
    for part in parts:
        if isinstance(part, kind):
            yield from part.parts
        else:
            yield part


def all_of(parts: Iterable[Node]) -> Node:
    """The conjunction of `parts`, with constants worked in and nested conjunctions opened."""
    found: list[Node] = []
    for part in _flat(parts, All):
        if isinstance(part, Const):
            if not part.value:
                return Const(False)
        elif part not in found:
            found.append(part)
    return found[0] if len(found) == 1 else All(tuple(found)) if found else Const(True)


def negation(node: Node) -> Node:
    """The opposite of a folded node."""
    match node:
        case Const():
            return Const(not node.value)
        case Not():
            return node.part
        case In():
            return In(node.attr, node.include, node.exclude, not node.negated)
        case _:
            return Not(node)


def conditional(condition: Node, then: Node) -> Node:
    """`when` of folded nodes. An unknown condition before a false `then` stays unknown, so it stays."""
    if isinstance(condition, Const):
        return then if condition.value else condition
    return condition if then == Const(True) else When(condition, then)


def clauses(node: Node) -> tuple[Node, ...]:
    """The parts that must all hold: those of a conjunction, else the node itself; none where it is true."""
    if isinstance(node, All):
        return node.parts
    return () if node == Const(True) else (node,)
