"""Working days, make-up weekends and moving feasts."""

from __future__ import annotations

import datetime as dt

import chinese_calendar
import holidays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.kernel.errors import Refused
from tulou.kernel.working_days import (
    FIRST_DAY,
    LAST_DAY,
    add_working_days,
    are_working_days,
    count_working_days,
    feasts,
    holiday_of,
    is_provisional,
    is_working_day,
    lunar_new_year,
    working_days_between,
    working_days_in_months,
)

days = st.dates(FIRST_DAY, LAST_DAY)
inner_days = st.dates(dt.date(1992, 1, 1), dt.date(2048, 12, 31))


def every_day(first: int, last: int) -> list[dt.date]:
    start, end = dt.date(first, 1, 1), dt.date(last + 1, 1, 1)
    return [start + dt.timedelta(days=step) for step in range((end - start).days)]


def test_announced_years_agree_with_an_independent_calendar() -> None:
    for day in every_day(2004, 2026):
        assert is_working_day(day) == chinese_calendar.is_workday(day), day


def test_announced_holidays_agree_with_a_second_calendar() -> None:
    china = holidays.country_holidays("CN", years=range(2010, 2027))
    differs = [day for day in every_day(2010, 2026) if day.weekday() < 5 and is_working_day(day) == (day in china)]
    assert differs == []


def test_lunar_new_years_are_those_that_are_known() -> None:
    known = {1990: (1, 27), 2000: (2, 5), 2012: (1, 23), 2020: (1, 25), 2024: (2, 10), 2026: (2, 17), 2033: (1, 31)}
    assert {year: (lunar_new_year(year).month, lunar_new_year(year).day) for year in known} == known


def test_feasts_of_every_year_lie_in_their_seasons() -> None:
    for year in range(1990, 2051):
        moving = feasts(year)
        assert dt.date(year, 1, 21) <= moving.new_year <= dt.date(year, 2, 20)
        assert moving.qingming.month == 4
        assert 4 <= moving.qingming.day <= 5
        assert dt.date(year, 5, 25) <= moving.dragon_boat <= dt.date(year, 6, 25)
        assert dt.date(year, 9, 7) <= moving.mid_autumn <= dt.date(year, 10, 8)


def test_the_law_gives_a_provisional_year_its_days_off() -> None:
    assert not is_provisional(2026)
    assert is_provisional(2031)
    assert [holiday_of(dt.date(2031, 1, 21) + dt.timedelta(days=step)) is not None for step in range(6)] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]
    off = sum(holiday_of(day) is not None for day in every_day(2031, 2031))
    assert 12 <= off <= 13
    assert sum(holiday_of(day) is not None for day in every_day(1995, 1995)) == 7
    assert not is_working_day(dt.date(2001, 5, 3))
    assert is_working_day(dt.date(1995, 5, 2))


@given(days, days)
def test_counting_agrees_with_looking_at_each_day(start: dt.date, end: dt.date) -> None:
    start, end = min(start, end), min(max(start, end), min(start, end) + dt.timedelta(days=60))
    span = (start + dt.timedelta(days=step) for step in range((end - start).days))
    assert working_days_between(start, end) == sum(is_working_day(day) for day in span)
    assert working_days_between(end, start) == -working_days_between(start, end)


@given(inner_days, st.integers(1, 250))
def test_adding_working_days_ends_on_the_day_that_completes_the_count(day: dt.date, count: int) -> None:
    next_day = day + dt.timedelta(days=1)
    later = add_working_days(day, count)
    assert is_working_day(later)
    assert working_days_between(next_day, later) == count - 1
    earlier = add_working_days(day, -count)
    assert is_working_day(earlier)
    assert working_days_between(earlier, day) == count
    same = add_working_days(day, 0)
    assert is_working_day(same)
    assert working_days_between(day, same) == 0


@given(st.lists(st.tuples(days, days), min_size=1))
def test_columns_and_values_agree(pairs: list[tuple[dt.date, dt.date]]) -> None:
    starts, ends = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    assert count_working_days(starts, ends).tolist() == [working_days_between(*pair) for pair in pairs]
    column = np.array(starts, dtype="datetime64[ns]")
    assert are_working_days(column).tolist() == [is_working_day(day) for day in starts]


def test_months_have_their_working_days() -> None:
    expected = [working_days_between(dt.date(2025, month, 1), dt.date(2025, month + 1, 1)) for month in range(1, 12)]
    assert working_days_in_months(dt.date(2025, 1, 15), 11).tolist() == expected


def test_days_outside_the_calendar_are_refused() -> None:
    for outside in (FIRST_DAY - dt.timedelta(days=1), LAST_DAY + dt.timedelta(days=1)):
        with pytest.raises(Refused):
            is_working_day(outside)
        with pytest.raises(Refused):
            are_working_days([outside])
    with pytest.raises(Refused):
        add_working_days(LAST_DAY, 1)
    with pytest.raises(Refused):
        feasts(2051)
    assert working_days_between(LAST_DAY, LAST_DAY + dt.timedelta(days=1)) in {0, 1}
