"""The profile's questions, asked over small tables."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tulou.pool.core.catalogue import contract_of, reference_catalogue
from tulou.pool.core.contract import Contract
from tulou.pool.core.identity import subject_key_sql
from tulou.pool.core.lake import quoted
from tulou.pool.core.profile.engines import DuckEngine
from tulou.pool.core.profile.expressions import record_table, settled, subject_key, subjects

CATALOGUE = reference_catalogue()
VALUES = [
    None, "", "  ", "91350203575017700A", " 91350203575017700a ", "91350203M0001WXB32", "57501770-0", "575017700",
    "000000000000000000", "111111111", "350203000000000012", "91350203000000000A", "A-1", "户号 00017", "x" * 81,
    "厦门市湖里区信息有限公司", "ＡＢ１２３４", "3502031990010112", "O'Neill | Co", "a|b", "\t91350203575017700A",
    "(2020)闽-12",
]  # fmt: skip


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckEngine]:
    folder: Path = tmp_path_factory.mktemp("duck")
    with DuckEngine.open(folder) as engine:
        yield engine


def keys(
    duck: DuckEngine, contract: Contract, rows: list[dict[str, str | None]]
) -> tuple[list[str | None], list[str | None]]:
    named = [column.name for column in contract.columns if column.key_role.value != "none"]
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in named})
    duck.connection.register("written", table)
    filled = ", ".join(
        f"CAST({quoted(c.name)} AS VARCHAR) AS {quoted(c.name)}" if c.name in named else f"NULL AS {quoted(c.name)}"
        for c in contract.columns
    )
    provenance = "NULL::VARCHAR AS _delivery_id, NULL::BIGINT AS _record_no, NULL::TIMESTAMPTZ AS _received_at"
    duck.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted(contract.dataset)} AS SELECT {filled}, {provenance} FROM written"
    )
    record = record_table(contract)
    ours = duck.fetch(record.select(key=subject_key(record, contract)))["key"].to_pylist()
    query = f"SELECT {subject_key_sql(contract)} FROM {quoted(contract.dataset)}"
    theirs = [row[0] for row in duck.connection.execute(query).fetchall()]
    return ours, theirs


TEXT_KEYS = [
    name
    for name in CATALOGUE.datasets
    if all(c.logical_type.value == "string" for c in contract_of(CATALOGUE, name).columns if c.key_role.value in
           {"uscc", "org_code", "reg_no", "tax_no", "local_id", "name", "address", "district"})
]  # fmt: skip


@pytest.mark.parametrize("dataset", TEXT_KEYS[::9])
def test_the_subject_key_is_the_one_of_identity_resolution(duck: DuckEngine, dataset: str) -> None:
    contract = contract_of(CATALOGUE, dataset)
    named = [column.name for column in contract.columns if column.key_role.value != "none"]
    rows = [
        {name: VALUES[(i * 7 + j * 3 + i // 5) % len(VALUES)] for j, name in enumerate(named)}
        for i in range(4 * len(VALUES))
    ]
    ours, theirs = keys(duck, contract, rows)
    assert ours == theirs
    assert any(ours)


REGISTRATION = contract_of(CATALOGUE, "tax_registration")
NAMED = [column.name for column in REGISTRATION.columns if column.key_role.value != "none"]


@pytest.fixture(scope="module")
def compiled(duck: DuckEngine) -> str:
    """Both keys of the tax register in one question, so that an example costs no compilation."""
    keys(duck, REGISTRATION, [dict.fromkeys(NAMED, "")])
    record = record_table(REGISTRATION)
    ours = duck.sql(record.select("_record_no", ours=subject_key(record, REGISTRATION)))
    theirs = f"SELECT _record_no, {subject_key_sql(REGISTRATION)} AS theirs FROM {REGISTRATION.dataset}"
    return f"SELECT ours, theirs FROM ({ours}) JOIN ({theirs}) USING (_record_no)"


@given(texts=st.lists(st.text(max_size=20), min_size=1, max_size=8))
def test_any_text_has_the_key_of_identity_resolution(duck: DuckEngine, compiled: str, texts: list[str]) -> None:
    clean = [text.replace("\x00", "").encode("utf-8", "ignore").decode() for text in texts]
    words = {name: pa.array(clean, pa.string()) for name in NAMED}
    others = {c.name: pa.nulls(len(clean), pa.string()) for c in REGISTRATION.columns if c.name not in NAMED}
    duck.connection.register("written_texts", pa.table(words | others))
    filled = ", ".join(f"{quoted(column.name)}" for column in REGISTRATION.columns)
    duck.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {REGISTRATION.dataset} AS SELECT {filled}, NULL::VARCHAR AS _delivery_id, "
        "row_number() OVER () AS _record_no, NULL::TIMESTAMPTZ AS _received_at FROM written_texts"
    )
    rows = duck.connection.execute(compiled).fetchall()
    assert len(rows) == len(clean)
    assert all(ours == theirs for ours, theirs in rows)


def test_a_firm_that_was_retired_twice_is_followed_to_the_end(tmp_path: Path) -> None:
    with DuckEngine.open(tmp_path) as engine:
        run = engine.connection.execute
        run("CREATE TABLE entity_link AS SELECT 'd' AS dataset, 'k' AS subject_key, 'e1' AS enterprise_id")
        run("CREATE TABLE entity_enterprise(enterprise_id VARCHAR, retired_into VARCHAR)")
        run("INSERT INTO entity_enterprise VALUES ('e1', 'e2'), ('e2', 'e3'), ('e3', NULL)")
        found = [engine.fetch(subjects(hops)).to_pylist()[0]["enterprise_id"] for hops in (1, 2, 3)]
    assert found == ["e2", "e3", "e3"]


@example([10_000_001, -10_000_000, 3, 7, -9], 4, random.Random(1))
@given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=40), st.integers(0, 4), st.randoms())
def test_a_sum_of_floats_does_not_depend_on_the_order_of_its_values(
    duck: DuckEngine, values: list[int], places: int, chance: random.Random
) -> None:
    floats = [value / 10**places for value in values]
    question = ibis.table({"x": "float64"}, name="floats").aggregate(total=lambda t: settled(t.x))
    answers = []
    for _ in range(3):
        chance.shuffle(floats)
        duck.connection.register("floats", pa.table({"x": pa.array(floats, pa.float64())}))
        answers.append(duck.fetch(question)["total"][0].as_py())
    assert len(set(answers)) == 1
    assert math.isclose(answers[0], math.fsum(floats), rel_tol=1e-11, abs_tol=1e-7)


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e300, math.inf, -1234567.891])
def test_any_float_has_a_sum(duck: DuckEngine, value: float) -> None:
    question = ibis.table({"x": "float64"}, name="one").aggregate(total=lambda t: settled(t.x))
    duck.connection.register("one", pa.table({"x": pa.array([value], pa.float64())}))
    assert math.isclose(duck.fetch(question)["total"][0].as_py(), value, rel_tol=1e-11, abs_tol=1e-300)
