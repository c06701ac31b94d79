"""Published figures: no suppressed cell can be computed back, and noise is bounded, fair and always the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tulou.kernel.disclosure import MARGIN, Noise, Rules, Table, bounds, cell_keys, record_keys, suppress, tabulate
from tulou.kernel.errors import WrongUse

RULES = Rules(least=5, protect=0.1)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    shape = draw(st.sampled_from([(3,), (2, 3), (3, 3), (4, 3), (2, 2, 2)]))
    axes = [[f"{axis}{n}" for n in range(size)] for axis, size in zip("abc", shape, strict=False)]
    size = draw(st.integers(0, 60))
    places = [draw(st.lists(st.integers(0, n - 1), min_size=size, max_size=size)) for n in shape]
    who = draw(st.lists(st.integers(0, 40), min_size=size, max_size=size))
    one_of = {}
    for record, name in enumerate(who):  # A firm stands in one cell, as it has one place and one sector.
        one_of.setdefault(name, record)
    places = [[column[one_of[name]] for name in who] for column in places]
    amounts = draw(st.lists(st.integers(1, 1000), min_size=size, max_size=size))
    return tabulate(axes, places, [f"firm {n}" for n in who], amounts)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_no_sensitive_cell_can_be_computed_from_what_is_shown(table: Table) -> None:
    found = suppress(table, RULES)
    sensitive = np.argwhere(found.sensitive)
    assert not (found.sensitive & ~found.hidden).any()
    if not len(sensitive):
        assert not found.hidden.any()
        return
    counts, amounts = bounds(table.count, found.hidden), bounds(table.amount, found.hidden)
    for cell in map(tuple, sensitive.tolist()):
        count, amount, largest = table.count[cell], table.amount[cell], table.largest[cell]
        low, high = counts[cell]
        assert high >= max(RULES.least, count + 1) - 1e-6
        assert low <= max(count - max(RULES.least - count, 1), 0) + 1e-6
        low, high = amounts[cell]
        assert high >= amount + RULES.protect * largest - 1e-6
        assert low <= max(amount - RULES.protect * largest, 0) + 1e-6


@settings(deadline=None)
@given(tables())
def test_margins_add_up_and_rules_are_kept_to_the_letter(table: Table) -> None:
    for values in (table.count, table.amount):
        for axis in range(values.ndim):
            inner = np.delete(values, MARGIN, axis=axis).sum(axis=axis)
            assert (inner == np.take(values, MARGIN, axis=axis)).all()
    found = suppress(table, RULES)
    for cell in np.ndindex(table.shape):
        count = table.count[cell]
        few = 0 < count < RULES.least
        rest = table.amount[cell] - table.largest[cell] - table.second[cell]
        assert found.sensitive[cell] == (few or (count > 0 and rest < RULES.protect * table.largest[cell]))


def test_threshold_alone_would_give_the_cell_away() -> None:
    """One cell of two firms in a row of tens: its margin less the others is the cell, unless others go too."""
    places = [[0] * 10 + [1] * 2 + [2] * 10]
    table = tabulate([["a", "b", "c"]], places, [f"f{n}" for n in range(22)], [1] * 22)
    alone = np.array([False, True, False, False])
    assert bounds(table.count, alone) == {(1,): (2.0, 2.0)}
    found = suppress(table, RULES)
    assert found.complementary == 1
    assert found.hidden[1]
    low, high = bounds(table.count, found.hidden)[(1,)]
    assert low == 0
    assert high >= 5


def test_a_firm_with_three_loans_is_one_firm_and_dominates_by_their_sum() -> None:
    who = ["giant"] * 3 + [f"f{n}" for n in range(8)]
    table = tabulate([["a"]], [[0] * 11], who, [400, 300, 300, *[1] * 8])
    assert (table.count[0], table.amount[0], table.largest[0], table.second[0]) == (9, 1008, 1000, 1)
    assert suppress(table, RULES).sensitive[0]


keys = record_keys(b"a secret of the province", [f"firm {n}" for n in range(30_000)])


@given(st.integers(1, 400), st.integers(0, 2**64 - 1))
def test_noise_is_bounded_keeps_zero_and_shows_no_small_count(count: int, key: int) -> None:
    noise = Noise(most=5, variance=4.0, least=3)
    cell = np.array([key], dtype=np.uint64)
    (shown,) = noise.counts([count], cell)
    assert abs(shown - count) <= 5
    assert shown == 0 or shown >= 3
    assert noise.counts([0], cell).tolist() == [0]
    assert noise.counts([count], cell).tolist() == [shown]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 30])
def test_noise_is_fair_on_average_and_spread_as_asked(count: int) -> None:
    noise = Noise(most=5, variance=4.0, least=3)
    values, chance = noise.distribution(count)
    assert chance.sum() == pytest.approx(1)
    assert (values - count) @ chance == pytest.approx(0, abs=1e-6)
    spread = (values - count) ** 2 @ chance
    assert spread == pytest.approx(4.0, abs=1e-4) if count > 2 else spread > 0
    shown = noise.counts([count] * len(keys), keys)
    assert shown.mean() == pytest.approx(count, abs=0.06)


def test_the_same_cell_reads_the_same_however_it_was_asked_for() -> None:
    """Whoever cuts the province by sector or by town: a cell of the same firms has the same figure."""
    mine = keys[:40]
    one = cell_keys([0] * 40, mine, 1)
    other = cell_keys([3] * 40, mine[::-1].copy(), 5)
    assert one[0] == other[3]
    noise = Noise()
    assert noise.counts([40], one)[0] == noise.counts([40], other[3:4])[0]
    assert one[0] != cell_keys([0] * 39, mine[:39], 1)[0]


def test_amounts_hide_the_largest_by_a_part_of_it() -> None:
    noise = Noise()
    amount, largest = np.full(len(keys), 1000), np.full(len(keys), 400)
    moved = noise.amounts(amount, largest, keys, share=0.3) - 1000
    assert np.abs(moved).min() >= 0.15 * 400 - 1e-6
    assert np.abs(moved).max() <= 0.30 * 400 + 1e-6
    assert abs(moved.mean()) < 2


def test_settings_that_do_not_hold_together_are_wrong_use() -> None:
    for build in (lambda: Rules(least=1), lambda: Noise(most=2, least=3), lambda: record_keys(b"short", ["x"])):
        with pytest.raises(WrongUse):
            build()
    with pytest.raises(WrongUse):
        tabulate([["a"]], [[0]], ["x", "y"], [1, 2])
