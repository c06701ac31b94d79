"""`tulou policy`, as people and machines call it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tulou.policies.cli import app
from tulou.policies.core.document.reading import load_policies
from tulou.policies.demo import demo_file, demo_policies

DEMO = str(demo_file())
DAY = "2026-06-12"
TEXT = {"zh": "文字", "en": "words"}


def run(*arguments: str | Path, code: int = 0) -> str:
    answer = CliRunner().invoke(app, [str(each) for each in arguments])
    assert answer.exit_code == code, answer.output
    return answer.stdout


def told(*arguments: str | Path, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code))


@pytest.fixture
def firms(tmp_path: Path) -> Path:
    path = tmp_path / "firms.csv"
    path.write_text(
        "firm_id,region,size,headcount,first_loan,dishonest,layoff_rate,insured_months,zombie,shoe\n"
        "=F1,350203,small,20,true,false,3,24,false,42\n"
        "F2,440300,small,20,true,false,3,24,false,\n"
        "F3,350203,,20,,,,,,\n",
        encoding="utf-8",
    )
    return path


def test_match_writes_one_row_a_firm_and_policy(firms: Path, tmp_path: Path) -> None:
    summary = told("match", "--policies", DEMO, "--firms", firms, "--as-of", DAY, "--out", tmp_path / "r.parquet")
    rows = pq.read_table(tmp_path / "r.parquet").to_pylist()
    assert (summary["firms"], summary["policies"], summary["rows"]) == (3, 73, 219)
    assert summary["ignored_columns"] == ["shoe"]
    assert list(rows[0]) == ["firm_id", "policy_id", "result", "missing", "as_of"]
    loans = {
        row["firm_id"]: (row["result"], row["missing"]) for row in rows if row["policy_id"] == "demo-fin-first-loan"
    }
    assert loans == {"=F1": ("T", []), "F2": ("F", []), "F3": ("U", ["dishonest", "first_loan", "size"])}
    assert sum(summary["results"].values()) == 219


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_match_writes_csv_and_json_lines_and_only_the_results_that_are_wished(
    firms: Path, tmp_path: Path, form: str
) -> None:
    out = tmp_path / f"r.{form}"
    run("match", "--policies", DEMO, "--firms", firms, "--as-of", DAY, "--out", out, "--only", "TU")
    if form == "csv":
        rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
        assert rows[0]["firm_id"] == "'=F1", "a cell that would run as a formula"
    else:
        rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {row["result"] for row in rows} == {"T", "U"}
    waiting = [row["missing"] for row in rows if row["policy_id"] == "demo-fin-first-loan" and row["firm_id"] == "F3"]
    assert waiting == ["dishonest;first_loan;size" if form == "csv" else ["dishonest", "first_loan", "size"]]
    assert {row["as_of"] for row in rows} == {DAY}


def test_match_without_a_file_shows_a_summary(firms: Path) -> None:
    shown = run("match", "--policies", DEMO, "--firms", firms, "--as-of", DAY)
    assert "3 firms x 73 policies" in shown
    assert "demo-fin-first-loan" in shown


def test_match_takes_each_firm_s_own_day_where_none_is_given(tmp_path: Path) -> None:
    path = tmp_path / "firms.json"
    firm = {"firm_id": "F", "region": "350200", "size": "small", "first_loan": True, "dishonest": False}
    path.write_text(
        json.dumps({"firms": [firm], "results": [{"firm_id": "F", "as_of": day} for day in (DAY, "2028-01-01", None)]})
    )
    run("match", "--policies", DEMO, "--firms", path, "--out", tmp_path / "r.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    loans = [(row["as_of"], row["result"], row["missing"]) for row in rows if row["policy_id"] == "demo-fin-first-loan"]
    assert loans == [(DAY, "T", []), ("2028-01-01", "F", []), (None, "U", ["as_of_date"])]


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["--as-of", "soon"], 2, "policies.option.day"),
        ([], 2, "policies.match.as_of"),
        (["--as-of", DAY, "--only", "X"], 2, "policies.match.only"),
        (["--as-of", DAY, "--out", "r.doc"], 2, "policies.match.out"),
        (["--as-of", DAY, "--ledger", "absent.csv"], 1, "policies.file.absent"),
        (["--as-of", DAY, "--dictionary", "d=absent.csv"], 1, "policies.file.absent"),
    ],
)
def test_wrong_use_is_exit_2_and_refusal_exit_1(firms: Path, arguments: list[str], code: int, error: str) -> None:
    answer = told("match", "--policies", DEMO, "--firms", firms, *arguments, code=code)
    assert answer["error"]["code"] == error
    assert set(answer["error"]["message"]) == {"zh", "en"}


def test_a_failed_match_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    path.write_text("firm_id,headcount\nF1,3\nF2,many\n")
    answer = told("match", "--policies", DEMO, "--firms", path, "--as-of", DAY, "--out", tmp_path / "r.parquet", code=1)
    assert answer["error"]["where"]["record"] == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["firms.csv"]


def test_match_with_a_ledger_and_a_dictionary_of_their_own(tmp_path: Path) -> None:
    rule = {
        "all": [
            {"op": "in", "attr": "zone", "include": ["Z"]},
            {"op": "window", "attr": "aid", "measure": "sum", "length": 1, "le": 100},
        ]
    }
    attributes = {"zone": {"kind": "code", "label": TEXT, "dictionary": "zone"}}
    policies = {"attributes": attributes, "policies": [{"id": "P", "title": TEXT, "eligibility": rule}]}
    (tmp_path / "p.json").write_text(json.dumps(policies))
    (tmp_path / "zone.csv").write_text("code,parent,zh,en\nZ,,区,zone\nZ1,Z,,\n")
    (tmp_path / "l.csv").write_text("firm_id,date,amount\nF2,2026-06-01,100.01\n")
    (tmp_path / "f.csv").write_text("firm_id,zone\nF1,Z1\nF2,Z1\n")
    summary = told(
        "match", "--policies", tmp_path / "p.json", "--firms", tmp_path / "f.csv", "--as-of", DAY,
        "--ledger", tmp_path / "l.csv", "--dictionary", f"zone={tmp_path / 'zone.csv'}",
    )  # fmt: skip
    assert summary["results"] == {"F": 1, "U": 0, "T": 1}
    (tmp_path / "zone.csv").write_text("name\nZ\n")
    wrong = told(
        "match", "--policies", tmp_path / "p.json", "--firms", tmp_path / "f.csv",
        "--dictionary", f"zone={tmp_path / 'zone.csv'}", code=1,
    )  # fmt: skip
    assert wrong["error"]["code"] == "policies.dictionary.columns"


def test_explain_names_value_limit_citation_and_change(firms: Path) -> None:
    shown = run(
        "explain",
        "--policies",
        DEMO,
        "--firms",
        firms,
        "--firm",
        "F2",
        "--policy",
        "demo-fin-first-loan",
        "--as-of",
        DAY,
    )
    assert "✗" in shown
    assert "Shenzhen" in shown
    assert "a made-up document" in shown
    assert "The nearest change" in shown
    asked = run(
        "explain",
        "--policies",
        DEMO,
        "--firms",
        firms,
        "--firm",
        "F3",
        "--policy",
        "demo-fin-first-loan",
        "--as-of",
        DAY,
    )
    assert "(first_loan)" in asked
    answer = told(
        "explain",
        "--policies",
        DEMO,
        "--firms",
        firms,
        "--firm",
        "=F1",
        "--policy",
        "demo-fin-first-loan",
        "--as-of",
        DAY,
    )
    assert (answer["truth"], answer["verified"]) == ("T", True)


def test_explain_says_where_a_fact_comes_from_and_who_vouches_for_it(tmp_path: Path) -> None:
    firm = {"firm_id": "F", "headcount": 25}
    word = {"headcount": {"source": {"zh": "统计局", "en": "statistics"}, "as_of": "2026-05-31", "verified": False}}
    plain = {"headcount": {"source": "survey"}}
    both = [{**firm, "provenance": word}, {**firm, "firm_id": "G", "provenance": plain}]
    (tmp_path / "f.json").write_text(json.dumps(both))
    path = write_policies(tmp_path / "p.json", 21)
    first, second = (
        told("explain", "--policies", path, "--firms", tmp_path / "f.json", "--firm", name, "--policy", "P")
        for name in ("F", "G")
    )
    assert (first["truth"], first["verified"], second["verified"]) == ("T", False, True)
    assert first["criterion"]["provenance"]["as_of"] == "2026-05-31"
    assert second["criterion"]["provenance"]["source"]["en"] == "survey"
    assert "[25 persons; statistics, 2026-05-31]" in run(
        "explain", "--policies", path, "--firms", tmp_path / "f.json", "--firm", "F", "--policy", "P"
    )


@pytest.mark.parametrize(
    ("firm", "policy", "error"),
    [("F9", "demo-fin-first-loan", "policies.firms.unknown"), ("F2", "none", "policies.unknown")],
)
def test_explain_refuses_whom_it_does_not_know(firms: Path, firm: str, policy: str, error: str) -> None:
    answer = told("explain", "--policies", DEMO, "--firms", firms, "--firm", firm, "--policy", policy, code=1)
    assert answer["error"]["code"] == error


def test_questions_lists_the_best_first(firms: Path) -> None:
    asked = told("questions", "--policies", DEMO, "--firms", firms, "--firm", "F3", "--as-of", DAY, "--most", "5")
    assert len(asked) == 5
    assert [each["decides"] for each in asked] == sorted((each["decides"] for each in asked), reverse=True)
    assert "decides" in run("questions", "--policies", DEMO, "--firms", firms, "--firm", "F3", "--as-of", DAY)


def write_policies(path: Path, least: int, **more: Any) -> Path:
    row = {"op": "range", "attr": "headcount", "ge": least, "citation": {"document": TEXT, "quote": "从业人员21人以上"}}
    examples = [{"firm": {"headcount": 21}, "expect": "T"}]
    path.write_text(
        json.dumps({"policies": [{"id": "P", "title": TEXT, "eligibility": row, "examples": examples, **more}]})
    )
    return path


def test_diff_says_who_gains_and_who_loses(firms: Path, tmp_path: Path) -> None:
    old, new = write_policies(tmp_path / "a.json", 10), write_policies(tmp_path / "b.json", 21)
    answer = told("diff", old, new, "--firms", firms, "--as-of", DAY, "--out", tmp_path / "d.csv")
    assert answer["policies"] == [{"policy": "P", "eligible": 0, "possible": 0, "doubtful": 0, "lost": 3}]
    rows = list(csv.DictReader((tmp_path / "d.csv").read_text().splitlines()))
    assert rows[0] == {"firm_id": "'=F1", "policy_id": "P", "before": "T", "after": "F", "change": "lost", "as_of": DAY}
    assert "No answer changes" in run("diff", old, old, "--firms", firms, "--as-of", DAY)
    assert "is in" in run("diff", old, new, "--firms", firms, "--as-of", DAY, "--out", tmp_path / "e.csv")
    assert told("diff", old, new, "--firms", firms, code=2)["error"]["code"] == "policies.match.as_of"


def test_diff_takes_each_firm_s_own_day(tmp_path: Path) -> None:
    old = write_policies(tmp_path / "a.json", 10)
    new = write_policies(tmp_path / "b.json", 10, valid_to="2026-06-30")
    (tmp_path / "f.csv").write_text("firm_id,headcount,as_of\nF,20,2026-06-30\nG,20,2026-07-01\n")
    answer = told("diff", old, new, "--firms", tmp_path / "f.csv")
    assert answer["changed_answers"] == 1


def test_lint_and_test_are_exit_1_where_something_is_wrong(tmp_path: Path) -> None:
    right, wrong = write_policies(tmp_path / "a.json", 21), write_policies(tmp_path / "b.json", 22)
    assert told("lint", right, "--as-of", DAY)["faults"] == 0
    answer = told("lint", wrong, "--as-of", DAY, code=1)
    assert answer["by_check"] == {"lint.limit_differs": 1, "lint.example_fails": 1}
    assert "limit_differs" in run("lint", wrong, "--as-of", DAY, code=1)
    assert "1/1 examples pass" in run("test", right)
    assert "0/1 examples pass" in run("test", wrong, code=1)
    assert told("test", wrong, code=1)["failed"][0]["found"] == "F"


def test_lint_takes_further_prose_and_firms_and_counts_warnings_when_strict(firms: Path, tmp_path: Path) -> None:
    path = write_policies(tmp_path / "a.json", 21)
    (tmp_path / "t.json").write_text(json.dumps([{"id": "P", "zh": ["营业收入2000万元以上"]}]))
    more = ["--as-of", DAY, "--prose", tmp_path / "t.json", "--firms", firms]
    assert set(told("lint", path, *more)["by_check"]) == {"lint.limit_only_in_text", "lint.met_by_none"}
    assert told("lint", path, *more, "--strict", code=1)["errors"] == 0


def test_lint_reports_policies_that_cannot_be_read(tmp_path: Path) -> None:
    path = write_policies(tmp_path / "a.json", 21, status="live")
    assert told("lint", path, "--as-of", DAY, code=1)["by_check"] == {"document.word": 1}


def test_schema_prints_and_writes(tmp_path: Path) -> None:
    run("schema", "--out", tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text()) == json.loads(run("schema"))


def test_convert_writes_a_form_that_reads_back(tmp_path: Path) -> None:
    run("convert", DEMO, tmp_path / "again.json")
    assert load_policies(tmp_path / "again.json").policies == demo_policies().policies
    assert told("test", tmp_path / "again.json")["failed"] == []
    assert told("convert", DEMO, tmp_path / "more.json")["policies"] == 73
