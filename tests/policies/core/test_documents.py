"""Files of policies: read with the path of what is wrong, written, described by a schema."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from tests.policies.core.random_rules import CATALOGUE, rules

from tulou.kernel.errors import Refused
from tulou.policies.core.document.dumping import dump_attribute, dump_node, dump_policies
from tulou.policies.core.document.nodes import NodeReader
from tulou.policies.core.document.pointing import Place
from tulou.policies.core.document.reading import load_policies, read_policies, with_prose
from tulou.policies.core.document.schema import policy_schema
from tulou.policies.core.examples import try_examples
from tulou.policies.core.rule.tree import In, Node, Range, Window

SCHEMA = jsonschema.Draft202012Validator(policy_schema())
TEXT = {"zh": "文字", "en": "words"}
ROW = {"op": "range", "attr": "headcount", "ge": 1, "le": 300}


def document(**changes: Any) -> dict[str, Any]:
    """A file with one policy that is right, and changes to the policy."""
    policy = {
        "id": "P",
        "title": TEXT,
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "eligibility": {"all": [ROW, {"op": "in", "attr": "region", "include": ["350000"], "exclude": ["350200"]}]},
        "examples": [{"firm": {"headcount": 5, "region": "350100"}, "expect": "T", "as_of": "2026-12-31"}],
    }
    return {"format": "tulou-policies/1", "policies": [{**policy, **changes}]}


def refusal(found: dict[str, Any]) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        read_policies(found, file="policies.json")
    finding = refused.value.finding
    assert finding.text.zh
    assert finding.text.en
    assert finding.where.file == "policies.json"
    return finding.code.removeprefix("policies.document."), finding.where.column


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"titel": TEXT}, "unknown_key", "policies[0]"),
        ({"title": {"zh": "只有中文"}}, "absent", "policies[0].title"),
        ({"title": {"zh": "标题", "en": " "}}, "text", "policies[0].title.en"),
        ({"status": "live"}, "word", "policies[0].status"),
        ({"valid_to": "31.12.2026"}, "date", "policies[0].valid_to"),
        ({"valid_to": "2025-12-31"}, "validity", "policies[0].valid_to"),
        ({"version": 0}, "whole", "policies[0].version"),
        ({"no_application": "yes"}, "boolean", "policies[0].no_application"),
        ({"materials": TEXT}, "list", "policies[0].materials"),
        ({"benefit": {"text": TEXT, "ceiling": "much"}}, "benefit", "policies[0].benefit"),
        ({"eligibility": []}, "object", "policies[0].eligibility"),
        ({"eligibility": {"all": []}}, "empty", "policies[0].eligibility.all"),
        ({"eligibility": {"all": [ROW], "any": [ROW]}}, "node", "policies[0].eligibility"),
        ({"eligibility": {"at_least": 2, "of": [ROW]}}, "at_least", "policies[0].eligibility.at_least"),
        ({"eligibility": {"all": [ROW, {**ROW, "le": 0}]}}, "empty_range", "policies[0].eligibility.all[1]"),
        ({"eligibility": {"op": "range", "attr": "headcount"}}, "no_bound", "policies[0].eligibility"),
        ({"eligibility": {**ROW, "gt": 0}}, "two_bounds", "policies[0].eligibility"),
        ({"eligibility": {**ROW, "le": "many"}}, "bound", "policies[0].eligibility.le"),
        ({"eligibility": {**ROW, "attr": "heads"}}, "unknown_attribute", "policies[0].eligibility.attr"),
        ({"eligibility": {**ROW, "attr": "region"}}, "kind", "policies[0].eligibility.attr"),
        ({"eligibility": {**ROW, "op": "between"}}, "word", "policies[0].eligibility.op"),
        ({"eligibility": {**ROW, "hard": False}}, "soft", "policies[0].eligibility"),
        ({"eligibility": {**ROW, "effective_from": "2026-01-01"}}, "effective", "policies[0].eligibility"),
        (
            {"eligibility": {"any": [{**ROW, "effective_from": "2026-02-01", "effective_to": "2026-01-01"}]}},
            "effective_order",
            "policies[0].eligibility.any[0]",
        ),
        (
            {"eligibility": {"op": "in", "attr": "size", "include": ["small"], "exclude": ["small"]}},
            "both",
            "policies[0].eligibility",
        ),
        (
            {"eligibility": {"op": "age", "attr": "registered_on", "ge": -1}},
            "age",
            "policies[0].eligibility",
        ),
        (
            {"eligibility": {"op": "age", "attr": "registered_on", "ge": 1, "unit": "weeks"}},
            "word",
            "policies[0].eligibility.unit",
        ),
        ({"examples": [{"firm": {}, "expect": "yes"}]}, "word", "policies[0].examples[0].expect"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(changes: dict[str, Any], code: str, path: str) -> None:
    assert refusal(document(**changes)) == (code, path)


def test_a_word_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(Refused) as refused:
        read_policies(document(elligibility={}))
    assert refused.value.finding.remedy is not None
    assert "eligibility" in refused.value.finding.remedy.en


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"format": "other"}, "word"),
        ({"attributes": {"x": {"kind": "colour", "label": TEXT}}}, "word"),
        ({"attributes": {"x": {"kind": "code", "label": TEXT, "dictionary": "no"}}}, "unknown_dictionary"),
        ({"dictionaries": {"d": {"codes": [["a", "b"]]}}}, "dictionary"),
        ({"dictionaries": {"d": {"codes": [1]}}}, "code"),
    ],
)
def test_faults_of_the_file_itself_are_named(changes: dict[str, Any], code: str) -> None:
    assert refusal({**document(), **changes})[0] == code


def test_every_policy_that_cannot_be_read_is_told_at_once_where_that_is_wished() -> None:
    wrong = document()
    wrong["policies"] += [{"id": "Q"}, copy.deepcopy(wrong["policies"][0])]
    found = read_policies(wrong, strict=False)
    assert [policy.id for policy in found] == ["P"]
    assert [each.code for each in found.problems] == ["policies.document.absent", "policies.document.twice"]
    with pytest.raises(Refused) as refused:
        read_policies(wrong)
    assert refused.value.finding.remedy is not None
    assert "1 more" in refused.value.finding.remedy.en


def test_a_file_may_bring_attributes_and_dictionaries_of_its_own() -> None:
    own = {
        **document(eligibility={"op": "in", "attr": "zone", "include": ["Z"], "exclude": ["Z2"]}, examples=[]),
        "dictionaries": {"zone": {"version": "2", "codes": [["Z", None, "区", "zone"], ["Z1", "Z"], ["Z2", "Z"]]}},
        "attributes": {"zone": {"kind": "code", "label": TEXT, "dictionary": "zone", "members": {"m": TEXT}}},
    }
    found = read_policies(own)
    assert found.catalogue.dictionary_of("zone").lineage("Z2") == ("Z2", "Z")  # type: ignore[union-attr]
    again = dump_policies(found)
    assert read_policies(again).policies == found.policies
    SCHEMA.validate(again)
    SCHEMA.validate(own)


def test_codes_are_kept_as_the_dictionary_writes_them() -> None:
    found = read_policies(document(eligibility={"op": "in", "attr": "industry", "include": ["1311", "C13"]}))
    assert found.policies[0].eligibility == In("industry", frozenset({"C1311", "C13"}))


def test_money_is_read_without_a_float_between(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    text = json.dumps(document(eligibility={"op": "range", "attr": "revenue", "le": 0})).replace(
        '"le": 0', '"le": 0.29'
    )
    path.write_text(text)
    rule = load_policies(path).policies[0].eligibility
    assert isinstance(rule, Range)
    assert rule.limits.le == 29


def test_yaml_reads_like_json(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "policies:\n- id: P\n  title: {zh: 名, en: name}\n  valid_to: 2026-12-31\n"
        "  eligibility: {op: is, attr: tax_arrears, value: false}\n"
    )
    assert load_policies(path).policies[0].valid_to == dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("p.json", b"{", "policies.file.json"),
        ("p.yaml", b"a: [", "policies.file.yaml"),
        ("p.json", b"\xff\xfe", "policies.file.encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused) as refused:
        load_policies(tmp_path / name)
    assert refused.value.finding.code == code
    with pytest.raises(Refused) as absent:
        load_policies(tmp_path / "absent.json")
    assert absent.value.finding.code == "policies.file.absent"


@given(rules)
def test_a_rule_that_is_written_reads_back_the_same_and_the_schema_knows_it(rule: Node) -> None:
    row = dump_node(rule, CATALOGUE)
    try:
        assert NodeReader(CATALOGUE).read(Place(row)) == rule
    except Refused as error:
        codes = {"empty_range", "soft", "effective"}
        assert error.finding.code.removeprefix("policies.document.") in codes  # noqa: PT017 - random rules go past the reader's care
    attributes = {name: dump_attribute(each) for name, each in CATALOGUE.attributes.items()}
    SCHEMA.validate({"attributes": attributes, "policies": [{"id": "P", "title": TEXT, "eligibility": row}]})


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "gt": 0},
        {"op": "range", "attr": "headcount"},
        {"op": "in", "attr": "size", "include": []},
        {"op": "is", "attr": "tax_arrears"},
        {"all": []},
        {"all": [ROW], "extra": 1},
        {"at_least": 0, "of": [ROW]},
        {"op": "window", "attr": "aid", "measure": "mean", "length": 1, "le": 1},
    ],
)
def test_what_the_reader_refuses_the_schema_refuses_too(row: dict[str, Any]) -> None:
    assert refusal(document(eligibility=row))
    assert list(SCHEMA.iter_errors(document(eligibility=row)))


def test_a_full_policy_survives_writing_and_reading() -> None:
    rich = document(
        summary=TEXT,
        department="tax",
        kind="award",
        status="draft",
        document={"document": TEXT, "article": "第一条", "quote": "原文", "url": "https://example.org"},
        deadline="2026-11-30",
        recurrence="yearly",
        no_application=True,
        benefit={"text": TEXT, "ceiling": "1000.50", "rate": 0.5},
        materials=[TEXT],
        url="https://example.org",
        prose={"zh": ["从业人员300人以下"]},
        version=3,
        eligibility={
            "all": [
                {"op": "window", "attr": "aid", "measure": "sum", "length": 3, "schemes": ["x"], "le": "-0.5"},
                {"op": "window", "attr": "aid", "measure": "count", "length": 3, "unit": "months", "le": 2},
                {"op": "declared", "attr": "project.started", "value": False, "question": TEXT},
                {"op": "attested", "key": "site", "question": TEXT, "note": TEXT, "source": "item", "id": "r"},
                {**ROW, "hard": False, "effective_from": "2026-01-01", "label": TEXT, "citation": {"document": TEXT}},
            ]
        },
    )
    SCHEMA.validate(rich)
    found = read_policies(rich)
    again = read_policies(dump_policies(found))
    assert again.policies == found.policies
    assert dump_policies(again) == dump_policies(found)
    assert isinstance(found.policies[0].eligibility.parts[0], Window)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("example", "passed"),
    [
        ({"firm": {"headcount": 5, "region": "350100"}, "expect": "T"}, True),
        ({"firm": {"headcount": 5}, "expect": "U", "missing": ["region"]}, True),
        ({"firm": {"headcount": 5}, "expect": "U", "missing": ["size"]}, False),
        ({"firm": {"headcount": 5, "region": "350200"}, "expect": "T"}, False),
        ({"firm": {"headcount": "five"}, "expect": "T"}, False),
        ({"firm": {"heads": 5}, "expect": "T"}, False),
        ({"firm": {"headcount": 5, "region": "350100"}, "expect": "F", "as_of": "2027-01-01"}, True),
    ],
)
def test_examples_are_tried_on_their_day(example: dict[str, Any], passed: bool) -> None:
    found = read_policies(document(examples=[example]))
    assert [tried.passed for tried in try_examples(found.policies[0], found.catalogue)] == [passed]


def test_an_example_may_nest_its_declared_facts() -> None:
    rule = {"op": "range", "attr": "project.cost", "ge": 10}
    found = read_policies(document(eligibility=rule, examples=[{"firm": {"project": {"cost": 12}}, "expect": "T"}]))
    assert all(tried.passed for tried in try_examples(found.policies[0], found.catalogue))


NEUTRAL = {"id": "n", "title": "Aide", "in_production": True, "eligibility": {"all": [{"const": True}]}}


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ({"attr": "headcount", "op": "contains", "value": 3}, "op"),
        ({"attr": "colour", "op": "eq", "value": 3}, "word"),
        ({"attr": "headcount", "op": "le", "value": 3, "unit": "x"}, "unknown_key"),
        ({"all": [], "any": []}, "node"),
        ({"when": {"const": True}}, "absent"),
    ],
)
def test_the_neutral_form_is_checked_as_well(node: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_policies([{**NEUTRAL, "eligibility": node}])
    assert refused.value.finding.code == f"policies.document.{code}"


def test_further_prose_is_joined_by_id(tmp_path: Path) -> None:
    (tmp_path / "texts.json").write_text(json.dumps([{"id": "n", "title": "T", "steps": ["avant", ""], "none": None}]))
    found = with_prose(read_policies([NEUTRAL]), tmp_path / "texts.json")
    assert found.policies[0].prose["steps"] == ("avant",)
    (tmp_path / "wrong.json").write_text("{}")
    with pytest.raises(Refused):
        with_prose(found, tmp_path / "wrong.json")
