"""The Iceberg SQL catalog of a pool: SQLite beside the files, or any database that SQLAlchemy reaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.pool import NullPool

BUSY_SECONDS = 60


def open_catalog(root: Path, uri: str | None) -> SqlCatalog:
    """The catalog of the pool in `root`, whose tables are there already.

    With SQLite every commit is synced before it is acknowledged (write-ahead log, synchronous=FULL): in the default
    journal mode a power cut can take back a commit whose journal's removal was not yet durable.
    """
    address = uri or f"sqlite:///{root / 'catalog.db'}"
    catalog = SqlCatalog(
        "tulou",
        **{
            "uri": address,
            "warehouse": str(root / "lake"),
            "py-io-impl": "tulou.pool.core.lake.durable.DurableFileIO",
            "init_catalog_tables": "false",
        },
    )
    catalog.engine.dispose()
    catalog.engine = _engine(address)
    return catalog


def table_heads(catalog: SqlCatalog) -> dict[tuple[str, str], str]:
    """Where the newest metadata of every table lies, by namespace and name: one statement, no metadata is read."""
    rows = select(IcebergTables.table_namespace, IcebergTables.table_name, IcebergTables.metadata_location)
    with catalog.engine.connect() as connection:
        found = connection.execute(rows.where(IcebergTables.catalog_name == catalog.name))
        return {(namespace, name): location for namespace, name, location in found if location}


def _engine(address: str) -> Engine:
    if not address.startswith("sqlite"):
        return create_engine(address, pool_pre_ping=True, pool_size=2)
    engine = create_engine(address, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def make_durable(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine
