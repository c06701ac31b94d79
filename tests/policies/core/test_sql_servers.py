"""The same rules on PostgreSQL and Spark, and the script of a query that can be run by hand."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from tests.policies.core import random_rules

from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.engine.script import sql_script
from tulou.policies.core.engine.sql import Compiled, compile_sql, ledger_of, members_of, relation_of
from tulou.policies.core.firms.facts import Firm, facts_from
from tulou.policies.core.firms.table import FirmTable, table_of
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.tree import Node
from tulou.policies.demo import demo_policies
from tulou.pool.core.profile.engines import SparkEngine

DAY = dt.date(2026, 6, 12)
POLICIES = demo_policies()
RULES = {policy.id: policy.rule for policy in POLICIES}


def some_firms() -> list[Firm]:
    """The firms of all examples: each policy's own true, false and unknown cases."""
    every = [example.firm for policy in POLICIES for example in policy.examples]
    return [Firm(f"F{i}", facts_from(row, POLICIES.catalogue)[0]) for i, row in enumerate(every)]


FIRMS = some_firms()
IDS = [firm.firm_id for firm in FIRMS]
TABLE: FirmTable = table_of(FIRMS, POLICIES.catalogue)


def expected() -> dict[str, list[str]]:
    bits = compile_policies(RULES, POLICIES.catalogue, DAY).match(TABLE)
    halves = [np.ascontiguousarray(words).view(np.uint8).reshape(len(IDS), -1) for words in (bits.sure, bits.possible)]
    sure, possible = (np.unpackbits(half, axis=1, count=len(RULES), bitorder="little") for half in halves)
    return {firm: ["FUT"[answer] for answer in row] for firm, row in zip(IDS, (sure + possible).tolist(), strict=True)}


def letters(rows: list[dict[str, Any]], size: int = len(RULES)) -> dict[str, list[str]]:
    return {
        row["firm_id"]: ["U" if row[f"p{i}"] is None else "T" if row[f"p{i}"] else "F" for i in range(size)]
        for row in rows
    }


def compiled() -> Compiled:
    firms = ibis.memtable(relation_of(IDS, TABLE, members_of(RULES)))
    return compile_sql(RULES, POLICIES.catalogue, DAY, firms, ibis.memtable(ledger_of(IDS, TABLE)))


def test_duckdb_answers_the_demonstration_as_the_tables_do() -> None:
    assert letters(ibis.duckdb.connect().to_pyarrow(compiled().expression).to_pylist()) == expected()


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "pyspark"])
def test_a_script_is_written_for_every_dialect(dialect: str) -> None:
    script = sql_script(POLICIES, DAY, dialect)
    assert "CREATE TABLE codes_region" in script
    assert f"-- p{len(RULES) - 1}:" in script


def test_a_script_runs_and_answers_the_same() -> None:
    connection = duckdb.connect()
    connection.register("firms_here", relation_of(IDS, TABLE, members_of(RULES)))
    connection.register("ledger_here", ledger_of(IDS, TABLE))
    connection.execute("CREATE TABLE firms AS FROM firms_here; CREATE TABLE ledger AS FROM ledger_here")
    *before, query = [part for part in sql_script(POLICIES, DAY, "duckdb").split(";\n") if part.strip()]
    for statement in before:
        connection.execute(statement)
    assert letters(connection.execute(query).to_arrow_table().to_pylist()) == expected()


@pytest.fixture
def postgres() -> Iterator[Any]:
    url = os.environ.get("TULOU_TEST_POSTGRES")
    if not url:
        pytest.skip("TULOU_TEST_POSTGRES names no server")
    connection = ibis.connect(url.replace("postgresql+psycopg", "postgres"))
    yield connection
    connection.disconnect()


@pytest.mark.postgres
def test_postgresql_answers_the_demonstration_as_the_tables_do(postgres: Any) -> None:
    assert letters(postgres.to_pyarrow(compiled().expression).to_pylist()) == expected()


@pytest.mark.postgres
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random_rules.rule_sets, random_rules.firms, random_rules.maybe_days)
def test_postgresql_answers_any_rule_as_the_walk_does(
    postgres: Any, rule_set: dict[str, Node], every: list[Firm], day: dt.date | None
) -> None:
    table, ids = table_of(every, random_rules.CATALOGUE), [firm.firm_id for firm in every]
    firms = ibis.memtable(relation_of(ids, table, members_of(rule_set)))
    asked = compile_sql(rule_set, random_rules.CATALOGUE, day, firms, ibis.memtable(ledger_of(ids, table)))
    found = letters(postgres.to_pyarrow(asked.expression).to_pylist(), len(rule_set))
    assert found == {
        firm.firm_id: [evaluate(rule, firm.facts, day, random_rules.CATALOGUE).truth for rule in rule_set.values()]
        for firm in every
    }


QUICK = {  # A few rows are answered faster by interpreting than by compiling.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@pytest.mark.spark
def test_spark_answers_the_demonstration_as_the_tables_do(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    some = {name: rule for i, (name, rule) in enumerate(RULES.items()) if i % 4 == 0 or "talent" in name}
    relations = {"firms": relation_of(IDS, TABLE, members_of(some)), "ledger": ledger_of(IDS, TABLE)}

    def look_up(attr: str, table: pa.Table) -> Any:
        relations[f"codes_{attr}"] = table
        return named(f"codes_{attr}")

    def named(name: str) -> Any:
        return ibis.table(ibis.memtable(relations[name]).schema(), name=name)

    question = compile_sql(some, POLICIES.catalogue, DAY, named("firms"), named("ledger"), look_up)
    with SparkEngine.open(tmp_path / "spark", settings=QUICK) as engine:
        for name, table in relations.items():
            pq.write_table(table, tmp_path / f"{name}.parquet")
            engine.session.read.parquet(str(tmp_path / f"{name}.parquet")).createOrReplaceTempView(name)
        found = letters(engine.fetch(question.expression).to_pylist(), len(some))
    places = [list(RULES).index(name) for name in some]
    assert found == {firm: [row[place] for place in places] for firm, row in expected().items()}
