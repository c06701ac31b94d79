"""Months, quarters, half-years and years."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.kernel.errors import Refused, WrongUse
from tulou.kernel.periods import MONTHS_IN, Period, PeriodKind, add_months, parse_period, period_of, periods_between

KINDS: tuple[PeriodKind, ...] = ("month", "quarter", "half", "year")
kinds = st.sampled_from(KINDS)
days = st.dates(dt.date(1950, 1, 1), dt.date(2150, 12, 31))
periods = st.builds(period_of, days, kinds)


@given(days, kinds)
def test_a_day_lies_in_its_period_and_in_no_neighbour(day: dt.date, kind: PeriodKind) -> None:
    period = period_of(day, kind)
    assert day in period
    assert day not in period + 1
    assert day not in period - 1
    assert period.start <= day <= period.last_day < period.end == (period + 1).start


@given(periods)
def test_a_period_is_named_by_its_text(period: Period) -> None:
    assert parse_period(str(period)) == period


@given(periods, st.integers(-500, 500))
def test_counting_forth_and_back_is_the_same(period: Period, steps: int) -> None:
    assert (period + steps) - steps == period
    assert (period + steps).since(period) == steps
    assert (period + steps > period) == (steps > 0)


@given(periods, kinds)
def test_the_parts_of_a_period_are_the_period(period: Period, kind: PeriodKind) -> None:
    if MONTHS_IN[kind] <= MONTHS_IN[period.kind]:
        parts = list(period.split(kind))
        assert sum(part.days for part in parts) == period.days
        assert all(part.within(period.kind) == period for part in parts)
        assert parts == periods_between(period.start, period.end, kind)
    else:
        assert period.start in period.within(kind)
        with pytest.raises(WrongUse):
            list(period.split(kind))
        with pytest.raises(WrongUse):
            period.within(kind).within(period.kind)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2024-5", "2024-05"),
        ("2024/05", "2024-05"),
        ("２０２４年０５月", "2024-05"),
        ("2024 年 12 月", "2024-12"),
        ("202412", "2024-12"),
        ("2024-q3", "2024-Q3"),
        ("2024年第3季度", "2024-Q3"),
        ("2024年四季度", "2024-Q4"),
        ("2024年上半年", "2024-H1"),
        ("2024-H2", "2024-H2"),
        ("2024", "2024"),
    ],
)
def test_periods_are_read_as_departments_write_them(text: str, name: str) -> None:
    assert str(parse_period(text)) == name


@pytest.mark.parametrize(
    "text", ["", "2024-13", "2024-00", "24-05", "2024-Q5", "2024-H3", "2024-05-01", "五月", "202400"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_period(text)
    assert refused.value.finding.code == "period.unreadable"


def test_periods_of_different_kinds_are_not_compared() -> None:
    with pytest.raises(WrongUse):
        assert parse_period("2024") > parse_period("2024-05")


@given(days, st.integers(-1200, 1200))
def test_adding_months_keeps_the_day_or_takes_the_last(day: dt.date, months: int) -> None:
    later = add_months(day, months)
    assert period_of(later).since(period_of(day)) == months
    assert later.day == min(day.day, period_of(later).days)


def test_an_empty_span_has_no_periods() -> None:
    assert periods_between(dt.date(2024, 1, 1), dt.date(2024, 1, 1)) == []
