"""Files as departments send them: CSV in old encodings, JSON lines, Parquet, small workbooks, zipped CSV."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Protocol
from xml.sax.saxutils import escape

import polars as pl
import pyarrow.parquet as pq

from tulou.simulate.habits import Habit

EXCEL_CELLS = 400_000
"""Up to this many cells departments that like workbooks send one; more comes as CSV."""

_BOMS = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16": b"\xff\xfe"}
_CODECS = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}
_LONG_AGO = (2020, 1, 1, 0, 0, 0)


class Writer(Protocol):
    """Takes the records of one file in pieces; `close` answers where the file is."""

    def write(self, frame: pl.DataFrame) -> None:
        """Add records; all frames have the columns of the first."""

    def close(self) -> Path:
        """Finish the file."""


def writer_for(habit: Habit, stem: Path, cells: int) -> Writer:
    """The writer of a department's file; `stem` is its path without the extension, `cells` what it will hold."""
    if habit.format == "parquet":
        return ParquetFile(stem.with_name(stem.name + ".parquet"))
    if habit.format == "jsonl":
        return JsonLines(stem.with_name(stem.name + ".jsonl"))
    if habit.format == "xlsx" and cells <= EXCEL_CELLS:
        return Workbook(stem.with_name(stem.name + ".xlsx"))
    text = TextFile(stem.with_name(stem.name + ".csv"), habit)
    return ZippedText(text) if habit.format == "csv.zip" else text


class TextFile:
    """CSV. Fields that hold the delimiter or a quote are quoted; what should be ragged comes with raw delimiters."""

    def __init__(self, path: Path, habit: Habit) -> None:
        self.path = path
        self._delimiter = habit.delimiter
        self._codec = _CODECS.get(habit.encoding, habit.encoding)
        path.write_bytes(_BOMS.get(habit.encoding, b""))
        self._begun = False

    def write(self, frame: pl.DataFrame) -> None:
        """Add records."""
        buffer = io.BytesIO()
        frame.write_csv(
            buffer,
            separator=self._delimiter,
            quote_style="never",
            include_header=not self._begun,
            null_value="",
            line_terminator="\n",
        )
        self._begun = True
        content = buffer.getvalue()
        if self._codec != "utf-8":
            content = content.decode("utf-8").encode(self._codec)
        with self.path.open("ab") as stream:
            stream.write(content)

    def close(self) -> Path:
        """Finish the file."""
        return self.path


class ZippedText:
    """The same in a zip archive, the way a mail server lets it through."""

    def __init__(self, text: TextFile) -> None:
        self._text = text

    def write(self, frame: pl.DataFrame) -> None:
        """Add records."""
        self._text.write(frame)

    def close(self) -> Path:
        """Pack the file."""
        source = self._text.close()
        target = source.with_name(source.stem + ".zip")
        member = zipfile.ZipInfo(source.name, _LONG_AGO)
        member.compress_type = zipfile.ZIP_DEFLATED
        with (
            zipfile.ZipFile(target, "w", compresslevel=1) as archive,
            archive.open(member, "w", force_zip64=True) as copy,
            source.open("rb") as stream,
        ):
            while chunk := stream.read(2**20):
                copy.write(chunk)
        source.unlink()
        return target


class JsonLines:
    """One object a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(b"")

    def write(self, frame: pl.DataFrame) -> None:
        """Add records."""
        buffer = io.BytesIO()
        frame.write_ndjson(buffer)
        with self.path.open("ab") as stream:
            stream.write(buffer.getvalue())

    def close(self) -> Path:
        """Finish the file."""
        return self.path


class ParquetFile:
    """Typed columns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: pq.ParquetWriter | None = None

    def write(self, frame: pl.DataFrame) -> None:
        """Add records."""
        table = frame.to_arrow()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, table.schema, compression="zstd")
        self._writer.write_table(table.cast(self._writer.schema))

    def close(self) -> Path:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
        return self.path


class Workbook:
    """A workbook of one sheet (ECMA-376), text in its cells and numbers as numbers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[str] = []

    def write(self, frame: pl.DataFrame) -> None:
        """Add records."""
        if not self._rows:
            self._rows.append(
                _sheet_row([f'<c t="inlineStr"><is><t>{escape(name)}</t></is></c>' for name in frame.columns])
            )
        cells = [_cells(frame[name]) for name in frame.columns]
        lines = pl.select(pl.concat_str(pl.lit("<row>"), *(pl.lit(cell) for cell in cells), pl.lit("</row>")))
        self._rows += lines.to_series().to_list()

    def close(self) -> Path:
        """Write the package."""
        sheet = _SHEET.format(rows="".join(self._rows))
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
            for name, body in (*_PARTS.items(), ("xl/worksheets/sheet1.xml", sheet)):
                member = zipfile.ZipInfo(name, _LONG_AGO)
                member.compress_type = zipfile.ZIP_DEFLATED
                package.writestr(member, body)
        return self.path


def _sheet_row(cells: list[str]) -> str:
    return f"<row>{''.join(cells)}</row>"


def _cells(values: pl.Series) -> pl.Series:
    if values.dtype.is_numeric():
        text = values.cast(pl.String)
        return ("<c><v>" + text + "</v></c>").fill_null("<c/>")
    text = values.cast(pl.String).str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"])
    return ('<c t="inlineStr"><is><t xml:space="preserve">' + text + "</t></is></c>").fill_null("<c/>")


_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{{rows}}</sheetData></worksheet>'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_LINKS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
