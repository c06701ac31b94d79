"""Records of a file as columns of text, all of them or an even sample where there are many."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from tulou.pool.core.intake import Piece, Source

MOST = 100_000
"""Records that a draft is made of; of a larger file every n-th is taken."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Columns of text under the names of the header; an empty field is null. `records` is how many the file holds."""

    frame: pl.DataFrame
    records: int

    @property
    def complete(self) -> bool:
        """Whether every record was looked at."""
        return self.frame.height == self.records


def take_sample(sources: Sequence[Source], most: int = MOST) -> Sample:
    """Read the tables of a file. Records that are not well formed are passed over: ingest will reject them.

    Memory is bounded: past `most` records every second one of those held is let go and every second one is read from
    there on, and so on.
    """
    header = sources[0].header
    rows: list[list[str]] = []
    records, step = 0, 1
    for source in sources:
        if source.header != header:
            continue
        for piece in source.pieces():
            wanted = range((-records) % step, piece.records, step)
            rows += _fields(piece, wanted, source.delimiter, len(header))
            records += piece.records
            while len(rows) > most:
                rows = rows[::2]
                step *= 2
    names = [name or f"column_{number}" for number, name in enumerate(header, 1)]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    frame = pl.DataFrame(
        {name: pl.Series(values, dtype=pl.String) for name, values in zip(names, columns, strict=True)}
    )
    frame = frame.with_columns(pl.when(pl.all() == "").then(None).otherwise(pl.all()).name.keep())
    return Sample(frame, records if step > 1 else frame.height)


def _fields(piece: Piece, wanted: Iterable[int], delimiter: str, width: int) -> Iterator[list[str]]:
    for index in wanted:
        raw = piece.raw(index)
        try:
            (fields,) = csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter, strict=True)
        except (csv.Error, ValueError):
            continue
        if len(fields) == width:
            yield fields
