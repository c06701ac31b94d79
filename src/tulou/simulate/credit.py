"""Loans and who fails on them: a risk function that is known, so that a scorecard can be held against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from tulou.simulate.activity import HISTORY, NEVER
from tulou.simulate.chance import Floats, Indices, pick, stream, whole
from tulou.simulate.ledger import Ledger
from tulou.simulate.population import Window
from tulou.simulate.seasons import LOCKDOWN
from tulou.simulate.vocabulary import gathered, words

HORIZON = 12
"""Months after the loan within which a default counts."""

WEIGHTS: Mapping[str, float] = {
    "constant": -3.35,
    "size": -0.22,
    "young": 0.75,
    "leverage": 2.3,
    "growth": -1.1,
    "steep_growth": 0.9,
    "late_months": 0.42,
    "often_late": 0.55,
    "power_trend": -0.8,
    "lawsuits": 0.6,
    "leverage_in_decline": 1.4,
    "closed_by_epidemic": 0.012,
}
"""The weights of the risk function; `risk` says what each stands for."""

_PURPOSES = ["流动资金", "设备购置", "备货", "扩大产能", "支付工资", "技术改造"]
_TERMS = np.array([3, 6, 12, 12, 12, 24, 36])


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of firms on a day: the arguments of the risk function, one value a firm.

    headcount; age in years; leverage (debts / assets); growth (log of the last three months' revenue against the same
    months a year before); late_months (of the last six); power_trend (log of the last three months' electricity
    against the last twelve); lawsuits (as a defendant, last twelve months); closed_days (by the epidemic).
    """

    headcount: Floats
    age: Floats
    leverage: Floats
    growth: Floats
    late_months: Floats
    power_trend: Floats
    lawsuits: Floats
    closed_days: Floats

    @classmethod
    def of(cls, ledger: Ledger, window: Window, at: int) -> Standing:
        """The standing of a block's firms at the beginning of column `at`."""
        day = np.datetime64(window.month(at - HISTORY), "D")
        born = ledger.firms["established"].to_numpy().astype("datetime64[D]")
        assets = np.maximum(ledger.sheet("assets")[:, at - 1], 1.0)
        through = window.month(at - HISTORY) > LOCKDOWN
        closed = np.maximum(ledger.activity.resumed_on - LOCKDOWN.toordinal(), 0) * through
        return cls(
            headcount=ledger.sheet("headcount")[:, at - 1],
            age=(day - born).astype(np.int64) / 365.25,
            leverage=ledger.sheet("debts")[:, at - 1] / assets,
            growth=_log_ratio(ledger, "revenue", (at - 3, at), (at - 15, at - 12)),
            late_months=ledger.sheet("trouble")[:, at - 6 : at].sum(axis=1),
            power_trend=_log_ratio(ledger, "kwh", (at - 3, at), (at - 12, at)) + np.log(4),
            lawsuits=ledger.sheet("lawsuits")[:, at - 12 : at].sum(axis=1),
            closed_days=closed.astype(np.float64),
        )

    def frame(self) -> pl.DataFrame:
        """As columns."""
        return pl.DataFrame({name: getattr(self, name) for name in self.__dataclass_fields__})


def risk(standing: Standing) -> Floats:
    """The true probability of a default within twelve months.

    The logit is linear but for four things that a scorecard must find: a kink at three years of age, growth that is
    too steep, lateness from the third month, and debts that weigh more when revenue falls.
    """
    s, w = standing, WEIGHTS
    logit = (
        w["constant"]
        + w["size"] * np.log(np.maximum(s.headcount, 1))
        + w["young"] * (s.age < 3)
        + w["leverage"] * (s.leverage - 0.5)
        + w["growth"] * np.clip(s.growth, -1.5, 0.4)
        + w["steep_growth"] * np.clip(s.growth - 0.4, 0, 1.5)
        + w["late_months"] * s.late_months
        + w["often_late"] * (s.late_months >= 3)
        + w["power_trend"] * np.clip(s.power_trend, -1, 1)
        + w["lawsuits"] * np.minimum(s.lawsuits, 3)
        + w["leverage_in_decline"] * np.clip(s.leverage - 0.5, 0, None) * (s.growth < -0.1)
        + w["closed_by_epidemic"] * np.minimum(s.closed_days, 60)
    )
    return np.asarray(1 / (1 + np.exp(-logit)))


def lend(ledger: Ledger, window: Window, times: float = 1.0) -> pl.DataFrame:
    """The loans that banks made to a block's firms in the window, with the truth about each.

    `times` makes another book of about so many times as many loans to the same firms, as a larger province would
    have: with few defaults it is the coin that differs, not the card.

    `default` says whether the firm fails within twelve months (it may lie after the window: `default_on` is then
    unknown to everybody, and `observed` false); `true_pd` is the chance that it had.
    """
    rng = stream(ledger.seed, "loans", ledger.block)
    parts = [_lent_in(rng, ledger, window, at, times) for at in range(HISTORY, HISTORY + window.months)]
    return pl.concat(parts)


def _lent_in(rng: np.random.Generator, ledger: Ledger, window: Window, at: int, times: float) -> pl.DataFrame:
    standing = Standing.of(ledger, window, at)
    alive = ledger.alive[:, at] & ledger.alive[:, at - 1] & ledger.firms["registered"].to_numpy()
    wants = times * 0.012 * np.clip(0.5 + 0.4 * np.log(np.maximum(standing.headcount, 1)), 0.2, 3.0)
    rows = np.flatnonzero(alive & (rng.random(len(alive)) < wants))
    pd = risk(standing)[rows]
    size = len(rows)
    default = rng.random(size) < pd
    month_of = 1 + (HORIZON * np.sqrt(rng.random(size))).astype(np.int64)
    closes = ledger.activity.closes[rows]
    soon = np.where(closes == NEVER, HORIZON, np.clip(closes - at, 1, HORIZON))
    month_of = np.minimum(month_of, soon)
    start = np.datetime64(window.month(at - HISTORY), "D") + rng.integers(0, 28, size)
    observed = at - HISTORY + np.where(default, month_of, HORIZON) <= window.months
    amount = _amounts(rng, ledger, rows, at)
    bank = gathered(words().plain("banks"), rng.integers(0, len(words().plain("banks")), size))
    return pl.DataFrame({"firm": ledger.firms["firm"].gather(pl.Series(rows, dtype=pl.UInt32))}).with_columns(
        granted_on=pl.Series(start),
        bank=bank,
        purpose=gathered(_PURPOSES, rng.integers(0, len(_PURPOSES), size)),
        term_months=pl.Series(_TERMS[pick(rng, np.ones(len(_TERMS)), size)]),
        amount=pl.Series(amount),
        rate=pl.Series(
            np.round(0.042 + 0.35 * pd * rng.uniform(0.2, 0.6, size) + 0.004 * rng.standard_normal(size), 4)
        ),
        true_pd=pl.Series(pd),
        default=pl.Series(default),
        default_on=pl.Series(np.where(default & observed, start + month_of * 30, np.datetime64("NaT"))),
        observed=pl.Series(observed),
        **{
            name: column.gather(pl.Series(rows, dtype=pl.UInt32)) for name, column in standing.frame().to_dict().items()
        },
    )


def _amounts(rng: np.random.Generator, ledger: Ledger, rows: Indices, at: int) -> Indices:
    """Round sums of some months' revenue, at least 10,000 yuan."""
    wish = ledger.sheet("revenue")[rows, at - 1] * rng.uniform(0.4, 3.0, len(rows))
    return np.maximum(whole(rng, wish / 10_000), 1) * 10_000


def _log_ratio(ledger: Ledger, name: str, now: tuple[int, int], then: tuple[int, int]) -> Floats:
    recent, past = ledger.over(name, *now), ledger.over(name, *then)
    known = (recent > 0) & (past > 0)
    return np.where(known, np.log(np.where(known, recent, 1.0) / np.where(known, past, 1.0)), 0.0)
