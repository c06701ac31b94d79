"""What the pool knows of enterprises: read from the entity tables and written back, the links last.

A resolution that breaks off before its links are written has happened for no reader of links; the next one finds the
rows that it left, makes the same ids and the same rows, and adds nothing twice.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from tulou.pool.core.identity.entity_tables import ENTERPRISE, ENTITY_TABLES, EVENT, IDENTIFIER, LINK, REVIEW
from tulou.pool.core.identity.matching import read_model
from tulou.pool.core.identity.model import Model
from tulou.pool.core.identity.observing import RESOLVED
from tulou.pool.core.lake import Lake

MODEL = "entity.model"
_POLARS: Mapping[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "DOUBLE": pl.Float64(),
    "DATE": pl.Date(),
    "TIMESTAMPTZ": pl.Datetime("us", "UTC"),
}
_KEYS: Mapping[str, tuple[str, ...]] = {
    ENTERPRISE: ("enterprise_id",),
    LINK: ("dataset", "subject_key"),
    EVENT: ("event_id",),
    REVIEW: ("review_id",),
    IDENTIFIER: ("enterprise_id", "kind", "value"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """The enterprises in being, their numbers and names, and what was decided about pairs."""

    enterprises: pl.DataFrame
    identifiers: pl.DataFrame
    reviews: pl.DataFrame
    retired: Mapping[str, str]
    """Where every retired enterprise has gone, at last."""


def schema_of(table: str) -> dict[str, pl.DataType]:
    """The Polars types of an entity table."""
    return {name: _POLARS[kind] for name, kind in ENTITY_TABLES[table].items()}


def read(lake: Lake, table: str, condition: str = "true", more: pl.DataFrame | None = None) -> pl.DataFrame:
    """The rows of an entity table; none where the pool has no such table yet.

    `condition` may speak of a relation `more`.
    """
    if table not in lake.tables():
        return pl.DataFrame(schema=schema_of(table))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        if more is not None:
            connection.register("more", more.to_arrow())
        columns = ", ".join(f'"{name}"' for name in ENTITY_TABLES[table])
        query = f"SELECT {columns} FROM {lake.relation(table)} AS t WHERE {condition}"
        frame = pl.from_arrow(connection.execute(query).to_arrow_table())
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a query answers a table")
    return frame.cast(schema_of(table))  # type: ignore[arg-type]


def known(lake: Lake) -> Known:
    """What is known before a resolution."""
    every = read(lake, ENTERPRISE)
    gone = dict(every.filter(pl.col("retired_into").is_not_null()).select("enterprise_id", "retired_into").iter_rows())
    retired = {name: _last(name, gone) for name in gone}
    return Known(
        every.filter(pl.col("retired_into").is_null()),
        _moved(read(lake, IDENTIFIER), retired),
        _moved(read(lake, REVIEW), retired),
        retired,
    )


def _last(name: str, gone: Mapping[str, str]) -> str:
    seen = {name}
    while name in gone and gone[name] not in seen:
        name = gone[name]
        seen.add(name)
    return name


def _moved(table: pl.DataFrame, retired: Mapping[str, str]) -> pl.DataFrame:
    """A table with retired enterprises replaced by those that took them over."""
    if not retired:
        return table
    return table.with_columns(pl.col("enterprise_id").replace(dict(retired)))


def links_of(lake: Lake, subjects: pl.DataFrame, retired: Mapping[str, str]) -> pl.DataFrame:
    """The links that the given subjects (dataset, subject_key) have already."""
    keys = subjects.select("dataset", "subject_key").unique()
    return _moved(
        read(lake, LINK, "(t.dataset, t.subject_key) IN (SELECT (dataset, subject_key) FROM more)", keys), retired
    )


def write(lake: Lake, table: str, rows: pl.DataFrame, *, changed: bool, about: Mapping[str, str] | None = None) -> None:
    """Add rows to an entity table, or with `changed` put them in the place of those with the same key."""
    if not len(rows) and about is None:
        return
    frame = rows.select(*(pl.col(name).cast(kind) for name, kind in schema_of(table).items()))
    operation = "merge" if changed and table in lake.tables() else "append"
    lake.write_derived(table, frame.to_arrow(), key=_KEYS[table], operation=operation, about=about)  # type: ignore[arg-type]


def fresh(lake: Lake, table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose key the table does not have yet."""
    key = list(_KEYS[table])
    there = read(
        lake,
        table,
        f"({', '.join(f't.{name}' for name in key)}) IN (SELECT ({', '.join(key)}) FROM more)",
        rows.select(key),
    )
    return rows.join(there.select(key), on=key, how="anti")


def about_versions(versions: Mapping[str, int]) -> dict[str, str]:
    """What a version of the links keeps of the versions that were read."""
    return {RESOLVED: json.dumps(dict(versions), sort_keys=True)}


def read_last_model(lake: Lake) -> tuple[Model, float] | None:
    """The model of the last resolution that estimated one, and its share of partners; None where there is none."""
    if MODEL not in lake.tables():
        return None
    with duckdb.connect() as connection:
        query = f"SELECT model FROM {lake.relation(MODEL)} ORDER BY estimated_at DESC LIMIT 1"
        row = connection.execute(query).fetchone()
    return read_model(row[0]) if row else None


def write_model(lake: Lake, document: str, now: dt.datetime) -> None:
    """Keep an estimated model."""
    table = pl.DataFrame(
        {"estimated_at": [now], "model": [document]},
        schema={"estimated_at": pl.Datetime("us", "UTC"), "model": pl.String},
    )
    lake.write_derived(MODEL, table.to_arrow(), operation="append")
