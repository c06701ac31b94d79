"""Size classes of enterprises."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.kernel.errors import WrongUse
from tulou.kernel.industries import industries
from tulou.kernel.sizes import SIZES, Size, possible_sizes, size_class, size_rule

WAN = 10_000
figures = st.one_of(st.none(), st.integers(0, 10**10))
classes = st.sampled_from([each.code for each in industries("class") if size_rule(each.code)])


@pytest.mark.parametrize(
    ("code", "employees", "revenue", "assets", "expected"),
    [
        ("A0111", None, 20_000 * WAN, None, Size.LARGE),
        ("A0111", None, 499 * WAN, None, Size.SMALL),
        ("C3982", 1_000, 40_000 * WAN, None, Size.LARGE),
        ("C3982", 999, 40_000 * WAN, None, Size.MEDIUM),
        ("C3982", 1_000, 299 * WAN, None, Size.MICRO),
        ("E4710", None, 6_000 * WAN, 4_999 * WAN, Size.SMALL),
        ("F5111", 20, 5_000 * WAN, None, Size.MEDIUM),
        ("F5211", 10, 100 * WAN, None, Size.SMALL),
        ("G5431", 300, 3_000 * WAN, None, Size.MEDIUM),
        ("G5910", 19, 3_000 * WAN, None, Size.MICRO),
        ("G5930", 200, 30_000 * WAN, None, Size.LARGE),
        ("G6020", 20, 100 * WAN, None, Size.SMALL),
        ("H6110", 300, 10_000 * WAN, None, Size.LARGE),
        ("H6210", 10, 99 * WAN, None, Size.MICRO),
        ("I6312", 100, 1_000 * WAN, None, Size.MEDIUM),
        ("I6513", 10, 50 * WAN, None, Size.SMALL),
        ("K7010", None, 1_000 * WAN, 5_000 * WAN, Size.MEDIUM),
        ("K7020", 100, 500 * WAN, None, Size.SMALL),
        ("L7211", 300, None, 120_000 * WAN, Size.LARGE),
        ("M7320", 99, None, None, Size.SMALL),
        ("7320", 300, None, None, Size.LARGE),
        ("Q8511", 9, None, None, Size.MICRO),
        ("J6621", 300, 1, 1, None),
        ("P8310", 300, 1, 1, None),
        ("G5311", 3_000, 1, 1, None),
    ],
)
def test_the_thresholds_of_the_standard(
    code: str, employees: int | None, revenue: int | None, assets: int | None, expected: Size | None
) -> None:
    assert size_class(code, employees=employees, revenue=revenue, assets=assets) == expected


@given(classes, figures, figures, figures)
def test_an_unknown_figure_leaves_every_class_that_it_could_give(
    code: str, employees: int | None, revenue: int | None, assets: int | None
) -> None:
    possible = possible_sizes(code, employees=employees, revenue=revenue, assets=assets)
    assert possible
    assert possible == SIZES[SIZES.index(possible[0]) : SIZES.index(possible[-1]) + 1]
    known = size_class(code, employees=employees, revenue=revenue, assets=assets)
    assert known == (possible[0] if len(possible) == 1 else None)
    for guess in (0, 10**10):
        filled = size_class(
            code,
            employees=guess if employees is None else employees,
            revenue=guess if revenue is None else revenue,
            assets=guess if assets is None else assets,
        )
        assert filled in possible


@given(classes, st.integers(0, 10**4), st.integers(0, 10**10), st.integers(0, 10**10))
def test_growing_never_makes_an_enterprise_smaller(code: str, employees: int, revenue: int, assets: int) -> None:
    before = size_class(code, employees=employees, revenue=revenue, assets=assets)
    after = size_class(code, employees=employees * 2, revenue=Decimal(revenue * 3), assets=assets + 1)
    assert before is not None
    assert after is not None
    assert SIZES.index(after) >= SIZES.index(before)


def test_a_class_has_words_and_says_whether_it_is_an_msme() -> None:
    assert [size.msme for size in SIZES] == [True, True, True, False]
    assert [size.text.zh for size in SIZES] == ["微型", "小型", "中型", "大型"]
    assert len({size.text.en for size in SIZES}) == 4


def test_every_industry_outside_the_standard_is_named_by_it() -> None:
    without = {each.code[:3] for each in industries("group") if size_rule(each.code) is None}
    assert without == {
        "G53", "J66", "J67", "J68", "J69", "K70", "P83", "Q84",
        "S91", "S92", "S93", "S94", "S95", "S96", "T97",
    }  # fmt: skip
    assert [each.code for each in industries("group") if each.code[:3] == "K70" and not size_rule(each.code)] == [
        "K704"
    ]


def test_negative_figures_are_wrong_use() -> None:
    with pytest.raises(WrongUse):
        size_class("C1311", employees=-1)
