"""A policy as plain values: what it gives, when, to whom, and the examples that its rule must answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from tulou.kernel.errors import Finding, Text
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.rule.tree import Citation, Limits, Node, Range, When
from tulou.policies.core.rule.truth import AS_OF, Truth

Status = Literal["draft", "review", "published", "suspended", "expired"]
Recurrence = Literal["once", "yearly", "quarterly", "monthly", "ongoing"]


@dataclass(frozen=True, slots=True)
class Benefit:
    """What the firm gets: in words, and as an amount in fen where the policy fixes one."""

    text: Text
    ceiling: int | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A situation and the answer that the rule must give. `firm` holds facts as a firm's file writes them."""

    firm: Mapping[str, Any]
    expect: Truth
    as_of: dt.date | None = None
    name: Text | None = None
    missing: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One version of a policy. `prose` holds its words by language, for the reader and for the lint.

    `valid_from` and `valid_to` are both included. They gate the rule, except where `dates_in_rule` says that the tree
    itself already holds them.
    """

    id: str
    title: Text
    eligibility: Node
    version: int = 1
    summary: Text | None = None
    department: str | None = None
    kind: str | None = None
    status: Status = "published"
    document: Citation | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    dates_in_rule: bool = False
    benefit: Benefit | None = None
    deadline: dt.date | None = None
    recurrence: Recurrence = "once"
    no_application: bool = False
    materials: tuple[Text, ...] = ()
    url: str | None = None
    prose: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()

    @cached_property
    def rule(self) -> Node:
        """The eligibility behind the gate of the validity."""
        if self.dates_in_rule or (self.valid_from is None and self.valid_to is None):
            return self.eligibility
        limits = Limits(
            ge=self.valid_from.toordinal() if self.valid_from else None,
            le=self.valid_to.toordinal() if self.valid_to else None,
        )
        return When(Range(AS_OF, limits), self.eligibility)


@dataclass(frozen=True)
class PolicySet:
    """Policies that share a catalogue. `problems` are the findings about policies that could not be read."""

    policies: tuple[Policy, ...]
    catalogue: Catalogue
    problems: tuple[Finding, ...] = ()
    form: Literal["tulou", "neutral"] = "tulou"
    own_attributes: Mapping[str, Any] = field(default_factory=dict)
    own_dictionaries: Mapping[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Policy]:
        return iter(self.policies)

    def __len__(self) -> int:
        return len(self.policies)

    @cached_property
    def by_id(self) -> Mapping[str, Policy]:
        """The policies by their id."""
        return {policy.id: policy for policy in self.policies}
