"""A file from outside as a source of records: unpacked, recognised, decoded, counted."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tulou.kernel.errors import Finding, Refused, Text, Where, refuse
from tulou.pool.core.intake.archives import package_kind, unpack_gzip, unpack_zip
from tulou.pool.core.intake.content import Kind, kind_of
from tulou.pool.core.intake.excel import old_sheet_to_csv, old_sheets, open_workbook, sheet_to_csv
from tulou.pool.core.intake.tables import (
    MAX_COLUMNS,
    arff_to_csv,
    json_lines_to_csv,
    parquet_to_csv,
    too_wide,
)
from tulou.pool.core.intake.text import UTF8, Piece, encoding_of, pieces

DELIMITERS = ",;\t|"
ALL_SHEETS = "*"
Fits = Callable[[Sequence[str]], bool]
"""Whether a header is that of the dataset which is delivered."""

_READERS: dict[Kind, Callable[[Path, Path], NDArray[np.int64]]] = {
    Kind.PARQUET: parquet_to_csv,
    Kind.JSON_LINES: json_lines_to_csv,
    Kind.ARFF: arff_to_csv,
}


@dataclass(frozen=True, slots=True)
class Source:
    """One table of records: a text file, what is known of it, and the names in its header.

    `name` is what the sender called it; `encoding` that of the text, or the kind of file that it was made from. `lines`
    is where each record stands in the file that it was made from, None for text that was delivered as text.
    """

    name: str
    path: Path
    encoding: str
    text_encoding: str
    delimiter: str
    header: tuple[str, ...]
    lines: NDArray[np.int64] | None = None

    @property
    def stated_records(self) -> int | None:
        """What the reader of the file said that it holds, where it was not delivered as text."""
        return None if self.lines is None else len(self.lines)

    def pieces(self) -> Iterator[Piece]:
        """The records in order, without the header, in pieces."""
        header = True
        for piece in pieces(self.path, self.text_encoding, self.delimiter):
            if header and piece.records:
                header = False
                yield self._placed(replace(piece, starts=piece.starts[1:], ends=piece.ends[1:]))
            else:
                yield self._placed(piece if header else replace(piece, first_record=piece.first_record - 1))

    def _placed(self, piece: Piece) -> Piece:
        if self.lines is None:
            return piece
        first = piece.first_record - 1
        return replace(piece, origin=self.lines[first : first + piece.records])


@dataclass(frozen=True, slots=True)
class Opened:
    """The tables in a delivered file, and what a person should know of those that were passed over."""

    sources: tuple[Source, ...]
    findings: tuple[Finding, ...] = ()


def open_sources(path: Path, folder: Path, *, fits: Fits = bool, sheet: str | None = None) -> Opened:
    """The tables in a delivered file; `folder` takes what is unpacked or converted.

    Of a workbook with several sheets those are meant whose header `fits`, if that is one, or the one called `sheet`
    (`*`: all that fit). Raises Refused, with the sentence for the clerk, for whatever is no table.
    """
    kind = _kind(path)
    if kind is Kind.ZIP:
        members = unpack_zip(path, folder / "members")
    elif kind is Kind.GZIP:
        members = [unpack_gzip(path, folder)]
    else:
        return _open(path, kind, folder, fits, sheet)
    opened = []
    for number, member in enumerate(members):
        place = folder / f"table-{number:03d}"
        place.mkdir()
        kind = _kind(member)
        if kind in (Kind.ZIP, Kind.GZIP):
            raise refuse(
                "zip.nested",
                "压缩包里还有压缩包",
                "The archive holds another archive",
                where=Where(file=member.name),
                remedy=Text(zh="请把数据文件直接放进一个压缩包", en="Put the data files themselves into one archive"),
            )
        opened.append(_open(member, kind, place, fits, sheet))
    return Opened(
        tuple(source for one in opened for source in one.sources),
        tuple(finding for one in opened for finding in one.findings),
    )


def _kind(path: Path) -> Kind:
    kind = kind_of(path)
    return package_kind(path) if kind is Kind.ZIP else kind


def _open(path: Path, kind: Kind, folder: Path, fits: Fits, sheet: str | None) -> Opened:
    if kind is Kind.TEXT:
        encoding = encoding_of(path)
        delimiter, header = _header(path, path.name, encoding, None)
        return Opened((Source(path.name, path, encoding, encoding, delimiter, header),))
    if kind in (Kind.EXCEL, Kind.EXCEL_97):
        return chosen_sheets(path.name, list(_sheets(path, kind, folder)), fits, sheet)
    table = folder / "table.csv"
    return Opened((_converted(path.name, path.name, table, kind, _READERS[kind](path, table)),))


def _sheets(path: Path, kind: Kind, folder: Path) -> Iterator[tuple[str, bool, Source]]:
    """The sheets that have cells: their names, whether they are hidden, and their tables."""
    if kind is Kind.EXCEL_97:
        for number, name in enumerate(old_sheets(path)):
            table = folder / f"sheet-{number:03d}.csv"
            lines = old_sheet_to_csv(path, name, table)
            if table.stat().st_size:
                yield name, False, _converted(f"{path.name} [{name}]", path.name, table, kind, lines)
        return
    book = open_workbook(path)
    for number, sheet in enumerate(book.sheets):
        table = folder / f"sheet-{number:03d}.csv"
        lines = sheet_to_csv(book, sheet, table)
        if table.stat().st_size:
            name = f"{path.name} [{sheet.name}]"
            yield sheet.name, sheet.hidden, _converted(name, path.name, table, kind, lines)


def chosen_sheets(file: str, sheets: Sequence[tuple[str, bool, Source]], fits: Fits, wished: str | None) -> Opened:
    """The sheets that are meant: the wished one, or the only one, or the only visible one whose header fits."""
    if not sheets:
        raise _no_records(file)
    meant = [row for row in sheets if row[0] == wished]
    if wished is not None and wished != ALL_SHEETS and not meant:
        raise _which_sheet(file, "excel.no_sheet", f"没有工作表 {wished}", f"There is no sheet {wished}", sheets)
    if wished is None or wished == ALL_SHEETS:
        meant = [row for row in sheets if not row[1] and fits(row[2].header)]
        if not meant:
            meant = [row for row in sheets if not row[1]][:1] or list(sheets[:1])
        if len(meant) > 1 and wished is None:
            raise _which_sheet(
                file,
                "excel.several_sheets",
                f"有 {len(meant)} 个工作表都符合合同, 无法确定要交付哪一个",
                f"{len(meant)} sheets fit the contract; which is meant?",
                meant,
            )
    passed = [row for row in sheets if row not in meant]
    findings = tuple(
        Finding(
            "excel.passed_over",
            Text(
                zh=f"工作表 {name} ({len(source.lines if source.lines is not None else ()):,} 行) 未读取",
                en=f"The sheet {name} ({len(source.lines if source.lines is not None else ()):,} rows) was not read",
            ),
            Where(file=file),
            severity="warn",
        )
        for name, _, source in passed
    )
    return Opened(tuple(source for *_, source in meant), findings)


def _which_sheet(file: str, code: str, zh: str, en: str, sheets: Sequence[tuple[str, bool, Source]]) -> Refused:
    names = ", ".join(name for name, *_ in sheets)
    return refuse(
        code,
        zh,
        en,
        where=Where(file=file),
        remedy=Text(
            zh=f"请用 --sheet 指定工作表 ({names}), 或用 --sheet '*' 交付全部",
            en=f"Name it with --sheet ({names}), or deliver all of them with --sheet '*'",
        ),
    )


def _converted(name: str, file: str, table: Path, kind: Kind, lines: NDArray[np.int64]) -> Source:
    delimiter, header = _header(table, file, UTF8, ",")
    return Source(name, table, kind.value, UTF8, delimiter, header, lines)


def _header(path: Path, file: str, encoding: str, delimiter: str | None) -> tuple[str, tuple[str, ...]]:
    """The separator and the names of the columns of the table that lies in `path` and came in `file`.

    Raises Refused where a name stands twice, there are more than 1,000, or they cannot be told apart.
    """
    line = _first_record(path, file, encoding, delimiter or ",")
    separator = delimiter or max(DELIMITERS, key=lambda sign: (line.count(sign), -DELIMITERS.index(sign)))
    if separator != (delimiter or ","):
        line = _first_record(path, file, encoding, separator)
    try:
        names = tuple(name.strip() for name in next(csv.reader([line], delimiter=separator)))
    except csv.Error as error:
        raise refuse(
            "header.line_end",
            "表头中有多余的回车符, 无法读出列名",
            "There is a stray carriage return in the header, so its names cannot be read",
            where=Where(file=file, line=1),
            remedy=Text(zh="请重新导出, 整个文件使用同一种换行", en="Export it again with one kind of line end"),
        ) from error
    _check_names(file, names)
    return separator, names


def _first_record(path: Path, file: str, encoding: str, delimiter: str) -> str:
    for piece in pieces(path, encoding, delimiter, 2**17):
        if piece.records:
            return piece.raw(0)
    raise _no_records(file)


def _no_records(file: str) -> Refused:
    return refuse(
        "file.empty",
        "文件里没有任何记录, 也没有表头",
        "The file holds no header and no record",
        where=Where(file=file),
        remedy=Text(zh="请重新导出数据后再交付", en="Export the data again and send the new file"),
    )


def _check_names(file: str, names: tuple[str, ...]) -> None:
    if len(names) > MAX_COLUMNS:
        raise too_wide(file, len(names), 1)
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise refuse(
                "header.twice",
                f"列名 {name!r} 出现了两次",
                f"The column {name!r} stands twice in the header",
                where=Where(file=file, line=1, column=name),
                remedy=Text(zh="请改名或删除其中一列", en="Rename or remove one of them"),
            )
        if name:
            seen.add(name.casefold())
