"""One question, two engines, one answer: every profile question on DuckDB and on Spark over the same Iceberg files."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from tulou.kernel.errors import WrongUse
from tulou.pool.core.contract import Contract
from tulou.pool.core.lake import DataFiles, Lake
from tulou.pool.core.profile.asof import known_files
from tulou.pool.core.profile.build import last_period
from tulou.pool.core.profile.engines import DuckEngine, Engine, SparkEngine, empty_files
from tulou.pool.core.profile.expressions import (
    ENTERPRISE,
    LINK,
    STANDING,
    SUBJECT,
    profile_rows,
    standing,
    standing_copies,
    standing_table,
    subjects,
    window_of,
)
from tulou.pool.core.profile.portable import check_portable

AS_OF = dt.date(2024, 7, 31)


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckEngine]:
    with DuckEngine.open(tmp_path_factory.mktemp("duck")) as engine:
        yield engine


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    pytest.importorskip("pyspark")
    settings = {  # A few rows are answered faster by interpreting than by compiling.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    with SparkEngine.open(tmp_path_factory.mktemp("spark"), settings=settings) as engine:
        yield engine


def rows(table: pa.Table) -> list[dict[str, Any]]:
    def plain(value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return value

    found = [{name: plain(value) for name, value in row.items()} for row in table.to_pylist()]
    return sorted(found, key=lambda row: repr(list(row.items())))


def see_identities(engine: Engine, lake: Lake) -> None:
    engine.see(LINK, lake.plan("entity.link"))
    engine.see(ENTERPRISE, lake.plan("entity.enterprise"))


def answer(engine: Engine, contract: Contract, files: DataFiles, last: dt.date | None) -> list[list[dict[str, Any]]]:
    """Steps 2 and 3 of a dataset on an engine that has kept step 1."""
    engine.see(contract.dataset, files)
    engine.keep(STANDING, standing(contract, AS_OF))
    copies = bool(engine.fetch(standing_copies())["copies"][0].as_py())
    expression = profile_rows(contract, AS_OF, window_of(contract, AS_OF, last), copies=copies)
    return [rows(engine.fetch(standing_table())), rows(engine.fetch(expression))]


@pytest.mark.spark
def test_every_question_of_the_profile_has_the_same_answer_on_both_engines(
    small_pool: Lake, duck: DuckEngine, spark: SparkEngine
) -> None:
    for engine in (duck, spark):
        see_identities(engine, small_pool)
    assert rows(duck.fetch(subjects(1))) == rows(spark.fetch(subjects(1)))
    assert duck.keep(SUBJECT, subjects(1)) == spark.keep(SUBJECT, subjects(1)) > 0
    for dataset in small_pool.datasets():
        contract = small_pool.contract(dataset)
        files = known_files(small_pool, dataset, AS_OF)
        last = last_period(duck, files.duckdb(), contract, AS_OF)
        ours, theirs = answer(duck, contract, files, last), answer(spark, contract, files, last)
        assert ours == theirs, dataset
        assert ours[1], dataset


@pytest.mark.spark
def test_a_renamed_column_is_read_by_its_field_id_on_both_engines(
    tmp_path: Path, duck: DuckEngine, spark: SparkEngine
) -> None:
    lake = Lake.create(tmp_path / "pool")
    lake.write_derived("profile.sample", pa.table({"id": ["a"], "old": pa.array([1], pa.int64())}), operation="append")
    table = lake.table("profile.sample")
    with table.update_schema() as update:
        update.rename_column("old", "new")
    lake.write_derived("profile.sample", pa.table({"id": ["b"], "new": pa.array([2], pa.int64())}), operation="append")
    question = check_portable(ibis.table({"id": "string", "new": "int64"}, name="sample"))
    for engine in (duck, spark):
        engine.see("sample", lake.plan("profile.sample"))
        assert rows(engine.fetch(question)) == [{"id": "a", "new": 1}, {"id": "b", "new": 2}]


@pytest.mark.spark
def test_a_table_without_files_is_empty_on_both_engines(duck: DuckEngine, spark: SparkEngine) -> None:
    columns = {"id": "VARCHAR", "amount": "DECIMAL(14,2)", "seen": "TIMESTAMPTZ", "day": "DATE", "yes": "BOOLEAN"}
    question = ibis.table({"id": "string", "amount": "decimal(14, 2)"}, name="nothing").aggregate(
        n=lambda t: t.count(), total=lambda t: t.amount.sum()
    )
    for engine in (duck, spark):
        engine.see("nothing", empty_files("nothing", columns))
        assert rows(engine.fetch(question)) == [{"n": 0, "total": None}]


def test_without_the_extra_spark_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(WrongUse, match=r"engine\.no_spark"), SparkEngine.open(tmp_path):
        pass


def test_duckdb_reads_a_dataset_as_it_was(small_pool: Lake, duck: DuckEngine) -> None:
    early = known_files(small_pool, "power_monthly", dt.date(2022, 9, 9))
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT count(*) FROM {early.duckdb()}").fetchone() == (2,)
    assert known_files(small_pool, "power_monthly", dt.date(2022, 7, 1)).paths == ()
