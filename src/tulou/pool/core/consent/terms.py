"""What a grant is about: the words that purpose, grant, request and decision share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class SharingType(IntEnum):
    """How a department shares an item (Guidelines for government information resource catalogues, 2017)."""

    UNCONDITIONAL = 1
    CONDITIONAL = 2
    NONE = 3


class Granularity(StrEnum):
    """How fine the data may be that a reader gets: every value, sums over periods, or the score alone."""

    RAW = "raw"
    SUMMARY = "summary"
    SCORE = "score"

    def finer_than(self, other: Granularity) -> bool:
        """Whether this shows more than `other`.

        >>> Granularity.RAW.finer_than(Granularity.SCORE), Granularity.SCORE.finer_than(Granularity.SCORE)
        (True, False)
        """
        order = list(Granularity)
        return order.index(self) < order.index(other)


@dataclass(frozen=True, slots=True)
class Terms:
    """Items, period, validity, frequency and retention. Every span is half-open: `until` is the first moment outside.

    `items` are item codes, never a wildcard. `data_from` and `data_until` are first days of months. `max_reads_per_day`
    counts the 24 hours before a reading.
    """

    items: frozenset[str]
    granularity: Granularity
    data_from: dt.date
    data_until: dt.date
    valid_from: dt.datetime
    valid_until: dt.datetime
    max_reads: int
    max_reads_per_day: int
    retention_days: int

    def __post_init__(self) -> None:
        if not self.items or any("*" in item for item in self.items):
            raise ValueError("terms name their items one by one")
        if self.data_from >= self.data_until or self.valid_from >= self.valid_until:
            raise ValueError("a span ends after it begins")
        if self.valid_from.tzinfo is None or self.valid_until.tzinfo is None:
            raise ValueError("a moment carries its time zone")
        if min(self.max_reads, self.max_reads_per_day) < 1 or self.retention_days < 0:
            raise ValueError("a limit is positive")


def months_between(start: dt.date, until: dt.date) -> int:
    """How many months the half-open span touches.

    >>> months_between(dt.date(2020, 1, 1), dt.date(2021, 1, 1))
    12
    >>> months_between(dt.date(2020, 1, 1), dt.date(2020, 1, 2))
    1
    """
    last = until - dt.timedelta(days=1)
    return (last.year - start.year) * 12 + last.month - start.month + 1
