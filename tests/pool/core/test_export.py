"""What is written for a spreadsheet: every value comes back, and no text runs as a formula."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.kernel.errors import WrongUse
from tulou.pool.core import export
from tulou.pool.core.export import neutral, restored, write_query, write_table

NAMES = ["=name", "n", "flag", "day", "at", "money"]
MOMENT = dt.datetime(2020, 3, 1, 8, 30, tzinfo=dt.UTC)
ROWS: list[tuple[Any, ...]] = [
    ("=cmd|' /C calc'!A0", -5, True, dt.date(2020, 3, 1), MOMENT, Decimal("1.50")),
    ("'quoted", 0, False, None, None, Decimal("12345678901234567890.12")),
    ("福州\x07市", None, None, None, None, None),
]


@given(st.text())
def test_every_text_comes_back_and_none_runs(text: str) -> None:
    assert restored(neutral(text)) == text
    if not export._NUMBER.fullmatch(text):
        assert not neutral(text).startswith(("=", "+", "-", "@"))


def test_a_csv_file_is_neutral_and_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    assert write_table(target, NAMES, ROWS) == 3
    with target.open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = csv.reader(stream)
    assert head[0] == "'=name"
    assert rows[0] == ["'=cmd|' /C calc'!A0", "-5", "true", "2020-03-01", "2020-03-01T08:30:00+00:00", "1.50"]
    assert rows[1][5] == "12345678901234567890.12"
    assert rows[2] == ["福州\x07市", "", "", "", "", ""]


def test_a_workbook_holds_texts_as_texts_and_long_numbers_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.xlsx"
    assert write_table(target, NAMES, ROWS, sheet="s" * 40) == 3
    page = openpyxl.load_workbook(target).worksheets[0]
    assert page.title == "s" * 31
    first, second, third = list(page.iter_rows(min_row=2))
    assert (first[0].value, first[0].data_type) == ("'=cmd|' /C calc'!A0", "s")
    assert [first[1].value, first[4].value] == [-5, "2020-03-01 08:30:00+00:00"]
    assert second[5].value == "12345678901234567890.12"
    assert third[0].value == "福州\ufffd市"


def test_a_parquet_file_holds_texts_of_rows_and_types_of_a_query(tmp_path: Path) -> None:
    rows, query = tmp_path / "rows.parquet", tmp_path / "query.parquet"
    assert write_table(rows, ["a", "b"], ([number, None] for number in range(3))) == 3
    with duckdb.connect() as connection:
        assert write_query(connection, "SELECT 7 AS a, DATE '2020-03-01' AS b", query) == 1
        assert connection.execute(f"SELECT a, b FROM '{rows}' ORDER BY a").fetchall()[2] == ("2", None)
        assert connection.execute(f"SELECT a, b FROM '{query}'").fetchall() == [(7, dt.date(2020, 3, 1))]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_query_is_written_as_a_table(tmp_path: Path, suffix: str) -> None:
    with duckdb.connect() as connection:
        assert write_query(connection, "SELECT range AS n FROM range(12)", tmp_path / f"a{suffix}") == 12


def test_what_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "EXCEL_ROWS", 2)
    for name, rows, code in (
        ("a.doc", ROWS, "export.kind"),
        ("a.xlsx", [("x" * 40_000,)], "export.long_cell"),
        ("b.xlsx", ROWS, "export.too_long"),
    ):
        with pytest.raises(WrongUse) as wrong:
            write_table(tmp_path / name, NAMES, rows)
        assert wrong.value.finding.code == code
        assert not (tmp_path / name).exists()
