"""The table `profile.enterprise`: the datasets' answers side by side, one row a firm and as-of date.

It is wide on purpose: a question over a few items of all firms reads those columns and no others (13 to 19 times faster
than a long table). A file holds rows of one as-of date only, so a build replaces its date by whole files.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from tulou.kernel.errors import refuse
from tulou.pool.core.lake import Lake, TableSchema, literal
from tulou.pool.core.lake.merging import Plan
from tulou.pool.core.lake.schema import DELIVERY_ID, RECEIVED_AT, Wanted, grown, iceberg_type_of, table_schema
from tulou.pool.core.lake.transaction import load
from tulou.pool.core.lake.versions import OPERATION
from tulou.pool.core.lake.writing import conformed
from tulou.pool.core.profile.expressions import PERIOD, RECORDS12
from tulou.pool.core.profile.features import SEPARATOR
from tulou.pool.core.profile.record import DatasetPart
from tulou.pool.core.profile.serving import FORMAT, ServingWriter

PROFILE = "profile.enterprise"
STORED, HEAD_JSON, AS_OF = "_stored", "_head", "as_of"
Report: TypeAlias = Callable[[str, int, int], None]

_CHUNK_CELLS, _FILE_CELLS, _PAGE_BYTES = 16_000_000, 300_000_000, 32 * 1024
_ATTEMPTS = 20
_PROPERTIES = {
    "write.metadata.metrics.default": "none",
    "write.metadata.metrics.column.as_of": "full",
    "write.metadata.metrics.column.enterprise_id": "full",
    "write.metadata.metrics.column.uscc": "full",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One dataset's answer: a file with one row a firm, in the order of the firms, and what its columns are."""

    about: DatasetPart
    path: Path

    @property
    def wide(self) -> dict[str, str]:
        """Column of the file by column of the table: where the values come from, and what identifies nobody."""
        origin = {"period": PERIOD, "delivery_id": DELIVERY_ID, "received_at": RECEIVED_AT, "records12": RECORDS12}
        found = {f"{self.about.dataset}{SEPARATOR}{name}": column for name, column in origin.items()}
        return found | {each.name: each.name for each in self.about.features if not each.identifying}


@dataclass(frozen=True, slots=True)
class Assembled:
    """What `assemble` made."""

    columns: int
    snapshot_id: int
    bytes: int


def assemble(
    lake: Lake,
    head: Path,
    parts: Sequence[Part],
    as_of: dt.date,
    folder: Path,
    serving: ServingWriter,
    report: Report,
) -> Assembled:
    """Read the answers side by side: write the table's rows for `as_of`, and give every firm's record to `serving`."""
    layout = _Layout.of(head, parts)
    table = load(lake.catalog, ("profile", "enterprise"))
    schema = _schema(table, layout, as_of)
    firms = pq.read_metadata(head).num_rows
    writer = _Writer(folder, layout, table_schema(schema), as_of)
    done = 0
    for chunk in layout.chunks():
        report(PROFILE, done, firms)
        writer.write(chunk)
        serving.add(done, chunk.heads(), chunk.bodies())
        done += chunk.rows
    report("", firms, firms)
    files = writer.finish()
    size = sum(path.stat().st_size for path in files)
    return Assembled(len(layout.columns) + 1, _commit(lake, layout, files, as_of, folder), size)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some firms: who they are, and their rows of every part's file."""

    head: pa.Table
    parts: Sequence[pa.Table]

    @property
    def rows(self) -> int:
        return int(self.head.num_rows)

    def heads(self) -> list[str]:
        return list(self.head[HEAD_JSON].to_pylist())

    def bodies(self) -> list[bytes]:
        """The JSON of the firms' records: a list of the form's number and the parts that say something."""
        stored = [part[STORED].combine_chunks() for part in self.parts]
        form = pa.repeat(pa.scalar(str(FORMAT)), self.rows)  # Arrow leaves out rows in which nothing is joined.
        inner = pc.binary_join_element_wise(form, *stored, ",", null_handling="skip")
        whole = pc.binary_join_element_wise("[", inner, "]", "")
        return list(whole.cast(pa.binary()).to_pylist())


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of the table, with the file and column that each comes from, and their types in DuckDB's words."""

    head: Path
    parts: Sequence[Part]
    columns: Mapping[str, str]

    @classmethod
    def of(cls, head: Path, parts: Sequence[Part]) -> _Layout:
        with duckdb.connect() as connection:
            kinds = {name: kind for name, kind in _described(connection, head) if name != HEAD_JSON}
            for part in parts:
                described = dict(_described(connection, part.path))
                kinds |= {name: described[column] for name, column in part.wide.items()}
        return cls(head, parts, kinds)

    @property
    def wanted(self) -> list[Wanted]:
        return [
            Wanted(AS_OF, iceberg_type_of("DATE", AS_OF)),
            *(Wanted(name, iceberg_type_of(kind, name)) for name, kind in self.columns.items()),
        ]

    def chunks(self) -> Iterator[_Chunk]:
        size = max(1_024, min(16_384, _CHUNK_CELLS // (len(self.columns) + 1)))
        streams = [_slices(part.path, [*dict.fromkeys(part.wide.values()), STORED], size) for part in self.parts]
        for head in _slices(self.head, None, size):
            yield _Chunk(head, [next(stream) for stream in streams])


class _Writer:
    """Writes chunks as Parquet with field ids, a bounded number of cells a file."""

    def __init__(self, folder: Path, layout: _Layout, schema: TableSchema, as_of: dt.date) -> None:
        self._folder, self._layout, self._as_of = folder, layout, as_of
        fields = [field for field in schema.fields if field.name in layout.columns or field.name == AS_OF]
        self._arrow = pa.schema(
            [
                pa.field(field.name, _arrow_type(field.duckdb_type), metadata={"PARQUET:field_id": str(field.field_id)})
                for field in fields
            ]
        )
        self._file_rows = max(8_192, _FILE_CELLS // len(fields))
        self._files: list[Path] = []
        self._open: pq.ParquetWriter | None = None
        self._rows = 0

    def write(self, chunk: _Chunk) -> None:
        if self._open is None:
            self._files.append(self._folder / f"profile-{len(self._files)}.parquet")
            self._open = pq.ParquetWriter(
                self._files[-1],
                self._arrow,
                compression="zstd",
                data_page_size=_PAGE_BYTES,
                use_dictionary=[f.name for f in self._arrow if pa.types.is_string(f.type)],
                write_statistics=[name for name in (AS_OF, "enterprise_id", "uscc") if name in self._arrow.names],
            )
        self._open.write_batch(self._batch(chunk), row_group_size=self._file_rows)
        self._rows += chunk.rows
        if self._rows >= self._file_rows:
            self._close()

    def finish(self) -> list[Path]:
        self._close()
        return self._files

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open, self._rows = None, 0

    def _batch(self, chunk: _Chunk) -> pa.RecordBatch:
        columns = {name: chunk.head[name] for name in chunk.head.column_names if name != HEAD_JSON}
        columns[AS_OF] = pa.chunked_array([pa.repeat(pa.scalar(self._as_of, pa.date32()), chunk.rows)])
        for part, rows in zip(self._layout.parts, chunk.parts, strict=True):
            columns |= {name: rows[column] for name, column in part.wide.items()}
        arrays = [columns[field.name].combine_chunks().cast(field.type) for field in self._arrow]
        return pa.record_batch(arrays, schema=self._arrow)


def _schema(table: Table | None, layout: _Layout, as_of: dt.date) -> Schema:
    """The table's schema after the build; where no other date stays, columns that are not brought any more go."""
    if table is None:
        return grown(None, 0, layout.wanted, table=PROFILE)
    others = any(True for _ in table.scan(row_filter=f"{AS_OF} != '{as_of}'").plan_files())
    return grown(table.schema(), table.metadata.last_column_id, layout.wanted, table=PROFILE, anew=not others)


def _commit(lake: Lake, layout: _Layout, files: Sequence[Path], as_of: dt.date, folder: Path) -> int:
    identifier = ("profile", "enterprise")
    with lake.lock(PROFILE):
        for _ in range(_ATTEMPTS):
            table = load(lake.catalog, identifier)
            schema = _schema(table, layout, as_of)
            files = lake.settled(identifier, conformed(files, table_schema(schema), folder))
            removed = []
            if table is not None:
                filtered = table.scan(row_filter=f"{AS_OF} = '{as_of}'")
                removed = [task.file for task in filtered.plan_files()]
            about = {OPERATION: "replace", "tulou.as-of": as_of.isoformat()}
            with contextlib.suppress(CommitFailedException):
                return lake.put(identifier, table, schema, Plan(files, removed), _PROPERTIES, about)
    raise refuse("lake.busy", f"{PROFILE} 正被频繁写入", f"{PROFILE} is being written all the time")


def _slices(path: Path, columns: Sequence[str] | None, size: int) -> Iterator[pa.Table]:
    """The rows of a file, `size` at a time."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in pq.ParquetFile(path).iter_batches(batch_size=size, columns=columns):
        rest = batch
        while rest.num_rows:
            part = rest.slice(0, size - count)
            held.append(part)
            rest = rest.slice(part.num_rows)
            count += part.num_rows
            if count == size:
                yield pa.Table.from_batches(held)
                held, count = [], 0
    if held:
        yield pa.Table.from_batches(held)


def _described(connection: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, str]]:
    rows = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})").fetchall()
    return [(name, str(kind)) for name, kind, *_ in rows]


_ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    "TIMESTAMP": pa.timestamp("us"),
    "DOUBLE": pa.float64(),
    "FLOAT": pa.float32(),
}


def _arrow_type(duckdb_type: str) -> pa.DataType:
    if match := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", duckdb_type):
        return pa.decimal128(int(match[1]), int(match[2]))
    return _ARROW[duckdb_type]
