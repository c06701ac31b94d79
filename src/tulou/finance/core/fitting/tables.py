"""Tables of log-odds over fine cells: what every way of fitting ends in, and what becomes points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.columns import Numbers
from tulou.finance.core.fitting.axes import Axis, Codes

Grid = NDArray[np.float64]
Places = tuple[int, int]
"""The positions of the two features of a pair, the smaller first."""


@dataclass(frozen=True)
class Tables:
    """log-odds of the bad outcome = constant + one[f][cell of f] + two[f, g][cell of f, cell of g]."""

    constant: float
    one: tuple[Numbers, ...]
    two: Mapping[Places, Grid]

    def logits(self, codes: Codes) -> Numbers:
        """The log-odds of each row."""
        total = np.full(len(codes), self.constant)
        for i, table in enumerate(self.one):
            if table.any():
                total += table.take(codes[:, i])
        for (i, j), grid in self.two.items():
            total += grid[codes[:, i], codes[:, j]]
        return total

    def times(self, factor: float) -> Tables:
        """Every entry multiplied."""
        two = {key: grid * factor for key, grid in self.two.items()}
        return Tables(self.constant * factor, tuple(table * factor for table in self.one), two)

    def plus(self, other: Tables) -> Tables:
        """Both added up, entry by entry."""
        two = dict(self.two)
        for key, grid in other.two.items():
            two[key] = two[key] + grid if key in two else grid
        one = tuple(a + b for a, b in zip(self.one, other.one, strict=True))
        return Tables(self.constant + other.constant, one, two)


def nothing(axes: Sequence[Axis]) -> Tables:
    """Tables of zeros."""
    return Tables(0.0, tuple(np.zeros(axis.cells) for axis in axes), {})


def mean(tables: Sequence[Tables]) -> Tables:
    """The average of several fits: tables again, which is why bagging costs the scorecard nothing."""
    total = tables[0]
    for more in tables[1:]:
        total = total.plus(more)
    return total.times(1 / len(tables))


def counts_of(codes: Codes, axes: Sequence[Axis], weights: Numbers) -> list[Numbers]:
    """The weight in each cell of each feature."""
    return [np.bincount(codes[:, i], weights, axis.cells).astype(np.float64) for i, axis in enumerate(axes)]


def counts_of_pair(codes: Codes, axes: Sequence[Axis], places: Places, weights: Numbers) -> Grid:
    """The weight in each combination of cells of two features."""
    i, j = places
    width = axes[j].cells
    flat = codes[:, i].astype(np.int64) * width + codes[:, j]
    counted = np.bincount(flat, weights, axes[i].cells * width).astype(np.float64)
    return counted.reshape(axes[i].cells, width)


def purified(tables: Tables, codes: Codes, axes: Sequence[Axis], weights: Numbers, rounds: int = 12) -> Tables:
    """The same log-odds with everything that one feature explains alone in its own table.

    Each row and column of a pair's table then averages to nothing over the rows that were fitted, so that what is left
    is interaction and nothing else; each feature's table averages to nothing, so that the constant is the average
    firm's.
    """
    one = [table.copy() for table in tables.one]
    two, constant = {}, tables.constant
    for (i, j), grid in tables.two.items():
        weight = counts_of_pair(codes, axes, (i, j), weights)
        grid = grid.copy()
        for _ in range(rounds):
            by_row = _average(grid, weight, 1)
            one[i] += by_row
            grid -= by_row[:, None]
            by_column = _average(grid, weight, 0)
            one[j] += by_column
            grid -= by_column[None, :]
        two[i, j] = grid
    for i, weight in enumerate(counts_of(codes, axes, weights)):
        middle = float(one[i] @ weight / weight.sum())
        one[i] -= middle
        constant += middle
    return Tables(constant, tuple(one), two)


def _average(grid: Grid, weight: Grid, along: int) -> Numbers:
    total = weight.sum(along)
    answer = np.zeros(len(total))
    np.divide((grid * weight).sum(along), total, out=answer, where=total > 0)
    return answer
