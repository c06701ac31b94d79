"""Files of firms as batches of columns: CSV, Excel, Parquet, JSON, JSON lines, and the forms of the gold files."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from tulou.kernel.errors import Where, refuse
from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.firms.arrow import column_of, set_of, wrong_value
from tulou.policies.core.firms.batch import Day, FirmBatch
from tulou.policies.core.firms.columns import Column
from tulou.policies.core.firms.facts import EXPECTED, Firm, Ledger, LedgerEntry, facts_from, fen, ordinal
from tulou.policies.core.firms.json_forms import provenance_from, rows_of_json, rows_of_lines, unreadable
from tulou.policies.core.firms.table import FirmTable, column_from, facts_at, table_of
from tulou.policies.core.rule.truth import AS_OF

BATCH = 65_536
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
ID_NAMES = ("firm_id", "uscc", "id")
DAY_NAMES = ("as_of", AS_OF)


@dataclass
class FirmFile:
    """A file of firms, read batch by batch. `ignored` are the columns that no attribute is called like."""

    path: Path
    catalogue: Catalogue
    ledger: Mapping[str, Ledger] | None = None
    batch: int = BATCH
    by_day: bool = True
    ignored: list[str] = field(default_factory=list)

    def batches(self) -> Generator[FirmBatch, None, None]:
        """The firms in the order of the file. Raises Refused with record, column and value."""
        self._check()
        if self.path.suffix.lower() in JSON_SUFFIXES:
            yield from self._rows(self._json_rows())
        elif is_parquet(self.path):
            yield from self._arrow(self._parquet())
        else:
            with tempfile.TemporaryDirectory() as folder, closing(self._text(Path(folder))) as batches:
                yield from self._arrow(batches)

    def _check(self) -> None:
        if not self.path.is_file():
            where = Where(file=str(self.path))
            zh, en = f"没有文件 {self.path}", f"There is no file {self.path}"
            raise refuse("policies.file.absent", zh, en, where=where)

    def _json_rows(self) -> Iterator[Mapping[str, Any]]:
        if self.path.suffix.lower() == ".json":
            return rows_of_json(self.path, by_day=self.by_day)
        return rows_of_lines(self.path)

    def _ledgers(self) -> list[str]:
        return [attr for attr in self.catalogue if self.catalogue[attr].kind is Kind.LEDGER]

    def firms(self) -> Generator[Firm, None, None]:
        """The firms one by one, with their provenance where the file is JSON and gives it."""
        if self.path.suffix.lower() in JSON_SUFFIXES:
            self._check()
            for record, given in enumerate(self._json_rows(), 1):
                yield self._whole(given, record)
            return
        with closing(self.batches()) as batches:
            for batch in batches:
                for row, firm_id in enumerate(batch.firm_ids):
                    yield Firm(firm_id, facts_at(batch.table, row), as_of=batch.days[row] if batch.days else None)

    def _whole(self, given: Mapping[str, Any], record: int) -> Firm:
        firm = self._firm(given, record)
        entries = {} if self.ledger is None else {attr: self.ledger.get(firm.firm_id, ()) for attr in self._ledgers()}
        return replace(firm, facts={**firm.facts, **entries}, provenance=provenance_from(given.get("provenance")))

    def _rows(self, rows: Iterator[Mapping[str, Any]]) -> Iterator[FirmBatch]:
        pending: list[Firm] = []
        dated: list[bool] = []
        first = 1
        for record, row in enumerate(rows, 1):
            pending.append(self._firm(row, record))
            dated.append(any(name in row for name in DAY_NAMES))
            if len(pending) == self.batch:
                yield self._batch_of(pending, dated, first)
                pending, dated, first = [], [], record + 1
        if pending:
            yield self._batch_of(pending, dated, first)

    def _batch_of(self, firms: Sequence[Firm], dated: Sequence[bool], first: int) -> FirmBatch:
        table = table_of(firms, self.catalogue)
        ids = [firm.firm_id for firm in firms]
        self._add_ledger(table, ids)
        return FirmBatch(ids, table, [firm.as_of for firm in firms] if any(dated) else None, first)

    def _firm(self, row: Mapping[str, Any], record: int) -> Firm:
        firm_id = next((row[name] for name in ID_NAMES if row.get(name) not in (None, "")), None)
        if firm_id is None:
            raise _no_id(self.path.name, record)
        facts, column, error = facts_from(
            {name: value for name, value in row.items() if name not in (*ID_NAMES, *DAY_NAMES)}, self.catalogue
        )
        if column is not None and error is not None:
            raise wrong_value(self.path.name, record, column, row.get(column), error.expected)
        self._note(row)
        return Firm(str(firm_id), facts, as_of=self._day(row, record))

    def _note(self, names: Mapping[str, Any]) -> None:
        for name in names:
            if name not in self.ignored and not self._used(name, names.get(name)):
                self.ignored.append(name)

    def _used(self, name: str, value: Any = None) -> bool:
        head = name.rpartition(".")[0]
        nested = isinstance(value, Mapping) and any(f"{name}.{inner}" in self.catalogue for inner in value)
        return (
            name in self.catalogue or head in self.catalogue or name in (*ID_NAMES, *DAY_NAMES, "provenance") or nested
        )

    def _day(self, row: Mapping[str, Any], record: int) -> Day:
        raw = next((row[name] for name in DAY_NAMES if row.get(name) not in (None, "")), None)
        if raw is None:
            return None
        try:
            return dt.date.fromordinal(ordinal(raw))
        except (ValueError, TypeError) as error:
            raise wrong_value(self.path.name, record, "as_of", raw, EXPECTED[Kind.DATE]) from error

    def _parquet(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from pq.ParquetFile(self.path).iter_batches(batch_size=self.batch)
        except pa.ArrowInvalid as error:
            raise unreadable(self.path, error) from error

    def _text(self, folder: Path) -> Generator[pa.RecordBatch, None, None]:
        from tulou.pool.core.intake import open_sources  # the pool's intake is needed for files of text only

        source = open_sources(self.path, folder).sources[0]
        try:
            with pa_csv.open_csv(
                source.path,
                read_options=pa_csv.ReadOptions(
                    encoding=source.text_encoding, column_names=list(source.header), skip_rows=1, block_size=8 << 20
                ),
                parse_options=pa_csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(source.header, pa.string()), strings_can_be_null=False
                ),
            ) as reader:
                for batch in reader:
                    for start in range(0, batch.num_rows, self.batch):
                        yield batch.slice(start, self.batch)
        except pa.ArrowInvalid as error:
            raise unreadable(self.path, error) from error

    def _arrow(self, batches: Iterator[pa.RecordBatch]) -> Iterator[FirmBatch]:
        first = 1
        for batch in batches:
            names = batch.schema.names
            self._note(dict.fromkeys(names))
            ids = self._ids(batch, first)
            columns = self._columns(batch, first)
            table = FirmTable(batch.num_rows, columns, self.catalogue)
            self._add_ledger(table, ids)
            yield FirmBatch(ids, table, self._days(batch, first), first)
            first += batch.num_rows

    def _columns(self, batch: pa.RecordBatch, first: int) -> dict[str, Column]:
        found: dict[str, Column] = {}
        members: dict[str, dict[str, Any]] = {}
        for name in batch.schema.names:
            if name in self.catalogue and name not in DAY_NAMES:
                found[name] = column_of(
                    self.catalogue[name], batch[name], self.catalogue, file=self.path.name, first_record=first
                )
                continue
            head, _, member = name.rpartition(".")
            if head in self.catalogue and self.catalogue[head].kind is Kind.SET:
                members.setdefault(head, {})[member] = batch[name]
        for attr, each in members.items():
            found[attr] = set_of(attr, each, batch.num_rows, file=self.path.name, first_record=first)
        return found

    def _ids(self, batch: pa.RecordBatch, first: int) -> list[str]:
        name = next((name for name in ID_NAMES if name in batch.schema.names), None)
        if name is None:
            raise _no_id(self.path.name, None)
        ids = pc.cast(batch[name], pa.string()).to_pylist()
        for at, each in enumerate(ids):
            if not each:
                raise _no_id(self.path.name, first + at)
        return list(ids)

    def _days(self, batch: pa.RecordBatch, first: int) -> list[Day] | None:
        name = next((name for name in DAY_NAMES if name in batch.schema.names), None)
        if name is None:
            return None
        return [self._day({name: raw}, first + at) for at, raw in enumerate(batch[name].to_pylist())]

    def _add_ledger(self, table: FirmTable, ids: Sequence[str]) -> None:
        """The ledger of its own file: whoever is not in it has received nothing."""
        if self.ledger is None:
            return
        for attr in self._ledgers():
            table.columns[attr] = column_from(self.catalogue, attr, [self.ledger.get(each, ()) for each in ids])


def read_ledger(path: Path) -> dict[str, Ledger]:
    """Aid by firm, from a table with the columns firm_id, date, amount (yuan) and scheme."""
    found: dict[str, list[LedgerEntry]] = {}
    for record, row in enumerate(_plain_rows(path), 1):
        try:
            firm_id = next(str(row[name]) for name in ID_NAMES if row.get(name))
            entry = LedgerEntry(ordinal(row["date"]), fen(row["amount"]), str(row.get("scheme") or ""))
            if entry.amount < 0:
                raise ValueError(entry.amount)
        except (StopIteration, KeyError, ValueError, TypeError, ArithmeticError) as error:
            raise wrong_value(path.name, record, "firm_id, date, amount", dict(row), EXPECTED[Kind.LEDGER]) from error
        found.setdefault(firm_id, []).append(entry)
    return {firm_id: tuple(sorted(entries)) for firm_id, entries in found.items()}


def _plain_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    file = FirmFile(path, Catalogue({}))
    if not path.is_file():
        raise refuse(
            "policies.file.absent", f"没有文件 {path}", f"There is no file {path}", where=Where(file=str(path))
        )
    if path.suffix.lower() == ".json":
        yield from rows_of_json(path, by_day=False)
    elif path.suffix.lower() in (".jsonl", ".ndjson"):
        yield from rows_of_lines(path)
    elif is_parquet(path):
        for batch in file._parquet():
            yield from batch.to_pylist()
    else:
        with tempfile.TemporaryDirectory() as folder, closing(file._text(Path(folder))) as batches:
            for batch in batches:
                yield from batch.to_pylist()


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does."""
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def _no_id(file: str, record: int | None) -> Exception:
    return refuse(
        "policies.firms.no_id",
        "缺少企业标识 firm_id (或 uscc)",
        "The firm's identity is missing: firm_id (or uscc)",
        where=Where(file=file, record=record, column="firm_id"),
    )
