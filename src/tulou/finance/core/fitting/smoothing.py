"""Fewer cells where the loss does not notice: neighbours with much the same log-odds become one.

Merging two cells costs w1*w2/(w1+w2) * (v1-v2)^2, about twice the log-likelihood that it loses (w is the Fisher
information of the rows in the cell). Cells merge from the cheapest pair up, as long as a merge costs less than a small
fixed price.

The price is fixed because the rows at hand cannot choose it: which cells look alike was learned from all of them, so
that even rows that a bag never saw would praise any merging. The prices here were the strongest that left the log-loss
of untouched test folds where it was.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.columns import Numbers
from tulou.finance.core.fitting.axes import Axis
from tulou.finance.core.fitting.boosting import Material
from tulou.finance.core.fitting.tables import Grid, Places, Tables, counts_of, counts_of_pair, mean

PRICE, PRICE_IN_PAIRS = 0.03, 0.005
LEAST_MASS = 1e-300

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Smoothed:
    """Tables of fewer cells: `one` and `two` say for each fine cell which merged cell it went to."""

    bags: tuple[Tables, ...]
    one: tuple[Labels, ...]
    two: dict[Places, tuple[Labels, Labels]]


def smoothed(bags: Sequence[Tables], material: Material, logits: Numbers) -> Smoothed:
    """The tables of all bags with the same, fewer cells; `logits` are those of the rows, for the weights."""
    chance = 1 / (1 + np.exp(-logits))
    weights = chance * (1 - chance) * material.weights
    masses = counts_of(material.codes, material.axes, weights)
    average = mean(bags)
    one = tuple(merge_path(axis, average.one[i], masses[i]).labels(PRICE) for i, axis in enumerate(material.axes))
    grids = {key: _Grid(key, grid, material, weights) for key, grid in average.two.items()}
    two = {key: grid.labels(PRICE_IN_PAIRS) for key, grid in grids.items()}
    merged = tuple(
        Tables(
            bag.constant,
            tuple(map(_merged, bag.one, masses, one)),
            {key: grids[key].merged(grid, two[key]) for key, grid in bag.two.items()},
        )
        for bag in bags
    )
    return Smoothed(merged, one, two)


@dataclass(frozen=True)
class Path:
    """The order in which neighbours merge: `prices[k]` is the strength at which border k between `order` falls."""

    order: Labels
    prices: Numbers
    alone: tuple[int, ...]

    def labels(self, strength: float) -> Labels:
        """The merged cell of each fine cell when all borders fall whose price is not above `strength`."""
        answer = np.empty(len(self.order) + len(self.alone), dtype=np.int64)
        ranks = np.concatenate([[0], np.cumsum(self.prices > strength)]) if len(self.order) else np.zeros(0)
        answer[self.order] = ranks[: len(self.order)]
        following = int(ranks[-1]) + 1 if len(self.order) else 0
        for k, cell in enumerate(self.alone):
            answer[cell] = following + k
        return answer


def merge_path(axis: Axis, values: Numbers, masses: Numbers) -> Path:
    """Numbers merge with their neighbours, levels with those of much the same log-odds; unseen and missing stay
    alone."""
    inner = np.arange(axis.ordered)
    order = inner[np.argsort(values[: axis.ordered], kind="stable")] if axis.category else inner
    prices = _prices(_Line(values[order], masses[order]), len(order))
    return Path(order, prices, tuple(range(axis.ordered, axis.cells)))


class _Cells(Protocol):
    """What lies in a row and merges with the next one that is left."""

    def cost(self, row: int, other: int) -> float:
        """What it costs to merge two of them."""

    def merge(self, row: int, other: int) -> None:
        """Put what lies in `other` into `row`."""


class _Line:
    """A number in each row: plain Python, because there is nothing in it for NumPy to do at once."""

    def __init__(self, values: Numbers, masses: Numbers) -> None:
        self._values: list[float] = values.tolist()
        self._masses: list[float] = masses.tolist()

    def cost(self, row: int, other: int) -> float:
        a, b = self._masses[row], self._masses[other]
        return a * b / (a + b) * (self._values[row] - self._values[other]) ** 2 if a + b > 0 else 0.0

    def merge(self, row: int, other: int) -> None:
        total = self._masses[row] + self._masses[other]
        share = self._masses[other] / total if total > 0 else 0.5
        self._values[row] += (self._values[other] - self._values[row]) * share
        self._masses[row] = total


class _Rows:
    """A row of numbers in each row."""

    def __init__(self, values: Grid, masses: Grid) -> None:
        self._values, self._masses = values.copy(), masses.copy()

    def cost(self, row: int, other: int) -> float:
        a, b = self._masses[row], self._masses[other]
        return float((a * b / np.maximum(a + b, LEAST_MASS)) @ (self._values[row] - self._values[other]) ** 2)

    def merge(self, row: int, other: int) -> None:
        values, masses = self._values, self._masses
        total = masses[row] + masses[other]
        share = np.divide(masses[other], total, out=np.full(len(total), 0.5), where=total > 0)
        values[row] += (values[other] - values[row]) * share
        masses[row] = total


def _prices(cells: _Cells, count: int) -> Numbers:
    """For each border between neighbouring rows, the strength at which it falls (never less than an earlier one)."""
    left, right = list(range(-1, count - 1)), list(range(1, count + 1))
    version = [0] * count
    heap = [(cells.cost(row, row + 1), row, 0, 0) for row in range(count - 1)]
    heapq.heapify(heap)

    def offer(row: int) -> None:
        other = right[row]
        if other < count:
            heapq.heappush(heap, (cells.cost(row, other), row, version[row], version[other]))

    prices = np.zeros(max(count - 1, 0))
    reached = 0.0
    while heap:
        cost, row, mine, its = heapq.heappop(heap)
        other = right[row]
        if other >= count or version[row] != mine or version[other] != its:
            continue
        reached = max(reached, cost)
        prices[other - 1] = reached
        cells.merge(row, other)
        version[row] += 1
        version[other] = -1
        right[row] = right[other]
        if right[row] < count:
            left[right[row]] = row
        offer(row)
        if left[row] >= 0:
            offer(left[row])
    return prices


def _merged(values: Numbers, masses: Numbers, labels: Labels) -> Numbers:
    """Each fine cell with the mean of its merged cell."""
    weight = np.bincount(labels, masses)
    count = np.bincount(labels)
    plain = np.bincount(labels, values) / np.maximum(count, 1)
    averages = np.divide(np.bincount(labels, values * masses), weight, out=plain, where=weight > 0)
    return np.asarray(averages.take(labels))


class _Grid:
    """A pair's table while its rows and columns are being merged."""

    def __init__(self, key: Places, values: Grid, material: Material, weights: Numbers) -> None:
        axes = [material.axes[place] for place in key]
        seen = counts_of_pair(material.codes, material.axes, key, weights)
        # Where no row was seen, neighbours must not merge for free: half the weight is what independence would put
        # there.
        self.masses = (seen + np.outer(seen.sum(1), seen.sum(0)) / seen.sum()) / 2
        self._paths = tuple(
            _grid_path(axis, grid, masses)
            for axis, grid, masses in zip(axes, (values, values.T), (self.masses, self.masses.T), strict=True)
        )

    def labels(self, strength: float) -> tuple[Labels, Labels]:
        return self._paths[0].labels(strength), self._paths[1].labels(strength)

    def merged(self, values: Grid, labels: tuple[Labels, Labels]) -> Grid:
        rows, columns = labels
        shape = (int(rows.max()) + 1, int(columns.max()) + 1)
        flat = (rows[:, None] * shape[1] + columns[None, :]).ravel()
        return _merged(values.ravel(), self.masses.ravel(), flat).reshape(values.shape)


def _grid_path(axis: Axis, values: Grid, masses: Grid) -> Path:
    """As for one table, over whole rows; levels stand in the order of the direction in which rows differ most."""
    inner = np.arange(axis.ordered)
    if axis.category:
        scaled = values[: axis.ordered] * np.sqrt(masses.sum(0))
        direction = np.linalg.svd(scaled, full_matrices=False)[2][0]
        direction = direction * np.sign(direction[np.argmax(np.abs(direction))])
        inner = inner[np.argsort(scaled @ direction, kind="stable")]
    prices = _prices(_Rows(values[inner], masses[inner]), len(inner))
    return Path(inner, prices, tuple(range(axis.ordered, axis.cells)))
