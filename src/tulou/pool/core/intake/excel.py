"""Excel workbooks as text tables, sheet by sheet and row by row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tulou.pool.core.intake.archives import check_package, open_zip
from tulou.pool.core.intake.package import SharedStrings, read_part, walk
from tulou.pool.core.intake.rows import Row, write_rows
from tulou.pool.core.intake.tables import MAX_COLUMNS, too_wide, unreadable

LOOK_AHEAD = 20
"""Rows in which the header is looked for."""
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NO_SIGNS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_VALUES = frozenset({"v", "t"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: its name, the part of the package that holds it, and whether people do not see it."""

    name: str
    part: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Workbook:
    """What a workbook says of itself: its sheets, which cell styles are dates, and the day before its first day."""

    path: Path
    sheets: tuple[Sheet, ...]
    date_styles: frozenset[int]
    epoch: dt.date


def open_workbook(path: Path) -> Workbook:
    """The sheets of a workbook. Raises Refused where it is not safe to read, or damaged."""
    check_package(path)
    with open_zip(path) as package:
        parts = set(package.namelist())
    listed: list[dict[str, str]] = []
    targets: dict[str, str] = {}
    apple = []

    def workbook(element: str, attributes: dict[str, str]) -> None:
        if element == "sheet":
            listed.append({key.rpartition(":")[2]: value for key, value in attributes.items()})
        elif element == "workbookPr":
            apple.append(attributes.get("date1904", "0") in ("1", "true"))

    def relationship(element: str, attributes: dict[str, str]) -> None:
        if element == "Relationship":
            targets[attributes.get("Id", "")] = "xl/" + attributes.get("Target", "").removeprefix("/xl/")

    read_part(path, "xl/workbook.xml", workbook)
    read_part(path, "xl/_rels/workbook.xml.rels", relationship)
    sheets = tuple(
        Sheet(sheet.get("name", ""), part, sheet.get("state", "visible") != "visible")
        for sheet in listed
        if (part := targets.get(sheet.get("id", ""), "")) in parts and "/worksheets/" in part
    )
    styles = _date_styles(path) if "xl/styles.xml" in parts else frozenset()
    return Workbook(path, sheets, styles, dt.date(1904, 1, 1) if any(apple) else dt.date(1899, 12, 30))


def _date_styles(path: Path) -> frozenset[int]:
    """The numbers of the cell styles that show a number as a date."""
    formats: dict[int, str] = {}
    styles: list[int] = []
    group = [""]

    def style(element: str, attributes: dict[str, str]) -> None:
        if element in ("cellXfs", "cellStyleXfs", "numFmts", "dxfs"):
            group[0] = element
        elif element == "numFmt":
            formats[int(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")
        elif element == "xf" and group[0] == "cellXfs":
            styles.append(int(attributes.get("numFmtId", "0")))

    read_part(path, "xl/styles.xml", style)
    dates = {number for number, code in formats.items() if _is_date(code)} | (_DATE_FORMATS - set(formats))
    return frozenset(index for index, number in enumerate(styles) if number in dates)


def _is_date(code: str) -> bool:
    signs = _NO_SIGNS.sub("", code.split(";")[0]).lower()
    return "general" not in signs and any(sign in signs for sign in "ymdhs")


def sheet_to_csv(book: Workbook, sheet: Sheet, target: Path) -> NDArray[np.int64]:
    """A sheet as CSV, an empty file where it has no cells. Answers the row of the sheet on which each record stands.

    The first of its rows with two cells or more is the header. Raises Refused for a sheet that is wider than any
    dataset, or damaged.
    """
    with SharedStrings(target.with_suffix(".strings")) as strings:
        _read_strings(book.path, strings)
        return write_rows(target, _table(_rows(book, sheet, strings)))


def _read_strings(path: Path, strings: SharedStrings) -> None:
    with open_zip(path) as package:
        there = "xl/sharedStrings.xml" in package.namelist()
    gathered: list[str] = []
    phonetic = [0]

    def start(element: str, _: dict[str, str]) -> None:
        phonetic[0] += element == "rPh"

    def end(element: str, text: str) -> None:
        if element == "rPh":
            phonetic[0] -= 1
        elif element == "t" and not phonetic[0]:
            gathered.append(text)
        elif element == "si":
            strings.add("".join(gathered))
            gathered.clear()

    if there:
        for _ in walk(path, "xl/sharedStrings.xml", start, end, frozenset({"t"})):
            pass
    strings.finish()


def _table(rows: Iterator[tuple[int, dict[int, str]]]) -> Iterator[Row]:
    """Rows as wide as the header. A longer one keeps its surplus, so that it is seen and rejected."""
    ahead = list(islice(rows, LOOK_AHEAD))
    header = next((i for i, (_, cells) in enumerate(ahead) if len(cells) > 1), 0)
    width = 0
    for number, cells in chain(ahead[header:], rows):
        width = width or max(cells) + 1
        yield number, _fields(cells, width)


def _fields(cells: dict[int, str], width: int) -> list[str]:
    return [cells.get(column, "") for column in range(max(width, max(cells) + 1))]


def _rows(book: Workbook, sheet: Sheet, strings: SharedStrings) -> Iterator[tuple[int, dict[int, str]]]:
    """The rows that have cells: their numbers, and the text of the cells by column."""
    done: list[tuple[int, dict[int, str]]] = []
    at = _Place()

    def start(element: str, attributes: dict[str, str]) -> None:
        if element == "c":
            at.column = _column(attributes["r"]) if "r" in attributes else at.column + 1
            if at.column >= MAX_COLUMNS:
                raise too_wide(book.path.name, at.column + 1, at.row)
            at.kind, at.style, at.text = attributes.get("t", "n"), int(attributes.get("s", "0")), ""
        elif element == "row":
            at.row = int(attributes.get("r", at.row + 1))
            at.column, at.cells = -1, {}

    def end(element: str, text: str) -> None:
        if element in _VALUES:
            at.text += text
        elif element == "c":
            if at.text and (value := _cell(book, at, strings)):
                at.cells[at.column] = value
        elif element == "row" and at.cells:
            done.append((at.row, at.cells))

    for _ in walk(book.path, sheet.part, start, end, _VALUES):
        yield from done
        done.clear()


@dataclass(slots=True)
class _Place:
    """Where the reading of a sheet has come to."""

    row: int = 0
    column: int = -1
    kind: str = "n"
    style: int = 0
    text: str = ""
    cells: dict[int, str] = field(default_factory=dict)


def _column(reference: str) -> int:
    """The number of a column from 0, by a cell's reference."""
    number = 0
    for sign in reference[:4].upper():
        if not "A" <= sign <= "Z":
            break
        number = number * 26 + ord(sign) - 64
    return number - 1


def _cell(book: Workbook, at: _Place, strings: SharedStrings) -> str:
    if at.kind == "s":
        return strings[int(at.text)]
    if at.kind == "b":
        return "true" if at.text == "1" else "false"
    if at.kind != "n":
        return at.text
    return day_text(at.text, book.epoch) if at.style in book.date_styles else number_text(at.text)


def number_text(text: str) -> str:
    """A number as Excel shows it, with its fifteen digits: what it stores of 44531.27 is 44531.269999999997.

    >>> number_text("44531.269999999997"), number_text("1E-5"), number_text("12")
    ('44531.27', '0.00001', '12')
    """
    if not re.search(r"[.eE]", text):
        return text
    shown = f"{float(text):.15g}"
    return f"{Decimal(shown):f}" if "e" in shown else shown


def day_text(text: str, epoch: dt.date) -> str:
    """A date, a time of day or both, of the days (and parts of days) that a cell holds.

    >>> day_text("43891", dt.date(1899, 12, 30)), day_text("43891.5", dt.date(1899, 12, 30))
    ('2020-03-01', '2020-03-01 12:00:00')
    """
    seconds = round(float(text) * 86400)
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    if days == 0:
        return clock
    if epoch.year == 1899 and days < 60:
        days += 1
    if not 0 < days < 2_958_466:
        return text
    day = (epoch + dt.timedelta(days)).isoformat()
    return day if rest == 0 else f"{day} {clock}"


def old_sheets(path: Path) -> list[str]:
    """The names of the sheets of a workbook of Excel 97-2003. Raises Refused where it is damaged or locked."""
    import fastexcel

    try:
        return list(fastexcel.read_excel(path).sheet_names)
    except fastexcel.FastExcelError as error:
        raise unreadable(path, "Excel", error) from error


def old_sheet_to_csv(path: Path, sheet: str, target: Path) -> NDArray[np.int64]:
    """A sheet of a workbook of Excel 97-2003 as CSV (at most 65,536 rows of 256 cells, so it fits into memory)."""
    import fastexcel

    try:
        table = fastexcel.read_excel(path).load_sheet(sheet, header_row=None, dtypes="string").to_arrow()
    except fastexcel.FastExcelError as error:
        raise unreadable(path, "Excel", error) from error
    return write_rows(target, _table(_old_rows(table)))


def _old_rows(table: Any) -> Iterator[tuple[int, dict[int, str]]]:
    number = 0
    for at in range(0, table.num_rows, 1000):
        for row in table.slice(at, 1000).to_pylist():
            number += 1
            cells = {i: _old_cell(str(value)) for i, value in enumerate(row.values()) if value not in (None, "")}
            if cells:
                yield number, cells


def _old_cell(value: str) -> str:
    if match := re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T]00:00:00(\.0+)?", value):
        return match[1]
    return number_text(value) if re.fullmatch(r"-?\d+\.\d+", value) else value
