"""Sums that must be right to the last cent, whatever numbers they begin with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tulou.pool.core.catalogue import reference_catalogue
from tulou.simulate.forms.balance import balance


@dataclass(frozen=True)
class Sum:
    total: str
    parts: tuple[tuple[int, str], ...]


def off(cents: dict[str, np.ndarray], each: Sum) -> int:
    return int(np.abs(cents[each.total] - sum(sign * cents[name] for sign, name in each.parts)).max())


amounts = st.lists(st.integers(0, 10**9), min_size=3, max_size=3).map(lambda row: np.array(row, dtype=np.int64))


@given(st.lists(amounts, min_size=5, max_size=5), st.booleans())
def test_a_known_total_is_handed_down_and_an_unknown_one_is_added_up(values: list[np.ndarray], known: bool) -> None:
    cents = dict(zip("tabcd", (value.copy() for value in values), strict=True))
    each = Sum("t", ((1, "a"), (1, "b"), (1, "c"), (1, "d")))
    before = cents["t"].copy()
    balance(cents, [each], ["t"] if known else [], set())
    assert off(cents, each) == 0
    assert all((cents[name] >= 0).all() for name in "abcd")
    if known:
        assert (cents["t"] == before).all()


@given(st.lists(amounts, min_size=9, max_size=9))
def test_a_table_balances_by_lines_and_by_columns(values: list[np.ndarray]) -> None:
    names = ["total_all", "total_a", "total_b", "x_all", "x_a", "x_b", "y_all", "y_a", "y_b"]
    cents = dict(zip(names, (value.copy() for value in values), strict=True))
    sums = [Sum(f"total_{column}", ((1, f"x_{column}"), (1, f"y_{column}"))) for column in ("all", "a", "b")]
    sums += [Sum(f"{line}_all", ((1, f"{line}_a"), (1, f"{line}_b"))) for line in ("total", "x", "y")]
    balance(cents, sums, ["total_all"], set())
    assert all(off(cents, each) == 0 for each in sums)


@given(st.lists(amounts, min_size=6, max_size=6))
def test_profit_is_what_revenue_leaves_when_both_and_the_cost_are_known(values: list[np.ndarray]) -> None:
    cents = dict(
        zip(["profit", "revenue", "cost", "selling", "admin", "other"], (v.copy() for v in values), strict=True)
    )
    parts = ((1, "revenue"), (-1, "cost"), (-1, "selling"), (-1, "admin"), (1, "other"))
    each = Sum("profit", parts)
    balance(cents, [each], ["profit", "revenue", "cost"], {"profit"})
    assert off(cents, each) == 0
    assert all((cents[name] >= 0).all() for name in ("selling", "admin", "other"))


def test_every_form_of_the_catalogue_balances_from_nothing() -> None:
    rng = np.random.default_rng(5)
    for dataset in reference_catalogue().datasets.values():
        hard = [Sum(each.total, each.parts) for each in dataset.identities if each.severity == "reject"]
        names = {name for each in hard for name in (each.total, *(part for _, part in each.parts))}
        cents = {name: rng.integers(0, 10**8, 4) for name in sorted(names)}
        balance(cents, hard, [], names)
        assert [each.total for each in hard if off(cents, each)] == [], dataset.id
