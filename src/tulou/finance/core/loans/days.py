"""Days of a loan: months that keep their day, day counts, and due days that fall on a working day."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tulou.kernel.working_days import add_working_days, is_working_day


class DayCount(StrEnum):
    """How the days of an interest period become a part of a year."""

    THIRTY_360 = "30/360"
    ACTUAL_360 = "actual/360"
    ACTUAL_365 = "actual/365"


class Shift(StrEnum):
    """Where a due day goes that is no working day."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED = "modified"


@dataclass(frozen=True, slots=True)
class Period:
    """One period of interest, half-open, the day on which it is paid, and its length in years."""

    start: dt.date
    end: dt.date
    due: dt.date
    years: Fraction


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day `months` later; the last day of a month that has no such day.

    >>> add_months(dt.date(2026, 1, 31), 1), add_months(dt.date(2026, 1, 31), 2)
    (datetime.date(2026, 2, 28), datetime.date(2026, 3, 31))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def part_of_year(start: dt.date, end: dt.date, day_count: DayCount) -> Fraction:
    """The length of `start <= day < end` in years by a day count (30/360 is the European one: the 31st is the 30th).

    >>> part_of_year(dt.date(2026, 1, 15), dt.date(2026, 3, 15), DayCount.THIRTY_360)
    Fraction(1, 6)
    >>> part_of_year(dt.date(2026, 1, 15), dt.date(2026, 3, 15), DayCount.ACTUAL_360)
    Fraction(59, 360)
    """
    if day_count is DayCount.THIRTY_360:
        months = (end.year - start.year) * 12 + end.month - start.month
        return Fraction(30 * months + min(end.day, 30) - min(start.day, 30), 360)
    return Fraction((end - start).days, 360 if day_count is DayCount.ACTUAL_360 else 365)


def years_between(start: dt.date, day: dt.date) -> Fraction:
    """The time that an annual percentage rate is counted by: whole months as twelfths, then days as 365ths.

    >>> years_between(dt.date(2026, 1, 31), dt.date(2026, 2, 28))
    Fraction(1, 12)
    >>> years_between(dt.date(2026, 1, 1), dt.date(2026, 2, 3))
    Fraction(389, 4380)
    """
    months = (day.year - start.year) * 12 + day.month - start.month
    if add_months(start, months) > day:
        months -= 1
    return Fraction(months, 12) + Fraction((day - add_months(start, months)).days, 365)


def due_day(day: dt.date, shift: Shift) -> dt.date:
    """The day itself where offices work, else the next working day; `modified` stays within the month.

    >>> due_day(dt.date(2026, 2, 17), Shift.FOLLOWING), due_day(dt.date(2026, 5, 31), Shift.MODIFIED)
    (datetime.date(2026, 2, 24), datetime.date(2026, 5, 29))
    """
    if shift is Shift.NONE or is_working_day(day):
        return day
    later = add_working_days(day, 1)
    if shift is Shift.MODIFIED and later.month != day.month:
        return add_working_days(day, -1)
    return later


def periods_of(first_day: dt.date, months: int, every: int, day_count: DayCount, shift: Shift) -> tuple[Period, ...]:
    """The periods of a loan that is paid out on `first_day`: every `every` months, the last may be shorter.

    Under 30/360 each month is a twelfth of a year wherever its due day was shifted to; under the actual counts
    interest runs to the day of payment.
    """
    made: list[Period] = []
    start, done = first_day, 0
    while done < months:
        step = min(every, months - done)
        done += step
        end = add_months(first_day, done)
        due = due_day(end, shift)
        if day_count is DayCount.THIRTY_360:
            made.append(Period(start, end, due, Fraction(step, 12)))
        else:
            end = due
            made.append(Period(start, end, due, part_of_year(start, end, day_count)))
        start = end
    return tuple(made)
