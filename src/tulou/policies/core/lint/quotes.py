"""Each row against its own words: the sentence that it cites, its label in Chinese and in English."""

from __future__ import annotations

from collections.abc import Iterator

from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.document.policy import Policy
from tulou.policies.core.lint import chinese, english
from tulou.policies.core.lint.bounds import Bounding, each_end
from tulou.policies.core.lint.claims import Claim, Measure
from tulou.policies.core.lint.faults import Fault, fault
from tulou.policies.core.lint.prose import BOUNDARY_WORDS
from tulou.policies.core.rule.tree import Age, Leaf, Range, Window, leaves
from tulou.policies.core.rule.wording import worded

SAME_SIDE = {"ge": "low", "gt": "low", "le": "high", "lt": "high"}


def check_quotes(policy: Policy, catalogue: Catalogue) -> Iterator[Fault]:
    """Numbers in the quotes and labels of rows that are not the rows' own."""
    for leaf in leaves(policy.eligibility):
        if not isinstance(leaf, (Range, Age, Window)):
            continue
        measure = _measure(leaf, catalogue)
        ends = list(_ends(leaf))
        quote = leaf.about.citation.quote if leaf.about.citation else None
        label = leaf.about.label
        for words, found in (
            (quote, list(chinese.claims(quote)) if quote else []),
            (label.zh if label else None, list(chinese.claims(label.zh)) if label else []),
            (label.en if label else None, list(english.claims(label.en)) if label else []),
        ):
            claims = [claim for claim in found if claim.measure is measure]
            if words and claims:
                yield from _compared(policy, leaf, words, claims, ends, catalogue)


def _compared(
    policy: Policy, leaf: Leaf, words: str, claims: list[Claim], ends: list[Bounding], catalogue: Catalogue
) -> Iterator[Fault]:
    """Every end of the row must be said; a quote may say more than one row needs."""
    for end in ends:
        if any(claim.comparison == end.comparison and claim.value == end.value for claim in claims):
            continue
        same = [
            claim
            for claim in claims
            if claim.value == end.value and SAME_SIDE[claim.comparison] == SAME_SIDE[end.comparison]
        ]
        side = [claim for claim in claims if SAME_SIDE[claim.comparison] == SAME_SIDE[end.comparison]]
        if not side:
            continue
        claim = (same or side)[0]
        yield fault(
            policy.id,
            "boundary_word" if same else "limit_differs",
            f"原文“{claim.words}”与规则“{worded(leaf, catalogue).zh}”不一致",
            f"The text says “{claim.words}”, the rule “{worded(leaf, catalogue).en}”",
            severity="reject",
            words=words,
            rule=worded(leaf, catalogue),
            path=leaf.about.id or getattr(leaf, "attr", None),
            remedy=BOUNDARY_WORDS if same else None,
        )


def _measure(leaf: Range | Age | Window, catalogue: Catalogue) -> Measure:
    if isinstance(leaf, Age):
        return Measure.DAYS if leaf.unit == "days" else Measure.MONTHS
    if isinstance(leaf, Window):
        return Measure.MONEY if leaf.measure == "sum" else Measure.TIMES
    attribute = catalogue[leaf.attr]
    if attribute.kind is Kind.MONEY:
        return Measure.MONEY
    unit = attribute.unit.zh if attribute.unit else ""
    return chinese.UNITS.get(unit, (Measure.PLAIN, 1))[0]


def _ends(leaf: Range | Age | Window) -> Iterator[Bounding]:
    size = 12 if isinstance(leaf, Age) and leaf.unit == "years" else 1
    for comparison, value in each_end(leaf.limits, size):
        yield Bounding(comparison, value)
