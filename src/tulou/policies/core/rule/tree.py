"""The nodes of a rule. Equality is equality of meaning: labels, citations and ids (`about`) do not count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tulou.kernel.errors import Text
from tulou.policies.core.rule.truth import AS_OF

Unit = Literal["years", "months", "days"]
Bound = int | float


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a criterion comes from: the document, its article, the quoted sentence, a link."""

    document: Text
    article: str | None = None
    quote: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a row carries beside its meaning. Outside `effective_from` .. `effective_to` (both included) it drops out.

    A soft row (`hard` false) is a preference: it is shown and ranks, and decides nothing.
    """

    id: str | None = None
    label: Text | None = None
    citation: Citation | None = None
    source: str | None = None
    note: Text | None = None
    hard: bool = True
    effective_from: dt.date | None = None
    effective_to: dt.date | None = None

    @property
    def dated(self) -> bool:
        """Whether the row is in effect on some days only."""
        return self.effective_from is not None or self.effective_to is not None


@dataclass(frozen=True, slots=True)
class Limits:
    """A range with open or closed ends; None is no end. At most one of `ge`/`gt` and one of `le`/`lt` is set.

    >>> Limits(ge=1, lt=300).admits(300), Limits(ge=1, le=300).admits(300)
    (False, True)
    """

    ge: Bound | None = None
    gt: Bound | None = None
    le: Bound | None = None
    lt: Bound | None = None

    def admits(self, value: Bound) -> bool:
        """Whether `value` lies inside."""
        return not (
            (self.ge is not None and value < self.ge)
            or (self.gt is not None and value <= self.gt)
            or (self.le is not None and value > self.le)
            or (self.lt is not None and value >= self.lt)
        )

    def ends(self) -> tuple[Bound, ...]:
        """The bounds that are set, lowest first."""
        return tuple(end for end in (self.ge, self.gt, self.le, self.lt) if end is not None)


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is true; false when one is false."""

    parts: tuple[Node, ...]
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Any:
    """True when one part is true; false when every part is false."""

    parts: tuple[Node, ...]
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True when `count` parts are true; false when no more than `count - 1` can be."""

    count: int
    parts: tuple[Node, ...]
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of its part."""

    part: Node
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class When:
    """`then`, where `condition` holds; not applicable (false) where it does not; unknown where it is unknown."""

    condition: Node
    then: Node
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Const:
    """True or false for everybody."""

    value: bool
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class In:
    """The code lies under one of `include`, and under no `exclude` that is nearer to it. `negated`: it does not."""

    attr: str
    include: frozenset[str]
    exclude: frozenset[str] = frozenset()
    negated: bool = False
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """A number, an amount (fen) or a date (proleptic ordinal) inside `limits`."""

    attr: str
    limits: Limits
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Is:
    """A yes-or-no fact has this value. `declared`: the applicant is asked for it with `question`."""

    attr: str
    value: bool
    declared: bool = field(default=False, compare=False)
    question: Text | None = field(default=None, compare=False)
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Intersects:
    """The firm's set has at least one of `members`."""

    attr: str
    members: frozenset[str]
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Age:
    """The age of a date on the day of the question, inside `limits` (whole numbers of `unit`).

    An age of n years is reached on the anniversary (`ge`) and passed on the day after it (`gt`); 29 February has its
    anniversary on the last day of February.
    """

    attr: str
    unit: Unit
    limits: Limits
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Window:
    """The sum (fen) or count of a ledger's entries in the `length` `unit`s up to the day asked about, inside `limits`.

    The window is open at its start and closed at its end: (day - length, day]. `schemes` limits it to entries of these
    schemes; empty means all.
    """

    attr: str
    measure: Literal["sum", "count"]
    length: int
    unit: Unit
    limits: Limits
    schemes: frozenset[str] = frozenset()
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Attested:
    """Something that a human decides: always unknown to the machine. The missing fact is `attested.<key>`."""

    key: str
    question: Text | None = field(default=None, compare=False)
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Measure:
    """A ledger's sum (fen) or count over the days after `after` up to `upto` (ordinals)."""

    attr: str
    measure: Literal["sum", "count"]
    after: int
    upto: int
    schemes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """A window whose days are fixed. Only `folded` makes these."""

    measure: Measure
    limits: Limits
    about: About = field(default=About(), compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Unknown for every firm, for want of `always`, and of `also` where the firm lacks it. Made by `folded` alone."""

    always: str
    also: str | None = None
    about: About = field(default=About(), compare=False)


Group = All | Any | AtLeast | Not | When
Leaf = In | Range | Is | Intersects | Age | Window | Attested
Atom = In | Range | Is | Intersects | Measured | Unknown
Node = Group | Leaf | Const | Measured | Unknown


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly under `node`."""
    match node:
        case All() | Any() | AtLeast():
            return node.parts
        case Not():
            return (node.part,)
        case When():
            return (node.condition, node.then)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything under it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def leaves(node: Node) -> Iterator[Leaf]:
    """The criterion rows of the rule, in reading order."""
    for item in walk(node):
        if isinstance(item, (In, Range, Is, Intersects, Age, Window, Attested)):
            yield item


def attributes_of(node: Node) -> frozenset[str]:
    """The attributes that the rule reads; the day of the question is among them as `as_of_date`."""
    found: set[str] = set()
    for item in walk(node):
        if item.about.dated or isinstance(item, (Age, Window)):
            found.add(AS_OF)
        if isinstance(item, Measured):
            found.add(item.measure.attr)
        elif isinstance(item, (In, Range, Is, Intersects, Age, Window)):
            found.add(item.attr)
    return frozenset(found)
