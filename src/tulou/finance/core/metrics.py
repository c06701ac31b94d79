"""How good a forecast is: ranking (AUC, KS), sharpness (log-loss, Brier), honesty (calibration), stability (PSI)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from tulou.finance.core.columns import Numbers

CLIP = 1e-6


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of one set of forecasts; None where a figure needs both outcomes and there is one."""

    count: int
    bad_rate: float
    auc: float | None
    ks: float | None
    log_loss: float
    brier: float
    calibration_error: float
    mean_probability: float


def log_losses(bad: Numbers, logits: Numbers) -> Numbers:
    """The log-loss of each row, from log-odds."""
    return np.asarray(np.logaddexp(0.0, logits) - bad * logits)


def log_loss(bad: Numbers, probability: Numbers) -> float:
    """The mean log-loss, probabilities clipped to [1e-6, 1 - 1e-6]."""
    return float(np.mean(_losses(bad, probability)))


def _losses(bad: Numbers, probability: Numbers) -> Numbers:
    p = np.clip(probability, CLIP, 1 - CLIP)
    return -(bad * np.log(p) + (1 - bad) * np.log(1 - p))


def auc(bad: Numbers, risk: ArrayLike) -> float | None:
    """The chance that a bad one has more `risk` than a good one, ties counted half.

    >>> auc(np.array([0.0, 1.0, 1.0]), [1, 2, 1])
    0.75
    """
    ones = float(bad.sum())
    zeros = len(bad) - ones
    if ones == 0 or zeros == 0:
        return None
    ranks = rankdata(np.asarray(risk))
    return float((ranks[bad == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def ks(bad: Numbers, risk: ArrayLike) -> float | None:
    """The greatest distance between the shares of bad and good ones above a threshold (Kolmogorov-Smirnov)."""
    ones = float(bad.sum())
    zeros = len(bad) - ones
    if ones == 0 or zeros == 0:
        return None
    values = np.asarray(risk, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    hits, falls = np.cumsum(bad[order]) / ones, np.cumsum(1 - bad[order]) / zeros
    ends = np.append(np.diff(values[order]) != 0, True)
    return float(np.max((hits - falls)[ends], initial=0.0))


def calibration_table(bad: Numbers, probability: Numbers, bins: int = 10) -> list[tuple[int, float, float]]:
    """(rows, mean probability, observed rate) in `bins` groups of equal size, ordered by probability."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [(len(part), float(probability[part].mean()), float(bad[part].mean())) for part in parts]


def calibration_error(bad: Numbers, probability: Numbers, bins: int = 10) -> float:
    """The mean distance between forecast and observed rate over groups of equal size (ECE)."""
    rows = calibration_table(bad, probability, bins)
    return sum(n * abs(p - rate) for n, p, rate in rows) / max(len(bad), 1)


def quality(bad: Numbers, probability: Numbers) -> Quality:
    """All figures of one set of forecasts."""
    return Quality(
        count=len(bad),
        bad_rate=float(bad.mean()),
        auc=auc(bad, probability),
        ks=ks(bad, probability),
        log_loss=log_loss(bad, probability),
        brier=float(np.mean((probability - bad) ** 2)),
        calibration_error=calibration_error(bad, probability),
        mean_probability=float(probability.mean()),
    )


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """The population stability index of two counts over the same cells; half a row stands in for an empty cell.

    >>> round(psi([50, 50], [50, 50]), 3), round(psi([90, 10], [10, 90]), 2)
    (0.0, 3.52)
    """
    was, now = (np.maximum(np.asarray(counts, dtype=np.float64), 0.5) for counts in (expected, actual))
    was, now = was / was.sum(), now / now.sum()
    return float(np.sum((now - was) * np.log(now / was)))


def bootstrap(bad: Numbers, probability: Numbers, seed: int, rounds: int = 200) -> dict[str, tuple[float, float]]:
    """95 % confidence limits of AUC and log-loss, by drawing the rows anew."""
    random = np.random.default_rng(seed)
    distinct, places = np.unique(probability, return_inverse=True)
    losses = _losses(bad, probability)
    figures: list[tuple[float, float]] = []
    for _ in range(rounds):
        rows = random.integers(0, len(bad), len(bad))
        drawn = places[rows]
        ones = np.bincount(drawn, bad[rows], len(distinct))
        zeros = np.bincount(drawn, minlength=len(distinct)) - ones
        if both := float(ones.sum() * zeros.sum()):
            below = float(ones @ (np.cumsum(zeros) - zeros / 2))
            figures.append((below / both, float(np.mean(losses[rows]))))
    if not figures:
        return {}
    low, high = np.percentile(np.array(figures), [2.5, 97.5], axis=0)
    return {name: (float(low[i]), float(high[i])) for i, name in enumerate(("auc", "log_loss"))}


def rate_limits(bad: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % confidence limits of a rate.

    >>> tuple(round(limit, 3) for limit in rate_limits(0, 10))
    (0.0, 0.278)
    """
    if count == 0:
        return 0.0, 1.0
    rate = bad / count
    centre, spread = rate + z * z / (2 * count), z * np.sqrt(rate * (1 - rate) / count + z * z / (4 * count**2))
    scale = 1 + z * z / count
    return max(0.0, float((centre - spread) / scale)), min(1.0, float((centre + spread) / scale))


def fair_shares(values: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """The lowest values of about `most` groups of equal size but the first, without parting equal values.

    >>> fair_shares(np.array([1, 2, 2, 3, 4, 5]), 3).tolist()
    [2, 4]
    """
    ordered = np.sort(values)
    goals = (np.arange(1, most) * len(ordered)) // most
    return np.unique(ordered[goals]) if len(ordered) else ordered
