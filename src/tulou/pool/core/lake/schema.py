"""From a contract (or any relation) to an Iceberg schema, and from field ids to what DuckDB and Spark read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
)

from tulou.kernel.errors import Text, refuse
from tulou.pool.core.contract import Column, Contract, LogicalType

DELIVERY_ID, RECORD_NO, RECEIVED_AT = "_delivery_id", "_record_no", "_received_at"
PROVENANCE: Mapping[str, IcebergType] = {
    DELIVERY_ID: StringType(),
    RECORD_NO: LongType(),
    RECEIVED_AT: TimestamptzType(),
}
"""The columns that every table of departments' data carries beside the contract's."""

_PLAIN: Mapping[LogicalType, IcebergType] = {
    LogicalType.STRING: StringType(),
    LogicalType.INTEGER: LongType(),
    LogicalType.BOOLEAN: BooleanType(),
    LogicalType.DATE: DateType(),
    LogicalType.PERIOD: DateType(),
    LogicalType.TIMESTAMP: TimestamptzType(),
}
_DUCKDB = {
    "string": "VARCHAR",
    "long": "BIGINT",
    "int": "INTEGER",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamptz": "TIMESTAMPTZ",
    "timestamp": "TIMESTAMP",
    "double": "DOUBLE",
    "float": "FLOAT",
    "binary": "BLOB",
}
_FROM_DUCKDB: Mapping[str, IcebergType] = {
    "VARCHAR": StringType(),
    "UUID": StringType(),
    "BIGINT": LongType(),
    "UINTEGER": LongType(),
    "UBIGINT": DecimalType(20, 0),
    "HUGEINT": DecimalType(38, 0),
    "INTEGER": IntegerType(),
    "SMALLINT": IntegerType(),
    "TINYINT": IntegerType(),
    "USMALLINT": IntegerType(),
    "UTINYINT": IntegerType(),
    "BOOLEAN": BooleanType(),
    "DATE": DateType(),
    "TIMESTAMP WITH TIME ZONE": TimestamptzType(),
    "TIMESTAMP": TimestampType(),
    "TIMESTAMP_NS": TimestampType(),
    "TIMESTAMP_MS": TimestampType(),
    "TIMESTAMP_S": TimestampType(),
    "DOUBLE": DoubleType(),
    "FLOAT": FloatType(),
    "BLOB": BinaryType(),
}
_WIDER = {("int", "long"), ("float", "double")}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table: its Iceberg field id, its name today and its type in DuckDB's words."""

    field_id: int
    name: str
    duckdb_type: str


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of a table, in order."""

    fields: tuple[Field, ...]

    @property
    def field_ids(self) -> dict[str, int]:
        """Field id by column name; what a writer gives to `COPY ... (FIELD_IDS ...)`."""
        return {field.name: field.field_id for field in self.fields}

    @property
    def duckdb_types(self) -> dict[str, str]:
        """DuckDB type by column name."""
        return {field.name: field.duckdb_type for field in self.fields}

    def copy_options(self) -> str:
        """The `FIELD_IDS` option of a DuckDB COPY to Parquet."""
        pairs = ", ".join(f"{quoted(field.name)}: {field.field_id}" for field in self.fields)
        return f"FIELD_IDS {{{pairs}}}"


@dataclass(frozen=True, slots=True)
class DataFiles:
    """The files of one version of a table, with the columns by field id: what an engine needs to read it."""

    dataset: str
    snapshot_id: int | None
    paths: tuple[Path, ...]
    schema: TableSchema

    def duckdb(self) -> str:
        """SQL text of a relation that DuckDB reads by field id; an empty relation where there are no files."""
        if not self.paths:
            empty = ", ".join(f"NULL::{field.duckdb_type} AS {quoted(field.name)}" for field in self.schema.fields)
            return f"(SELECT {empty} WHERE false)"
        files = ", ".join(literal(str(path)) for path in self.paths)
        columns = ", ".join(
            f"{field.field_id}: {{name: {literal(field.name)}, type: {literal(field.duckdb_type)}, "
            "default_value: NULL}"
            for field in self.schema.fields
        )
        return f"read_parquet([{files}], schema=MAP {{{columns}}})"


def quoted(name: str) -> str:
    """A name as an SQL identifier.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A string as an SQL literal.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def iceberg_type(column: Column) -> IcebergType:
    """The Iceberg type of a contract's column: numbers with a precision are decimals, without one doubles."""
    if column.logical_type is LogicalType.NUMBER:
        if column.precision is None:
            return DoubleType()
        return DecimalType(column.precision, column.scale or 0)
    return _PLAIN[column.logical_type]


def duckdb_type(kind: IcebergType) -> str:
    """The DuckDB type that reads an Iceberg type."""
    if isinstance(kind, DecimalType):
        return f"DECIMAL({kind.precision},{kind.scale})"
    return _DUCKDB[str(kind)]


def iceberg_type_of(kind: str, column: str) -> IcebergType:
    """The Iceberg type that keeps a DuckDB type. Raises Refused for nested types, which no table of ours holds."""
    if kind.startswith("DECIMAL("):
        precision, scale = kind.removeprefix("DECIMAL(").removesuffix(")").split(",")
        return DecimalType(int(precision), int(scale))
    if kind.startswith("ENUM("):
        return StringType()
    try:
        return _FROM_DUCKDB[kind]
    except KeyError:
        raise refuse(
            "schema.nested",
            f"列 {column} 的类型 {kind} 不能入湖",
            f"Column {column} has the type {kind}, which the lake does not hold",
            remedy=Text(zh="请拆成多列, 或写成 JSON 文本", en="Split it into columns, or write it as JSON text"),
        ) from None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that a writer brings: its name, type and the code of its item, by which a renamed column is known."""

    name: str
    kind: IcebergType
    code: str | None = None


def columns_of(contract: Contract) -> list[Wanted]:
    """The contract's columns, then the provenance that every table of departments' data carries."""
    return [
        *(Wanted(column.name, iceberg_type(column), column.item_code) for column in contract.columns),
        *(Wanted(name, kind) for name, kind in PROVENANCE.items()),
    ]


def grown(current: Schema | None, last_id: int, wanted: Sequence[Wanted], *, table: str, anew: bool = False) -> Schema:
    """The schema of a table after a writer has brought the `wanted` columns.

    New columns get the next ids, a column with a known code and a new name keeps its id, types may become wider.
    Columns that are no longer brought stay, as history. With `anew` (all content is replaced) they go, and a column of
    another type is a new one. Raises Refused where a type would have to become narrower or another one.
    """
    if current is None:
        return Schema(*(_field(number, column) for number, column in enumerate(wanted, 1)))
    by_name = {field.name: field for field in current.fields}
    by_code = {field.doc: field for field in current.fields if field.doc}
    names = {column.name for column in wanted}
    kept: dict[int, NestedField] = {}
    new: list[NestedField] = []
    for column in wanted:
        field = by_name.get(column.name)
        if field is None and (known := by_code.get(column.code or "")) is not None and known.name not in names:
            field = known
        if field is not None and anew and not _holds(field.field_type, column.kind):
            field = None
        if field is None:
            last_id += 1
            new.append(_field(last_id, column))
        else:
            kept[field.field_id] = _field(
                field.field_id, Wanted(column.name, _wider(table, field, column), column.code)
            )
    old = [kept.get(field.field_id, field) for field in current.fields if field.field_id in kept or not anew]
    return Schema(*old, *new)


def _field(number: int, column: Wanted) -> NestedField:
    return NestedField(number, column.name, column.kind, required=False, doc=column.code)


def _holds(old: IcebergType, new: IcebergType) -> bool:
    return old == new or _may_widen(old, new) or _may_widen(new, old)


def _may_widen(old: IcebergType, new: IcebergType) -> bool:
    if isinstance(old, DecimalType) and isinstance(new, DecimalType):
        return old.scale == new.scale and new.precision > old.precision
    return (str(old), str(new)) in _WIDER


def _wider(table: str, field: NestedField, column: Wanted) -> IcebergType:
    """The wider of the two types; a writer that brings the narrower one is cast."""
    old, new = field.field_type, column.kind
    if old == new or _may_widen(new, old):
        return old
    if _may_widen(old, new):
        return new
    raise refuse(
        "schema.incompatible",
        f"数据集 {table} 的列 {column.name} 不能从 {old} 改为 {new}",
        f"Column {column.name} of {table} cannot change from {old} to {new}",
        remedy=Text(
            zh="请用新的列名登记新的数据项, 或保持原类型",
            en="Register a new item under a new name, or keep the type",
        ),
    )


def table_schema(schema: Schema) -> TableSchema:
    """What readers and writers need of an Iceberg schema."""
    return TableSchema(
        tuple(Field(field.field_id, field.name, duckdb_type(field.field_type)) for field in schema.fields)
    )


def written_ids(path: Path) -> dict[str, int | None]:
    """The field id of each column of a Parquet file; None where its writer gave no id."""
    ids = {field.name: (field.metadata or {}).get(b"PARQUET:field_id") for field in pq.read_schema(path)}
    return {name: None if number is None else int(number) for name, number in ids.items()}
