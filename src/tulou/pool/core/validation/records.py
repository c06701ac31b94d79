"""Records that are looked at for themselves, and the table of those that were rejected."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tulou.pool.core.intake import Piece
from tulou.pool.core.validation.arrays import numbers, texts

Indices = NDArray[np.int64]


class Record(NamedTuple):
    """A record that is looked at for itself: its number, its line, its text, and whether its form is sound."""

    number: int
    line: int
    raw: str
    formed: bool


FAILURE = pa.struct([("column", pa.string()), ("rule", pa.string()), ("value", pa.string())])
"""What is wrong with a record: the item (none where it is the whole record), the rule, and the text that was found."""

REJECT_SCHEMA = pa.schema(
    [
        ("record_no", pa.int64()),
        ("source", pa.int32()),
        ("line_no", pa.int64()),
        ("raw", pa.string()),
        ("failures", pa.list_(FAILURE)),
    ]
)
"""Rejected records: the number in the delivery, the table of it (from 0) and the line there, the text, and why."""


def records_of(piece: Piece, indices: Indices, formed: NDArray[np.bool_], first: int | None = None) -> list[Record]:
    """Records of a piece by their places in it; `formed` says of each whether its form is sound.

    `first` is the number of the piece's first record, where that is not counted in its own table.
    """
    start = piece.first_record if first is None else first
    return [
        Record(start + index, line, piece.raw(index), form)
        for index, line, form in zip(indices.tolist(), piece.lines(indices).tolist(), formed.tolist(), strict=False)
    ]


def split_record(raw: str, delimiter: str, width: int) -> tuple[list[str], tuple[str, str] | None]:
    """The fields of one record, and what is wrong with its form: (rule, what was found), or None."""
    if "\0" in raw:
        return [], ("nul", "NUL")
    try:
        rows = list(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return [], ("quotes", '"')
    if len(rows) != 1:
        return [], ("line_end", "CR")
    if len(rows[0]) != width:
        return rows[0], ("fields", f"{len(rows[0])}/{width}")
    return rows[0], None


def one_failure_each(faults: Sequence[tuple[str | None, str, str]]) -> pa.Array:
    """One failure for each of some records: the column (None: the whole record), the rule, and what was found."""
    fields = [texts(values) for values in zip(*faults, strict=True)]
    each = pa.StructArray.from_arrays(fields, fields=list(FAILURE))
    ends = pa.py_buffer(np.arange(len(faults) + 1, dtype=np.int32))
    return pa.Array.from_buffers(pa.list_(FAILURE), len(faults), [None, ends], children=[each])


def reject_table(records: Sequence[Record], failures: pa.Array | pa.ChunkedArray, source: int) -> pa.Table:
    """Rejected records with their failures; a NUL is shown as its picture."""
    columns = [
        numbers([record.number for record in records]),
        numbers([source] * len(records)).cast(pa.int32()),
        numbers([record.line for record in records]),
        texts([record.raw.replace("\0", "\u2400") for record in records]),
        failures,
    ]
    return pa.Table.from_arrays(columns, REJECT_SCHEMA.names).cast(REJECT_SCHEMA)
