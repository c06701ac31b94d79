"""Which two features belong together: a fast search over all pairs for what no sum of two tables can say.

For each pair and each way to cut both features once, the four corners have a mean residual; what they would have if
both features simply added up is known, and the difference has a variance. The best squared difference over its
variance is the strength of the pair (after Lou, Caruana, Gehrke and Hooker, KDD 2013, with the additive part taken
out). The residuals are those of rows that the additive model never saw.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.columns import Numbers
from tulou.finance.core.fitting.axes import Axis
from tulou.finance.core.fitting.boosting import Material
from tulou.finance.core.fitting.tables import Grid, Places

COARSE_CELLS = 16
WIDTH = COARSE_CELLS + 1
"""A table has room for one cell more, that of missing values."""
PRIOR = 1.0
LEVEL_PRIOR = 5.0
MOST_ROWS = 50_000


@dataclass(frozen=True)
class _Coarse:
    cells: NDArray[np.int64]
    count: int


def strongest_pairs(
    material: Material, logits: Numbers, rows: NDArray[np.int64], most: int, without: Collection[int] = ()
) -> list[Places]:
    """The `most` strongest pairs on `rows`, given log-odds that did not see their outcome; none with `without`."""
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(material.seed).choice(rows, MOST_ROWS, replace=False))
    chance = 1 / (1 + np.exp(-logits[rows]))
    weights = material.weights[rows]
    gradient, hessian = (material.bad[rows] - chance) * weights, chance * (1 - chance) * weights
    coarse = [
        _coarsen(material.codes[rows, i].astype(np.int64), axis, gradient, hessian)
        for i, axis in enumerate(material.axes)
    ]
    usable = [i for i, side in enumerate(coarse) if side.count >= 2 and i not in without]
    found = []
    for rank, i in enumerate(usable[:-1]):
        others = usable[rank + 1 :]
        pull, mass = (_tables(coarse[i], [coarse[j] for j in others], weight) for weight in (gradient, hessian))
        strengths = _strengths(pull, mass, np.array([coarse[j].count for j in others]))
        found += [(float(strength), (i, j)) for strength, j in zip(strengths, others, strict=True)]
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    return [places for _, places in found[:most]]


def _tables(first: _Coarse, others: Sequence[_Coarse], weights: Numbers) -> Grid:
    """For each of the others its sums of weights, cells of the first by its own cells; shape (others, first, 17)."""
    base = first.cells * WIDTH
    size = first.count * WIDTH
    sums = [np.bincount(base + other.cells, weights, size) for other in others]
    return np.asarray(sums, dtype=np.float64).reshape(len(others), first.count, WIDTH)


def _strengths(gradient: Grid, hessian: Grid, counts: NDArray[np.int64]) -> Numbers:
    """The strength of each pair, over the cuts between the cells that there are."""
    pulls, masses = _corners(gradient), _corners(hessian)
    shares = [1 / (mass + PRIOR) for mass in masses]
    low, right, under, high = (pull * share for pull, share in zip(pulls, shares, strict=True))
    strengths = (low - right - under + high) ** 2 / sum(shares)
    strengths *= np.arange(WIDTH - 1) < counts[:, None, None] - 1
    answer: Numbers = strengths.max(axis=(1, 2))
    return answer


def _corners(grid: Grid) -> tuple[Grid, Grid, Grid, Grid]:
    """For each way to cut both sides once: the sums of the four corners."""
    sums = grid.cumsum(1).cumsum(2)
    low = sums[:, :-1, :-1]
    right, under = sums[:, :-1, -1:] - low, sums[:, -1:, :-1] - low
    return low, right, under, sums[:, -1:, -1:] - low - right - under


def _coarsen(codes: NDArray[np.int64], axis: Axis, gradient: Numbers, hessian: Numbers) -> _Coarse:
    """At most 16 cells of equal size, missing by itself; levels stand in the order of their mean residual."""
    last = axis.cells
    order = np.arange(last)
    if axis.category:
        pull, mass = np.bincount(codes, gradient, last), np.bincount(codes, hessian, last)
        order = np.argsort(np.argsort(pull / (mass + LEVEL_PRIOR), kind="stable"))
    counts = np.zeros(last)
    counts[order] = np.bincount(codes, minlength=last)
    inner = counts.copy()
    if not axis.category:
        inner[-1] = 0
    middle = np.cumsum(inner) - inner / 2
    group = np.minimum((middle / max(inner.sum(), 1) * COARSE_CELLS).astype(np.int64), COARSE_CELLS - 1)
    if not axis.category:
        group[-1] = COARSE_CELLS
    used = np.unique(group[counts > 0])
    place = np.searchsorted(used, group)
    return _Coarse(np.minimum(place, len(used) - 1)[order][codes], len(used))
