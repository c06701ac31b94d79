"""Ages and windows as days: when n years are full, and since when."""

from __future__ import annotations

import calendar
import datetime as dt

from tulou.policies.core.rule.tree import Limits, Unit


def month_length(year: int, month: int) -> int:
    """The number of days of a month."""
    return calendar.monthrange(year, month)[1]


def shifted(day: dt.date, length: int, unit: Unit) -> dt.date:
    """`day` moved by `length` units; a day that its month does not have becomes the month's last.

    Raises OverflowError before year 1 and after year 9999.

    >>> shifted(dt.date(2024, 2, 29), 1, "years"), shifted(dt.date(2024, 3, 31), -1, "months")
    (datetime.date(2025, 2, 28), datetime.date(2024, 2, 29))
    """
    if unit == "days":
        return day + dt.timedelta(days=length)
    months = day.year * 12 + day.month - 1 + length * (12 if unit == "years" else 1)
    year, month = divmod(months, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise OverflowError(f"year {year} is out of range")
    return dt.date(year, month + 1, min(day.day, month_length(year, month + 1)))


LAST_DAY = dt.date.max.toordinal()


def moved(ordinal: int, length: int, unit: Unit) -> int:
    """An ordinal moved by `length` units; 0 before the calendar's first day, the day after its last beyond it."""
    try:
        return shifted(dt.date.fromordinal(ordinal), length, unit).toordinal()
    except OverflowError:
        return 0 if length < 0 else LAST_DAY + 1


def last_birth(ordinal: int, length: int, unit: Unit) -> int:
    """The last day that is `length` units old on the day `ordinal`; 0 where there is none in the calendar.

    >>> dt.date.fromordinal(last_birth(dt.date(2023, 2, 28).toordinal(), 3, "years"))
    datetime.date(2020, 2, 29)
    """
    back = moved(ordinal, -length, unit) if ordinal > 0 else 0
    if unit == "days" or not back:
        return back
    day, first = dt.date.fromordinal(ordinal), dt.date.fromordinal(back)
    if day.day == month_length(day.year, day.month):
        # Every later day of that month has its anniversary on this last day too.
        first = first.replace(day=month_length(first.year, first.month))
    return first.toordinal()


def born_between(limits: Limits, unit: Unit, day: dt.date) -> Limits:
    """The limits of an age on `day` as limits of the date itself (ordinals)."""
    today = day.toordinal()
    oldest = [
        last_birth(when, int(n), unit) for n, when in ((limits.lt, today), (limits.le, today - 1)) if n is not None
    ]
    youngest = [
        last_birth(when, int(n), unit) for n, when in ((limits.ge, today), (limits.gt, today - 1)) if n is not None
    ]
    return Limits(gt=max(oldest, default=None), le=min(youngest, default=None))
