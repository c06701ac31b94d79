"""One commit of a table: its schema, its properties and its files change together, or nothing does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.update import AddSchemaUpdate, AssertCurrentSchemaId, SetCurrentSchemaUpdate
from sqlalchemy.exc import IntegrityError

from tulou.pool.core.lake.datafile import entry_of

Identifier = tuple[str, str]

TABLE_PROPERTIES: Mapping[str, str] = {
    "format-version": "2",
    "write.metadata.delete-after-commit.enabled": "false",
    # A commit that lost a race must be planned anew by us: a merge that pyiceberg merely repeats would keep records
    # that the winner has replaced.
    "commit.retry.num-retries": "0",
}


def load(catalog: SqlCatalog, identifier: Identifier) -> Table | None:
    """The table as it is now, or None."""
    try:
        return catalog.load_table(identifier)
    except NoSuchTableError:
        return None


def publish(
    catalog: SqlCatalog,
    identifier: Identifier,
    table: Table | None,
    schema: Schema,
    *,
    location: str,
    removed: Sequence[DataFile] = (),
    added: Sequence[Path] = (),
    properties: Mapping[str, str],
    about: Mapping[str, str],
) -> int:
    """Take files out of `table`, put others in, and make its schema and `properties` those given; answers the snapshot.

    `table` is what the caller planned on (None: there was none, and `location` is where the new one lies); `about` is
    written into the snapshot. Raises
    CommitFailedException where somebody else has changed the table since: nothing happened then.
    """
    try:
        if table is None:
            with suppress(NamespaceAlreadyExistsError, IntegrityError):  # The latter where another was a moment faster.
                catalog.create_namespace(identifier[0])
            settings = {**TABLE_PROPERTIES, **properties}
            transaction: Transaction = catalog.create_table_transaction(
                identifier, schema, location=location, properties=settings
            )
        else:
            transaction = table.transaction()
            _change_schema(transaction, schema)
            changed = {name: value for name, value in properties.items() if table.properties.get(name) != value}
            if changed:
                transaction.set_properties(changed)
        with transaction:
            files = [entry_of(path, transaction.table_metadata.schema()) for path in added]
            update = transaction.update_snapshot(snapshot_properties=dict(about))
            with update.overwrite() if removed else update.fast_append() as producer:
                for data_file in removed:
                    producer.delete_data_file(data_file)
                for data_file in files:
                    producer.append_data_file(data_file)
    except TableAlreadyExistsError as error:
        raise CommitFailedException(str(error)) from error
    return producer.snapshot_id


def _change_schema(transaction: Transaction, schema: Schema) -> None:
    metadata = transaction.table_metadata
    current = metadata.schema()
    if current.fields == schema.fields:
        return
    number = max(known.schema_id for known in metadata.schemas) + 1
    transaction._apply(
        (AddSchemaUpdate(schema=Schema(*schema.fields, schema_id=number)), SetCurrentSchemaUpdate()),
        (AssertCurrentSchemaId.model_validate({"current-schema-id": current.schema_id}),),
    )
