"""The lint: what a careful colleague would find in a file of policies before it is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from tulou.policies.core.document.policy import Policy, PolicySet
from tulou.policies.core.examples import try_examples
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.lint.coverage import (
    check_codes,
    check_coverage,
    check_duplicates,
    check_firms,
    known_codes,
)
from tulou.policies.core.lint.dates import check_dates
from tulou.policies.core.lint.faults import Fault, fault
from tulou.policies.core.lint.prose import check_prose
from tulou.policies.core.lint.quotes import check_quotes
from tulou.policies.core.rule.tree import leaves

__all__ = ["Fault", "lint", "lint_policy"]


def lint(policies: PolicySet, as_of: dt.date, firms: Iterable[FirmTable] = ()) -> list[Fault]:
    """Every fault of a set of policies on a day; with `firms`, also the rows that all or none of them meet.

    Policies that could not be read are in `policies.problems`, not here.
    """
    found = [each for policy in policies for each in lint_policy(policy, policies, as_of)]
    found += check_duplicates(policies.policies, policies.catalogue)
    found += check_firms(policies, firms, as_of)
    return list(dict.fromkeys(found))


def lint_policy(policy: Policy, policies: PolicySet, as_of: dt.date) -> list[Fault]:
    """Every fault of one policy by itself: what an editor shows while it is written."""
    catalogue, known = policies.catalogue, known_codes(policies)
    found = [
        *check_dates(policy, as_of),
        *check_prose(policy, catalogue),
        *check_quotes(policy, catalogue),
        *check_codes(policy, catalogue, known),
        *check_coverage(policy, catalogue, known, as_of),
    ]
    if policies.form == "tulou":
        found += _completeness(policy)
        found += [
            fault(
                policy.id,
                "example_fails",
                f"示例“{tried.name.zh}”应为 {tried.expected}, 实为 {tried.found or '无法读取'}",
                f"The example “{tried.name.en}” should be {tried.expected}, is {tried.found or 'unreadable'}",
                severity="reject",
                path=f"examples[{tried.number - 1}]",
            )
            for tried in try_examples(policy, catalogue)
            if not tried.passed
        ]
    return found


def _completeness(policy: Policy) -> Iterator[Fault]:
    """What Tulou's own form should have and need not."""
    if not policy.examples:
        yield fault(policy.id, "no_examples", "规则没有示例", "The rule has no examples", path="examples")
    bare = [leaf for leaf in leaves(policy.eligibility) if leaf.about.citation is None]
    if bare:
        yield fault(
            policy.id,
            "no_citation",
            f"{len(bare)} 条条件没有出处",
            f"{len(bare)} rows cite nothing",
            path="eligibility",
        )
