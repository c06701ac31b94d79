"""Answers as files: CSV and Excel in which no cell runs as a formula, or Parquet."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tulou.kernel.errors import Text, Where, refuse, wrong_use

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
EXCEL_ROWS = 1_048_576
"""What one sheet holds, the header included."""


def write_answer(rows: pa.RecordBatchReader, path: Path) -> int:
    """Write rows to `path` in the format of its ending; answers how many. A file is there whole or not at all.

    Raises WrongUse for another ending, Refused where an Excel sheet does not hold the rows.
    """
    writers: dict[str, Callable[[pa.RecordBatchReader, Path], int]] = {
        ".csv": _write_csv,
        ".xlsx": _write_excel,
        ".parquet": _write_parquet,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise wrong_use(
            "query.format",
            f"不支持的文件类型 {path.suffix or path.name}",
            f"Files of the kind {path.suffix or path.name} are not written",
            where=Where(file=str(path)),
            remedy=Text(zh="请用 .csv、.xlsx 或 .parquet", en="Use .csv, .xlsx or .parquet"),
        )
    draft = path.with_name(f"{path.name}.draft")
    try:
        count = writer(rows, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet runs: a text that could be a formula gets an apostrophe, numbers and dates stay.

    >>> harmless("=cmd()"), harmless(-3), harmless("-3 kW")
    ("'=cmd()", -3, "'-3 kW")
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _rows(batch: pa.RecordBatch) -> Iterator[list[Any]]:
    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        yield [harmless(value) for value in row]


def _write_csv(rows: pa.RecordBatchReader, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([harmless(name) for name in rows.schema.names])
        for batch in rows:
            writer.writerows(_rows(batch))
            count += batch.num_rows
    return count


def _write_excel(rows: pa.RecordBatchReader, path: Path) -> int:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("answer")
    sheet.append([harmless(name) for name in rows.schema.names])
    count = 0
    for batch in rows:
        count += batch.num_rows
        if count >= EXCEL_ROWS:
            sheet.close()
            raise refuse(
                "query.too_many_rows",
                f"结果超过 Excel 的 {EXCEL_ROWS:,} 行",
                f"The answer has more rows than the {EXCEL_ROWS:,} that Excel holds",
                remedy=Text(zh="请用 .csv 或 .parquet", en="Use .csv or .parquet"),
            )
        for row in _rows(batch):
            sheet.append([_excel(value) for value in row])
    book.save(path)
    return count


def _excel(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)  # Excel has no time zones; answers are in China's.
    return float(value) if isinstance(value, Decimal) and abs(value) < 10**15 else value


def _write_parquet(rows: pa.RecordBatchReader, path: Path) -> int:
    count = 0
    with pq.ParquetWriter(path, rows.schema, compression="zstd") as writer:
        for batch in rows:
            writer.write_batch(batch)
            count += batch.num_rows
    return count
