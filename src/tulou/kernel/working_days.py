"""Working days of mainland China with their make-up weekends (调休), and the lunar feasts that move with them.

The State Council's office announces each year's holidays and the weekends that are worked for them, late in the year
before. `data/working_days.tsv` holds the announced days of 2004 to 2026. For other years between 1990 and 2050 the days
follow from the law alone (the days off of that year's 《全国年节及纪念日放假办法》, no make-up weekends) and are
PROVISIONAL: `is_provisional` says so, and an answer that leans on such a year should be shown as an estimate.

Counting is by prefix sums, so a column of a million pairs of dates costs about as much as reading it.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tulou.kernel.errors import Refused, Text, Where, refuse

FIRST_DAY, LAST_DAY = dt.date(1990, 1, 1), dt.date(2050, 12, 31)

Days: TypeAlias = npt.NDArray[np.datetime64]

FESTIVALS: dict[str, Text] = {
    "new_year": Text(zh="元旦", en="New Year's Day"),
    "spring_festival": Text(zh="春节", en="Spring Festival"),
    "qingming": Text(zh="清明节", en="Tomb-Sweeping Day"),
    "labour_day": Text(zh="劳动节", en="Labour Day"),
    "dragon_boat": Text(zh="端午节", en="Dragon Boat Festival"),
    "mid_autumn": Text(zh="中秋节", en="Mid-Autumn Festival"),
    "national_day": Text(zh="国庆节", en="National Day"),
    "victory_70": Text(zh="抗战胜利 70 周年纪念日", en="70th anniversary of the victory in the war"),
}


@dataclass(frozen=True, slots=True)
class Feasts:
    """The feasts of one year that the lunar calendar or the sun's path moves."""

    new_year: dt.date
    qingming: dt.date
    dragon_boat: dt.date
    mid_autumn: dt.date


def is_working_day(day: dt.date) -> bool:
    """Whether offices work on a day.

    >>> is_working_day(dt.date(2026, 2, 17)), is_working_day(dt.date(2026, 2, 14))
    (False, True)
    """
    return bool(_calendar().working[_index(day)])


def holiday_of(day: dt.date) -> Text | None:
    """The festival for which a day is off, or None.

    >>> holiday_of(dt.date(2026, 2, 17)).en
    'Spring Festival'
    """
    _index(day)
    name = _calendar().festivals.get(day)
    return None if name is None else FESTIVALS[name]


def is_provisional(year: int) -> bool:
    """Whether a year's days off follow from the law alone, because its arrangement is not in the data.

    >>> is_provisional(2026), is_provisional(2031)
    (False, True)
    """
    return year not in _calendar().announced


def working_days_between(start: dt.date, end: dt.date) -> int:
    """How many working days lie in `start <= day < end`; negative where `end` is before `start`.

    >>> working_days_between(dt.date(2026, 2, 9), dt.date(2026, 3, 2))
    11
    """
    before = _calendar().before
    return int(before[_index(end, open_end=True)] - before[_index(start, open_end=True)])


def add_working_days(day: dt.date, count: int) -> dt.date:
    """The day that is `count` working days after `day` (before it, where negative).

    The day itself does not count, as in a time limit by law. Zero answers `day` itself where it is a working day, else
    the next one.

    >>> add_working_days(dt.date(2026, 2, 13), 1), add_working_days(dt.date(2026, 2, 13), 2)
    (datetime.date(2026, 2, 14), datetime.date(2026, 2, 24))
    """
    calendar = _calendar()
    index = _index(day)
    done = int(calendar.before[index + 1])
    if count > 0:
        position = done + count - 1
    elif count < 0:
        position = int(calendar.before[index]) + count
    else:
        position = int(calendar.before[index])
    if not 0 <= position < len(calendar.working_indices):
        raise _out_of_range(f"{day} {count:+}")
    return FIRST_DAY + dt.timedelta(days=int(calendar.working_indices[position]))


def feasts(year: int) -> Feasts:
    """The moving feasts of a year between 1990 and 2050.

    >>> feasts(2026).new_year
    datetime.date(2026, 2, 17)
    """
    found = _feasts().get(year)
    if found is None:
        raise _out_of_range(str(year))
    return found


def lunar_new_year(year: int) -> dt.date:
    """The first day of the lunar year (春节), which moves economic series between January and February."""
    return feasts(year).new_year


def are_working_days(days: Days | Iterable[Any]) -> npt.NDArray[np.bool_]:
    """`is_working_day` for a whole column of dates."""
    return _calendar().working[_indices(days)]


def count_working_days(starts: Days | Iterable[Any], ends: Days | Iterable[Any]) -> npt.NDArray[np.int64]:
    """`working_days_between` for two columns of dates."""
    before = _calendar().before
    return before[_indices(ends, open_end=True)] - before[_indices(starts, open_end=True)]


def working_days_in_months(first: dt.date, months: int) -> npt.NDArray[np.int64]:
    """The numbers of working days in `months` months from the month of `first` on (to adjust a monthly series by).

    >>> working_days_in_months(dt.date(2026, 1, 1), 3)
    array([21, 16, 22])
    """
    edges = np.arange(np.datetime64(first, "M"), np.datetime64(first, "M") + months + 1).astype("datetime64[D]")
    return count_working_days(edges[:-1], edges[1:])


@dataclass(frozen=True, slots=True)
class _Calendar:
    working: npt.NDArray[np.bool_]
    before: npt.NDArray[np.int64]
    working_indices: npt.NDArray[np.int64]
    festivals: dict[dt.date, str]
    announced: frozenset[int]


@cache
def _calendar() -> _Calendar:
    announced: dict[dt.date, tuple[str, str]] = {}
    for row in _rows("working_days.tsv"):
        announced[dt.date.fromisoformat(row["date"])] = (row["kind"], row["festival"])
    years = frozenset(day.year for day in announced)
    festivals = {day: name for day, (kind, name) in announced.items() if kind == "off"}
    for year in range(FIRST_DAY.year, LAST_DAY.year + 1):
        if year not in years:
            festivals |= {day: name for day, name in _statutory(year) if day.year == year}
    every = np.arange(np.datetime64(FIRST_DAY), np.datetime64(LAST_DAY) + 1)
    working = np.is_busday(every)
    working[[_index(day) for day in festivals]] = False
    working[[_index(day) for day, (kind, _) in announced.items() if kind == "work"]] = True
    working.flags.writeable = False
    before = np.concatenate([[0], np.cumsum(working, dtype=np.int64)])
    return _Calendar(working, before, np.flatnonzero(working), festivals, years)


def _statutory(year: int) -> Iterator[tuple[dt.date, str]]:
    """The days off of a year by law: the decree's versions of 1949, 1999, 2007, 2013 and 2024."""
    moving = feasts(year)

    def days(first: dt.date, number: int, name: str) -> Iterator[tuple[dt.date, str]]:
        return ((first + dt.timedelta(days=step), name) for step in range(number))

    yield from days(dt.date(year, 1, 1), 1, "new_year")
    eve_off = 2008 <= year <= 2013 or year >= 2025
    first = moving.new_year - dt.timedelta(days=1 if eve_off else 0)
    yield from days(first, 4 if year >= 2025 else 3, "spring_festival")
    labour = 1 if year < 2000 or 2008 <= year <= 2024 else 2 if year >= 2025 else 3
    yield from days(dt.date(year, 5, 1), labour, "labour_day")
    yield from days(dt.date(year, 10, 1), 2 if year < 2000 else 3, "national_day")
    if year >= 2008:
        yield from days(moving.qingming, 1, "qingming")
        yield from days(moving.dragon_boat, 1, "dragon_boat")
        yield from days(moving.mid_autumn, 1, "mid_autumn")


@cache
def _feasts() -> dict[int, Feasts]:
    names = ("new_year", "qingming", "dragon_boat", "mid_autumn")
    return {
        int(row["year"]): Feasts(*(dt.date.fromisoformat(row[name]) for name in names)) for row in _rows("lunar.tsv")
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (files("tulou.kernel") / "data" / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file, delimiter="\t")


def _index(day: dt.date, *, open_end: bool = False) -> int:
    index = (day - FIRST_DAY).days
    if not 0 <= index < (LAST_DAY - FIRST_DAY).days + 1 + open_end:
        raise _out_of_range(str(day))
    return index


def _indices(days: Any, *, open_end: bool = False) -> npt.NDArray[np.int64]:
    column = days if isinstance(days, np.ndarray) else np.array(list(days), dtype="datetime64[D]")
    index = (column.astype("datetime64[D]") - np.datetime64(FIRST_DAY)).astype(np.int64)
    size = (LAST_DAY - FIRST_DAY).days + 1 + open_end
    wrong = (index < 0) | (index >= size)
    if wrong.any():
        raise _out_of_range(str(column[wrong][0]))
    return np.asarray(index)


def _out_of_range(what: str) -> Refused:
    return refuse(
        "calendar.range",
        f"工作日历从 {FIRST_DAY} 到 {LAST_DAY},不含 {what}",
        f"The calendar of working days runs from {FIRST_DAY} to {LAST_DAY}; {what} is outside",
        where=Where(value=what),
    )
