"""What a report says about forecasts: overall, by segment, out of time, with confidence limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.batch import probabilities, sort_into_cells
from tulou.finance.core.columns import Columns, Numbers, keys
from tulou.finance.core.metrics import bootstrap, calibration_table, psi, quality, rate_limits

MOST_SEGMENTS = 12
FEWEST_IN_A_SEGMENT = 50
CURVE_POINTS = 60


def assess(bad: Numbers, probability: Numbers, *, seed: int, limits: bool = True) -> dict[str, Any]:
    """All figures of one set of forecasts, as JSON types, with 95 % limits of AUC and log-loss, calibration and ROC
    curve."""
    answer: dict[str, Any] = {**asdict(quality(bad, probability))}
    answer["calibration"] = [
        {
            "count": count,
            "foretold": foretold,
            "observed": observed,
            "limits": rate_limits(round(observed * count), count),
        }
        for count, foretold, observed in calibration_table(bad, probability)
    ]
    answer["roc"] = roc_curve(bad, probability)
    if limits:
        answer["limits"] = bootstrap(bad, probability, seed)
    return answer


def roc_curve(bad: Numbers, probability: Numbers) -> list[tuple[float, float]]:
    """Some points of the curve of false against true alarms."""
    order = np.argsort(-probability, kind="stable")
    hits, falls = np.cumsum(bad[order]), np.cumsum(1 - bad[order])
    if not len(bad) or hits[-1] == 0 or falls[-1] == 0:
        return []
    ends = np.flatnonzero(np.append(np.diff(probability[order]) != 0, True))
    chosen = ends[np.unique(np.linspace(0, len(ends) - 1, min(CURVE_POINTS, len(ends))).astype(int))]
    points = [(float(falls[i] / falls[-1]), float(hits[i] / hits[-1])) for i in chosen]
    return [(0.0, 0.0), *points]


def by_segment(segments: Mapping[str, Any], bad: Numbers, probability: Numbers) -> list[dict[str, Any]]:
    """Observed and foretold bad rate of each group of each column that is large enough to say something."""
    answer = []
    for name, column in segments.items():
        codes, values = keys(column)
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        largest = [k for k in np.argsort(-counts, kind="stable")[:MOST_SEGMENTS] if counts[k] >= FEWEST_IN_A_SEGMENT]
        for k in sorted(largest, key=lambda k: values[k]):
            rows = codes == k
            low, high = rate_limits(int(bad[rows].sum()), int(counts[k]))
            foretold = float(probability[rows].mean())
            figures = quality(bad[rows], probability[rows])
            answer.append(
                {
                    "column": name,
                    "segment": values[k],
                    "count": int(counts[k]),
                    "bad_rate": figures.bad_rate,
                    "bad_rate_low": low,
                    "bad_rate_high": high,
                    "foretold": foretold,
                    "off_level": not low <= foretold <= high,
                    "auc": figures.auc,
                }
            )
    return answer


def out_of_time(
    card: Scorecard, columns: Columns, bad: Numbers, reference: Mapping[str, Any], *, seed: int
) -> dict[str, Any]:
    """How the card does on rows after the split: all figures, and how far score and features have drifted."""
    batch = sort_into_cells(card, columns)
    scores = batch.scores()
    answer = assess(bad, probabilities(card.calibration, scores), seed=seed)
    answer["psi"] = psi_of(reference, scores)
    answer["feature_psi"] = {
        feature.name: psi(feature.counts, np.bincount(cells, minlength=feature.cells))
        for feature, cells in zip(card.features, batch.cells, strict=True)
    }
    return answer


def psi_of(reference: Mapping[str, Any], scores: NDArray[np.int64]) -> float:
    """The PSI of scores against a reference distribution."""
    cells = np.searchsorted(reference["edges"], scores, side="right")
    return psi(reference["counts"], np.bincount(cells, minlength=len(reference["counts"])))
