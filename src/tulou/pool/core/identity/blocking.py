"""Which pairs are compared at all: those that agree in a key, where a key's values do not bring too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from tulou.pool.core.identity.comparison import BlockingKey, Comparison, Distance
from tulou.pool.core.identity.distances import FAR, sign_distances

Rows = NDArray[np.int32]
Gammas = NDArray[np.int8]
BATCH = 1 << 19
"""Pairs whose columns are laid side by side at once."""


def with_keys(sides: Sequence[pl.DataFrame], keys: Sequence[BlockingKey]) -> list[pl.DataFrame]:
    """The sides with one column `key_<name>` a key: the value of the widest column that does not bring too many pairs.

    Two sides are linked with each other, one side with itself.
    """
    sides = list(sides)
    for key in keys:
        values = [side[key.columns[0]] for side in sides]
        for narrower in (*key.columns[1:], None):
            crowded = _crowded(values, key.limit)
            if not len(crowded):
                break
            spare = [side[narrower] if narrower else pl.Series([None] * len(side), dtype=pl.Int64) for side in sides]
            values = [
                pl.select(pl.when(value.is_in(crowded.implode())).then(other).otherwise(value)).to_series()
                for value, other in zip(values, spare, strict=True)
            ]
        sides = [side.with_columns(value.alias(f"key_{key.name}")) for side, value in zip(sides, values, strict=True)]
    return sides


def _crowded(values: Sequence[pl.Series], limit: int) -> pl.Series:
    """The values that bring more than `limit` pairs."""
    counts = [pl.DataFrame({"value": value.drop_nulls()}).group_by("value").len("n").lazy() for value in values]
    if len(counts) == 1:
        pairs = counts[0].filter(pl.col("n") * (pl.col("n") - 1) > 2 * limit)
    else:
        pairs = counts[0].join(counts[1], on="value").filter(pl.col("n").cast(pl.Int64) * pl.col("n_right") > limit)
    return pairs.collect()["value"]


@dataclass(frozen=True, slots=True)
class Compared:
    """Pairs with the levels of their comparisons: rows of the left and of the right side, one array a comparison."""

    left: Rows
    right: Rows
    gammas: tuple[Gammas, ...]

    def __len__(self) -> int:
        return len(self.left)

    def those(self, marks: NDArray[np.bool_]) -> Compared:
        """The marked pairs."""
        return Compared(self.left[marks], self.right[marks], tuple(gamma[marks] for gamma in self.gammas))

    def joined(self, other: Compared) -> Compared:
        """These pairs, then the others."""
        gammas = tuple(np.concatenate(both) for both in zip(self.gammas, other.gammas, strict=True))
        return Compared(np.concatenate((self.left, other.left)), np.concatenate((self.right, other.right)), gammas)


class Comparer:
    """Compares records of two sides, or of one side with itself: pairs by joins in DuckDB, then levels by its SQL."""

    def __init__(self, sides: Sequence[pl.DataFrame], comparisons: Sequence[Comparison], keys: Sequence[str]) -> None:
        self._within = len(sides) == 1
        self._keys = list(keys)
        self._comparisons = comparisons
        read = sorted(set().union(*(comparison.columns() for comparison in comparisons)))
        self._sides = [side.select(read) for side in (sides[0], sides[-1])]
        self._connection = duckdb.connect()
        for name, side in (("left_keys", sides[0]), ("right_keys", sides[-1])):
            self._connection.register(name, side.select("row", *self._keys).to_arrow())

    def close(self) -> None:
        """Let go of the tables."""
        self._connection.close()

    def blocked(self) -> Compared:
        """Every pair that agrees in one of the keys, once; within one side the earlier row is the left one."""
        return self.pairs(*self.agreeing())

    def agreeing(self) -> tuple[Rows, Rows]:
        """The rows of those pairs, not compared yet."""
        if not self._keys:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
        return self._rows(" UNION ALL ".join(self._block(number) for number in range(len(self._keys))))

    def outside(self, left: Rows, right: Rows) -> Compared:
        """Those of the given pairs that agree in no key."""
        self._connection.register("wanted", pa.table({"l": left, "r": right}))
        source = "wanted JOIN left_keys l ON l.row = wanted.l JOIN right_keys r ON r.row = wanted.r"
        seen = " OR ".join(self._agree(key) for key in self._keys) or "false"
        return self.pairs(*self._rows(f"SELECT l.row AS l, r.row AS r FROM {source} WHERE NOT ({seen})"))

    def pairs(self, left: Rows, right: Rows) -> Compared:
        """The given pairs with their levels."""
        parts = [
            self._levels(left[first : first + BATCH], right[first : first + BATCH])
            for first in range(0, max(len(left), 1), BATCH)
        ]
        return Compared(left, right, tuple(np.concatenate(levels) for levels in zip(*parts, strict=True)))

    def _rows(self, query: str) -> tuple[Rows, Rows]:
        answer = self._connection.execute(query).fetchnumpy()
        return np.asarray(answer["l"]), np.asarray(answer["r"])

    def _levels(self, left: Rows, right: Rows) -> list[Gammas]:
        one, other = self._sides
        both = pl.concat(
            [
                one[left].rename({name: f"{name}_l" for name in one.columns}),
                other[right].rename({name: f"{name}_r" for name in other.columns}),
            ],
            how="horizontal",
        )
        for comparison in self._comparisons:
            if comparison.distance is not None:
                both = both.with_columns(self._distances(both, comparison.distance))
        gammas = ", ".join(f"{comparison.gamma()} AS gamma_{comparison.name}" for comparison in self._comparisons)
        derived = "".join(f", {sql} AS {name}" for comparison in self._comparisons for name, sql in comparison.derived)
        answer = self._query(both, f"SELECT {gammas} FROM (SELECT *{derived} FROM pairs)").fetchnumpy()
        return [np.asarray(answer[f"gamma_{comparison.name}"]) for comparison in self._comparisons]

    def _distances(self, both: pl.DataFrame, distance: Distance) -> pl.Series:
        """The distance of every pair; computed at once for all pairs that need it."""
        numbered = both.with_row_index("number")
        columns = f"number, {distance.column}_l AS a, {distance.column}_r AS b"
        near = self._query(numbered, f"SELECT {columns} FROM pairs WHERE {distance.when}").to_arrow_table()
        values = np.full(len(both), FAR, dtype=np.float32)
        values[pl.Series(near["number"]).to_numpy()] = sign_distances(near["a"], near["b"])
        return pl.Series(distance.name, values)

    def _query(self, pairs: pl.DataFrame, query: str) -> duckdb.DuckDBPyConnection:
        self._connection.register("pairs", pairs.to_arrow())
        return self._connection.execute(query)

    def _block(self, number: int) -> str:
        """SQL of the pairs that agree in a key and in none before it."""
        conditions = [f"NOT {self._agree(key)}" for key in self._keys[:number]]
        if self._within:
            conditions.append("l.row < r.row")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        key = self._keys[number]
        return f"SELECT l.row AS l, r.row AS r FROM left_keys l JOIN right_keys r ON l.{key} = r.{key}{where}"

    @staticmethod
    def _agree(key: str) -> str:
        return f"coalesce(l.{key} = r.{key}, false)"
