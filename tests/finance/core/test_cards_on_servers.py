"""The SQL of scorecards on PostgreSQL and Spark gives the same whole scores."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, seed, settings
from tests.finance.core.card_tables import arrow
from tests.finance.core.random_cards import STORAGE, Row, cards

from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.scalar import score
from tulou.finance.core.sql import to_sql
from tulou.pool.core.profile.engines import SparkEngine

Case = tuple[Scorecard, dict[str, str], list[Row]]
POSTGRES_TYPES = {
    "number": "double precision",
    "code": "double precision",
    "decimal": "numeric(18, 4)",
    "boolean": "boolean",
    "date": "date",
}
QUICK = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@pytest.fixture
def postgres() -> Iterator[Any]:
    url = os.environ.get("TULOU_TEST_POSTGRES")
    if not url:
        pytest.skip("TULOU_TEST_POSTGRES names no server")
    import psycopg

    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        yield connection


@pytest.mark.postgres
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cards())
def test_postgresql_scores_as_the_rows_do(postgres: Any, case: Case) -> None:
    artefact, kinds, rows = case
    names = ", ".join(f'"{name}" {POSTGRES_TYPES.get(kind, "text")}' for name, kind in kinds.items())
    marks = ", ".join(["%s"] * (len(kinds) + 1))
    with postgres.transaction(force_rollback=True), postgres.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE firms_of_a_test (place int, {names})")
        cursor.executemany(
            f"INSERT INTO firms_of_a_test VALUES ({marks})",
            [(place, *(row[name] for name in kinds)) for place, row in enumerate(rows)],
        )
        storage = {name: STORAGE[kind] for name, kind in kinds.items()}
        query = to_sql(artefact, "postgres", table="firms_of_a_test", keep=["place"], storage=storage)
        found = cursor.execute(f"{query} ORDER BY place").fetchall()
    assert [row[1] for row in found] == [score(artefact, row) for row in rows]
    for _, points, chance in found:
        assert chance == pytest.approx(artefact.calibration.probability(points), rel=1e-12)


def some_cases(count: int) -> list[Case]:
    """A few random cards with their rows, the same in every run."""
    found: list[Case] = []

    @seed(20200922)
    @settings(max_examples=count * 6, database=None, suppress_health_check=list(HealthCheck))
    @given(cards())
    def gather(case: Case) -> None:
        found.append(case)

    gather()
    rich = sorted(found, key=lambda case: -len(case[0].features) * len(case[2]))[: count * 2]
    return random.Random(7).sample(rich, min(count, len(rich)))


@pytest.mark.spark
def test_spark_scores_as_the_rows_do(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    with SparkEngine.open(tmp_path / "spark", settings=QUICK) as engine:
        for number, (artefact, kinds, rows) in enumerate(some_cases(2)):
            path = tmp_path / f"firms_{number}.parquet"
            pq.write_table(arrow(rows, kinds), path)
            engine.session.read.parquet(str(path)).createOrReplaceTempView(f"firms_{number}")
            storage = {name: STORAGE[kind] for name, kind in kinds.items()}
            query = to_sql(artefact, "spark", table=f"firms_{number}", keep=["place"], storage=storage)
            engine.session.sql(query).write.parquet(str(tmp_path / f"scores_{number}"))
            found = pq.read_table(tmp_path / f"scores_{number}").sort_by("place")
            assert found.column("score").to_pylist() == [score(artefact, row) for row in rows]
