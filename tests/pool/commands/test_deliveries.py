"""`tulou pool` init, ingest, rejects, replay, history, diff, rollback, as-of and tag, as a new user runs them."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from tulou.pool.cli import app

CONTRACT = """\
contract: 1
dataset: power_meter
department: power
version: "1"
title: {zh: 用电, en: Power use}
primary_key: [uscc, period]
period_column: period
columns:
  - {name: uscc, type: string, required: true, title: {zh: 代码, en: Code}, role: uscc}
  - {name: energy, type: number, precision: 14, scale: 2, title: {zh: 用电量, en: Energy}, unit: kW.h}
  - {name: period, type: period, required: true, title: {zh: 月份, en: Month}}
"""
HEADER = "代码,用电量,月份\n"
GOOD = HEADER + "".join(f"C{number},{number + 1}.50,2020-03\n" for number in range(9))
SPOILT = GOOD + "C9,n/a,2020-03\n,7,2020-03\nC10,11\n"
Run = Callable[..., Result]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in arguments], catch_exceptions=False)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TULOU_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder with a pool, a contract and a spoilt file in it."""
    assert run("init", tmp_path / "pool").exit_code == 0
    (tmp_path / "meter.yaml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "march.csv").write_text(SPOILT, encoding="utf-8")
    return tmp_path


def ingest(place: Path, file: str, *more: object) -> Result:
    return run("ingest", place / file, "--contract", place / "meter.yaml", "--pool", place / "pool", *more)


def document(result: Result) -> Any:
    return json.loads(result.stdout)


def delivered(result: Result) -> dict[str, Any]:
    (one,) = document(result)["deliveries"]
    return dict(one)


def count(place: Path, when: str = "2099-01-01") -> int:
    found = run("as-of", when, "power_meter", "--pool", place / "pool", "--json")
    return int(document(found)["records"])


def test_a_pool_is_made_once_and_left_as_it_is_afterwards(tmp_path: Path) -> None:
    first, again = (run("init", tmp_path / "new" / "pool", "--json") for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert document(first) == document(again)
    assert document(first)["datasets"] == 0


def test_a_file_is_answered_with_what_was_taken_and_what_was_not(place: Path) -> None:
    result = ingest(place, "march.csv", "--delivery-id", "m1")
    assert result.exit_code == 1
    assert "accepted, with rejects" in result.stdout
    assert "tulou pool rejects m1 --out" in result.stdout
    assert count(place) == 9


def test_the_same_delivery_again_changes_nothing_and_has_the_same_answer(place: Path) -> None:
    first = delivered(ingest(place, "march.csv", "--delivery-id", "m1", "--json"))
    again = delivered(ingest(place, "march.csv", "--delivery-id", "m1", "--json"))
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert first | {"repeated": True} == again
    assert count(place) == 9
    assert "came before" in ingest(place, "march.csv", "--delivery-id", "m1").stdout


def test_an_id_is_not_given_to_two_files(place: Path) -> None:
    ingest(place, "march.csv", "--delivery-id", "m1")
    (place / "april.csv").write_text(GOOD.replace("-03", "-04"), encoding="utf-8")
    result = ingest(place, "april.csv", "--delivery-id", "m1")
    assert result.exit_code == 1
    assert "m1" in result.stderr
    assert count(place) == 9


@pytest.mark.parametrize(("option", "value", "code"), [("--rows", 11, "records"), ("--sha256", "ab", "sha256")])
def test_a_control_total_that_is_wrong_refuses_the_file_whole(
    place: Path, option: str, value: object, code: str
) -> None:
    result = ingest(place, "march.csv", option, value)
    assert result.exit_code == 1
    assert f"[totals.{code}]" in result.stderr
    assert ingest(place, "march.csv", "--rows", 12).stdout.count("accepted, with rejects") == 1


def test_rejected_records_come_back_once_they_are_corrected(place: Path) -> None:
    ingest(place, "march.csv", "--delivery-id", "m1")
    shown = run("rejects", "m1", "--pool", place / "pool", "--json")
    assert shown.exit_code == 1
    told = document(shown)
    assert [(one["record"], one["line"]) for one in told["records"]] == [(10, 11), (11, 12), (12, 13)]
    assert [one["failures"][0]["rule"] for one in told["records"]] == ["type", "required", "fields"]
    assert all(failure["message"]["zh"] for one in told["records"] for failure in one["failures"])

    sheet = place / "corrections.xlsx"
    assert run("rejects", "m1", "--pool", place / "pool", "--out", sheet).exit_code == 1
    book = openpyxl.load_workbook(sheet)
    rows = book.worksheets[0]
    names = [cell.value for cell in rows[1]]
    rows.cell(2, names.index("用电量") + 1, "10")
    rows.cell(3, names.index("代码") + 1, "C11")
    book.save(sheet)
    half = run("replay", sheet, "--pool", place / "pool", "--json")
    assert half.exit_code == 1
    assert document(half)["chain"] | {"replays": None} == {
        "records_in": 12, "accepted": 9, "corrected": 2, "outstanding": 1, "replays": None,
    }  # fmt: skip
    assert count(place) == 11

    for number, name in enumerate(("代码", "用电量", "月份")):
        rows.cell(4, names.index(name) + 1, ("C10", "11", "2020-03")[number])
    book.save(sheet)
    whole = run("replay", sheet, "--pool", place / "pool")
    assert whole.exit_code == 0
    assert "12 records first delivered = 9 accepted + 3 corrected + 0 waiting" in whole.stdout
    assert count(place) == 12
    nothing = run("rejects", "m1", "--pool", place / "pool")
    assert (nothing.exit_code, nothing.stdout.splitlines()[0]) == (0, "No record waits for correction.")


def test_versions_are_told_compared_named_and_taken_back(place: Path) -> None:
    pool = place / "pool"
    ingest(place, "march.csv", "--delivery-id", "m1", "--received", "2020-04-01T09:00:00+08:00")
    (place / "fixed.csv").write_text(HEADER + "C1,99,2020-03\nC20,5,2020-03\n", encoding="utf-8")
    assert ingest(place, "fixed.csv", "--delivery-id", "m2", "--received", "2020-05-01").exit_code == 0

    told = document(run("history", "power_meter", "--pool", pool, "--json"))["events"]
    assert [(event["delivery_id"], event["records"]) for event in told] == [("m1", 9), ("m2", 10)]
    assert run("history", "--pool", pool).stdout.count("power_meter") == 1

    assert run("tag", "power_meter", "q1", "--at", "m1", "--pool", pool).exit_code == 0
    change = document(run("diff", "power_meter@q1", "m2", "--pool", pool, "--json"))
    assert (change["added"], change["removed"], change["changed"]) == (1, 0, 1)
    assert (count(place, "2020-04-15"), count(place, "2020-03-01"), count(place)) == (9, 0, 10)

    plan = run("rollback", "m2", "--pool", pool)
    assert "Run with --apply to do it." in plan.stdout
    assert count(place) == 10
    assert run("rollback", "m2", "--pool", pool, "--apply").exit_code == 0
    assert count(place) == 9
    again = run("rollback", "m2", "--pool", pool, "--apply")
    assert again.exit_code == 1
    assert "rolled back" in again.stderr
    target = place / "then.csv"
    assert run("as-of", "2020-05-02", "power_meter", "--pool", pool, "--out", target).exit_code == 0
    with target.open(encoding="utf-8-sig") as stream:
        assert len(list(csv.DictReader(stream))) == 10


def excel(path: Path, text: str) -> None:
    book = openpyxl.Workbook()
    for row in csv.reader(text.splitlines()):
        book.worksheets[0].append(row)
    book.save(path)


def json_lines(path: Path, text: str) -> None:
    rows = csv.DictReader(text.splitlines())
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def parquet(path: Path, text: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(list(csv.DictReader(text.splitlines()))), path)


def archive(path: Path, text: str) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("三月.csv", text)


KINDS: dict[str, Callable[[Path, str], Any]] = {
    "gbk.csv": lambda path, text: path.write_bytes(text.encode("gb18030")),
    "utf16.csv": lambda path, text: path.write_bytes(text.encode("utf-16")),
    "bom.csv": lambda path, text: path.write_bytes(text.encode("utf-8-sig")),
    "book.xlsx": excel,
    "table.parquet": parquet,
    "lines.jsonl": json_lines,
    "pack.zip": archive,
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_gives_the_same_records(place: Path, name: str) -> None:
    KINDS[name](place / name, GOOD)
    result = ingest(place, name, "--rows", 9)
    assert result.exit_code == 0, result.output
    assert count(place) == 9


WRONG: dict[str, tuple[list[str], int, str]] = {
    "no such file": (["ingest", "nowhere.csv", "--pool", "pool"], 2, "file.none"),
    "a folder": (["ingest", "pool", "--contract", "meter.yaml", "--pool", "pool"], 2, "file.folder"),
    "no pool": (["ingest", "march.csv", "--pool", "nowhere"], 2, "pool.none"),
    "no contract": (["ingest", "march.csv", "--contract", "nothing", "--pool", "pool"], 2, "contract.none"),
    "unknown header": (["ingest", "odd.csv", "--pool", "pool"], 1, "contract.unknown"),
    "unknown delivery": (["rejects", "m9", "--pool", "pool"], 1, "delivery.none"),
    "not what rejects wrote": (["replay", "march.csv", "--pool", "pool"], 1, "replay.unmarked"),
    "replay of nothing": (["replay", "nowhere.csv", "--pool", "pool"], 2, "file.none"),
    "unknown dataset": (["history", "nothing", "--pool", "pool"], 1, "lake.no_table"),
    "no date": (["as-of", "yesterday", "power_meter", "--pool", "pool"], 2, "version.no_moment"),
    "unknown rollback": (["rollback", "m9", "--pool", "pool"], 1, "delivery.none"),
    "two files, one id": (
        ["ingest", "march.csv", "odd.csv", "--delivery-id", "m1", "--pool", "pool"], 2, "ingest.one_file",
    ),
    "no folder to write to": (["contract", "infer", "march.csv", "--out", "no/where.yaml"], 2, "file.system"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_wrong_use_is_answered_with_a_sentence_a_code_and_an_exit_code(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str, language: str
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("TULOU_LANG", language)
    (place / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    arguments, exit_code, code = WRONG[name]
    result = run(*arguments)
    assert result.exit_code == exit_code, result.output
    assert f"[{code}]" in result.stderr
    assert "Traceback" not in result.output
    assert bool(re.search("[\u4e00-\u9fff]", result.stderr.splitlines()[0])) is (language == "zh")
    machine = run(*arguments, "--json")
    assert document(machine)["error"]["code"] == code
