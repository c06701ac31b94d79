"""`tulou link`: two files, or one, of any kind; what it answers and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from benchmarks import _dirty_firms
from openpyxl import Workbook
from typer.testing import CliRunner

from tulou.cli import app

SIZE = 300
HEADERS = ("编号", "企业名称", "住所", "联系电话", "法定代表人", "成立日期")


def run(*arguments: str | Path, language: str = "en") -> Any:
    return CliRunner().invoke(app, ["link", *map(str, arguments)], env={"TULOU_LANG": language})


def answer(*arguments: str | Path) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def registers() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    return _dirty_firms.pairs(SIZE, seed=5)


@pytest.fixture
def files(registers: tuple[pl.DataFrame, ...], tmp_path: Path) -> tuple[Path, Path, Path]:
    """The left file as GB18030 CSV with Chinese headers, the right one as JSON lines, the truth as CSV."""
    left, right, truth = registers
    headers = {
        "id": "编号",
        "name": "企业名称",
        "address": "住所",
        "phone": "联系电话",
        "person": "法定代表人",
        "established": "成立日期",
    }
    text = left.rename(headers).write_csv()
    (tmp_path / "left.csv").write_bytes(text.encode("gb18030"))
    right.write_ndjson(tmp_path / "right.jsonl")
    truth.write_csv(tmp_path / "truth.csv")
    return tmp_path / "left.csv", tmp_path / "right.jsonl", tmp_path / "truth.csv"


def test_files_of_other_kinds_headers_and_encodings_are_linked(files: tuple[Path, Path, Path]) -> None:
    left, right, truth = files
    found = answer(left, right, "--truth", truth)
    roles = {column["role"] for column in found["columns"]}
    assert roles == {"name", "address", "phone", "person", "established"}
    assert found["quality"]["precision"] >= 0.97
    assert found["quality"]["recall"] >= 0.95
    first = found["links"][0]
    assert first["left"].startswith("L")
    assert first["right"].startswith("R")
    assert "same" in first["evidence"]


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "xlsx"])
def test_the_pairs_are_written_with_their_reasons(files: tuple[Path, Path, Path], tmp_path: Path, ending: str) -> None:
    target, model = tmp_path / f"pairs.{ending}", tmp_path / "model.json"
    found = answer(files[0], files[1], "--out", target, "--model", model)
    assert "links" not in found
    again = answer(target, target, "--threshold", "0.99") if ending == "parquet" else None
    assert again is None or again["pairs"] >= 0
    assert target.stat().st_size > 0
    assert json.loads(model.read_text())["link_type"] == "link_only"


def test_excel_files_and_a_truth_of_clusters_are_read(registers: tuple[pl.DataFrame, ...], tmp_path: Path) -> None:
    left, right, truth = registers
    owner = dict(truth.select("right_id", "left_id").iter_rows())
    for name, table in (("left", left), ("right", right)):
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(table.columns)
        for row in table.iter_rows():
            sheet.append(row)
        book.save(tmp_path / f"{name}.xlsx")
    clusters = [(each, each) for each in left["id"]] + [(each, owner.get(each, each)) for each in right["id"]]
    pl.DataFrame(clusters, schema=["record", "entity"], orient="row").write_csv(tmp_path / "truth.csv")
    found = answer(tmp_path / "left.xlsx", tmp_path / "right.xlsx", "--truth", tmp_path / "truth.csv")
    assert found["quality"]["true"] == len(truth)
    assert found["quality"]["f1"] >= 0.95


def test_the_duplicates_in_one_file_of_persons_are_grouped(shared_data: Path, tmp_path: Path) -> None:
    groups = tmp_path / "groups.csv"
    found = answer(shared_data / "pool" / "splink_fake_1000.csv", "--truth", "cluster", "--clusters", groups)
    assert {column["role"] for column in found["columns"]} == {"given_name", "surname", "general"}
    assert found["quality"]["f1"] >= 0.97
    assert found["cluster_quality"]["f1"] >= 0.97
    assert len(pl.read_csv(groups)) == 1000


def test_persons_in_two_files_are_linked_with_swapped_and_missing_names(tmp_path: Path) -> None:
    first = ["Julia", "Noah", "Amelia", "Oliver", "Harriet", "Matilda", "Aria", "Charlie", "George", "Isla"] * 30
    last = ["Taylor", "Watson", "Alexander", "Connolly", "Harris", "Baxter", "Wilson"] * 43
    rows = [
        (f"{n}", first[n], last[n], f"19{n % 90 + 10}-0{n % 9 + 1}-1{n % 9}", f"{first[n]}{n}@example.org")
        for n in range(300)
    ]
    columns = ["rec_id", "given_name", "surname", "date_of_birth", "email"]
    left = pl.DataFrame(rows, schema=columns, orient="row")
    swapped = pl.col("rec_id").cast(pl.Int64) % 7 == 0
    right = left.with_columns(
        given_name=pl.when(swapped).then("surname").otherwise("given_name"),
        surname=pl.when(swapped).then("given_name").otherwise("surname"),
        email=pl.when(pl.col("rec_id").cast(pl.Int64) % 5 == 0).then(None).otherwise("email"),
    )
    left.write_csv(tmp_path / "left.csv")
    right.write_csv(tmp_path / "right.csv", separator=";")
    left.select(left_id="rec_id", right_id="rec_id").write_csv(tmp_path / "truth.csv")
    found = answer(tmp_path / "left.csv", tmp_path / "right.csv", "--truth", tmp_path / "truth.csv", "--one-to-one")
    assert found["quality"]["precision"] >= 0.98
    assert found["quality"]["recall"] >= 0.95


def test_columns_are_paired_by_a_configuration(tmp_path: Path) -> None:
    names = [f"{sign}{other}贸易有限公司" for sign in "鑫源华盛泰和" for other in "丰达利安康"]
    pl.DataFrame({"a": names, "sum": range(30)}).write_csv(tmp_path / "left.csv")
    pl.DataFrame({"b": names[::-1], "total": range(30)}).write_csv(tmp_path / "right.csv")
    config = tmp_path / "link.yaml"
    config.write_text("columns: {name: [a, b]}\nignore: [sum, total]\nthreshold: 0.2\none_to_one: true\n")
    found = answer(tmp_path / "left.csv", tmp_path / "right.csv", "--config", config)
    assert found["columns"] == [{"role": "name", "columns": ["a", "b"]}]
    assert (found["threshold"], found["partners"]) == (0.2, "one_to_one")
    assert found["pairs"] == 30


def test_columns_without_a_common_header_are_paired_by_what_they_hold(tmp_path: Path) -> None:
    codes = [f"A-{n * 7919 % 10007:05d}" for n in range(200)]
    pl.DataFrame({"meter": codes, "x": ["1"] * 200}).write_csv(tmp_path / "left.csv")
    pl.DataFrame({"device": codes[::-1], "y": ["2"] * 200}).write_csv(tmp_path / "right.csv")
    found = answer(tmp_path / "left.csv", tmp_path / "right.csv", "--many-to-many")
    assert found["columns"] == [{"role": "general", "columns": ["meter", "device"]}]
    assert found["partners"] == "many_to_many"


def test_codes_dates_numbers_and_categories_are_compared_as_what_they_are(tmp_path: Path) -> None:
    rows = [
        {
            "uscc": "91350203575017700A",
            "org_code": "575017700",
            "capital": "1,200.50",
            "opened": "2011-05-17",
            "kind": "厂",
        },
        {"uscc": "91350203MA2YQGJR98", "org_code": None, "capital": "88.00", "opened": "2012-01-02", "kind": "店"},
        {"uscc": "91350200MA2YPJ2884", "org_code": None, "capital": "70.10", "opened": "2013-03-04", "kind": "厂"},
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "left.csv")
    pl.DataFrame(rows[::-1]).write_csv(tmp_path / "right.csv")
    found = answer(tmp_path / "left.csv", tmp_path / "right.csv")
    assert {column["role"] for column in found["columns"]} >= {"uscc", "general"}
    assert found["pairs"] == 3


@pytest.mark.parametrize(
    ("left", "right", "options", "code", "status"),
    [
        ("colour\nred\nblue\n", "weight\n1.5\n2.5\n", [], "link.nothing_in_common", 1),
        ("name\n鑫源公司\n", None, ["--truth", "none"], "link.no_truth", 2),
        ("name\n", "name\n鑫源公司\n", [], "link.no_records", 1),
        ("name\n鑫源公司\n", "name\n鑫源公司\n", ["--out", "x.doc"], "file.kind", 2),
        ("name\n鑫源公司\n", "name\n鑫源公司\n", ["--clusters", "x.csv"], "link.no_clusters", 2),
        ("name\n鑫源公司\n", "name\n鑫源公司\n", ["--config", "none.yaml"], "file.none", 2),
        ("name\n鑫源公司\n", "nobody", [], "file.none", 2),
    ],
)
def test_what_cannot_be_linked_is_said_with_a_code(
    tmp_path: Path, left: str, right: str | None, options: list[str], code: str, status: int
) -> None:
    (tmp_path / "left.csv").write_text(left)
    arguments: list[str | Path] = [tmp_path / "left.csv"]
    if right is not None:
        arguments.append(tmp_path / "right.csv")
        if right != "nobody":
            (tmp_path / "right.csv").write_text(right)
    result = run(*arguments, *options, "--json")
    assert result.exit_code == status
    assert json.loads(result.stdout)["error"]["code"] == code


@pytest.mark.parametrize(
    ("document", "code"),
    [("columns: {name: [nothing, b]}", "link.no_column"), ("colour: red", "link.config")],
)
def test_a_configuration_that_cannot_be_meant_is_refused(tmp_path: Path, document: str, code: str) -> None:
    for name, column in (("left", "a"), ("right", "b")):
        (tmp_path / f"{name}.csv").write_text(f"{column}\n鑫源公司\n")
    (tmp_path / "link.yaml").write_text(document)
    result = run(tmp_path / "left.csv", tmp_path / "right.csv", "--config", tmp_path / "link.yaml", "--json")
    assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (2, code)


def test_a_truth_file_that_speaks_of_other_records_is_refused(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("one,two\nx,y\n")
    result = run(files[0], files[1], "--truth", tmp_path / "other.csv", "--json")
    assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (1, "link.truth")


@pytest.mark.parametrize(("language", "words"), [("zh", "与真值相比"), ("en", "Against the truth")])
def test_a_person_reads_the_answer_in_her_language(files: tuple[Path, Path, Path], language: str, words: str) -> None:
    result = run(files[0], files[1], "--truth", files[2], language=language)
    assert result.exit_code == 0
    assert words in result.stdout


def test_cells_that_a_spreadsheet_would_calculate_are_written_as_text(tmp_path: Path) -> None:
    pl.DataFrame({"id": ["=1+1", "b"], "name": ["鑫源贸易公司", "华泰机械厂"]}).write_csv(tmp_path / "left.csv")
    run(tmp_path / "left.csv", tmp_path / "left.csv", "--out", tmp_path / "pairs.csv", "--threshold", "0")
    assert "'=1+1" in (tmp_path / "pairs.csv").read_text()
