"""Scoring by compiled loops: the sums of `batch`, without asking for the cell where its points will do.

A feature of numbers is a staircase: its lowest points, and at each cut a jump that every value from there on has taken.
To add up the jumps is exact in whole numbers, needs no table, and is several times faster than finding the cell. Cells
are found, by the same staircase with jumps of one, only for features that stand in a pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.artefact import Feature, Pair, Scorecard
from tulou.finance.core.columns import Columns, Numbers, dictionary
from tulou.finance.core.kernel import CUTS_AT_ONCE, Loops
from tulou.finance.core.values import cells_of_levels, values_and_gaps_of

BLOCK = 2**14

Whole = NDArray[np.int32]


def score_compiled(card: Scorecard, columns: Columns, rows: int, loops: Loops) -> NDArray[np.int64]:
    """The score of each of `rows` rows; all columns of the card are there."""
    place = {feature.name: i for i, feature in enumerate(card.features)}
    pairs = [_PairTable.of(pair, place) for pair in card.pairs]
    held = {i for pair in pairs for i in (pair.first, pair.second)}
    readers = [_reader(feature, columns, loops) for feature in card.features]
    base = np.int64(card.base + sum(reader.first for i, reader in enumerate(readers) if i not in held))
    total = np.empty(rows, dtype=np.int64)
    points, kept = np.empty(BLOCK, dtype=np.int32), {i: np.empty(BLOCK, dtype=np.int32) for i in held}
    for start in range(0, rows, BLOCK):
        stop = min(start + BLOCK, rows)
        block = points[: stop - start]
        block[:] = 0
        for i, reader in enumerate(readers):
            if i in held:
                cells = kept[i][: stop - start]
                reader.cells(start, stop, cells)
                loops.look_up(cells, reader.table, block)
            else:
                reader.add(start, stop, block)
        for pair in pairs:
            loops.pairs(kept[pair.first], kept[pair.second], pair.rows, pair.columns, pair.points, block)
        np.add(block, base, out=total[start:stop])
    return total


class _Reader(Protocol):
    """One feature over one table."""

    first: int
    table: Whole

    def add(self, start: int, stop: int, total: Whole) -> None:
        """Add to `total` the points of some rows, less `first`."""

    def cells(self, start: int, stop: int, cells: Whole) -> None:
        """Put the cells of some rows into `cells`."""


def _reader(feature: Feature, columns: Columns, loops: Loops) -> _Reader:
    return _Category(feature, columns, loops) if feature.kind == "category" else _Staircase(feature, columns, loops)


class _Category:
    """A category: what a code is worth is looked up once for each level."""

    def __init__(self, feature: Feature, columns: Columns, loops: Loops) -> None:
        self._codes, levels = dictionary(columns[feature.items[0].column])
        self._cell_of_code = cells_of_levels(feature, levels)
        self._look_up = loops.look_up
        self.first = 0
        self.table = np.asarray(feature.by_cell, dtype=np.int32)
        self._points_of_code = self.table.take(self._cell_of_code)

    def add(self, start: int, stop: int, total: Whole) -> None:
        self._look_up(self._codes[start:stop], self._points_of_code, total)

    def cells(self, start: int, stop: int, cells: Whole) -> None:
        cells[:] = 0
        self._look_up(self._codes[start:stop], self._cell_of_code, cells)


class _Staircase:
    """Numbers or days: a jump at each cut, and one where there is no value."""

    def __init__(self, feature: Feature, columns: Columns, loops: Loops) -> None:
        values, self._present = values_and_gaps_of(feature, columns)
        self._values: Numbers = np.ascontiguousarray(values)
        self._filled = np.empty(BLOCK if self._present is not None else 0)
        self._loops = loops
        self.first = feature.by_cell[0]
        self.table = np.asarray(feature.by_cell, dtype=np.int32)
        count = len(feature.cuts)
        size = -(-count // CUTS_AT_ONCE) * CUTS_AT_ONCE
        self._cuts = np.full(size, np.nan)
        self._cuts[:count] = feature.cuts
        self._jumps, self._ones = np.zeros(size, dtype=np.int32), np.ones(size, dtype=np.int32)
        self._jumps[:count] = np.diff(self.table[: count + 1])
        self._missing, self._missing_cell = self.table[-1] - self.table[0], np.int32(feature.missing_cell)

    def add(self, start: int, stop: int, total: Whole) -> None:
        self._loops.steps(self._block(start, stop), self._cuts, self._jumps, self._missing, total)

    def cells(self, start: int, stop: int, cells: Whole) -> None:
        cells[:] = 0
        self._loops.steps(self._block(start, stop), self._cuts, self._ones, self._missing_cell, cells)

    def _block(self, start: int, stop: int) -> Numbers:
        if self._present is None:
            return self._values[start:stop]
        filled = self._filled[: stop - start]
        self._loops.gaps(self._values[start:stop], self._present[start:stop], filled)
        return filled


@dataclass(frozen=True)
class _PairTable:
    """A pair's points in one row, and for each cell of both features where its row or column begins there."""

    first: int
    second: int
    rows: Whole
    columns: Whole
    points: Whole

    @staticmethod
    def of(pair: Pair, place: dict[str, int]) -> _PairTable:
        width = len(pair.points[0])
        rows, columns = (np.asarray(groups, dtype=np.int32) for groups in pair.groups)
        points = np.asarray(pair.points, dtype=np.int32).ravel()
        first, second = (place[name] for name in pair.features)
        return _PairTable(first, second, rows * np.int32(width), columns, points)
