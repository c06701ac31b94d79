"""What the calendar does to a month of work: its season, the lunar new year that wanders through it, the epidemic."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from tulou.kernel.working_days import lunar_new_year
from tulou.simulate.chance import Floats, Indices
from tulou.simulate.population import add_months

LOCKDOWN = dt.date(2020, 2, 3)
"""The first working day after the new year's holiday of 2020, which had been made longer; most could not return."""


@dataclass(frozen=True, slots=True)
class Seasons:
    """Patterns of the year, one row each: days closed before and after the new year, what goes on meanwhile, months."""

    patterns: tuple[str, ...]
    closed_before: Floats
    closed_after: Floats
    standby: Floats
    months: Floats

    def places(self, names: list[str]) -> Indices:
        """The row of each pattern."""
        at = {name: place for place, name in enumerate(self.patterns)}
        return np.array([at[name] for name in names], dtype=np.int64)


@cache
def seasons() -> Seasons:
    """The table of seasons."""
    with (files("tulou.simulate") / "facts" / "seasons.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))

    def column(name: str) -> Floats:
        return np.array([float(row[name]) for row in rows])

    months = np.column_stack([column(f"m{month}") for month in range(1, 13)])
    return Seasons(
        tuple(row["pattern"] for row in rows),
        column("closed_before"),
        column("closed_after"),
        column("standby"),
        months / months.mean(axis=1, keepdims=True),
    )


def open_share(month: dt.date, before: Floats, after: Floats) -> Floats:
    """The share of a month's days on which each firm works, when it closes so many days around the lunar new year."""
    start, end = month.toordinal(), add_months(month, 1).toordinal()
    closed = np.zeros(len(before))
    for year in (month.year, month.year + 1):
        festival = lunar_new_year(year).toordinal()
        closed += np.clip(np.minimum(festival + after, end) - np.maximum(festival - before, start), 0, None)
    return 1 - closed / (end - start)


@dataclass(frozen=True, slots=True)
class Shock:
    """How the epidemic of 2020 went for each firm: days closed after 3 February, loss at first, level reached, pace."""

    closed_days: Floats
    loss: Floats
    level: Floats
    pace: Floats

    def factor(self, month: dt.date) -> tuple[Floats, Floats]:
        """Of a month: the share of its days that the epidemic left open, and the level of work on open days."""
        size = len(self.closed_days)
        if month < dt.date(2020, 2, 1):
            return np.ones(size), np.ones(size)
        start, end = month.toordinal(), add_months(month, 1).toordinal()
        resumed = LOCKDOWN.toordinal() + self.closed_days
        closed = np.clip(np.minimum(resumed, end) - np.maximum(LOCKDOWN.toordinal(), start), 0, None)
        middle = (np.maximum(resumed, start) + end) / 2
        level = self.level - (self.level - (1 - self.loss)) * np.exp(-np.maximum(middle - resumed, 0) / self.pace)
        return 1 - closed / (end - start), level
