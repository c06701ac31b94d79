"""Months, quarters, half-years and years: half-open spans of days that can be counted with.

A period holds `start <= day < end`. Its text is its name everywhere: `2024-05`, `2024-Q2`, `2024-H1`, `2024`.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import total_ordering
from typing import Literal

from tulou.kernel.errors import Where, refuse, wrong_use

PeriodKind = Literal["month", "quarter", "half", "year"]

MONTHS_IN: dict[PeriodKind, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
"""How many months a period of each kind has."""

_FORMS: tuple[tuple[PeriodKind, re.Pattern[str]], ...] = (
    ("month", re.compile(r"(\d{4})(?:[-./]|年)?(0[1-9]|1[0-2]|[1-9](?=月|$))月?")),
    ("quarter", re.compile(r"(\d{4})[-年]?(?:Q|第)?([1-4一二三四])(?:季度?|(?<=Q[1-4]))", re.IGNORECASE)),
    ("half", re.compile(r"(\d{4})[-年]?(?:H)?([12上下])(?:半年|(?<=H[12]))", re.IGNORECASE)),
    ("year", re.compile(r"(\d{4})年?()")),
)
_ORDINALS = {"": 1, "一": 1, "二": 2, "三": 3, "四": 4, "上": 1, "下": 2}


@total_ordering
@dataclass(frozen=True, slots=True)
class Period:
    """One month, quarter, half-year or year; `index` counts the periods of its kind since the year 0."""

    kind: PeriodKind
    index: int

    @property
    def first_month(self) -> int:
        """Months since the year 0 to the first month of the period."""
        return self.index * MONTHS_IN[self.kind]

    @property
    def year(self) -> int:
        """The calendar year."""
        return self.first_month // 12

    @property
    def start(self) -> dt.date:
        """The first day."""
        return dt.date(self.year, self.first_month % 12 + 1, 1)

    @property
    def end(self) -> dt.date:
        """The first day after the period."""
        return (self + 1).start

    @property
    def last_day(self) -> dt.date:
        """The last day, for documents that name it."""
        return self.end - dt.timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.end - self.start).days

    def __str__(self) -> str:
        month = self.first_month % 12
        part = {
            "month": f"-{month + 1:02}",
            "quarter": f"-Q{month // 3 + 1}",
            "half": f"-H{month // 6 + 1}",
            "year": "",
        }
        return f"{self.year:04}{part[self.kind]}"

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day < self.end

    def __add__(self, periods: int) -> Period:
        return Period(self.kind, self.index + periods)

    def __sub__(self, periods: int) -> Period:
        return Period(self.kind, self.index - periods)

    def since(self, earlier: Period) -> int:
        """How many periods lie between `earlier` and this one.

        >>> parse_period("2024-05").since(parse_period("2023-12"))
        5
        """
        self._same_kind(earlier)
        return self.index - earlier.index

    def __lt__(self, other: Period) -> bool:
        self._same_kind(other)
        return self.index < other.index

    def split(self, kind: PeriodKind) -> Iterator[Period]:
        """The shorter periods inside, in order.

        >>> [str(each) for each in parse_period("2024-Q2").split("month")]
        ['2024-04', '2024-05', '2024-06']
        """
        if MONTHS_IN[kind] > MONTHS_IN[self.kind]:
            raise wrong_use("period.split", f"{self} 短于所求的期间", f"{self} is shorter than the periods asked for")
        first, step = self.first_month, MONTHS_IN[kind]
        for month in range(first, first + MONTHS_IN[self.kind], step):
            yield Period(kind, month // step)

    def within(self, kind: PeriodKind) -> Period:
        """The longer period around this one.

        >>> str(parse_period("2024-05").within("quarter"))
        '2024-Q2'
        """
        if MONTHS_IN[kind] < MONTHS_IN[self.kind]:
            raise wrong_use("period.within", f"{self} 长于所求的期间", f"{self} is longer than the period asked for")
        return Period(kind, self.first_month // MONTHS_IN[kind])

    def _same_kind(self, other: Period) -> None:
        if self.kind != other.kind:
            raise wrong_use(
                "period.kind", f"{self} 与 {other} 不是同类期间", f"{self} and {other} are of different kinds"
            )


def period_of(day: dt.date, kind: PeriodKind = "month") -> Period:
    """The period that holds a day.

    >>> str(period_of(dt.date(2024, 5, 31))), str(period_of(dt.date(2024, 5, 31), "half"))
    ('2024-05', '2024-H1')
    """
    return Period(kind, (day.year * 12 + day.month - 1) // MONTHS_IN[kind])


def parse_period(text: str) -> Period:
    """The period that a text names, in the forms that departments use.

    >>> [str(parse_period(text)) for text in ("2024-05", "202405", "2024年5月", "2024年二季度", "2024H1", "2024年")]
    ['2024-05', '2024-05', '2024-05', '2024-Q2', '2024-H1', '2024']
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    for kind, form in _FORMS:
        if match := form.fullmatch(plain):
            part = match[2]
            number = int(part) if part.isdecimal() else _ORDINALS[part]
            return Period(kind, int(match[1]) * (12 // MONTHS_IN[kind]) + number - 1)
    raise refuse(
        "period.unreadable",
        f"读不出期间“{text}”,请写成 2024-05、2024-Q2、2024-H1 或 2024",
        f"{text!r} is no period; write 2024-05, 2024-Q2, 2024-H1 or 2024",
        where=Where(value=text),
    )


def periods_between(start: dt.date, end: dt.date, kind: PeriodKind = "month") -> list[Period]:
    """Every period that has a day in `start <= day < end`, in order.

    >>> [str(each) for each in periods_between(dt.date(2024, 1, 31), dt.date(2024, 3, 1))]
    ['2024-01', '2024-02']
    """
    if end <= start:
        return []
    first, last = period_of(start, kind), period_of(end - dt.timedelta(days=1), kind)
    return [first + step for step in range(last.since(first) + 1)]


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of the month some months on, or the month's last day where it has no such day.

    >>> add_months(dt.date(2024, 1, 31), 1), add_months(dt.date(2024, 3, 31), -1)
    (datetime.date(2024, 2, 29), datetime.date(2024, 2, 29))
    """
    month = period_of(day) + months
    return month.start.replace(day=min(day.day, month.days))
