"""The demo: the main job on a small province, once."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tulou.demo import Outcome, app, run_demo
from tulou.demo.pooling import manifest, received_at
from tulou.kernel.errors import WrongUse
from tulou.pool.core.lake import Lake
from tulou.simulate import Wish
from tulou.simulate.deliveries.contracts import read_contract

runner = CliRunner()
WISH = Wish(160, 2, seed=11, departments=("market", "power", "water", "customs"))


def delivered(pool: Path) -> int:
    with closing(Lake.open(pool)) as lake:
        return len(lake.receipts())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_demo(tmp_path_factory.mktemp("demo") / "demo", WISH)


def test_every_record_is_pooled_and_those_rejected_are_those_that_were_spoilt(demo: Outcome) -> None:
    assert {row["department"] for row in demo.departments} == set(WISH.departments)
    assert sum(row["records"] for row in demo.departments) == demo.province["records"]
    assert sum(row["rejected"] for row in demo.departments) == demo.province["to_be_rejected"]
    assert sum(row["files"] for row in demo.departments) == demo.province["files"]


def test_identities_are_found_and_measured_against_the_truth(demo: Outcome) -> None:
    total = demo.identities[-1]
    assert total["rung"] == "all"
    assert total["precision"] > 0.95
    assert total["recall"] > 0.85


def test_profiles_are_built_and_three_firms_are_shown_with_where_each_value_comes_from(demo: Outcome) -> None:
    assert demo.profiles["firms"] >= 0.95 * WISH.firms
    assert demo.profiles["datasets"] >= 15
    assert 1 <= len(demo.examples) <= 3
    for example in demo.examples:
        assert example["values"]
        assert all(value["department"] and value["delivery"] and value["received"] for value in example["values"])


def test_a_second_run_does_nothing_and_says_so(demo: Outcome) -> None:
    before = {path: path.stat().st_mtime_ns for path in demo.folder.rglob("*") if path.is_file()}
    again = run_demo(demo.folder, WISH)
    assert again.repeated
    assert again.departments == demo.departments
    assert {path: path.stat().st_mtime_ns for path in demo.folder.rglob("*") if path.is_file()} == before
    answer = runner.invoke(app, [str(demo.folder)], env={"TULOU_LANG": "en"})
    assert answer.exit_code == 0, answer.output
    assert "nothing was done now" in answer.stdout
    assert json.loads(runner.invoke(app, [str(demo.folder), "--json"]).stdout)["repeated"]


def test_a_demo_that_was_broken_off_goes_on_with_what_is_whole(demo: Outcome) -> None:
    kept = (demo.folder / "demo.json").rename(demo.folder.parent / "kept.json")
    receipts = delivered(demo.folder / "pool")
    made = (demo.folder / "province" / "province.json").stat().st_mtime_ns
    again = run_demo(demo.folder, WISH)
    assert not again.repeated
    assert (demo.folder / "province" / "province.json").stat().st_mtime_ns == made
    assert delivered(demo.folder / "pool") == receipts
    assert [row["rejected"] for row in again.departments] == [row["rejected"] for row in demo.departments]
    kept.replace(demo.folder / "demo.json")


def test_files_come_as_late_as_their_contracts_allow(demo: Outcome) -> None:
    province = demo.folder / "province"
    for line in manifest(province):
        came = received_at(line, read_contract(province / "contracts", line.dataset))
        assert came.date().isoformat() > line.period.rpartition("_")[2]


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(WrongUse):
        run_demo(tmp_path)
    assert runner.invoke(app, [str(tmp_path)]).exit_code == 2
