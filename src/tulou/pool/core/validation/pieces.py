"""One piece of a delivery through DuckDB: typed Parquet of what is accepted, all other records with their reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tulou.kernel.errors import Text, refuse
from tulou.pool.core.intake import Piece
from tulou.pool.core.lake.schema import TableSchema, literal, quoted
from tulou.pool.core.validation.arrays import laid_down, numbers, texts
from tulou.pool.core.validation.expressions import Check, Program
from tulou.pool.core.validation.plain import Plain, matching
from tulou.pool.core.validation.records import Record, one_failure_each, records_of, reject_table, split_record

PARQUET = "FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1000"
"""Small dictionaries and delta encoding: less time to write and a third smaller than DuckDB's defaults."""

ZONE = "Asia/Shanghai"
"""Points in time that are written without an offset are of this zone."""

CELLS = 1_000_000
"""Records that are looked at for themselves are taken in batches of about so many cells."""

Indices = NDArray[np.int64]

_MEMORY = "512MB"
_RAW = re.compile(r"\b_c\d+\b")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every accepted record carries: the delivery and the moment of its receipt (ISO 8601)."""

    delivery_id: str
    received_at: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some records: files of the accepted, tables of the rejected, and those still to be looked at."""

    data: tuple[Path, ...] = ()
    accepted: int = 0
    rest: Sequence[Record] = ()
    rejects: tuple[pa.Table, ...] = ()
    rules_failed: Mapping[str, int] = field(default_factory=dict)
    warned: Mapping[str, int] = field(default_factory=dict)

    @property
    def rejected(self) -> int:
        """How many records were rejected."""
        return sum(table.num_rows for table in self.rejects)


class Validator:
    """Runs one source's programs on a DuckDB connection of its own, with one thread, in a folder of its own."""

    def __init__(
        self,
        plain: Plain,
        patient: Program,
        schema: TableSchema,
        stamp: Stamp,
        delimiter: str,
        folder: Path,
        source: int = 0,
    ) -> None:
        self._plain, self._patient = plain, patient
        self._schema = schema
        self._stamp = stamp
        self._delimiter = delimiter
        self._folder = folder
        self._source = source
        self._files = 0
        self._connection = connect(folder)
        self.batch = max(CELLS // max(len(patient.raw), 1), 1)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def take(self, piece: Piece) -> Outcome:
        """Accept the plain records of a piece; of all others no more than a batch is left in the outcome's `rest`.

        DuckDB reads the plain records strictly; where it will not, or reads another number of records than it was
        given, all of the piece is looked at record by record.
        """
        if piece.records == 0:
            return Outcome()
        end = r"\r\n" if piece.content[int(piece.ends[0]) - 2 : int(piece.ends[0])] == b"\r\n" else r"\n"
        done = Outcome()
        taken: Indices = np.empty(0, dtype=np.int64)
        for patterns in (self._plain.quick, self._plain.certain):
            keep = np.flatnonzero(matching(piece, patterns, end))
            try:
                taken, done = self._take_plain(piece, keep, end)
                break
            except (duckdb.InvalidInputException, duckdb.ConversionException, ConservationError):
                continue
        others = np.setdiff1d(np.arange(piece.records), taken, assume_unique=True)
        if len(others) == 0:
            return done
        formed = matching(piece, self._plain.formed, r"\r?\n", others)
        outcomes = [done]
        while len(others) > self.batch:
            outcomes.append(self.judge(records_of(piece, others[: self.batch], formed)))
            others, formed = others[self.batch :], formed[self.batch :]
        return joined([*outcomes, Outcome(rest=records_of(piece, others, formed))])

    def _take_plain(self, piece: Piece, keep: Indices, end: str) -> tuple[Indices, Outcome]:
        """Accept what passes of the records at `keep`; answers their places in the piece."""
        if len(keep) == 0:
            return keep, Outcome()
        file = self._folder / "plain.csv"
        rewrite(file, runs(piece, keep))
        columns = zip(self._plain.program.raw, self._plain.kinds, strict=True)
        reader = self._reader(file, dict(columns), end, quotes=piece.quotes)
        numbered = laid_down({"_n": numbers(keep + piece.first_record)}, self._folder / "numbers.parquet")
        # What is read and its numbers are laid side by side. Were there more of the one than of the other, the surplus
        # would come out with an impossible number, and be seen.
        relation = f"(SELECT *, 1 AS _read FROM {reader}) POSITIONAL JOIN {numbered}"
        number = "CASE WHEN _read = 1 AND _n IS NOT NULL THEN _n ELSE -1 END"
        program = self._plain.program
        texts = "".join(f", {name}" for name in sorted(set(_RAW.findall(program.passes))))
        query = (
            f"SELECT {self._output(program)} "
            f"FROM (SELECT {typed_list(program)}, {number} AS _n{texts} FROM ({relation})) "
            f"WHERE ({program.passes}) OR _n = -1"
        )
        path, found, warned = self._write(program, query)
        if not set_contains(keep + piece.first_record, found):
            path.unlink()
            raise ConservationError("a record came out that did not go in")
        data = (path,) if len(found) else ()
        return found - piece.first_record, Outcome(data, len(found), warned=warned)

    def judge(self, records: Sequence[Record]) -> Outcome:
        """Look at records one by one: take every form that the contract allows, reject the others with all reasons."""
        formed = [record for record in records if record.formed]
        outcomes = []
        if formed:
            file = self._folder / "formed.csv"
            file.write_text("".join(record.raw + "\n" for record in formed), encoding="utf-8", newline="")
            columns = dict.fromkeys(self._patient.raw, "VARCHAR")
            reader = self._reader(file, columns, r"\n", quotes=any('"' in record.raw for record in formed))
            try:
                outcomes.append(self._judge_table(formed, reader))
            except (duckdb.InvalidInputException, ConservationError):
                formed = []
        odd = [record for record in records if not record.formed] if formed else list(records)
        sound, rows, broken, faults = [], [], [], []
        for record in odd:
            fields, fault = split_record(record.raw, self._delimiter, len(self._patient.raw))
            if fault is None:
                sound.append(record)
                rows.append(fields)
            else:
                broken.append(record)
                faults.append(fault)
        if sound:
            split = [texts(values, empty_is_missing=True) for values in zip(*rows, strict=True)]
            columns = dict(zip(self._patient.raw, split, strict=True))
            outcomes.append(self._judge_table(sound, laid_down(columns, self._folder / "split.parquet")))
        if broken:
            table = reject_table(broken, one_failure_each([(None, *fault) for fault in faults]), self._source)
            outcomes.append(Outcome(rejects=(table,), rules_failed=Counter(rule for rule, _ in faults)))
        return joined(outcomes)

    def _judge_table(self, records: Sequence[Record], relation: str) -> Outcome:
        program = self._patient
        places = numbers([record.number for record in records])
        numbered = laid_down({"_n": places}, self._folder / "numbers.parquet")
        raw = ", ".join(program.raw)
        try:
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE judged AS SELECT *, ({program.passes}) AS _ok FROM ("
                f"SELECT {typed_list(program)}, {raw}, _n, _read "
                f"FROM ((SELECT *, 1 AS _read FROM {relation}) POSITIONAL JOIN {numbered}))"
            )
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            raise refuse(
                "contract.rule",
                f"合同中的规则无法计算: {first_line(error)}",
                f"A rule of the contract cannot be computed: {first_line(error)}",
                remedy=Text(zh="请修改合同中的规则", en="Change the rule in the contract"),
            ) from error
        found = self._connection.execute(
            "SELECT count(*), count(_n), count(_read), count_if(_ok) FROM judged"
        ).fetchone()
        total, numbered, read, good = found or (0, 0, 0, 0)
        if not total == numbered == read == len(records):
            raise ConservationError(f"{len(records)} records, {read} read")
        data: tuple[Path, ...] = ()
        warned: Mapping[str, int] = {}
        if good:
            path, _, warned = self._write(program, f"SELECT {self._output(program)} FROM judged WHERE _ok")
            data = (path,)
        if good == total:
            return Outcome(data, good, warned=warned)
        rejected, failed = self._explain(program, records)
        if good + rejected.num_rows != total:
            raise ConservationError(f"{total} records, {good} accepted, {rejected.num_rows} rejected")
        return Outcome(data, good, rejects=(rejected,), rules_failed=failed, warned=warned)

    def _explain(self, program: Program, records: Sequence[Record]) -> tuple[pa.Table, dict[str, int]]:
        """The judged records that were not good, with all that is wrong with each; and how often each rule failed."""
        reasons = ", ".join(reason(check, program) for check in program.checks)
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE failed AS "
            f"SELECT _n, list_filter([{reasons}], lambda x: x IS NOT NULL) AS why FROM judged WHERE NOT _ok"
        )
        found = self._connection.execute("SELECT _n, why FROM failed ORDER BY _n").to_arrow_table().combine_chunks()
        counts = self._connection.execute(
            "SELECT concat_ws('.', f.\"column\", f.rule), count(*) "
            "FROM (SELECT unnest(why) AS f FROM failed) GROUP BY 1"
        ).fetchall()
        by_number = {record.number: record for record in records}
        rejected = [by_number[number] for number in found["_n"].to_pylist()]
        return reject_table(rejected, found["why"], self._source), dict(counts)

    def _reader(self, file: Path, columns: Mapping[str, str], end: str, *, quotes: bool) -> str:
        kinds = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
        mark = "'\"'" if quotes else "''"
        return (
            f"read_csv({literal(str(file))}, header=false, auto_detect=false, delim={literal(self._delimiter)}, "
            f"quote={mark}, escape={mark}, new_line={literal(end)}, strict_mode=true, "
            f"null_padding=false, parallel=false, columns={{{kinds}}})"
        )

    def _output(self, program: Program) -> str:
        names = ", ".join(quoted(name) for name, _ in program.typed)
        return (
            f"{names}, {literal(self._stamp.delivery_id)} AS _delivery_id, _n::BIGINT AS _record_no, "
            f"TIMESTAMPTZ {literal(self._stamp.received_at)} AS _received_at"
        )

    def _write(self, program: Program, query: str) -> tuple[Path, Indices, Mapping[str, int]]:
        """Write what a query answers; the numbers of the records written, and how many break a rule that warns."""
        self._files += 1
        path = self._folder / f"data-{self._files:06d}.parquet"
        known = self._schema.field_ids
        written = [*(name for name, _ in program.typed), "_delivery_id", "_record_no", "_received_at"]
        ids = ", ".join(f"{quoted(name)}: {known[name]}" for name in written)
        self._connection.execute(f"COPY ({query}) TO {literal(str(path))} ({PARQUET}, FIELD_IDS {{{ids}}})")
        relation = f"read_parquet({literal(str(path))})"
        rows = self._connection.execute(f"SELECT _record_no FROM {relation}").fetchnumpy()
        found = np.sort(np.asarray(rows["_record_no"], dtype=np.int64))
        if len(found) == 0:
            path.unlink()
        warned: dict[str, int] = {}
        if len(found) and program.warnings:
            counts = ", ".join(f"count_if(NOT {check.passes})" for check in program.warnings)
            row = self._connection.execute(f"SELECT {counts} FROM {relation}").fetchone() or ()
            warned = {check.rule: int(n) for check, n in zip(program.warnings, row, strict=True) if n}
        return path, found, warned


class ConservationError(AssertionError):
    """More or fewer records came out than went in: a fault of Tulou, never of the file."""


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection for validation: one thread, bounded memory, and no way to files outside `folder`.

    The rules of a contract are SQL that an officer wrote; they are not to read what lies elsewhere.
    """
    connection = duckdb.connect(config={"threads": 1, "memory_limit": _MEMORY, "temp_directory": str(folder / "spill")})
    connection.execute(f"SET TimeZone = {literal(ZONE)}")
    connection.execute(f"SET allowed_directories = [{literal(str(folder))}]")
    connection.execute("SET enable_external_access = false")
    # A join for every short list of codes costs more than comparing.
    connection.execute("SET disabled_optimizers = 'in_clause'")
    connection.execute("SET lock_configuration = true")
    return connection


def rewrite(file: Path, parts: Iterable[memoryview]) -> None:
    """Put `parts` in the place of what a file holds; its pages are used again, which is cheaper than new ones."""
    with file.open("r+b" if file.exists() else "wb") as stream:
        stream.writelines(parts)
        stream.truncate()


def set_contains(whole: Indices, part: Indices) -> bool:
    """Whether each of `part` (ascending) is in `whole` (ascending), and none of it twice."""
    if len(part) == 0:
        return True
    places = np.searchsorted(whole, part)
    return bool(places[-1] < len(whole) and (whole[places] == part).all() and (np.diff(part) > 0).all())


def runs(piece: Piece, keep: Indices) -> Iterator[memoryview]:
    """The records at `keep` as they stand in the piece, neighbours together."""
    content = memoryview(piece.content)
    starts, ends = piece.starts[keep], piece.ends[keep]
    breaks = np.flatnonzero(starts[1:] != ends[:-1]) + 1
    firsts = starts[np.concatenate(([0], breaks))].tolist()
    lasts = ends[np.concatenate((breaks - 1, [len(keep) - 1]))].tolist()
    for first, last in zip(firsts, lasts, strict=True):
        yield content[first:last]


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """What became of several lots of records, as one."""
    failed: dict[str, int] = {}
    warned: dict[str, int] = {}
    for outcome in outcomes:
        for totals, counts in ((failed, outcome.rules_failed), (warned, outcome.warned)):
            for rule, count in counts.items():
                totals[rule] = totals.get(rule, 0) + count
    return Outcome(
        tuple(path for outcome in outcomes for path in outcome.data),
        sum(outcome.accepted for outcome in outcomes),
        [record for outcome in outcomes for record in outcome.rest],
        tuple(table for outcome in outcomes for table in outcome.rejects),
        failed,
        warned,
    )


def typed_list(program: Program) -> str:
    """A SELECT list of the typed columns."""
    return ", ".join(f"{expression} AS {quoted(name)}" for name, expression in program.typed)


def reason(check: Check, program: Program) -> str:
    """SQL for one failure, NULL where the check passes."""
    if check.column is None:
        values = "NULL::VARCHAR"
        column = "NULL::VARCHAR"
    else:
        column = literal(check.column)
        values = next(raw_of(expression) for name, expression in program.typed if name == check.column)
    failure = f"{{'column': {column}, 'rule': {literal(check.rule)}, 'value': {values}}}"
    return f"CASE WHEN NOT {check.passes} THEN {failure} END"


def raw_of(expression: str) -> str:
    """The raw column that a typed expression is made of."""
    match = _RAW.search(expression)
    return match[0] if match else "NULL::VARCHAR"


def first_line(error: Exception) -> str:
    """What an error of DuckDB says first."""
    return str(error).splitlines()[0][:200]
