"""Rows to CSV, Excel or Parquet, safe to open in a spreadsheet: a text that would run as a formula does not."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from tulou.kernel.errors import Text, WrongUse, wrong_use
from tulou.pool.core.lake.schema import literal, quoted

SUFFIXES = (".csv", ".xlsx", ".parquet")
EXCEL_ROWS = 1_048_575
EXCEL_TEXT = 32_000
BATCH = 10_000
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with an apostrophe before it where it would. Numbers stay.

    Texts that begin with an apostrophe get another one, so that `restored` brings back every text.

    >>> neutral("=1+2"), neutral("-5.20"), neutral("@SUM(A1)"), neutral("福州")
    ("'=1+2", '-5.20', "'@SUM(A1)", '福州')
    """
    if text.startswith(_STARTS) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def restored(text: str) -> str:
    """The text that `neutral` was given.

    >>> restored(neutral("=1+2")), restored(neutral("'a")), restored("-5.20")
    ('=1+2', "'a", '-5.20')
    """
    return text[1:] if text.startswith("'") else text


def write_table(target: Path, names: Sequence[str], rows: Iterable[Sequence[Any]], *, sheet: str = "data") -> int:
    """Write rows to the kind of file that the name says (.csv, .xlsx, .parquet); answers how many.

    CSV is UTF-8 with a byte order mark, as spreadsheets want it; texts are neutralised in CSV and Excel. In Parquet
    every column is text: `write_query` keeps types. Raises WrongUse for another kind of file, and for more rows than a
    sheet holds.
    """
    kind = kind_of_target(target)
    if kind == ".parquet":
        return _write_parquet(target, names, rows)
    return _write_xlsx(target, names, rows, sheet) if kind == ".xlsx" else _write_csv(target, names, rows)


def write_query(connection: duckdb.DuckDBPyConnection, query: str, target: Path, *, sheet: str = "data") -> int:
    """Write what a query answers to a file, as `write_table` does; Parquet keeps the types."""
    if kind_of_target(target) == ".parquet":
        ((count,),) = connection.execute(f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet)").fetchall()
        return int(count)
    answer = connection.execute(query)
    names = [column[0] for column in answer.description or ()]
    return write_table(target, names, _fetched(answer), sheet=sheet)


def _fetched(answer: duckdb.DuckDBPyConnection) -> Iterable[Sequence[Any]]:
    while rows := answer.fetchmany(BATCH):
        yield from rows


def kind_of_target(target: Path) -> str:
    """The kind of file that a name says. Raises WrongUse for one that is not written."""
    kind = target.suffix.lower()
    if kind not in SUFFIXES:
        raise wrong_use(
            "export.kind",
            f"不能写出 {target.name} 这种文件",
            f"Files like {target.name} are not written",
            remedy=Text(zh="请使用 .csv, .xlsx 或 .parquet", en="Use .csv, .xlsx or .parquet"),
        )
    return kind


def _write_csv(target: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([neutral(name) for name in names])
        for row in rows:
            writer.writerow([_shown(value) for value in row])
            count += 1
    return count


def _shown(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime, dt.time)) else value


def _write_xlsx(target: Path, names: Sequence[str], rows: Iterable[Sequence[Any]], sheet: str) -> int:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet[:31])
    page.freeze_panes = "A2"

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return _excel_value(value)
        if len(value) > EXCEL_TEXT:
            raise wrong_use(
                "export.long_cell",
                f"有一个值长达 {len(value):,} 个字符, Excel 单元格放不下",
                f"A value of {len(value):,} characters does not fit into an Excel cell",
                remedy=Text(zh="请写成 .csv 或 .parquet", en="Write .csv or .parquet"),
            )
        text = WriteOnlyCell(page, value=_UNFIT.sub("\ufffd", neutral(value)))
        text.data_type = "s"
        return text

    try:
        page.append([cell(name) for name in names])
        count = 0
        for row in rows:
            count += 1
            if count > EXCEL_ROWS:
                raise wrong_use(
                    "export.too_long",
                    f"Excel 工作表最多 {EXCEL_ROWS:,} 行",
                    f"An Excel sheet holds no more than {EXCEL_ROWS:,} rows",
                    remedy=Text(zh="请写成 .csv 或 .parquet", en="Write .csv or .parquet"),
                )
            page.append([cell(value) for value in row])
    except WrongUse:
        page.close()
        raise
    book.save(target)
    return count


_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Signs that XML cannot hold."""


def _excel_value(value: Any) -> Any:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.isoformat(sep=" ")
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > 15:
        return str(value)
    return value


def _write_parquet(target: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    with duckdb.connect() as connection:
        columns = ", ".join(f"{quoted(name)} VARCHAR" for name in names)
        connection.execute(f"CREATE TABLE held ({columns})")
        marks = ", ".join("?" for _ in names)
        count, batch = 0, []
        for row in rows:
            batch.append([None if value is None else str(value) for value in row])
            count += 1
            if len(batch) == BATCH:
                connection.executemany(f"INSERT INTO held VALUES ({marks})", batch)
                batch = []
        if batch:
            connection.executemany(f"INSERT INTO held VALUES ({marks})", batch)
        connection.execute(f"COPY held TO {literal(str(target))} (FORMAT parquet)")
    return count
