"""The inner loops of scoring many rows, compiled by numba where there are enough of them; `batch` is the same in NumPy.

All arrays are one block that stays in the cache: `cells` are the cells of one feature, `total` the points so far.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

WORTH_COMPILING = 2_000_000
"""Below so many cells NumPy is done before numba is loaded."""


class Loops(NamedTuple):
    """The compiled loops."""

    values: Any
    codes: Any
    pairs: Any


@cache
def loops() -> Loops | None:
    """The loops (kept on disk once compiled), None where numba cannot be imported."""
    try:
        import numba
    except ImportError:
        return None
    compiled = numba.njit(cache=True, nogil=True, boundscheck=False)
    return Loops(compiled(_values), compiled(_codes), compiled(_pairs))


# The loops run compiled; each is over one thing, so that the compiler makes vectors of them.
def _values(values: Any, cuts: Any, table: Any, cells: Any, total: Any) -> None:  # pragma: no cover
    for i in range(len(values)):
        cells[i] = 0
    for cut in cuts:
        for i in range(len(values)):
            cells[i] += np.int32(values[i] >= cut)
    missing = np.int32(len(table) - 1)
    for i in range(len(values)):
        cells[i] = missing if values[i] != values[i] else cells[i]
    for i in range(len(values)):
        total[i] += table[cells[i]]


def _codes(codes: Any, cell_of_code: Any, table: Any, cells: Any, total: Any) -> None:  # pragma: no cover
    for i in range(len(codes)):
        cells[i] = cell_of_code[codes[i]]
        total[i] += table[cells[i]]


def _pairs(first: Any, second: Any, rows: Any, columns: Any, table: Any, total: Any) -> None:  # pragma: no cover
    for i in range(len(total)):
        total[i] += table[rows[first[i]] + columns[second[i]]]
