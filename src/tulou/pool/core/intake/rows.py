"""Rows of any kind of file as a text table in UTF-8, each with the line from which it came."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

Row = tuple[int, Sequence[str]]
"""The line (or row of a sheet) from which it came, and its fields."""


class RowWriter:
    """Writes rows as CSV; the first one is the header. Remembers the lines of the others."""

    def __init__(self, target: Path) -> None:
        self._stream: TextIO = target.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream, lineterminator="\n")
        self._lines = array("q")
        self._started = False

    def write(self, line: int, fields: Sequence[str]) -> None:
        """Write one row. A row of one empty field would be a blank line, and is quoted."""
        self._writer.writerow(fields)
        if self._started:
            self._lines.append(line)
        self._started = True

    def lines(self) -> NDArray[np.int64]:
        """The line of each record."""
        return np.frombuffer(self._lines, dtype=np.int64) if self._lines else np.empty(0, dtype=np.int64)

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()


def write_rows(target: Path, rows: Iterable[Row]) -> NDArray[np.int64]:
    """Write header and rows; answers the line of each record."""
    with RowWriter(target) as writer:
        for line, fields in rows:
            writer.write(line, fields)
        return writer.lines()
