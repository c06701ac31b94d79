"""Policies from files: the template itself, JSON in both forms, refused lines with their place, the command."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook
from typer.testing import CliRunner

from tulou.cli import app
from tulou.policies.core.document.dumping import dump_policies
from tulou.policies.demo import demo_file, demo_policies
from tulou.policies.models import Policy, PolicyVersion
from tulou.policies.queries.documents import as_core
from tulou.policies.services.importing import import_policies, read_upload
from tulou.policies.services.templates import template_csv, template_xlsx
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role
from tulou.terminal import jsonable

pytestmark = pytest.mark.django_db
RULE = {
    "all": [
        {"op": "in", "attr": "region", "include": ["350100", "350200"]},
        {"op": "range", "attr": "headcount", "le": 300},
        {
            "any": [
                {"op": "in", "attr": "size", "include": ["micro", "small"]},
                {"op": "age", "attr": "registered_on", "unit": "years", "lt": 3},
            ]
        },
        {"op": "is", "attr": "dishonest", "value": False},
    ]
}


def bare(node: Any) -> Any:
    """A rule without what is said about its rows."""
    if isinstance(node, dict):
        return {key: bare(value) for key, value in node.items() if key not in ("citation", "label")}
    return [bare(each) for each in node] if isinstance(node, list) else node


@pytest.fixture
def officer(enter: Callable[..., Any]) -> Any:
    return enter(Role.DEPARTMENT_OFFICER)


def department_of(client: Any) -> Organisation:
    return Organisation.objects.get(pk=client.actor.organisation_key)


def upload(client: Any, content: bytes, name: str) -> str:
    answer = client.post("/policies/department/import/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("make", "name"), [(template_csv, "t.csv"), (template_xlsx, "t.xlsx")])
def test_the_template_can_be_imported_as_it_is(
    officer: Any, make: Callable[[str], bytes], name: str, language: str
) -> None:
    page = upload(officer, make(language), name)
    assert "1 new drafts, 0 changed, 0 said the same already, 0 refused" in page
    version = PolicyVersion.objects.get()
    assert bare(version.eligibility) == RULE
    assert (version.policy.code, version.policy.state, version.theme) == ("rent-2026", "draft", "rent")
    assert (version.budget_fen, version.benefit_ceiling_fen) == (500_000_000, 10_000_000)
    assert version.materials == [{"zh": "租赁合同", "en": "lease"}, {"zh": "付款凭证", "en": "proof of payment"}]
    assert as_core(version).eligibility is not None
    assert version.eligibility["all"][1]["citation"]["quote"] == "从业人数300人以下"


def test_the_template_is_handed_out_with_every_attribute(officer: Any) -> None:
    answer = officer.get("/policies/department/import/template.xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    names = [row[0] for row in book.worksheets[1].iter_rows(values_only=True)]
    assert "headcount" in names
    assert "aid" in names
    assert officer.get("/policies/department/import/template.exe").status_code == 404


def table(changes: dict[int, dict[str, str]]) -> bytes:
    """The template with some cells changed."""
    rows = list(csv.reader(io.StringIO(template_csv("zh").decode("utf-8-sig"))))
    from tulou.policies.core.document.sheet import COLUMNS

    names = list(COLUMNS)
    for line, cells in changes.items():
        for name, value in cells.items():
            rows[line - 1][names.index(name)] = value
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("gb18030")


@pytest.mark.parametrize(
    ("line", "cells", "sentence"),
    [
        (2, {"value": "亚特兰蒂斯"}, "The dictionary has no"),
        (3, {"attribute": "鞋码"}, "There is no attribute"),
        (3, {"operator": "左右"}, "should be one of"),
        (3, {"value": ""}, "Give the value"),
        (3, {"value": "很多"}, "whole number"),
        (4, {"group": "??"}, "A group is written"),
        (5, {"value": "三岁"}, "date"),
        (6, {"value": "也许"}, "yes or no is expected"),
        (2, {"valid_to": "2025-01-01"}, "the policy ends before it begins"),
        (2, {"valid_from": "31.1.2026"}, "YYYY-MM-DD"),
        (2, {"recurrence": "often"}, "one of"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_nothing_of_it_is_kept(
    officer: Any, line: int, cells: dict[str, str], sentence: str
) -> None:
    department = department_of(officer)
    done = import_policies(officer.actor, department, read_upload(io.BytesIO(table({line: cells})), "t.csv"))
    assert [(each.where.file, each.where.line) for each in done.refused] == [("t.csv", line)]
    assert sentence in done.refused[0].text.en
    assert not Policy.objects.exists()


def test_groups_dates_aid_and_questions_are_read(officer: Any) -> None:
    given = {
        2: {"attribute": "财政补助台账", "operator": "不满", "value": "50万/3年"},
        3: {"operator": "介于", "value": "20~300"},
        4: {"group": "A>=2"},
        5: {"group": "A", "operator": ">=", "value": "24个月"},
        6: {"group": "A", "attribute": "人工审核", "operator": "", "value": "是否属于重点项目 | a key project"},
    }
    department = department_of(officer)
    done = import_policies(officer.actor, department, read_upload(io.BytesIO(table(given)), "t.csv"))
    assert done.refused == []
    asked = {"zh": "是否属于重点项目", "en": "a key project"}
    assert bare(PolicyVersion.objects.get().eligibility) == {
        "all": [
            {"op": "window", "attr": "aid", "measure": "sum", "length": 3, "unit": "years", "lt": 500_000},
            {"op": "range", "attr": "headcount", "ge": 20, "le": 300},
            {
                "at_least": 2,
                "of": [
                    {"op": "in", "attr": "size", "include": ["micro", "small"]},
                    {"op": "age", "attr": "registered_on", "unit": "months", "ge": 24},
                    {"op": "attested", "key": "a-key-project", "question": asked},
                ],
            },
        ]
    }


def test_a_file_is_imported_twice_without_a_second_effect_and_a_change_is_a_change(officer: Any) -> None:
    department = department_of(officer)
    content = demo_file().read_bytes()
    first = import_policies(officer.actor, department, read_upload(io.BytesIO(content), "d.json"))
    again = import_policies(officer.actor, department, read_upload(io.BytesIO(content), "d.json"))
    assert (len(first.made), len(first.refused)) == (73, 0)
    assert (len(again.made), len(again.changed), len(again.same)) == (0, 0, 73)
    document = json.loads(content)
    document["policies"][0]["title"]["en"] = "Another title"
    changed = json.dumps(document).encode()
    third = import_policies(officer.actor, department, read_upload(io.BytesIO(changed), "d.json"))
    assert (len(third.changed), len(third.same)) == (1, 72)


def test_every_demonstration_policy_goes_through_the_registry_and_means_the_same(officer: Any) -> None:
    found = demo_policies()
    document = json.dumps(jsonable(dump_policies(found))).encode()
    import_policies(officer.actor, department_of(officer), read_upload(io.BytesIO(document), "d.json"))
    versions = {each.policy.code: each for each in PolicyVersion.objects.select_related("policy__department")}
    for policy in found:
        core = as_core(versions[policy.id])
        assert core.rule == policy.rule
        assert core.benefit == policy.benefit
        assert core.materials == policy.materials


def test_the_neutral_form_comes_with_its_own_attributes(officer: Any) -> None:
    programme = {
        "id": "p1",
        "title": "Aide",
        "eligibility": {
            "all": [
                {"attr": "headcount", "op": "le", "value": 49},
                {"attr": "goals", "op": "contains", "value": "ecodesign"},
            ]
        },
        "amount_text": "5 000 €",
    }
    page = upload(officer, json.dumps([programme]).encode(), "neutral.json")
    assert "1 new drafts" in page
    version = PolicyVersion.objects.get()
    assert version.attributes["goals"]["kind"] == "set"
    assert as_core(version).eligibility is not None
    address = f"/policies/department/versions/{version.public_id}/"
    for part in ("rule/", "examples/", "effect/", "check/"):
        assert officer.get(address + part).status_code == 200


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"{", "x.json", "The file cannot be read"),
        (b"PK\x03\x04 no workbook", "x.xlsx", "The file cannot be read"),
        (b"\xff\xfe\xff\xff", "x.csv", "The file cannot be read"),
        (b"a,b\n1,2\n", "x.csv", "The first row should be the headings"),
        (b"%PDF", "x.pdf", "Files of .json, .xlsx and .csv are read"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(officer: Any, content: bytes, name: str, sentence: str) -> None:
    assert sentence in upload(officer, content, name)


def test_a_policy_in_review_is_not_overwritten_by_a_file(officer: Any) -> None:
    department = department_of(officer)
    import_policies(officer.actor, department, read_upload(io.BytesIO(template_csv("zh")), "t.csv"))
    PolicyVersion.objects.update(state="in_review")
    changed = table({2: {"title_zh": "另一个标题"}})
    done = import_policies(officer.actor, department, read_upload(io.BytesIO(changed), "t.csv"))
    assert "in review" in done.refused[0].text.en


def test_the_command_imports_for_a_department_and_ends_with_one_where_lines_are_refused(
    organisation: Callable[..., Organisation], tmp_path: Path
) -> None:
    organisation(Kind.DEPARTMENT, code="RENT")
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(template_csv("en"))
    bad.write_bytes(table({2: {"code": "other"}, 3: {"attribute": "鞋码"}}))
    done = CliRunner().invoke(app, ["policy", "import", str(good), "--department", "rent", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["made"] == 1
    refused = CliRunner().invoke(app, ["policy", "import", str(bad), "--department", "RENT", "--json"])
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["findings"][0]["where"]["line"] == 3
    nobody = CliRunner().invoke(app, ["policy", "import", str(good), "--department", "NOBODY"])
    assert nobody.exit_code == 1
    assert Policy.objects.count() == 1


def test_amounts_stay_exact(officer: Any) -> None:
    given = {3: {"attribute": "上年度营业收入", "operator": "<=", "value": "100000.01"}}
    done = import_policies(officer.actor, department_of(officer), read_upload(io.BytesIO(table(given)), "t.csv"))
    assert done.refused == []
    limits = as_core(PolicyVersion.objects.get()).eligibility.parts[1].limits  # type: ignore[union-attr]
    assert limits.le == int(Decimal("100000.01") * 100)
