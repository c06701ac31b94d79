"""What a feature is: a number of each firm with its name, unit, window, direction, sources and rule of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Literal, TypeAlias

import ibis

from tulou.kernel.errors import Text
from tulou.kernel.periods import add_months

Expression: TypeAlias = Any
FIRM, PERIOD = "enterprise_id", "period"
Direction = Literal[-1, 0, 1]
"""1: the higher, the riskier; -1: the higher, the safer; 0: not known beforehand."""


@dataclass(frozen=True, slots=True)
class Source:
    """An item that a feature is made from: its dataset, column and code in the reference catalogue."""

    dataset: str
    column: str
    item: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Records of a dataset as features ask for them: one row a firm and period, an event, or a firm.

    `month`, `quarter`: amounts added up over a firm's accounts, of periods that were over before the as-of day.
    `year`: the like, of years that were over. `event`: the event's day (the first of `dates` that is there) is before
    the as-of day. `firm`: the latest record. `texts` are columns that are kept as they are, not added up.
    """

    dataset: str
    grain: Literal["month", "quarter", "year", "event", "firm"]
    columns: tuple[str, ...]
    dates: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The name under which an engine keeps it."""
        return f"panel_{self.dataset}"


@dataclass(frozen=True, slots=True)
class Months:
    """Whole months before the month of the as-of day; the day itself is in none of them."""

    as_of: dt.date

    def last(self, period: Expression, months: int, *, back: int = 0) -> Expression:
        """Whether a period is among the last `months` months, counted `back` months earlier."""
        end = add_months(self.as_of.replace(day=1), -back)
        return (period >= ibis.literal(add_months(end, -months))) & (period < ibis.literal(end))

    def back(self, period: Expression, months: int) -> Expression:
        """How many months lie between a period, or an event's day, and the last whole month; at most `months`."""
        first = self.as_of.replace(day=1)
        earlier = [period < ibis.literal(add_months(first, -back)) for back in range(1, months + 1)]
        return reduce(add, (each.cast("int64") for each in earlier))

    def within(self, day: Expression, months: int) -> Expression:
        """Whether an event lies in the `months` months that end on the as-of day, the day itself not counted."""
        return (day >= ibis.literal(add_months(self.as_of, -months))) & (day < ibis.literal(self.as_of))

    def year(self, period: Expression, back: int = 1) -> Expression:
        """Whether a yearly period is the one `back` years before the as-of day's."""
        return period == ibis.literal(dt.date(self.as_of.year - back, 1, 1))


Measure: TypeAlias = Callable[[Expression, Months], Expression]
"""An aggregate over the rows of one firm in a panel."""
Rows: TypeAlias = Callable[[Mapping[str, Expression], Months], Expression]
"""A table of firm and value over panels, for what no aggregate over one firm's rows can say."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A number of each firm.

    `absent` is the value of a firm that has no record in the panel at all where that means something (no case on
    record is no case); None leaves it unknown.
    """

    name: str
    title: Text
    unit: str
    window: Text
    direction: Direction
    sources: tuple[Source, ...]
    panel: str
    measure: Measure | None = None
    rows: Rows | None = None
    also: tuple[str, ...] = ()
    absent: float | None = None

    @property
    def as_of_rule(self) -> Text:
        """What of the past the feature may know."""
        return AS_OF_RULE


AS_OF_RULE = Text(
    zh="只用截至该日已收到的记录; 月、季、年须在该日之前结束, 事件须发生在该日之前",
    en="Only records received by the day; months, quarters and years that ended before it; events before it",
)


def ratio(above: Expression, below: Expression) -> Expression:
    """The one divided by the other as numbers; unknown where the other is zero."""
    return above.cast("float64") / below.cast("float64").nullif(0)


def total(value: Expression, where: Expression) -> Expression:
    """The exact sum."""
    added = value.sum(where=where)
    return (
        added.cast(f"decimal(38, {value.type().scale})") if value.type().is_decimal() else added.cast("decimal(38, 0)")
    )


def growth(value: Expression, now: Expression, then: Expression) -> Expression:
    """The mean month against the mean month before, so that a month that is missing is not a fall to nothing.

    Unknown where there was or is nothing.
    """
    recent = total(value, now)
    above = ratio(ibis.ifelse(recent > 0, recent, ibis.null(recent.type())), value.count(where=now))
    return above / ratio(total(value, then), value.count(where=then)).nullif(0)
