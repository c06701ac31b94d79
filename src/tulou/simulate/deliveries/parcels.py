"""Which months each dataset speaks of, and in which files they come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from tulou.kernel.periods import Period, PeriodKind
from tulou.pool.core.catalogue import Dataset
from tulou.simulate.activity import HISTORY
from tulou.simulate.books import Span
from tulou.simulate.habits import Coverage, Habit
from tulou.simulate.population import Window

_KINDS: dict[int, PeriodKind] = {1: "month", 3: "quarter", 6: "half", 12: "year"}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One file of a dataset: `label` is its period's name, `spans` the periods in it; `number` counts from 0."""

    dataset: str
    number: int
    label: str
    spans: tuple[Span, ...]


def parcels(
    dataset: Dataset, habit: Habit, coverage: Coverage, window: Window, bundle: int | None = None
) -> list[Parcel]:
    """The files in which `dataset` comes; `bundle` is how many months come together, where it is not as usual.

    Up to a year they are cut at the calendar's quarters and years, longer ones from the window's first month.
    """
    months = bundle or coverage.bundle or habit.bundle
    spans = periods_of(dataset, window)
    groups: dict[int, list[Span]] = {}
    for span in spans:
        at = _month_index(window, span.stop - 1) if months <= 12 else span.stop - 1 - HISTORY
        groups.setdefault(at // months, []).append(span)
    return [
        Parcel(dataset.id, number, _label(window, group), tuple(group)) for number, group in enumerate(groups.values())
    ]


def periods_of(dataset: Dataset, window: Window) -> list[Span]:
    """The periods of the window that a dataset reports: its months, the quarters and years that end in it.

    A window in which no year ends has the one that it lies in, as far as it has come; so for quarters.
    """
    months = [HISTORY + at for at in range(window.months)]
    if dataset.grain == "enterprise":
        return [Span(months[-1], months[-1] + 1)]
    length = {"enterprise-quarter": 3, "enterprise-year": 12}.get(dataset.grain, 1)
    ends = [at for at in months if (_month_index(window, at) + 1) % length == 0] or months[-1:]
    return [Span(at + 1 - length, at + 1) for at in ends]


def _month_index(window: Window, at: int) -> int:
    month = window.month(at - HISTORY)
    return month.year * 12 + month.month - 1


def _label(window: Window, spans: Sequence[Span]) -> str:
    first, last = window.month(spans[0].start - HISTORY), window.month(spans[-1].stop - 1 - HISTORY)
    length = (last.year - first.year) * 12 + last.month - first.month + 1
    kind = _KINDS.get(length)
    if kind is not None and (first.month - 1) % length == 0:
        return str(Period(kind, (first.year * 12 + first.month - 1) // length))
    return f"{_short(first)}_{_short(last)}"


def _short(month: dt.date) -> str:
    return f"{month:%Y-%m}"
