"""The only real oracle: results and missing facts of the programmes' original engine, all of them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
from typer.testing import CliRunner

from tulou.policies.cli import app

FILES = ("gold_tristate.json", "gold_questionnaire.json", "gold_dates.json")


def run(*arguments: str | Path, code: int = 0) -> str:
    answer = CliRunner().invoke(app, [str(each) for each in arguments])
    assert answer.exit_code == code, answer.output
    return answer.stdout


def test_every_result_and_every_set_of_missing_facts_agrees(shared_data: Path) -> None:
    folder = shared_data / "policies"
    files = [folder / name for name in FILES]
    answer = json.loads(run("verify", *files, "--policies", folder / "programs.json", "--json"))
    assert answer["total"] == {"file": "total", "results": "179,376/179,376", "missing facts": "10,177/10,177"}
    assert answer["disagreements"] == []


def test_match_reads_the_gold_files_as_they_are(shared_data: Path, tmp_path: Path) -> None:
    folder, out = shared_data / "policies", tmp_path / "r.parquet"
    run("match", "--policies", folder / "programs.json", "--firms", folder / "gold_tristate.json", "--out", out)
    gold = json.loads((folder / "gold_tristate.json").read_text())
    rows = pq.read_table(out).to_pylist()
    found = {(row["firm_id"], row["as_of"], row["policy_id"]): (row["result"], set(row["missing"])) for row in rows}
    assert len(found) == len(rows) == len(gold["results"]) * len(gold["program_ids"])
    days = {row["as_of"].isoformat(): row["as_of"] for row in rows if row["as_of"]}
    for result in gold["results"]:
        missing = {at: set(gold["missing_sets"][int(i)]) for i, places in result["missing"].items() for at in places}
        for at, policy_id in enumerate(gold["program_ids"]):
            key = (result["firm_id"], days.get(result["as_of"]), policy_id)
            assert found[key] == (result["result"][at], missing.get(at, set()))


def test_a_day_given_takes_each_firm_once(shared_data: Path) -> None:
    folder = shared_data / "policies"
    for name, firms in zip(FILES, (180, 150, 1), strict=True):
        answer = json.loads(
            run(
                "match",
                "--policies",
                folder / "programs.json",
                "--firms",
                folder / name,
                "--as-of",
                "2026-06-12",
                "--json",
            )
        )
        assert (answer["firms"], sum(answer["results"].values())) == (firms, firms * 264)


def test_programmes_converted_to_our_own_form_answer_the_same(shared_data: Path, tmp_path: Path) -> None:
    folder, own = shared_data / "policies", tmp_path / "own.json"
    run("convert", folder / "programs.json", own)
    assert "57,024/57,024" in run("verify", folder / FILES[0], "--policies", own)


def test_a_result_that_differs_is_named_and_the_exit_code_is_1(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "policies"
    gold = json.loads((folder / "gold_dates.json").read_text())
    first = gold["results"][0]["publicodes"]
    gold["results"] = gold["results"][:1]
    gold["results"][0]["publicodes"] = ("T" if first[0] == "F" else "F") + first[1:]
    (tmp_path / "wrong.json").write_text(json.dumps(gold))
    answer = json.loads(
        run("verify", tmp_path / "wrong.json", "--policies", folder / "programs.json", "--json", code=1)
    )
    assert [each["policy_id"] for each in answer["disagreements"]] == [gold["program_ids"][0]]
    shown = CliRunner().invoke(
        app, ["verify", str(tmp_path / "wrong.json"), "--policies", str(folder / "programs.json")]
    )
    assert gold["program_ids"][0] in shown.output


def test_a_file_without_expected_results_cannot_be_verified(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "firms.json").write_text("[]")
    programs = shared_data / "policies" / "programs.json"
    answer = json.loads(run("verify", tmp_path / "firms.json", "--policies", programs, "--json", code=1))
    assert answer["error"]["code"] == "policies.verify.form"
