"""A DuckDB connection for a short question to files, at hand."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from tulou.pool.core.lake.writing import MEMORY, THREADS


@contextmanager
def at_hand() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to an empty database in memory that the process keeps: opening one costs more than most questions.

    Nothing of what is read stays in it. A fault of DuckDB's own spoils the database: the next question gets a new one.
    """
    try:
        with _database().cursor() as connection:
            yield connection
    except (duckdb.FatalException, duckdb.InternalException):
        _database.cache_clear()
        raise


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "threads": THREADS,
            "temp_directory": str(Path(tempfile.gettempdir()) / "tulou-questions"),
            "enable_external_file_cache": False,
        }
    )
