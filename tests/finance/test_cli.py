"""`tulou finance`, as people and machines call it."""

from __future__ import annotations

import csv
import json
import runpy
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.finance.core.invented_firms import firms, write_csv
from typer.testing import CliRunner

from tulou.finance.cli import app
from tulou.finance.core import load_artefact, score_one


def run(*arguments: str | Path | int, code: int = 0) -> str:
    answer = CliRunner().invoke(app, [str(each) for each in arguments])
    assert answer.exit_code == code, answer.output
    return answer.stdout


def told(*arguments: str | Path | int, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("data") / "firms.csv", firms())


@pytest.fixture(scope="module")
def card(data: Path) -> Path:
    path = data.with_name("card.json")
    run("train", data, "--target", "late", "--out", path)
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_training_says_what_it_left_out_and_what_it_found(data: Path, tmp_path: Path) -> None:
    answer = told("train", data, "--target", "late", "--out", tmp_path / "card.json")
    codes = {(finding["code"], finding["where"].get("column")) for finding in answer["findings"] if "where" in finding}
    assert ("finance.column.identifier", "firm_id") in codes
    assert ("finance.column.constant", "country") in codes
    assert ("finance.leak.knows_outcome", "write_off") in codes
    assert answer["dropped"] == ["write_off"]
    assert answer["target"] == {"column": "late", "bad": "yes", "good": "no"}
    assert 0.7 < answer["validation"]["auc"] < 0.95
    assert answer["hash"] == json.loads((tmp_path / "card.json").read_text())["hash"]


def test_the_same_table_gives_the_same_document(data: Path, card: Path, tmp_path: Path) -> None:
    run("train", data, "--target", "late", "--out", tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == card.read_bytes()


def test_every_row_gets_a_score_a_probability_a_band_and_reasons(data: Path, card: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    run("score", card, data, "--out", out, "--keep", "firm_id")
    scores, given = rows_of(out), rows_of(data)
    assert [row["firm_id"] for row in scores] == [row["firm_id"] for row in given]
    assert [int(row["row"]) for row in scores] == list(range(1, len(given) + 1))
    artefact = load_artefact(card)
    for row, values in list(zip(scores, given, strict=True))[:50]:
        one = score_one(artefact, values)
        assert (int(row["score"]), float(row["probability"]), row["band"]) == (one.score, one.probability, one.band)
        assert json.loads(row["reason_codes"]) == [reason.code for reason in one.reasons]
        assert len(one.reasons) <= 4


def test_scores_as_parquet_keep_their_types(data: Path, card: Path, tmp_path: Path) -> None:
    told("score", card, data, "--out", tmp_path / "scores.parquet")
    table = pq.read_table(tmp_path / "scores.parquet")
    assert [str(table.schema.field(name).type) for name in ("row", "score", "probability")] == [
        "int64",
        "int64",
        "double",
    ]
    assert table.column_names == ["row", "score", "probability", "band", "reasons", "reason_codes"]


def test_an_explanation_adds_up_to_the_score(data: Path, card: Path) -> None:
    answer = told("explain", card, data, "--row", 3, "--as-of", "2020-06-30")
    assert answer["score"] == answer["base"] + sum(line["points"] for line in answer["points"])
    assert answer["reasons"][0]["sources"][0]["as_of"] == "2020-06-30"
    assert "late = yes" in run("explain", card, data, "--row", 3)


def test_a_report_is_one_page_in_both_languages_with_its_figures_as_json(card: Path, tmp_path: Path) -> None:
    answer = told("report", card, "--out", tmp_path / "card.html")
    page = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert page.count('lang="zh-Hans"') > 100
    assert f"{answer['performance']['validation']['auc']:.3f}" in page
    assert json.loads((tmp_path / "card.card.json").read_text(encoding="utf-8"))["scorecard"] == answer["scorecard"]


def test_drift_raises_an_alarm_and_outcomes_set_the_level_right(card: Path, tmp_path: Path) -> None:
    later = write_csv(tmp_path / "later.csv", firms(seed=8, drift=0.6))
    assert told("monitor", card, later)["state"] == "alarm"
    run("monitor", card, later, "--strict", code=1)
    answer = told("recalibrate", card, later, "--out", tmp_path / "new.json")
    assert answer["after"]["log_loss"] < answer["before"]["log_loss"]
    assert answer["after"]["auc"] == answer["before"]["auc"]
    assert json.loads((tmp_path / "new.json").read_text())["parent"] == answer["parent"]


def test_the_same_firms_raise_no_alarm(card: Path, data: Path) -> None:
    assert told("monitor", card, data)["state"] == "stable"


def test_a_time_keeps_the_last_rows_for_a_test(data: Path, tmp_path: Path) -> None:
    answer = told("train", data, "--target", "late", "--time", "year", "--split", "2018", "--out", tmp_path / "c.json")
    assert answer["out_of_time"]["count"] == 300
    assert answer["validation"]["count"] == 600
    assert "psi" in answer["out_of_time"]


@pytest.mark.parametrize("form", ["pmml", "sql", "python"])
def test_a_card_is_handed_on(form: str, card: Path, tmp_path: Path) -> None:
    run("export", card, "--format", form, "--out", tmp_path / "exported")
    assert (tmp_path / "exported").read_text(encoding="utf-8") == run("export", card, "--format", form)


def test_the_exported_module_scores_as_the_card_does(card: Path, data: Path, tmp_path: Path) -> None:
    run("export", card, "--format", "python", "--out", tmp_path / "exported.py")
    module = runpy.run_path(str(tmp_path / "exported.py"))
    artefact = load_artefact(card)
    for row in [*rows_of(data)[:40], {}]:
        one = score_one(artefact, row)
        assert module["score"](row) == (one.score, one.probability)


def test_wrong_use_says_where_and_what_to_do(data: Path, card: Path, tmp_path: Path) -> None:
    error = told("train", data, "--target", "lat", "--out", tmp_path / "c.json", code=2)["error"]
    assert error["code"] == "finance.train.no_such_column"
    assert "late" in error["remedy"]["en"]
    assert told("explain", card, data, "--row", 0, code=2)["error"]["code"] == "finance.explain.no_such_row"
    assert told("score", tmp_path / "no.json", data, "--out", tmp_path / "s.csv", code=1)["error"]["code"] == (
        "finance.artefact.absent"
    )
    told("score", card, data, "--out", tmp_path / "s.csv", "--keep", "score", code=2)
    told("score", card, data, "--out", tmp_path / "nowhere" / "s.csv", code=2)
    told("train", data, "--target", "late", "--pair", "growth", "--out", tmp_path / "c.json", code=2)


def test_a_changed_card_is_refused(card: Path, data: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.json"
    changed.write_text(card.read_text(encoding="utf-8").replace('"base": ', '"base": 1'), encoding="utf-8")
    answer = told("score", changed, data, "--out", tmp_path / "s.csv", code=1)
    assert answer["error"]["code"] == "finance.artefact.hash"


def test_refused_applications_are_an_option_whose_effect_is_told(data: Path, tmp_path: Path) -> None:
    refused = write_csv(tmp_path / "refused.csv", {k: v for k, v in firms(200, seed=9).items() if k != "late"})
    answer = told("train", data, "--target", "late", "--rejected", refused, "--out", tmp_path / "card.json")
    effect = answer["reject_inference"]
    assert effect["rejected"] == 200
    assert abs(effect["auc_with"] - effect["auc_without"]) < 0.03
    assert answer["rows"] == 900
    run("report", tmp_path / "card.json")
    assert "拒绝推断" in (tmp_path / "card.html").read_text(encoding="utf-8")
