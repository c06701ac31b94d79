"""How far two Chinese words are apart: edits of signs, where a sign that sounds or looks the same costs little."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import PythonUDFType
from numpy.typing import NDArray

from tulou.pool.core.identity.signs import PLANE, Codes, Signs
from tulou.pool.core.identity.sounds import has_lookalike, look_alike, sound_table

SAME_SOUND, SAME_LOOK, SWAPPED = 0.35, 0.45, 0.6
"""What it costs to write a sign of the same sound, of the same look, and two neighbours in the wrong order."""

WIDEST = 12
"""Signs that are compared; longer words are cut to their beginning."""

FAR = 99
"""The distance that stands for 'not compared'."""

BATCH = 1 << 13
"""Words that are compared at once."""

Reals = NDArray[np.float32]


def sign_distances(left: Any, right: Any) -> Reals:
    """The weighted edit distance of every two words of two columns.

    A wrong, missing or surplus sign costs 1, a sign of the same sound 0.35, one that looks the same 0.45, two
    neighbours swapped 0.6 (optimal string alignment).

    >>> [round(float(d), 2) for d in sign_distances(["鑫源", "鑫源", "源鑫"], ["鑫元", "金源丰", "鑫源"])]
    [0.35, 2.0, 0.6]
    """
    one, other = Signs.of(left), Signs.of(right)
    if not len(one):
        return np.zeros(0, dtype=np.float32)
    parts = [_aligned(a, b) for a, b in zip(one.pieces(BATCH), other.pieces(BATCH), strict=True)]
    return np.concatenate(parts)


def _aligned(one: Signs, other: Signs) -> Reals:
    """The distances by dynamic programming over all rows at once, one cell of the tables after the other."""
    a, a_length = _block(one)
    b, b_length = _block(other)
    rows = a.shape[1]
    cost = _costs(a, b)
    table = np.empty((len(a) + 1, len(b) + 1, rows), dtype=np.float32)
    table[:, 0, :] = np.arange(len(a) + 1, dtype=np.float32)[:, None]
    table[0, :, :] = np.arange(len(b) + 1, dtype=np.float32)[:, None]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            best = np.minimum(table[i - 1, j], table[i, j - 1]) + np.float32(1)
            np.minimum(best, table[i - 1, j - 1] + cost[i - 1, j - 1], out=best)
            if i > 1 and j > 1:
                swapped = (a[i - 1] == b[j - 2]) & (a[i - 2] == b[j - 1])
                best[swapped] = np.minimum(best[swapped], table[i - 2, j - 2][swapped] + np.float32(SWAPPED))
            table[i, j] = best
    return np.asarray(table[a_length, b_length, np.arange(rows)])


def _block(column: Signs) -> tuple[Codes, NDArray[np.int64]]:
    """The column as a rectangle, one line a place in the word, padded with zeros; and the length of each row."""
    lengths = np.minimum(np.diff(column.offsets), WIDEST)
    places = np.arange(int(lengths.max(initial=0)))[:, None]
    inside = places < lengths
    if not len(column.codes):
        return np.zeros(inside.shape, dtype=np.uint32), lengths
    index = np.where(inside, column.starts + places, 0)
    return np.where(inside, column.codes[index], 0).astype(np.uint32), lengths


def _costs(a: Codes, b: Codes) -> NDArray[np.float32]:
    """What it costs to put each sign of `b` in the place of each sign of `a`, by place, place and row."""
    table = sound_table()
    sounds_a, sounds_b = table[np.minimum(a, PLANE - 1)], table[np.minimum(b, PLANE - 1)]
    one, other = a[:, None, :], b[None, :, :]
    cost = np.ones((len(a), len(b), a.shape[1]), dtype=np.float32)
    known = has_lookalike()
    possible = known[np.minimum(a, PLANE - 1)][:, None, :] & known[np.minimum(b, PLANE - 1)][None, :, :]
    i, j, row = np.nonzero(possible)
    alike = look_alike(a[i, row], b[j, row])
    cost[i[alike], j[alike], row[alike]] = SAME_LOOK
    cost[(sounds_a[:, None, :] == sounds_b[None, :, :]) & (sounds_a[:, None, :] > 0)] = SAME_SOUND
    cost[one == other] = 0
    return cost


def teach(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a DuckDB connection know `sign_distance(a, b)`, which the comparisons of firms use."""
    text, real = duckdb.sqltype("VARCHAR"), duckdb.sqltype("FLOAT")
    connection.create_function("sign_distance", _distances, [text, text], real, type=PythonUDFType.ARROW)


def _distances(left: pa.ChunkedArray, right: pa.ChunkedArray) -> pa.Array:
    return pa.array(sign_distances(left, right), type=pa.float32())
