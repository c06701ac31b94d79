"""A catalogue as CSV, one file a table, in a folder or a zip; formula cells are neutralised without loss."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tulou.kernel.errors import Text, Where, refuse
from tulou.pool.core.catalogue.table_columns import TABLES
from tulou.pool.core.catalogue.tables import Row, Tables, from_tables, to_tables
from tulou.pool.core.catalogue.values import Catalogue

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")
MAX_FIELD = 2**20


def csv_files(catalogue: Catalogue) -> dict[str, bytes]:
    """The files of a catalogue by name: UTF-8 with a byte order mark, so that Excel shows Chinese."""
    return {f"{table}.csv": _written(table, rows) for table, rows in to_tables(catalogue).items()}


def _written(table: str, rows: Sequence[Row]) -> bytes:
    stream = io.StringIO(newline="")
    names = [column.name for column in TABLES[table]]
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([guarded(row.get(name, "")) for name in names] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula; `unguarded` gives it back.

    >>> guarded("=1+1"), guarded("-5"), unguarded(guarded("'=x"))
    ("'=1+1", '-5', "'=x")
    """
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` wrote."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def catalogue_from_csv(path: Path) -> Catalogue:
    """The catalogue in a folder of CSV files. Raises Faulty with file, line and column of every fault."""
    files = {file.stem: file for file in sorted(path.iterdir()) if file.suffix.lower() == ".csv"}
    unknown = [file.name for name, file in files.items() if name not in TABLES]
    if unknown or "items" not in files:
        raise refuse(
            "catalogue.files",
            f"文件夹中的 CSV 文件不是目录: 需要 {', '.join(f'{name}.csv' for name in TABLES)}",
            f"The folder holds no catalogue: it needs {', '.join(f'{name}.csv' for name in TABLES)}",
            where=Where(file=unknown[0] if unknown else path.name),
            remedy=Text(zh="用 catalogue export --format csv 可得到样例", en="See one with: export --format csv"),
        )
    return from_tables({name: read_rows(file) for name, file in files.items()}, path.name)


def read_rows(file: Path) -> list[Row]:
    """The rows of one CSV file as text. Raises Refused where it is not CSV in UTF-8."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        previous = csv.field_size_limit(MAX_FIELD)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        finally:
            csv.field_size_limit(previous)
    except (UnicodeDecodeError, csv.Error) as error:
        raise refuse(
            "catalogue.csv",
            f"不是 UTF-8 编码的 CSV: {error}",
            f"This is not CSV in UTF-8: {error}",
            where=Where(file=file.name),
            remedy=Text(zh="请以 UTF-8 CSV 另存", en="Save it as CSV in UTF-8"),
        ) from error
    return as_rows(rows)


def as_rows(rows: Iterable[Sequence[str]]) -> list[Row]:
    """Rows of cells under a header as mappings; rows without any content are passed over."""
    lines = iter(rows)
    header = [name.strip() for name in next(lines, ())]
    return [{name: unguarded(value) for name, value in zip(header, line, strict=False)} for line in lines if any(line)]


def is_catalogue(tables: Mapping[str, object]) -> bool:
    """Whether these tables are a catalogue of ours."""
    return {"items", "datasets"} <= set(tables)


__all__ = ["Tables", "as_rows", "catalogue_from_csv", "csv_files", "guarded", "is_catalogue", "read_rows", "unguarded"]
