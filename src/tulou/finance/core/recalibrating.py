"""A new level for an old card: the points and the ranking stay, the probabilities follow the outcomes that came in."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tulou.finance.core.artefact import Band, Calibration, Scorecard
from tulou.finance.core.batch import Scores, probabilities, score
from tulou.finance.core.calibration import recalibrated
from tulou.finance.core.columns import Columns, Numbers
from tulou.finance.core.document import hash_of
from tulou.finance.core.metrics import quality, rate_limits
from tulou.finance.core.outcome import read_outcome_as
from tulou.kernel.errors import Text, Where, refuse, wrong_use

FEWEST_OUTCOMES = 30
SHOWN = ("bad_rate", "mean_probability", "log_loss", "brier", "calibration_error", "auc")


@dataclass(frozen=True)
class Recalibrated:
    """The new card and what changed, as JSON types."""

    card: Scorecard
    figures: dict[str, Any]


def recalibrate(card: Scorecard, columns: Columns, *, file: str | None = None) -> Recalibrated:
    """The card with the intercept, and the bands with the rates, that the outcomes in a table ask for.

    Raises WrongUse where the table has no column of outcomes, Refused where fewer than 30 are known.
    """
    if card.target.column not in columns:
        raise wrong_use(
            "finance.recalibrate.no_outcomes",
            f"数据没有结果列 {card.target.column}",
            f"The data have no column {card.target.column} with outcomes",
            where=Where(file=file, column=card.target.column),
            remedy=Text(zh="请用 --target 指定结果列", en="Name the column of outcomes with --target"),
        )
    bad = read_outcome_as(columns[card.target.column], card.target)
    known = ~np.isnan(bad)
    if known.sum() < FEWEST_OUTCOMES:
        raise refuse(
            "finance.recalibrate.too_few",
            f"只有 {int(known.sum())} 个已知结果, 至少需要 {FEWEST_OUTCOMES} 个",
            f"Only {int(known.sum())} outcomes are known; {FEWEST_OUTCOMES} are needed",
            where=Where(file=file, column=card.target.column),
            remedy=Text(
                zh=f"结果应写作 {card.target.bad} 或 {card.target.good}",
                en=f"Outcomes are written {card.target.bad} or {card.target.good}",
            ),
        )
    scores, bad = score(card, columns, file=file)[known], bad[known]
    calibration = recalibrated(card.calibration, scores, bad)
    new = replace(
        card,
        calibration=calibration,
        bands=tuple(_moved(band, calibration.intercept - card.calibration.intercept) for band in card.bands),
        parent=hash_of(card),
    )
    figures = {
        "outcomes": len(bad),
        "before": _figures(card.calibration, scores, bad),
        "after": _figures(calibration, scores, bad),
        "intercept": {"before": card.calibration.intercept, "after": calibration.intercept},
    }
    return Recalibrated(new, figures)


def _figures(calibration: Calibration, scores: Scores, bad: Numbers) -> dict[str, Any]:
    figures = quality(bad, probabilities(calibration, scores))
    return {name: getattr(figures, name) for name in SHOWN}


def _moved(band: Band, shift: float) -> Band:
    """A band at the new level: its odds move as the odds of all rows do; how many rows it speaks of stays."""
    if band.count == 0:
        return band
    odds = (band.bad + 0.5) / (band.count - band.bad + 0.5) * math.exp(shift)
    bad = round(band.count * odds / (1 + odds))
    low, high = rate_limits(bad, band.count)
    return replace(band, bad=bad, rate=bad / band.count, low=low, high=high)
