"""The model: estimated without training data, and the same in Splink as here."""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl
import pytest
from benchmarks import _dirty_firms
from hypothesis import given, settings
from hypothesis import strategies as st

from tulou.kernel.errors import Text
from tulou.pool.core.identity.comparison import Comparison, Distance, Level
from tulou.pool.core.identity.distances import teach
from tulou.pool.core.identity.firm_scheme import firm_scheme
from tulou.pool.core.identity.firms import prepare_firms
from tulou.pool.core.identity.linkage import Linked, link
from tulou.pool.core.identity.model import Model, Patterns, assumed, estimate

ROLES = ("name", "address", "phone", "person", "established")


def comparison(name: str, levels: int) -> Comparison:
    text = Text(zh=name, en=name)
    made = tuple(Level(text, f"{name}_l = {name}_r + {n}", 0.1**n, 0.1 ** (levels - n)) for n in range(levels))
    return Comparison(name, text, f"{name}_l IS NULL", made)


@pytest.fixture(scope="module")
def registers() -> tuple[list[pl.DataFrame], Linked]:
    left, right, _ = _dirty_firms.pairs(400, seed=3)
    sides = prepare_firms([{role: table[role].to_arrow() for role in ROLES} for table in (left, right)])
    return sides, link(sides, firm_scheme(set(ROLES)))


def test_the_shares_come_out_with_which_patterns_were_made() -> None:
    rng = np.random.default_rng(1)
    matches, others = 4_000, 396_000
    m, u = [0.9, 0.8, 0.7], [0.01, 0.05, 0.1]
    gammas = [
        np.concatenate((rng.random(matches) > a, rng.random(others) > b)).astype(np.int8)
        for a, b in zip(m, u, strict=True)
    ]
    comparisons = tuple(comparison(name, 2) for name in ("a", "b", "c"))
    patterns, back = Patterns.of(gammas)
    model = estimate(comparisons, patterns, [np.zeros(2)] * 3, pairs=matches + others, expected=2_000)
    assert [share[0] for share in model.m] == pytest.approx(m, abs=0.06)
    assert [share[0] for share in model.u] == pytest.approx(u, abs=0.02)
    assert model.prior == pytest.approx(0.01, rel=0.2)
    assert np.allclose(model.score(patterns.columns)[back], model.score(gammas))


def test_a_model_comes_back_as_it_was_written_and_not_for_other_levels() -> None:
    comparisons = (comparison("a", 3),)
    model = assumed(comparisons, 0.01)
    again = Model.from_json(model.to_json(), comparisons)
    assert again.prior == model.prior
    assert np.array_equal(again.m[0], model.m[0])
    with pytest.raises(ValueError, match="other levels"):
        Model.from_json(model.to_json(), (comparison("a", 2),))
    with pytest.raises(KeyError):
        Model.from_json(model.to_json(), (comparison("b", 3),))


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(-1, 3), min_size=2, max_size=2), max_size=30))
def test_patterns_count_every_pair_once(pairs: list[list[int]]) -> None:
    gammas = [np.array([pair[place] for pair in pairs], dtype=np.int8) for place in (0, 1)]
    patterns, back = Patterns.of(gammas)
    assert patterns.counts.sum() == len(pairs)
    assert [patterns.gammas[spot].tolist() for spot in back] == pairs


def test_conditions_are_spelled_out_for_other_executors() -> None:
    text = Text(zh="", en="")
    distance = Distance("far", "core_text", "core_l <> core_r")
    made = Comparison(
        "x", text, "core_l IS NULL", (Level(text, "far <= 1 AND like > 0", 1, 1),), distance, (("like", "a_l + b_r"),)
    )
    shown = made.spelled_out(made.levels[0].condition)
    assert "sign_distance(core_text_l, core_text_r)" in shown
    assert "(a_l + b_r) > 0" in shown
    assert made.columns() == {"core", "core_text", "a", "b"}


def test_splink_gives_every_pair_the_weight_that_we_give(registers: tuple[list[pl.DataFrame], Linked]) -> None:
    from splink import DuckDBAPI, Linker, block_on

    sides, linked = registers
    rules = {"blocking_rules_to_generate_predictions": [block_on("county", "trade")]}
    with duckdb.connect() as connection:
        teach(connection)
        api = DuckDBAPI(connection)
        tables = []
        for name, side in zip(("left", "right"), sides, strict=True):
            connection.register(f"{name}_view", side.to_arrow())
            connection.execute(f"CREATE TABLE {name}_records AS SELECT * FROM {name}_view")
            tables.append(api.register(f"{name}_records", dataset_display_name=name))
        scored = Linker(tables, linked.model.splink_settings() | rules, log_level="ERROR").inference.predict()
        rows = connection.execute(f"SELECT row_l, row_r, match_weight FROM {scored.physical_name}").fetchall()
    ours = {
        (int(left), int(right)): weight
        for left, right, weight in zip(linked.pairs.left, linked.pairs.right, linked.weight, strict=True)
    }
    assert len(rows) > 50
    assert all(ours[left, right] == pytest.approx(weight, abs=1e-6) for left, right, weight in rows)
