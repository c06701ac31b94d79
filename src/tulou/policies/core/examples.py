"""The examples that a policy carries: situations with the answers that its rule must give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.policy import Example, Policy
from tulou.policies.core.firms.facts import facts_from
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.truth import Truth


@dataclass(frozen=True, slots=True)
class Tried:
    """One example and what the rule said. `problem` is set where the example itself cannot be read."""

    policy_id: str
    number: int
    name: Text
    expected: Truth
    found: Truth | None
    missing: frozenset[str]
    passed: bool
    problem: Text | None = None


def try_examples(policy: Policy, catalogue: Catalogue) -> Iterator[Tried]:
    """Each example of a policy. One without a day is asked on the policy's first day (else: the day is unknown)."""
    for number, example in enumerate(policy.examples, 1):
        yield _tried(policy, number, example, catalogue)


def _tried(policy: Policy, number: int, example: Example, catalogue: Catalogue) -> Tried:
    name = example.name or Text(zh=f"示例 {number}", en=f"example {number}")
    unknown = [key for key in example.firm if not _named(key, catalogue, example)]
    facts, column, error = facts_from(example.firm, catalogue)
    if column is not None and error is not None:
        problem = Text(zh=f"{column} 应为{error.expected.zh}", en=f"{column} should be {error.expected.en}")
        return Tried(policy.id, number, name, example.expect, None, frozenset(), passed=False, problem=problem)
    if unknown:
        problem = Text(zh=f"没有属性 {', '.join(unknown)}", en=f"There is no attribute {', '.join(unknown)}")
        return Tried(policy.id, number, name, example.expect, None, frozenset(), passed=False, problem=problem)
    verdict = evaluate(policy.rule, facts, example.as_of or policy.valid_from, catalogue)
    passed = verdict.truth == example.expect and example.missing in (None, verdict.missing)
    return Tried(policy.id, number, name, example.expect, verdict.truth, verdict.missing, passed)


def _named(key: str, catalogue: Catalogue, example: Example) -> bool:
    value = example.firm[key]
    nested = isinstance(value, dict) and all(f"{key}.{inner}" in catalogue for inner in value)
    return key in catalogue or key.rpartition(".")[0] in catalogue or nested
