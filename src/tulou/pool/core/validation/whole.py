"""What is only seen when all records of a delivery are together: repeated keys, and records that must not come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tulou.kernel.errors import Finding
from tulou.pool.core.contract import Contract
from tulou.pool.core.intake import Source
from tulou.pool.core.lake.schema import TableSchema, literal, quoted
from tulou.pool.core.validation.arrays import laid_down
from tulou.pool.core.validation.arrays import numbers as as_numbers
from tulou.pool.core.validation.pieces import PARQUET, Outcome
from tulou.pool.core.validation.records import one_failure_each, records_of, reject_table

SMALL = 4 * 2**20
"""Files of fewer bytes are put together, where there are many."""

Indices = NDArray[np.int64]


class Bar(NamedTuple):
    """Why a record that is good in itself is rejected: the column (None: all of it), the rule, what was found."""

    column: str | None
    rule: str
    value: str


Bars = Callable[[Sequence[Path]], Mapping[int, Bar]]
"""Given the files of accepted records, which of them (by number) must not come in."""


@dataclass(slots=True)
class Tally:
    """What has become of a delivery's records so far; the files lie in `folder`."""

    folder: Path
    records: int = 0
    accepted: int = 0
    rejected: int = 0
    blank: int = 0
    rules_failed: dict[str, int] = field(default_factory=dict)
    data: list[Path] = field(default_factory=list)
    rejects: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    warned: dict[str, int] = field(default_factory=dict)
    medians: dict[str, str] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count what became of some records and keep the files."""
        self.accepted += outcome.accepted
        self.rejected += outcome.rejected
        for totals, counts in ((self.rules_failed, outcome.rules_failed), (self.warned, outcome.warned)):
            for rule, count in counts.items():
                totals[rule] = totals.get(rule, 0) + count
        self.data += outcome.data
        for table in outcome.rejects:
            self.keep_rejects(table)

    def keep_rejects(self, table: pa.Table) -> None:
        """Write rejected records to a file."""
        path = self.folder / f"rejects-{len(self.rejects):06d}.parquet"
        pq.write_table(table, path)
        self.rejects.append(path)


def put_together(connection: duckdb.DuckDBPyConnection, tally: Tally, schema: TableSchema) -> None:
    """Make one file of many small ones."""
    small = [path for path in tally.data if path.stat().st_size < SMALL]
    if len(small) < 3 or len(small) * 2 < len(tally.data):
        return
    target = tally.folder / "together.parquet"
    connection.execute(f"COPY (FROM {_files(small)}) TO {literal(str(target))} ({_format(connection, small, schema)})")
    tally.data = [path for path in tally.data if path not in small] + [target]


def _files(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}])"


def _format(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], schema: TableSchema) -> str:
    names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {_files(files)}").fetchall()]
    ids = ", ".join(f"{quoted(name)}: {schema.field_ids[name]}" for name in names)
    return f"{PARQUET}, FIELD_IDS {{{ids}}}"


def reject_repeated_keys(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    contract: Contract,
    schema: TableSchema,
    tally: Tally,
) -> None:
    """Of records with the same key (or the same value of a unique column) the first stands, the others are rejected."""
    keys = [contract.primary_key] if contract.primary_key and contract.delivery_mode != "append" else []
    keys += [(column.name,) for column in contract.columns if column.unique and (column.name,) not in keys]
    for key in keys:
        numbers, firsts = _repeated(connection, key, tally)

        def why(low: int, high: int, key: tuple[str, ...] = key, firsts: Indices = firsts) -> list[Bar]:
            return [Bar(key[0], "duplicate_key", f"= record {first}") for first in firsts[low:high].tolist()]

        _reject(connection, numbers, why, sources, schema, tally)
        if len(numbers):
            tally.rules_failed[f"{key[0]}.duplicate_key"] = len(numbers)


def reject_barred(
    connection: duckdb.DuckDBPyConnection,
    bars: Mapping[int, Bar],
    sources: Sequence[Source],
    schema: TableSchema,
    tally: Tally,
) -> None:
    """Reject records that were accepted and must not come in."""
    numbers = np.array(sorted(bars), dtype=np.int64)

    def why(low: int, high: int) -> list[Bar]:
        return [bars[number] for number in numbers[low:high].tolist()]

    _reject(connection, numbers, why, sources, schema, tally)
    for column, rule, _ in bars.values():
        name = f"{column}.{rule}" if column else rule
        tally.rules_failed[name] = tally.rules_failed.get(name, 0) + 1


def _repeated(connection: duckdb.DuckDBPyConnection, key: Sequence[str], tally: Tally) -> tuple[Indices, Indices]:
    """The numbers of the repeated records, ascending, and for each the number of the first one with its key."""
    none: Indices = np.empty(0, dtype=np.int64)
    if not tally.data:
        return none, none
    names = ", ".join(map(quoted, key))
    present = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in key)
    files = _files(tally.data)
    total, distinct = connection.execute(
        f"SELECT count(*), count(DISTINCT ({names})) FROM {files} WHERE {present}"
    ).fetchone() or (0, 0)
    if total == distinct:
        return none, none
    rows = connection.execute(
        f"SELECT n, first FROM (SELECT _record_no AS n, min(_record_no) OVER (PARTITION BY {names}) AS first "
        f"FROM {files} WHERE {present}) WHERE n > first ORDER BY n"
    ).fetchnumpy()
    return np.asarray(rows["n"], dtype=np.int64), np.asarray(rows["first"], dtype=np.int64)


def _reject(
    connection: duckdb.DuckDBPyConnection,
    numbers: Indices,
    why: Callable[[int, int], list[Bar]],
    sources: Sequence[Source],
    schema: TableSchema,
    tally: Tally,
) -> None:
    """Take the records with these numbers (ascending) out of the accepted; `why` tells it for a part of them."""
    if len(numbers) == 0:
        return
    _take_out(connection, numbers, schema, tally)
    base = 0
    for place, source in enumerate(sources):
        counted = 0
        for piece in source.pieces():
            counted += piece.records
            start = base + piece.first_record
            low, high = np.searchsorted(numbers, (start, start + piece.records)).tolist()
            if low == high:
                continue
            chosen = numbers[low:high] - start
            repeated = records_of(piece, chosen, np.ones(len(chosen), dtype=np.bool_), start)
            tally.keep_rejects(reject_table(repeated, one_failure_each(why(low, high)), place))
        base += counted
    tally.accepted -= len(numbers)
    tally.rejected += len(numbers)


def _take_out(connection: duckdb.DuckDBPyConnection, numbers: Indices, schema: TableSchema, tally: Tally) -> None:
    gone = laid_down({"n": as_numbers(numbers)}, tally.folder / "gone.parquet")
    kept: list[Path] = []
    for path in tally.data:
        held = f"{_files([path])} AS held"
        query = f"SELECT count(*) FROM {held} SEMI JOIN {gone} AS gone ON _record_no = n"
        if not (connection.execute(query).fetchone() or (0,))[0]:
            kept.append(path)
            continue
        target = path.with_suffix(".kept.parquet")
        rows = connection.execute(
            f"COPY (SELECT * FROM {held} ANTI JOIN {gone} AS gone ON _record_no = n) TO {literal(str(target))} "
            f"({_format(connection, [path], schema)})"
        ).fetchone()
        path.unlink()
        if (rows or (0,))[0]:
            kept.append(target)
        else:
            target.unlink()
    tally.data = kept
