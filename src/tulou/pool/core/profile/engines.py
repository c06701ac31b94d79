"""The two engines that answer portable expressions over the lake's files, both reading columns by field id.

DuckDB is always there. Spark needs the extra `spark` and Java 17, is imported only when it is asked for, and reads the
same Parquet files without a jar: every field of its schema carries the Iceberg field id.
"""

from __future__ import annotations

import gc
import importlib
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import duckdb
import ibis
import pyarrow as pa

from tulou.kernel.errors import Text, wrong_use
from tulou.pool.core.lake import DataFiles, Field, TableSchema, literal, quoted

Expression: TypeAlias = Any


class Engine(Protocol):
    """What a profile needs of an engine."""

    def see(self, name: str, files: DataFiles) -> None:
        """Make one version of a table visible under `name`."""

    def keep(self, name: str, expression: Expression) -> int:
        """Compute `expression` once and keep it as the table `name`; answers its number of rows."""

    def fetch(self, expression: Expression) -> pa.Table:
        """What `expression` answers."""


class DuckEngine:
    """DuckDB, in the process."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        connection.execute("SET TimeZone = 'UTC'")

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, memory: str = "1500MB", threads: int = 2) -> Iterator[DuckEngine]:
        """An engine that spills into `folder` rather than grow."""
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(folder / "spill"),
        }
        with duckdb.connect(config=config) as connection:
            yield cls(connection)

    def see(self, name: str, files: DataFiles) -> None:
        """Make one version of a table visible under `name`."""
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS SELECT * FROM {files.duckdb()}")

    def keep(self, name: str, expression: Expression) -> int:
        """Compute `expression` once and keep it as the table `name`; answers its number of rows."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {self.sql(expression)}")
        ((rows,),) = self.connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchall()
        return int(rows)

    def fetch(self, expression: Expression) -> pa.Table:
        """What `expression` answers."""
        return self.connection.execute(self.sql(expression)).to_arrow_table()

    @staticmethod
    def sql(expression: Expression) -> str:
        """The expression in DuckDB's SQL."""
        return str(ibis.to_sql(expression, dialect="duckdb"))


class SparkEngine:
    """Apache Spark over the same files."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self._types = importlib.import_module("pyspark.sql.types")
        _ = ibis.pyspark  # Loads the options that its compiler reads.

    @classmethod
    @contextmanager
    def open(
        cls, folder: Path, *, cores: int = 2, settings: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[SparkEngine]:
        """A local session with Spark's settings as given; raises WrongUse where the extra is not installed."""
        session = _local_session(folder, cores, settings)
        try:
            yield cls(session)
        finally:
            _stop(session)

    def see(self, name: str, files: DataFiles) -> None:
        """Make one version of a table visible under `name`."""
        schema = self._schema(files.schema)
        if files.paths:
            frame = self.session.read.schema(schema).parquet(*(str(path) for path in files.paths))
        else:
            frame = self.session.createDataFrame([], schema)
        frame.createOrReplaceTempView(name)

    def keep(self, name: str, expression: Expression) -> int:
        """Compute `expression` once and keep it as the table `name`; answers its number of rows."""
        frame = self.session.sql(self.sql(expression)).cache()
        rows = int(frame.count())
        frame.createOrReplaceTempView(name)
        return rows

    def fetch(self, expression: Expression) -> pa.Table:
        """What `expression` answers."""
        with _sockets_left_open():
            return self.session.sql(self.sql(expression)).toArrow()

    @staticmethod
    def sql(expression: Expression) -> str:
        """The expression in Spark's SQL."""
        return str(ibis.to_sql(expression, dialect="pyspark"))

    def _schema(self, schema: TableSchema) -> Any:
        return self._types.StructType([self._field(field) for field in schema.fields])

    def _field(self, field: Field) -> Any:
        kind = _spark_type(self._types, field.duckdb_type)
        return self._types.StructField(field.name, kind, True, {"parquet.field.id": field.field_id})


_SPARK_TYPES: Mapping[str, str] = {
    "VARCHAR": "StringType",
    "BIGINT": "LongType",
    "INTEGER": "IntegerType",
    "BOOLEAN": "BooleanType",
    "DATE": "DateType",
    "TIMESTAMPTZ": "TimestampType",
    "TIMESTAMP": "TimestampNTZType",
    "DOUBLE": "DoubleType",
    "FLOAT": "FloatType",
    "BLOB": "BinaryType",
}


def _spark_type(types: Any, duckdb_type: str) -> Any:
    if match := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", duckdb_type):
        return types.DecimalType(int(match[1]), int(match[2]))
    return getattr(types, _SPARK_TYPES[duckdb_type])()


def _local_session(folder: Path, cores: int, wished: Mapping[str, str]) -> Any:
    try:
        spark = importlib.import_module("pyspark.sql").SparkSession
    except ImportError:
        raise wrong_use(
            "engine.no_spark",
            "没有安装 Spark",
            "Spark is not installed",
            remedy=Text(zh="pip install 'tulou[spark]', 并安装 Java 17", en="pip install 'tulou[spark]', and Java 17"),
        ) from None
    settings: dict[str, str] = {
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.parquet.fieldId.read.enabled": "true",
        "spark.sql.parquet.fieldId.read.ignoreMissing": "true",
        "spark.sql.shuffle.partitions": str(cores),
        "spark.default.parallelism": str(cores),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "spark"),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.log.level": "ERROR",
        "spark.ui.showConsoleProgress": "false",
        **wished,
    }
    builder = spark.builder.master(f"local[{cores}]").appName("tulou")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _stop(session: Any) -> None:
    """Stop the session and the Java process behind it, which Spark would keep for the life of this one."""
    context = session.sparkContext
    gateway, kind = context._gateway, type(context)
    with _sockets_left_open():
        session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
        kind._gateway = kind._jvm = None


@contextmanager
def _sockets_left_open() -> Iterator[None]:
    """Collect the sockets that Spark opens to its Java process and never closes, without the warning that they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


def empty_files(name: str, columns: Mapping[str, str]) -> DataFiles:
    """A table without records, for what a pool does not have yet."""
    fields = tuple(Field(number, column, kind) for number, (column, kind) in enumerate(columns.items(), 1))
    return DataFiles(name, None, (), TableSchema(fields))


def parquet_of(paths: tuple[Path, ...]) -> str:
    """SQL text by which DuckDB reads files by the names of their columns."""
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}])"
