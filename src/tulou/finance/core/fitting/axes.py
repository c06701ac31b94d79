"""Fine cells: each feature cut finely enough for the fit, coarsely enough for small whole codes.

What is fitted on these codes is exact on the raw values, because the cuts of the scorecard are among these cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.artefact import Feature
from tulou.finance.core.batch import cells_of
from tulou.finance.core.columns import Columns, Numbers, keys
from tulou.finance.core.values import values_of

MOST_CELLS = 127
MOST_LEVELS = 200
FEWEST_OF_A_LEVEL = 5

Codes = NDArray[np.int16]


@dataclass(frozen=True)
class Axis:
    """A feature with its fine cells, all of them with zero points yet."""

    feature: Feature

    @property
    def category(self) -> bool:
        """Whether the cells between are levels without an order."""
        return self.feature.kind == "category"

    @property
    def ordered(self) -> int:
        """How many cells stand in an order (or are levels) before unseen and missing."""
        return len(self.feature.points)

    @property
    def cells(self) -> int:
        """How many cells there are, unseen and missing with them."""
        return self.feature.cells


def fine_axis(feature: Feature, columns: Columns) -> Axis | None:
    """The feature cut finely on these rows; None where there is but one cell to be seen."""
    if feature.kind == "category":
        codes, levels = keys(columns[feature.items[0].column])
        counts = np.bincount(codes[codes >= 0], minlength=len(levels))
        ranked = sorted(range(len(levels)), key=lambda i: (-counts[i], levels[i]))[:MOST_LEVELS]
        kept = tuple((levels[i],) for i in ranked if counts[i] >= FEWEST_OF_A_LEVEL)
        rest = bool(len(codes) - sum(counts[i] for i in ranked if counts[i] >= FEWEST_OF_A_LEVEL))
        if len(kept) + rest < 2:
            return None
        return Axis(replace(feature, levels=kept, points=(0,) * len(kept), unseen=0))
    values = values_of(feature, columns)
    there = values[~np.isnan(values)]
    cuts = fine_cuts(there)
    if not cuts and len(there) in (0, len(values)):
        return None
    return Axis(replace(feature, cuts=cuts, points=(0,) * (len(cuts) + 1)))


def fine_cuts(values: Numbers, most: int = MOST_CELLS) -> tuple[float, ...]:
    """At most `most` - 1 cuts that share the values about evenly, each the shortest number that parts its neighbours.

    >>> fine_cuts(np.array([1.0, 2.0, 2.0, 10.0]))
    (2.0, 6.0)
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 2:
        return ()
    if len(distinct) > most:
        reached = np.cumsum(counts)
        goals = np.arange(1, most) * (reached[-1] / most)
        starts = np.unique(np.searchsorted(reached, goals, side="left") + 1)
        starts = starts[starts < len(distinct)]
    else:
        starts = np.arange(1, len(distinct))
    cuts = (shortest_between(float(distinct[i - 1]), float(distinct[i])) for i in starts)
    return tuple(cut for cut in cuts if np.isfinite(cut))


def shortest_between(low: float, high: float) -> float:
    """The number with the fewest digits above `low` and not above `high`.

    >>> shortest_between(0.123, 0.19), shortest_between(1.0, 2.0), shortest_between(-1.0, 0.5)
    (0.16, 2.0, 0.0)
    """
    if low < 0.0 <= high:
        return 0.0
    middle = low / 2 + high / 2
    for digits in range(1, 17):
        if low < (short := float(f"{middle:.{digits}g}")) <= high:
            return short
    return high


def code(axes: Sequence[Axis], columns: Columns) -> Codes:
    """The fine cell of each feature (a column) in each row."""
    return np.column_stack([cells_of(axis.feature, columns) for axis in axes]).astype(np.int16)
