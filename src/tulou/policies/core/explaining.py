"""Why: each criterion with the firm's value, the limit, the citation and the provenance; and what would change it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.policy import Policy
from tulou.policies.core.firms.facts import Fact, Firm, Provenance
from tulou.policies.core.flipping import Change, Flipping, flips
from tulou.policies.core.rule.scalar import Walker
from tulou.policies.core.rule.tree import (
    Age,
    Attested,
    Citation,
    In,
    Intersects,
    Is,
    Node,
    Range,
    Window,
    children,
    leaves,
)
from tulou.policies.core.rule.truth import AS_OF, Truth, Verdict
from tulou.policies.core.rule.wording import fact_in_words, worded

ROW = (In, Range, Is, Intersects, Age, Window, Attested)
NOT_IN_EFFECT = Text(zh="当日不生效", en="not in effect on that day")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row or group of a rule, as it stands for one firm.

    `limit` is the criterion in words, `value` the firm's. `change` is the nearest change that would turn a false row;
    `counts` is false where the row decides nothing: it is soft, or not in effect on the day.
    """

    truth: Truth
    limit: Text
    label: Text | None = None
    id: str | None = None
    attr: str | None = None
    value: Text | None = None
    missing: frozenset[str] = frozenset()
    citation: Citation | None = None
    source: Text | None = None
    provenance: Provenance | None = None
    hard: bool = True
    counts: bool = True
    change: Change | None = None
    parts: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one firm and policy, and why.

    `changes` are together the nearest way from false to true; empty where there is none. `verified`: every fact that
    the answer rests on is vouched for by a department, so that no application is needed to believe it.
    """

    firm_id: str
    policy_id: str
    title: Text
    as_of: dt.date | None
    truth: Truth
    missing: tuple[str, ...]
    verified: bool
    criterion: Criterion
    changes: tuple[Change, ...] = ()
    questions: tuple[Text, ...] = field(default=())


def explain(firm: Firm, policy: Policy, catalogue: Catalogue, as_of: dt.date | None = None) -> Explanation:
    """Why a policy applies to a firm or does not, on the day `as_of` (else the firm's own day)."""
    day = as_of or firm.as_of
    walker = Walker(firm.facts, day, catalogue)
    verdict = walker.verdict(policy.rule)
    found = flips(policy.rule, walker) if verdict.truth == "F" else None
    missing = tuple(sorted(verdict.missing))
    return Explanation(
        firm_id=firm.firm_id,
        policy_id=policy.id,
        title=policy.title,
        as_of=day,
        truth=verdict.truth,
        missing=missing,
        verified=verdict.truth == "T" and _verified(policy.rule, firm, catalogue),
        criterion=_Explaining(walker, firm).criterion(policy.rule),
        changes=tuple(found.changes) if found else (),
        questions=tuple(question_for(fact, catalogue, policy) for fact in missing),
    )


def question_for(fact: str, catalogue: Catalogue, policy: Policy | None = None) -> Text:
    """The question that would make a missing fact known; a row's own question comes before the attribute's."""
    for leaf in leaves(policy.eligibility) if policy else ():
        asked = leaf.question if isinstance(leaf, (Is, Attested)) else None
        name = f"attested.{leaf.key}" if isinstance(leaf, Attested) else leaf.attr
        if asked is not None and name == fact:
            return asked
    attribute = catalogue.attributes.get(fact)
    if attribute is not None:
        return attribute.asked()
    label = catalogue.label(fact)
    return Text(zh=f"是否符合: {label.zh}？", en=f"Is this true of you: {label.en}?")


def _verified(rule: Node, firm: Firm, catalogue: Catalogue) -> bool:
    read = {leaf.attr for leaf in leaves(rule) if not isinstance(leaf, Attested) and leaf.about.hard} - {AS_OF}
    declared = {leaf.attr for leaf in leaves(rule) if isinstance(leaf, Is) and leaf.declared}
    declared |= {attr for attr in read if catalogue[attr].declared}
    known = {attr for attr in read if attr in firm.facts}
    return not any(attr in declared or not firm.provenance.get(attr, Provenance()).verified for attr in known)


class _Explaining:
    def __init__(self, walker: Walker, firm: Firm) -> None:
        self.walker, self.firm, self.catalogue = walker, firm, walker.catalogue

    def criterion(self, node: Node) -> Criterion:
        """A node and what is under it."""
        verdict = self.walker.verdict(node)
        about = node.about
        effect = self.walker.in_effect(about)
        attr = self._attr(node)
        attribute = self.catalogue.attributes.get(attr) if attr else None
        return Criterion(
            truth=verdict.truth,
            limit=worded(node, self.catalogue),
            label=about.label,
            id=about.id,
            attr=attr,
            value=self._value(node, attr, verdict),
            missing=verdict.missing,
            citation=about.citation,
            source=Text(zh=about.source, en=about.source) if about.source else attribute.source if attribute else None,
            provenance=self.firm.provenance.get(attr) if attr else None,
            hard=about.hard,
            counts=about.hard and effect != "F",
            change=self._change(node, verdict),
            parts=tuple(self.criterion(child) for child in children(node)),
        )

    @staticmethod
    def _attr(node: Node) -> str | None:
        if isinstance(node, Attested):
            return f"attested.{node.key}"
        return node.attr if isinstance(node, (In, Range, Is, Intersects, Age, Window)) else None

    def _value(self, node: Node, attr: str | None, verdict: Verdict) -> Text | None:
        if self.walker.in_effect(node.about) == "F":
            return NOT_IN_EFFECT
        if attr is None:
            return None
        fact: Fact | None = self.walker.facts.get(attr)
        if attr == AS_OF and self.walker.as_of is not None:
            fact = self.walker.as_of.toordinal()
        if isinstance(node, Intersects) and verdict.truth == "U":
            return Text(zh="未知", en="unknown")
        return fact_in_words(attr, fact, self.catalogue)

    def _change(self, node: Node, verdict: Verdict) -> Change | None:
        if verdict.truth != "F" or not isinstance(node, ROW):
            return None
        found = Flipping(self.walker).leaf(node, wish=True)
        return found.changes[0] if found and found.changes else None


def failing(criterion: Criterion) -> Sequence[Criterion]:
    """The rows that make a rule false, outermost reasons first: of an `all` its false parts, of an `any` every part."""
    if criterion.truth != "F" or not criterion.counts:
        return ()
    inner = [row for part in criterion.parts for row in failing(part)]
    return inner or [criterion]
