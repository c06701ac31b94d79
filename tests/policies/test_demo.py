"""The demonstration policies are complete, right, and say that they are made up."""

from __future__ import annotations

import datetime as dt
import json

import jsonschema

from tulou.policies.core.document.schema import policy_schema
from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.examples import try_examples
from tulou.policies.core.lint import lint
from tulou.policies.core.rule.tree import leaves
from tulou.policies.demo import demo_file, demo_policies


def test_the_file_is_as_the_schema_says() -> None:
    jsonschema.Draft202012Validator(policy_schema()).validate(json.loads(demo_file().read_text(encoding="utf-8")))


def test_there_are_sixty_and_more_of_many_departments_and_kinds() -> None:
    found = demo_policies()
    assert len(found) >= 60
    assert len({policy.department for policy in found}) >= 12
    assert len({policy.kind for policy in found}) >= 12
    assert len({policy.title.zh for policy in found}) == len(found)
    assert sum(policy.no_application for policy in found) >= 15


def test_every_policy_is_whole_in_both_languages_and_says_that_it_is_made_up() -> None:
    for policy in demo_policies():
        assert policy.summary is not None
        assert policy.benefit is not None
        assert policy.document is not None
        assert "演示文件" in policy.document.document.zh
        assert "made-up" in policy.document.document.en
        for leaf in leaves(policy.eligibility):
            assert leaf.about.citation is not None
            assert leaf.about.citation.quote
            assert leaf.about.citation.article
            assert leaf.about.label is not None


def test_the_examples_pass_and_cover_true_false_and_unknown() -> None:
    found = demo_policies()
    tried = [each for policy in found for each in try_examples(policy, found.catalogue)]
    assert [each for each in tried if not each.passed] == []
    assert {each.expected for each in tried} == {"T", "F", "U"}
    assert min(len(policy.examples) for policy in found) >= 3


def test_the_lint_has_nothing_to_say() -> None:
    assert lint(demo_policies(), dt.date(2026, 6, 12)) == []


def test_they_compile() -> None:
    found = demo_policies()
    program = compile_policies({policy.id: policy.rule for policy in found}, found.catalogue, dt.date(2026, 6, 12))
    assert program.width == 2
