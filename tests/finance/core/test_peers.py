"""Peers' figures: no group of too few firms, and no value of a firm that could be told from the cuts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tulou.finance.core.peers import (
    QUARTERS,
    RULES,
    SMALLEST,
    Group,
    cuts_of,
    from_document,
    ladder,
    on_grid,
    publish,
    standing,
    to_document,
)

FEWEST = QUARTERS * RULES.least
GROUP: Group = ("C", "1", "3501")
VALUES = st.floats(1e-3, 1e9).flatmap(lambda value: st.sampled_from([value, -value]))


@given(arrays(np.float64, st.integers(FEWEST, 60), elements=VALUES))
@settings(max_examples=60, deadline=None)
def test_each_firm_could_have_another_value_by_a_tenth_and_the_cuts_were_the_same(values: np.ndarray) -> None:
    told = cuts_of(values)
    assert told is not None
    for row, value in enumerate(values):
        others = []
        for factor in (1 - RULES.protect, 1 + RULES.protect):
            changed = values.copy()
            changed[row] = value * factor
            others.append(cuts_of(changed))
        assert told in others, "whoever knows all others could say this firm's value to within a tenth"


@given(st.floats(-1e12, 1e12))
def test_a_cut_is_a_point_of_the_grid_near_the_value(value: float) -> None:
    found = on_grid(value)
    assert on_grid(found) == found
    assert (found == 0) == (abs(value) < SMALLEST)
    if found:
        assert abs(math.log(found / value)) < 0.13


def test_a_group_of_too_few_is_not_told_and_the_next_wider_one_is() -> None:
    groups = [GROUP] * (FEWEST - 1) + [("C", "1", "3502")] * 5 + [("C", "2", "3501")] * 40
    told = publish(groups, {"heads": np.arange(1.0, len(groups) + 1)})
    assert set(told) == {("C", "1", ""), ("C", "2", "3501"), ("C", "2", ""), ("C", "", ""), ("", "", "")}
    [place] = standing(told, GROUP, {"heads": 3.0})
    assert place is not None
    assert (place.group, place.firms, place.quarter) == (("C", "1", ""), 25, 1)


def test_firms_whose_value_is_not_known_do_not_fill_a_group() -> None:
    values = np.full(100, np.nan)
    values[: FEWEST - 1] = 1.0
    assert publish([GROUP] * 100, {"heads": values}) == {}


def test_what_is_not_known_of_the_firm_has_no_place() -> None:
    told = publish([GROUP] * 50, {"heads": np.arange(50.0)})
    assert standing(told, GROUP, {"heads": None, "other": 1.0}) == [None, None]
    assert standing({}, GROUP, {"heads": 1.0}) == [None]


@pytest.mark.parametrize(("value", "quarter"), [(0.0, 1), (26.0, 2), (60.0, 3), (1000.0, 4)])
def test_the_quarter_is_where_the_value_lies_among_the_cuts(value: float, quarter: int) -> None:
    told = publish([GROUP] * 100, {"heads": np.arange(1.0, 101.0)})
    [place] = standing(told, GROUP, {"heads": value})
    assert place is not None
    assert place.quarter == quarter


def test_the_published_figures_are_read_back_as_they_were() -> None:
    told = publish([GROUP] * 60, {"score": np.linspace(400, 700, 60)}, {"score": 10.0})
    assert from_document(to_document(told)) == told
    assert all(cut % 10 == 0 for each in told.values() for cut in each.cuts["score"])


def test_a_firm_of_which_little_is_known_stands_among_wider_groups() -> None:
    assert list(ladder(("", "1", "3501"))) == [("", "", "")]
    assert list(ladder(("C", "", "3501"))) == [("C", "", ""), ("", "", "")]
