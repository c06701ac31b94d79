"""The inner loops of scoring many rows, compiled by numba where there are enough of them; `batch` is the same in NumPy.

All arrays are one block of rows that stays in the cache. The loops have no branches, so that the compiler makes vectors
of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

WORTH_COMPILING = 2_000_000
"""Below so many cells NumPy is done before numba is loaded."""
CUTS_AT_ONCE = 4
"""How many cuts `steps` takes in one go over the rows: few enough that cuts, jumps and sums all stay in registers."""

NOTHING = np.int32(0)


class Loops(NamedTuple):
    """The compiled loops."""

    steps: Any
    look_up: Any
    pairs: Any
    gaps: Any


@cache
def loops() -> Loops | None:
    """The loops (kept on disk once compiled), None where numba cannot be imported."""
    try:
        import numba
    except ImportError:
        return None
    compiled = numba.njit(cache=True, nogil=True, boundscheck=False)
    return Loops(compiled(_steps), compiled(_look_up), compiled(_pairs), compiled(_gaps))


def _steps(values: Any, cuts: Any, jumps: Any, missing: Any, total: Any) -> None:  # pragma: no cover
    """Add to `total` the jumps of all cuts that a value has reached, and `missing` where there is no value.

    `cuts` are a multiple of CUTS_AT_ONCE; those that only fill up are NaN, which no value reaches.
    """
    for k in range(0, len(cuts), CUTS_AT_ONCE):
        a, b, c, d = cuts[k], cuts[k + 1], cuts[k + 2], cuts[k + 3]
        at_a, at_b, at_c, at_d = jumps[k], jumps[k + 1], jumps[k + 2], jumps[k + 3]
        for i in range(len(values)):
            value = values[i]
            low = (at_a if value >= a else NOTHING) + (at_b if value >= b else NOTHING)
            high = (at_c if value >= c else NOTHING) + (at_d if value >= d else NOTHING)
            total[i] += np.int32(low + high)
    for i in range(len(values)):
        total[i] += missing if values[i] != values[i] else NOTHING


def _look_up(codes: Any, table: Any, total: Any) -> None:  # pragma: no cover
    for i in range(len(codes)):
        total[i] += table[codes[i]]


def _pairs(first: Any, second: Any, rows: Any, columns: Any, table: Any, total: Any) -> None:  # pragma: no cover
    for i in range(len(total)):
        total[i] += table[rows[first[i]] + columns[second[i]]]


def _gaps(values: Any, present: Any, answer: Any) -> None:  # pragma: no cover
    """The values with NaN where `present` is 0."""
    for i in range(len(values)):
        answer[i] = values[i] if present[i] != 0 else np.nan
