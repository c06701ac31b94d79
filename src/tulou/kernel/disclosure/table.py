"""A table of one or more dimensions with all its margins: counts, amounts, and the two largest shares in each cell."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tulou.kernel.errors import wrong_use

Whole = npt.NDArray[np.int64]
MARGIN = -1
"""The index of the margin on each axis: the last place."""


@dataclass(frozen=True, slots=True)
class Table:
    """Arrays with one place more on each axis than it has values; the last place (`MARGIN`) adds the others up.

    `largest` and `second` are the two largest contributions to `amount`, by contributor; 0 where there is none.
    """

    axes: tuple[tuple[str, ...], ...]
    count: Whole
    amount: Whole
    largest: Whole
    second: Whole

    @property
    def shape(self) -> tuple[int, ...]:
        """Places on each axis, the margin with them."""
        return tuple(len(axis) + 1 for axis in self.axes)


def tabulate(
    axes: Sequence[Sequence[str]],
    places: Sequence[Sequence[int]],
    contributor: Sequence[str],
    amount: Sequence[int],
) -> Table:
    """The table of records: for each axis the place of every record on it, who it is of, and what it adds.

    Counts are of contributors, not of records: a firm with three loans is one firm in a cell.

    >>> table = tabulate([["a", "b"]], [[0, 0, 1]], ["x", "x", "y"], [5, 2, 9])
    >>> table.count.tolist(), table.amount.tolist(), table.largest.tolist()
    ([1, 1, 2], [7, 9, 16], [7, 9, 9])
    """
    if any(len(column) != len(contributor) for column in (*places, amount)):
        raise wrong_use("disclosure.lengths", "各列长度不同", "The columns differ in length")
    shape = tuple(len(axis) + 1 for axis in axes)
    names = {name: number for number, name in enumerate(dict.fromkeys(contributor))}
    who = np.array([names[name] for name in contributor], dtype=np.int64)
    what = np.asarray(amount, dtype=np.int64)
    arrays = [np.zeros(shape, np.int64) for _ in range(4)]
    columns = [np.asarray(column, dtype=np.int64) for column in places]
    for kept in itertools.product((True, False), repeat=len(axes)):
        at = [
            column if keep else np.full(len(who), size - 1)
            for column, keep, size in zip(columns, kept, shape, strict=True)
        ]
        _fill(arrays, np.ravel_multi_index(at, shape) if axes else np.zeros(len(who), np.int64), who, what)
    return Table(tuple(tuple(axis) for axis in axes), *arrays)


def _fill(arrays: Sequence[Whole], cell: Whole, who: Whole, what: Whole) -> None:
    if not len(cell):
        return
    order = np.lexsort((who, cell))
    cell, who, what = cell[order], who[order], what[order]
    first = np.flatnonzero((np.diff(cell, prepend=-1) != 0) | (np.diff(who, prepend=-1) != 0))
    given, at = np.add.reduceat(what, first), cell[first]
    count, amount, largest, second = (array.reshape(-1) for array in arrays)
    np.add.at(count, at, 1)
    np.add.at(amount, at, given)
    order = np.lexsort((-given, at))
    given, at = given[order], at[order]
    rank = np.arange(len(at)) - np.searchsorted(at, at)
    largest[at[rank == 0]] = np.maximum(given[rank == 0], 0)
    second[at[rank == 1]] = np.maximum(given[rank == 1], 0)
