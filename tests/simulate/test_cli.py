"""`tulou simulate` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tulou.simulate.cli import app, month_of, workers_for

runner = CliRunner()


def test_the_command_makes_a_province_and_says_what_is_in_it(tmp_path: Path) -> None:
    target = tmp_path / "province"
    wish = ["--firms", "50", "--months", "1", "--departments", "water,science", "--out", str(target)]
    answer = runner.invoke(app, [*wish, "--json"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)["firms"] == 50
    assert (target / "deliveries" / "manifest.csv").is_file()
    again = runner.invoke(app, wish)
    assert again.exit_code == 2
    plain = runner.invoke(app, [*wish[:-1], str(tmp_path / "second")], env={"TULOU_LANG": "en"})
    assert plain.exit_code == 0
    assert "manifest.csv" in plain.output


@pytest.mark.parametrize("month", ["2020", "2020-13", "May"])
def test_a_month_is_written_with_its_year(month: str, tmp_path: Path) -> None:
    answer = runner.invoke(app, ["--until", month, "--out", str(tmp_path / "x"), "--json"])
    assert answer.exit_code == 2
    assert json.loads(answer.stdout)["error"]["code"] == "simulate.month"


def test_small_provinces_are_made_by_one_process() -> None:
    assert workers_for(100) == 1
    assert workers_for(50_000) >= 1
    assert month_of("2020-02").isoformat() == "2020-02-01"
