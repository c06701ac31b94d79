"""The bounds that a rule sets on an attribute, to be held against what a text says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.lint.claims import Claim, Comparison, Measure, Subject
from tulou.policies.core.rule.tree import Age, All, AtLeast, Limits, Node, Range, When, Window, leaves, walk
from tulou.policies.core.rule.truth import AS_OF

ATTRIBUTES: dict[Subject, tuple[str, ...]] = {
    Subject.HEADCOUNT: ("headcount", "insured_headcount"),
    Subject.REVENUE: ("revenue", "monthly_sales"),
    Subject.ASSETS: ("assets",),
    Subject.AGE: ("registered_on",),
    Subject.PROJECT: ("project.cost", "project.equipment_cost", "fixed_investment"),
    Subject.AID: ("aid",),
}
"""The attributes that a text may mean."""

IN_MONTHS = {"years": 12, "months": 1}


@dataclass(frozen=True, slots=True)
class Bounding:
    """One end of a range in the rule, in the claim's units. `firm` is false under an `any`, where it need not hold."""

    comparison: Comparison
    value: int | float
    firm: bool = True

    def whole(self) -> tuple[str, int | float]:
        """The end as an included bound of whole numbers."""
        return Claim(Subject.OTHER, Measure.PLAIN, self.comparison, self.value, "").whole()


def bounds_on(rule: Node, subject: Subject, catalogue: Catalogue) -> list[Bounding]:
    """The ends that the rule sets on what the subject means."""
    attributes = [attr for attr in ATTRIBUTES.get(subject, ()) if attr in catalogue]
    held = set(_held(rule))
    found = []
    for leaf in leaves(rule):
        if isinstance(leaf, (Range, Age, Window)) and leaf.attr in attributes:
            found += [Bounding(comparison, value, firm=id(leaf) in held) for comparison, value in ends_of(leaf)]
    return found


def ends_of(leaf: Range | Age | Window) -> Iterator[tuple[Comparison, int | float]]:
    """The ends of a row: money in hundredths, ages in months (days where the row counts days), else as they are."""
    size = IN_MONTHS.get(leaf.unit, 1) if isinstance(leaf, Age) else 1
    yield from each_end(leaf.limits, size)


def each_end(limits: Limits, size: int = 1) -> Iterator[tuple[Comparison, int | float]]:
    """The ends that are set."""
    pairs: tuple[tuple[Comparison, int | float | None], ...] = (
        ("ge", limits.ge), ("gt", limits.gt), ("le", limits.le), ("lt", limits.lt),
    )  # fmt: skip
    for comparison, value in pairs:
        if value is not None:
            yield comparison, value * size


def _held(rule: Node) -> Iterator[int]:
    """The rows that every firm must meet: those under conjunctions alone."""
    match rule:
        case All():
            for part in rule.parts:
                yield from _held(part)
        case AtLeast() if rule.count == len(rule.parts):
            for part in rule.parts:
                yield from _held(part)
        case When():
            yield from _held(rule.condition)
            yield from _held(rule.then)
        case _:
            yield id(rule)


def agrees(claim: Claim, end: Bounding) -> bool:
    """Whether a claim and an end of the rule say the same."""
    if claim.measure is Measure.PERSONS:
        return claim.whole() == end.whole()
    return claim.comparison == end.comparison and claim.value == end.value


def validity(rule: Node) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day on which the rule can hold, as its own dates say."""
    first: int | None = None
    last: int | None = None
    held = set(_held(rule))
    for item in walk(rule):
        if isinstance(item, Range) and item.attr == AS_OF and id(item) in held:
            for comparison, value in each_end(item.limits):
                day = int(value) + {"ge": 0, "gt": 1, "le": 0, "lt": -1}[comparison]
                if comparison in ("ge", "gt"):
                    first = day if first is None else max(first, day)
                else:
                    last = day if last is None else min(last, day)
    return (
        None if first is None else dt.date.fromordinal(first),
        None if last is None else dt.date.fromordinal(last),
    )
