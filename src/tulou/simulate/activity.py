"""Month after month: how much each firm works, sells, uses and employs; who closes, and how each is doing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from tulou.simulate.chance import Booleans, Floats, Indices, stream
from tulou.simulate.names import SOLE_TRADER
from tulou.simulate.population import Window
from tulou.simulate.seasons import Shock, open_share, seasons
from tulou.simulate.vocabulary import districts, industries

HISTORY = 18
"""Months that are simulated before the window, so that growth and habits are known in its first month."""

NEVER = 10_000
"""The month in which a firm closes that does not."""

Series = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Activity:
    """A block of firms, one row each, by month: column 0 is HISTORY months before the window.

    level: work done against a usual month of the firm (1.0; 0 while it is closed or not yet born);
    revenue: yuan; headcount: persons; kwh; health: how the firm is doing (0 usual, each unit a standard deviation);
    trouble: 1 in months in which it paid late or not at all; closes: the column in which it closes, or NEVER;
    resumed_on: ordinal of the day on which it worked again after the lock-down; before, after: the days for which it
    closes around the lunar new year.
    """

    first: int
    level: Series
    revenue: Series
    headcount: Series
    kwh: Series
    health: Series
    trouble: Series
    closes: Indices
    resumed_on: Indices
    before: Floats
    after: Floats

    @property
    def alive(self) -> Booleans:
        """In which months each firm works."""
        return np.asarray(self.level > 0)


def act(firms: pl.DataFrame, window: Window, seed: int, block: int) -> Activity:
    """The months of a block of firms."""
    rng = stream(seed, "activity", block)
    months = [window.month(at) for at in range(-HISTORY, window.months)]
    size = len(firms)
    traits = _Traits.of(rng, firms)
    level = traits.usual(rng, months)
    health = _health(rng, firms["quality"].to_numpy(), level)
    born = _born(firms, months)
    closes = _closures(rng, born, health)
    at = np.arange(len(months))
    ramp = 1 - 0.85 * np.exp(-np.maximum(at[None, :] - born[:, None], 0) / 5.0)
    working = (at[None, :] >= born[:, None]) & (at[None, :] < closes[:, None])
    level = np.where(working, level * np.where(born[:, None] > 0, ramp, 1.0), 0.0)
    headcount = _headcount(rng, firms["headcount"].to_numpy(), level)
    revenue = level * traits.revenue[:, None] * np.exp(0.06 * rng.standard_normal(level.shape))
    kwh = np.where(working, traits.kwh[:, None] * (0.16 + 0.84 * level**0.9) * traits.climate(months), 0.0)
    lateness = 1 / (1 + np.exp(3.1 + 1.35 * health))
    trouble = np.where(working, rng.random(level.shape) < lateness, False)
    return Activity(
        first=int(firms["firm"][0]) if size else 0,
        level=level.astype(np.float32),
        revenue=revenue.astype(np.float32),
        headcount=headcount.astype(np.float32),
        kwh=(kwh * np.exp(0.04 * rng.standard_normal(level.shape))).astype(np.float32),
        health=health.astype(np.float32),
        trouble=trouble.astype(np.float32),
        closes=closes,
        resumed_on=traits.lockdown_end.astype(np.int64),
        before=traits.before,
        after=traits.after,
    )


@dataclass(frozen=True, slots=True)
class _Traits:
    """What is particular to each firm of a block."""

    pattern: Indices
    before: Floats
    after: Floats
    standby: Floats
    shock: Shock
    growth: Floats
    volatility: Floats
    revenue: Floats
    kwh: Floats
    lockdown_end: Floats
    works: Booleans

    @classmethod
    def of(cls, rng: np.random.Generator, firms: pl.DataFrame) -> _Traits:
        table, calendar = industries(), seasons()
        division, size = firms["division_at"].to_numpy(), len(firms)
        pattern = calendar.places(table.table["season"].to_list())[division]
        heads, quality = firms["headcount"].to_numpy().astype(float), firms["quality"].to_numpy()
        works = firms["works"].to_numpy()
        small = firms["form"].to_numpy() == SOLE_TRADER
        stretch = np.exp(0.35 * rng.standard_normal(size))
        shock = _shock(rng, firms, heads, quality)
        per_head = table.number("revenue_per_head")[division] * np.where(small, 0.45, 1.0)
        productivity = np.exp(0.55 * rng.standard_normal(size) + 0.16 * quality)
        return cls(
            pattern=pattern,
            before=calendar.closed_before[pattern] * stretch,
            after=calendar.closed_after[pattern] * stretch,
            standby=np.clip(calendar.standby[pattern] * np.exp(0.4 * rng.standard_normal(size)), 0, 0.95),
            shock=shock,
            growth=(0.025 + 0.05 * quality + 0.10 * rng.standard_normal(size)) / 12,
            volatility=0.07 + 0.13 / np.sqrt(heads),
            revenue=heads**0.94 * per_head * 1000 / 12 * productivity,
            kwh=heads**0.95 * table.number("kwh_per_head")[division] * np.exp(0.5 * rng.standard_normal(size)),
            lockdown_end=dt.date(2020, 2, 3).toordinal() + shock.closed_days,
            works=works,
        )

    def usual(self, rng: np.random.Generator, months: list[dt.date]) -> Floats:
        """Work done by a firm that lives through all the months."""
        size = len(self.pattern)
        noise = np.zeros(size)
        level = np.empty((size, len(months)))
        for at, month in enumerate(months):
            noise = 0.72 * noise + self.volatility * rng.standard_normal(size)
            open_days = open_share(month, self.before, self.after)
            holiday = open_days + (1 - open_days) * self.standby
            spared, strength = self.shock.factor(month)
            season = seasons().months[self.pattern, month.month - 1]
            age = at - len(months) / 2
            level[:, at] = (
                np.exp(noise + self.growth * age) * season * holiday * (spared + (1 - spared) * 0.06) * strength
            )
        return level

    def climate(self, months: list[dt.date]) -> Floats:
        """Electricity follows the heat: air is cooled from June to September, less so where machines run."""
        warm = np.array(
            [[0.0, 0.0, 0.0, 0.0, 0.05, 0.14, 0.24, 0.24, 0.14, 0.02, 0.0, 0.0][month.month - 1] for month in months]
        )
        return 1 + warm[None, :] * np.where(self.works, 0.35, 1.3)[:, None]


def _shock(rng: np.random.Generator, firms: pl.DataFrame, heads: Floats, quality: Floats) -> Shock:
    table, division, size = industries(), firms["division_at"].to_numpy(), len(firms)
    lag = districts()["lag"].to_numpy()[firms["region_at"].to_numpy()]
    depth = np.clip(
        table.number("depth")[division] * np.exp(0.30 * rng.standard_normal(size) - 0.10 * quality), 0.02, 0.97
    )
    days = table.number("resume_days")[division] * np.exp(0.42 * rng.standard_normal(size)) + lag - 1.5 * np.log(heads)
    rebound = table.number("rebound")[division] * np.exp(0.10 * rng.standard_normal(size) + 0.03 * quality)
    return Shock(
        closed_days=np.clip(days, 0, 240),
        loss=np.clip(0.85 * depth, 0, 0.95),
        level=rebound,
        pace=np.clip(28 + 1.3 * days, 15, 260),
    )


def _health(rng: np.random.Generator, quality: Floats, level: Floats) -> Floats:
    """Quality, plus how the last three months went against what is usual, plus a slow wind of its own."""
    relative = np.log(np.maximum(level, 0.02))
    smooth = relative.copy()
    for at in range(1, level.shape[1]):
        smooth[:, at] = 0.8 * smooth[:, at - 1] + 0.2 * relative[:, at]
    wind = np.zeros(len(quality))
    health = np.empty_like(level)
    for at in range(level.shape[1]):
        wind = 0.9 * wind + 0.22 * rng.standard_normal(len(quality))
        health[:, at] = 0.75 * quality + 1.1 * (smooth[:, at] + 0.1) + wind
    return health


def _born(firms: pl.DataFrame, months: list[dt.date]) -> Indices:
    """The column in which each firm begins; negative where it began before."""
    established = firms["established"].to_numpy().astype("datetime64[M]").astype(np.int64)
    return np.asarray(established - np.datetime64(months[0], "M").astype(np.int64))


def _closures(rng: np.random.Generator, born: Indices, health: Floats) -> Indices:
    """The column in which each firm gives up, or NEVER; none does so before the window."""
    size, months = health.shape
    age = np.arange(months)[None, :] - born[:, None]
    hazard = 0.0042 * np.exp(-0.75 * health) * np.where(age < 36, 1.6, 1.0)
    hazard[:, :HISTORY] = 0
    hazard[age < 2] = 0
    falls = rng.random((size, months)) < np.clip(hazard, 0, 0.35)
    return np.where(falls.any(axis=1), falls.argmax(axis=1), NEVER).astype(np.int64)


def _headcount(rng: np.random.Generator, usual: Indices, level: Floats) -> Floats:
    """Persons employed: they follow the work slowly, and seldom all the way."""
    smooth = np.empty_like(level)
    current = np.where(level[:, 0] > 0, level[:, 0], 1.0)
    for at in range(level.shape[1]):
        current = 0.82 * current + 0.18 * np.where(level[:, at] > 0, level[:, at], current)
        smooth[:, at] = current
    rounding = rng.random(len(usual))
    heads = np.floor(usual[:, None] * np.clip(smooth, 0.2, 3.0) ** 0.55 + rounding[:, None])
    return np.where(level > 0, np.maximum(heads, 1), 0)
