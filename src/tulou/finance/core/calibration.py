"""From scores to probabilities, to bands with confidence limits, and to a new level when outcomes come in."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.artefact import Band, Calibration
from tulou.finance.core.batch import Scores, probabilities
from tulou.finance.core.columns import Numbers
from tulou.finance.core.metrics import fair_shares, rate_limits

ANCHOR_SCORE, ANCHOR_ODDS = 600, 20
MOST_BANDS = 7
FEWEST_IN_A_BAND = 30
PRIOR_OUTCOMES = 2.0
BAND_NAMES = "ABCDEFG"


def points_per_logit(points_to_double: int) -> float:
    """How many points one unit of log-odds is, where `points_to_double` points double the odds."""
    return points_to_double / math.log(2)


def anchored(points_to_double: int) -> Calibration:
    """The calibration under which 600 points are odds of 20 good to 1 bad."""
    factor = points_per_logit(points_to_double)
    return Calibration(ANCHOR_SCORE / factor - math.log(ANCHOR_ODDS), -1 / factor)


def base_points(constant: float, points_to_double: int) -> int:
    """The base score of a card whose average firm has the log-odds `constant`."""
    factor = points_per_logit(points_to_double)
    return round(ANCHOR_SCORE - factor * (math.log(ANCHOR_ODDS) + constant))


def scores_of_logits(logits: Numbers, points_to_double: int) -> Scores:
    """The score that goes with log-odds on the anchored scale."""
    factor = points_per_logit(points_to_double)
    return np.rint(ANCHOR_SCORE - factor * (math.log(ANCHOR_ODDS) + logits)).astype(np.int64)


def levelled(calibration: Calibration, scores: Scores, expected: float, *, prior: float = 0.0) -> Calibration:
    """The calibration with the intercept under which `expected` of these scores turn out bad; the slope stays.

    `prior` adds so many cases with the present level, so that a handful of outcomes is not trusted without limit.
    """
    logits = calibration.intercept + calibration.slope * scores
    goal = expected + prior * float(probabilities(calibration, scores).mean())
    low, high = -20.0, 20.0
    for _ in range(100):
        middle = (low + high) / 2
        foretold = np.exp(-np.logaddexp(0.0, -(logits + middle)))
        if float(foretold.sum()) + prior * float(foretold.mean()) < goal:
            low = middle
        else:
            high = middle
    return replace(calibration, intercept=calibration.intercept + (low + high) / 2)


def recalibrated(calibration: Calibration, scores: Scores, bad: Numbers) -> Calibration:
    """The calibration at the level of the outcomes that came in; two cases of the present level are added to them.

    >>> old = Calibration(0.0, -0.01)
    >>> new = recalibrated(old, np.array([0] * 60), np.array([1.0] * 45 + [0.0] * 15))
    >>> 0.7 < new.probability(0) < 0.75
    True
    """
    new = levelled(calibration, scores, float(bad.sum()), prior=PRIOR_OUTCOMES)
    return replace(new, source="outcomes", outcomes=len(bad))


def bands(scores: Scores, bad: Numbers) -> tuple[Band, ...]:
    """Up to seven bands, best first, whose bad rates rise from one to the next; limits are Wilson's 95 %."""
    edges = fair_shares(scores, 12)
    counts, wrong = _counts(scores, bad, edges)
    while len(edges) and (place := _weakest(counts, wrong)) is not None:
        edges = np.delete(edges, place)
        counts, wrong = _counts(scores, bad, edges)
    answer: list[Band] = []
    for k in range(len(counts) - 1, -1, -1):
        low, high = rate_limits(int(wrong[k]), int(counts[k]))
        rate = float(wrong[k] / counts[k]) if counts[k] else 0.0
        lowest = int(edges[k - 1]) if k else None
        answer.append(Band(BAND_NAMES[len(answer)], lowest, int(counts[k]), int(wrong[k]), rate, low, high))
    return tuple(answer)


def _counts(scores: Scores, bad: Numbers, edges: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    cells = np.searchsorted(edges, scores, side="right")
    size = len(edges) + 1
    return np.bincount(cells, minlength=size).astype(np.float64), np.bincount(cells, bad, size).astype(np.float64)


def _weakest(counts: Numbers, wrong: Numbers) -> int | None:
    """The edge to remove next: where rates do not fall with the score, a band is small, or there are too many."""
    rates = wrong / np.maximum(counts, 1)
    drops = rates[:-1] - rates[1:]
    if (drops <= 0).any():
        return int(np.argmin(drops))
    small = counts < min(FEWEST_IN_A_BAND, counts.sum() / 3)
    if small.any():
        place = int(np.argmin(counts))
        return min(place, len(counts) - 2)
    if len(counts) > MOST_BANDS:
        return int(np.argmin(drops))
    return None
