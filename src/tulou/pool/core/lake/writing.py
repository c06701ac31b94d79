"""Parquet with field ids, written by DuckDB within bounds of memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tulou.pool.core.lake.schema import TableSchema, literal, quoted, written_ids

MEMORY = "1GB"
THREADS = 2
PARQUET = "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2"


@contextmanager
def engine(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection that spills into `folder` rather than grow."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "threads": THREADS,
        "temp_directory": str(folder / "spill"),
    }
    with duckdb.connect(config=config) as connection:
        yield connection


def copy_out(connection: duckdb.DuckDBPyConnection, query: str, schema: TableSchema, folder: Path) -> list[Path]:
    """Write what `query` answers as one file in `folder`, columns and types as in `schema`; no file where it is empty.

    Columns of the schema that the query does not answer are left out: a reader finds them empty.
    """
    path = folder / f"{uuid.uuid4().hex}.parquet"
    brought = {row[0] for row in connection.execute(f"DESCRIBE {query}").fetchall()}
    columns = [field for field in schema.fields if field.name in brought]
    names = ", ".join(f"{quoted(field.name)}::{field.duckdb_type} AS {quoted(field.name)}" for field in columns)
    ids = ", ".join(f"{quoted(field.name)}: {field.field_id}" for field in columns)
    ((rows,),) = connection.execute(
        f"COPY (SELECT {names} FROM ({query})) TO {literal(str(path))} ({PARQUET}, FIELD_IDS {{{ids}}})"
    ).fetchall()
    if rows == 0:
        path.unlink(missing_ok=True)
        return []
    return [path]


def conformed(files: Sequence[Path], schema: TableSchema, folder: Path) -> list[Path]:
    """The files, those written anew whose field ids are not the schema's.

    A file is written while others may still change the table: where a column has got another id meanwhile (or its
    writer gave none) its values would be read as empty.
    """
    known = schema.field_ids
    found: list[Path] = []
    for path in files:
        if all(known.get(name) == number for name, number in written_ids(path).items()):
            found.append(path)
            continue
        with engine(folder) as connection:
            found += copy_out(connection, f"SELECT * FROM read_parquet({literal(str(path))})", schema, folder)
    return found
