"""Answers to a file: Parquet, CSV or JSON lines, written as they come and put in place when complete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from tulou.kernel.errors import wrong_use
from tulou.policies.core.engine.answering import SCHEMA

BETWEEN = ";"
"""Between the missing facts in a cell of a CSV file."""


class Writer(Protocol):
    """Takes answers batch by batch."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Write one batch."""
        ...


class Nowhere:
    """Where answers that are only counted go."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Forget one batch."""


@contextmanager
def writing(path: Path | None) -> Iterator[Writer]:
    """A writer for the kind of file that the name says. A file that was not finished is taken away again.

    Raises WrongUse for a name that says no kind.
    """
    if path is None:
        yield Nowhere()
        return
    suffix = path.suffix.lower()
    if suffix not in (".parquet", ".csv", ".jsonl"):
        raise wrong_use(
            "policies.match.out",
            f"输出文件应以 .parquet、.csv 或 .jsonl 结尾: {path}",
            f"The output should end in .parquet, .csv or .jsonl: {path}",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        if suffix == ".parquet":
            with pq.ParquetWriter(partial, SCHEMA, compression="zstd") as writer:
                yield writer
        elif suffix == ".csv":
            with _CsvAnswers(partial) as answers:
                yield answers
        else:
            with _JsonAnswers(partial) as lines:
                yield lines
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class _CsvAnswers:
    """CSV with the missing facts joined, and cells that a spreadsheet would run as a formula made plain."""

    def __init__(self, path: Path) -> None:
        fields = [pa.field(each.name, pa.string() if each.name == "missing" else each.type) for each in SCHEMA]
        self._schema = pa.schema(fields)
        self._writer = pa_csv.CSVWriter(path, self._schema)

    def __enter__(self) -> _CsvAnswers:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Write one batch."""
        columns = [batch[each.name] for each in SCHEMA]
        columns[0] = neutralised(columns[0])
        columns[3] = pc.binary_join(columns[3], BETWEEN)
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))


class _JsonAnswers:
    def __init__(self, path: Path) -> None:
        self._stream = path.open("w", encoding="utf-8")

    def __enter__(self) -> _JsonAnswers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Write one batch."""
        for row in batch.to_pylist():
            day = row["as_of"]
            row["as_of"] = None if day is None else day.isoformat()
            self._stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def neutralised(texts: pa.Array) -> pa.Array:
    """Cells that begin like a formula get an apostrophe before it.

    >>> neutralised(pa.array(["=1+1", "B001"])).to_pylist()
    ["'=1+1", 'B001']
    """
    return pc.replace_substring_regex(texts, pattern="^([=+@\\-\t\r])", replacement="'\\1")
