"""The inner loop of matching: one AND of bitset rows a firm. Fused by numba for many firms, by NumPy for few."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

WORTH_COMPILING = 1_000_000
"""Below so many (firm, column) look-ups NumPy is done before numba is loaded."""


def intersect(codes: npt.NDArray[np.int32], rows: Words, start: Words, out: Words) -> None:
    """For each firm i: out[i] = start AND rows[codes[i, 0]] AND rows[codes[i, 1]] AND …"""
    if codes.shape[0] * max(1, codes.shape[1]) >= WORTH_COMPILING:
        fused()(codes, rows, start, out)
    else:
        in_steps(codes, rows, start, out)


def in_steps(codes: npt.NDArray[np.int32], rows: Words, start: Words, out: Words, step: int = 16_384) -> None:
    """The same in NumPy, in pieces that stay in the cache."""
    for first in range(0, len(codes), step):
        piece = slice(first, first + step)
        out[piece] = start
        for column in range(codes.shape[1]):
            out[piece] &= rows[codes[piece, column]]


@cache
def fused() -> Callable[[npt.NDArray[np.int32], Words, Words, Words], None]:
    """The loop compiled by numba (kept on disk), or the NumPy one where numba cannot be imported."""
    try:
        import numba
    except ImportError:
        return in_steps
    compiled: Any = numba.njit(cache=True, nogil=True, boundscheck=False)(_loop)
    return compiled  # type: ignore[no-any-return]


def _loop(
    codes: npt.NDArray[np.int32], rows: Words, start: Words, out: Words
) -> None:  # pragma: no cover - runs compiled
    columns, width = codes.shape[1], rows.shape[1]
    for i in range(codes.shape[0]):
        found = out[i]
        # Three rows at once keep the result in registers; more are rare, and met one by one.
        if columns >= 3:
            first, second, third = rows[codes[i, 0]], rows[codes[i, 1]], rows[codes[i, 2]]
            for w in range(width):
                found[w] = start[w] & first[w] & second[w] & third[w]
        else:
            for w in range(width):
                found[w] = start[w]
        for column in range(3 if columns >= 3 else 0, columns):
            row = rows[codes[i, column]]
            for w in range(width):
                found[w] &= row[w]
