"""A catalogue as one Excel workbook for officials: a sheet a table, headers in both languages, lists to choose from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from tulou.kernel.errors import Text, Where, refuse
from tulou.pool.core.catalogue.table_columns import TABLES, TableColumn
from tulou.pool.core.catalogue.tables import Row, cell_of, from_tables, to_tables
from tulou.pool.core.catalogue.values import Catalogue
from tulou.pool.core.intake.archives import check_package

LONGEST_CELL = 32_000
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
_HEADER_FONT = Font(bold=True, color="FFFFFF")
_HEADER_FILL = PatternFill("solid", fgColor="1F4E79")
_WRAPPED = Alignment(wrap_text=True, vertical="top")


def write_workbook(catalogue: Catalogue, path: Path) -> None:
    """Write the catalogue as a workbook; `read_workbook` gives back the same."""
    book = openpyxl.Workbook(write_only=True)
    for table, rows in to_tables(catalogue).items():
        columns = TABLES[table]
        sheet = book.create_sheet(table)
        sheet.freeze_panes = "B2"
        for number, column in enumerate(columns, 1):
            letter = get_column_letter(number)
            sheet.column_dimensions[letter].width = 40 if column.language else 18
            if choices := cell_of(column).choices:
                listed = ",".join(choices)
                check = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
                check.add(f"{letter}2:{letter}1048576")
                sheet.data_validations.append(check)
        sheet.append([_header(sheet, column) for column in columns])
        for row in _split(table, rows):
            sheet.append([_cell(sheet, row.get(column.name, "")) for column in columns])
    book.save(path)


def header_of(column: TableColumn) -> str:
    """The header of a column: its title, and on a second line its name, by which it is read.

    >>> header_of(TABLES["items"][0])
    '数据项编码 Item code\\ncode'
    """
    return f"{column.title.zh} {column.title.en}\n{column.name}"


def _header(sheet: Any, column: TableColumn) -> Any:
    cell = WriteOnlyCell(sheet, header_of(column))
    cell.font, cell.fill, cell.alignment = _HEADER_FONT, _HEADER_FILL, _WRAPPED
    return cell


def _cell(sheet: Any, text: str) -> Any:
    """A text as a cell that Excel takes for nothing else."""
    if not text:
        return None
    if text[0] == "=" or text in _ERRORS:
        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"
        return cell
    return text


def _split(table: str, rows: Sequence[Row]) -> Iterator[Row]:
    """The rows; a text that is longer than a cell may be is continued in the next row of the same name."""
    for row in rows:
        value = row.get("value", "")
        if table != "extras" or len(value) <= LONGEST_CELL:
            yield row
            continue
        for start in range(0, len(value), LONGEST_CELL):
            yield {**row, "value": value[start : start + LONGEST_CELL]}


def read_workbook(path: Path) -> Catalogue:
    """The catalogue in a workbook of ours. Raises Faulty with sheet, row and column of every fault."""
    tables = {name: rows_of(lines) for name, lines in sheets_of(path).items() if name in TABLES}
    return from_tables(tables, path.name)


def rows_of(lines: Sequence[Sequence[str]]) -> list[Row]:
    """The lines of a sheet under its header as rows; blank lines at the end are passed over."""
    header = [name.rsplit("\n", 1)[-1].strip() for name in (lines[0] if lines else ())]
    body = list(lines[1:])
    while body and not any(body[-1]):
        body.pop()
    return [dict(zip(header, line, strict=False)) for line in body]


def sheets_of(path: Path) -> dict[str, list[list[str]]]:
    """Every visible sheet of a workbook as lines of text. Raises Refused where it is damaged or dangerous."""
    check_package(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise refuse(
            "catalogue.excel",
            f"无法读取 Excel 文件: {error}",
            f"The Excel file cannot be read: {error}",
            where=Where(file=path.name),
            remedy=Text(zh="请用 Excel 另存为 .xlsx", en="Save it again as .xlsx"),
        ) from error
    try:
        return {sheet.title: _lines(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"}
    finally:
        book.close()


def _lines(sheet: Any) -> list[list[str]]:
    sheet.reset_dimensions()
    lines = [[cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    width = max((len(line) for line in lines), default=0)
    return [line + [""] * (width - len(line)) for line in lines]


def cell_text(value: Any) -> str:
    """What stands in a cell, as text.

    >>> cell_text(3.0), cell_text(True), cell_text(dt.datetime(2024, 1, 2)), cell_text(None)
    ('3', 'yes', '2024-01-02', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)
