"""Parquet, JSON lines and ARFF as text: one way through validation for every kind of file.

Each reader writes the rows as CSV in UTF-8 and answers on which line (or row) of the source each record stands; the
count of the written text must agree with it. Files are streamed: no reader holds more than some lines.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tulou.kernel.errors import Refused, Text, Where, refuse
from tulou.pool.core.intake.rows import Row, RowWriter, write_rows
from tulou.pool.core.intake.text import MAX_LINE, long_line, texts
from tulou.pool.core.lake.writing import engine

MAX_COLUMNS = 1000
_ROWS_A_BYTE = 10
_ROWS_ALWAYS = 1_000_000


def parquet_to_csv(path: Path, target: Path) -> NDArray[np.int64]:
    """Every column as text. The number of rows is that of the file's footer."""
    try:
        count = pq.read_metadata(path).num_rows
        if count > _ROWS_ALWAYS + _ROWS_A_BYTE * path.stat().st_size:
            raise refuse(
                "parquet.bomb",
                f"文件自称有 {count:,} 行, 与其大小不符",
                f"The file says it holds {count:,} rows, which cannot be meant at its size",
                where=Where(file=path.name),
                remedy=Text(zh="请重新导出数据", en="Export the data again"),
            )
        with engine(target.parent) as connection:
            source = connection.read_parquet(str(path))
            columns = [_as_text(name, str(kind)) for name, kind in zip(source.columns, source.types, strict=True)]
            source.project(", ".join(columns)).write_csv(str(target), header=True, quotechar='"', escapechar='"')
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise unreadable(path, "Parquet", error) from error
    return np.arange(1, count + 1, dtype=np.int64)


def _as_text(name: str, kind: str) -> str:
    column = '"' + name.replace('"', '""') + '"'
    if kind.startswith("TIMESTAMP") and "ZONE" not in kind:
        midnight = f"{column} = date_trunc('day', {column})"
        return f"CASE WHEN {midnight} THEN {column}::DATE::VARCHAR ELSE {column}::VARCHAR END AS {column}"
    return f"{column}::VARCHAR AS {column}"


def json_lines_to_csv(path: Path, target: Path) -> NDArray[np.int64]:
    """One object a line (or one array of objects); columns in the order of their first appearance."""
    names: dict[str, None] = {}
    lines, grew = _write_json(path, target, names)
    if grew:
        lines, _ = _write_json(path, target, names)
    return lines


def _write_json(path: Path, target: Path, names: dict[str, None]) -> tuple[NDArray[np.int64], bool]:
    """Write the objects under `names`, which take up further names; says whether they did after the header was out."""
    grew, started = False, bool(names)
    with RowWriter(target) as writer:
        if started:
            writer.write(0, list(names))
        for line, record in _json_objects(path):
            known = len(names)
            names.update(dict.fromkeys(record))
            if len(names) > MAX_COLUMNS:
                raise too_wide(path.name, len(names), line)
            if not started:
                writer.write(0, list(names))
                started = True
            else:
                grew = grew or len(names) > known
            try:
                writer.write(line, [_json_text(record.get(name)) for name in names])
            except UnicodeEncodeError as error:
                raise _not_json(path, line, "it holds half of a character") from error
        return writer.lines(), grew


def _json_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each object with the line on which it begins: one after the other, or the members of one array.

    Not much more than one object is held. Raises Refused, with the line, for anything else.
    """
    decoder = json.JSONDecoder(
        object_pairs_hook=_pairs, parse_float=str, parse_int=str, parse_constant=str, strict=False
    )
    stream = _Reader(path)
    closing = stream.skip(" \t\r\n") == "["
    if closing:
        stream.take(1)
    while True:
        sign = stream.skip(" \t\r\n,")
        if sign == "" or (closing and sign == "]"):
            break
        line = stream.line
        value = stream.decode(decoder)
        if not isinstance(value, dict):
            raise refuse(
                "json.not_an_object",
                f"第 {line} 行不是 JSON 对象",
                f"Line {line} is not a JSON object",
                where=Where(file=path.name, line=line),
                remedy=Text(zh="每行应为一个 JSON 对象", en="Every line must be one JSON object"),
            )
        yield line, value
    if closing:
        if sign != "]":
            raise _not_json(path, stream.line, "the array is not closed")
        stream.take(1)
        if stream.skip(" \t\r\n"):
            raise _not_json(path, stream.line, "there is text after the array")


class _Reader:
    """The text of a file, a block at a time, with the line that the reading has come to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._blocks = texts(path)
        self._text = ""
        self._at = 0
        self.line = 1

    def _more(self) -> bool:
        block = next(self._blocks, "")
        self._text = self._text[self._at :] + block
        self._at = 0
        return bool(block)

    def take(self, count: int) -> None:
        """Go on by `count` signs."""
        self.line += self._text.count("\n", self._at, self._at + count)
        self._at += count

    def skip(self, signs: str) -> str:
        """Go on past any of `signs`; answers the next sign, or nothing at the end."""
        while True:
            rest = self._text[self._at : self._at + MAX_LINE]
            if kept := rest.lstrip(signs):
                self.take(len(rest) - len(kept))
                return kept[0]
            self.take(len(rest))
            if self._at == len(self._text) and not self._more():
                return ""

    def decode(self, decoder: json.JSONDecoder) -> Any:
        """The next value. Raises Refused where there is none within 64 KiB."""
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise _not_json(self._path, self.line, "it is nested too deeply") from error
            except ValueError as error:
                if len(self._text) - self._at > MAX_LINE or not self._more():
                    raise _not_json(self._path, self.line, str(error).split(":")[0]) from error
                continue
            self.take(end - self._at)
            return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _not_json(path: Path, line: int, reason: str) -> Refused:
    return refuse(
        "json.syntax",
        f"第 {line} 行开始的内容不是合法的 JSON: {reason}",
        f"What begins on line {line} is not valid JSON: {reason}",
        where=Where(file=path.name, line=line),
        remedy=Text(zh="每行应为一个 JSON 对象", en="Every line must be one JSON object"),
    )


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def arff_to_csv(path: Path, target: Path) -> NDArray[np.int64]:
    """Weka's attribute-relation file format, dense rows; `?` is an empty field. Raises Refused for sparse rows."""
    return write_rows(target, _arff_rows(path))


_ATTRIBUTE = re.compile(r"@attribute\s+('(?:[^'\\]|\\.)*'|\"[^\"]*\"|\S+)\s", re.IGNORECASE)


def _arff_rows(path: Path) -> Iterator[Row]:
    names: list[str] = []
    data = False
    for number, line in _text_lines(path):
        line = line.strip()
        if not line or line.startswith("%"):
            continue
        if data:
            yield number, _arff_fields(path, number, line)
        elif match := _ATTRIBUTE.match(line):
            names.append(match[1].strip("'\""))
        elif line.lower().startswith("@data"):
            data = True
            yield number, names


def _arff_fields(path: Path, number: int, line: str) -> list[str]:
    if line.startswith("{"):
        raise refuse(
            "arff.sparse",
            f"第 {number} 行是稀疏格式的 ARFF, 不支持",
            f"Line {number} is a sparse ARFF row, which is not read",
            where=Where(file=path.name, line=number),
            remedy=Text(zh="请导出为 CSV", en="Export it as CSV"),
        )
    try:
        fields = next(csv.reader([line], quotechar="'", skipinitialspace=True, escapechar="\\", strict=True))
    except csv.Error as error:
        raise refuse(
            "arff.syntax",
            f"第 {number} 行不是合法的 ARFF",
            f"Line {number} is not a valid ARFF row",
            where=Where(file=path.name, line=number, value=line[:200]),
            remedy=Text(zh="请检查该行的引号", en="Check the quotation marks on that line"),
        ) from error
    return ["" if field.strip() == "?" else field.strip() for field in fields]


def _text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file with their numbers. Raises Refused for one of more than 64 KiB."""
    number, rest = 1, ""
    for block in texts(path):
        *lines, rest = (rest + block).split("\n")
        for line in lines:
            yield number, line
            number += 1
        if len(rest) > MAX_LINE:
            raise long_line(path, number)
    if rest:
        yield number, rest


def too_wide(name: str, columns: int, line: int) -> Refused:
    """The refusal of a table with more columns than any dataset has."""
    return refuse(
        "header.too_wide",
        f"文件有 {columns:,} 列, 最多 {MAX_COLUMNS:,} 列",
        f"The file has {columns:,} columns, more than {MAX_COLUMNS:,}",
        where=Where(file=name, line=line),
        remedy=Text(zh="请按数据集拆分文件", en="Split the file by dataset"),
    )


def unreadable(path: Path, kind: str, error: Exception) -> Refused:
    """The refusal of a file that its own reader gives up on."""
    reason = str(error).splitlines()[0][:200]
    return refuse(
        "file.unreadable",
        f"无法读取该 {kind} 文件: {reason}",
        f"The {kind} file cannot be read: {reason}",
        where=Where(file=path.name),
        remedy=Text(zh="请检查文件是否完整, 或改为 CSV", en="Check that the file is whole, or send CSV"),
    )
