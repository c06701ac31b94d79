"""What two records are compared by: comparisons with levels, each an SQL condition over `x_l` and `x_r`.

This is Splink's form (a level is a condition, the first that holds counts), so that one model document runs in Splink
and in our own executor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from tulou.kernel.errors import Text
from tulou.pool.core.identity.distances import FAR


@dataclass(frozen=True, slots=True)
class Level:
    """One way in which two records can agree or differ.

    m and u are the shares of matching and of other pairs on this level that are assumed before the data has spoken.
    `recognises`: on this level a firm may be known for itself, and not only for those who own it or live beside it.
    """

    label: Text
    condition: str
    m: float
    u: float
    recognises: bool = False


@dataclass(frozen=True, slots=True)
class Distance:
    """How far two texts are apart sign by sign, under a name that conditions read; 99 where `when` does not hold.

    It is dear, so `when` should let through only pairs for which it can matter.
    """

    name: str
    column: str
    when: str

    def sql(self) -> str:
        """The distance in SQL, for a connection that knows `sign_distance`."""
        return f"CASE WHEN {self.when} THEN sign_distance({self.column}_l, {self.column}_r) ELSE {FAR} END"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Levels from the strongest agreement down; the last one holds when no other does, `null` when a side is silent.

    `distance` and `derived` (name and SQL) are values of the pair that several conditions read; they are computed once.
    """

    name: str
    title: Text
    null: str
    levels: tuple[Level, ...]
    distance: Distance | None = None
    derived: tuple[tuple[str, str], ...] = ()

    def gamma(self) -> str:
        """SQL of the number of the level that holds, 0 the first; -1 where a side is silent."""
        cases = [f"WHEN {self.null} THEN -1"]
        cases += [f"WHEN {level.condition} THEN {number}" for number, level in enumerate(self.levels[:-1])]
        return f"(CASE {' '.join(cases)} ELSE {len(self.levels) - 1} END)::TINYINT"

    def columns(self) -> set[str]:
        """The columns of the records that the conditions read."""
        texts = [self.null, *(level.condition for level in self.levels), *(sql for _, sql in self.derived)]
        if self.distance is not None:
            texts.append(self.distance.sql())
        return {name for text in texts for name in re.findall(r"\b([a-z][a-z_0-9]*)_[lr]\b", text)}

    def spelled_out(self, condition: str) -> str:
        """A condition with distance and derived values written out, for an executor that computes none beforehand."""
        values = dict(self.derived)
        if self.distance is not None:
            values[self.distance.name] = self.distance.sql()
        for name, sql in values.items():
            condition = re.sub(rf"\b{name}\b", f"({sql})", condition)
        return condition


@dataclass(frozen=True, slots=True)
class BlockingKey:
    """Columns of numbers: records are compared that agree in `columns[0]`, or where too many would, in a narrower one.

    `limit` is the most pairs that one value may bring; past it the next column of `columns` takes its place, and past
    the last the value brings none.
    """

    name: str
    columns: tuple[str, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Scheme:
    """All that linking a kind of record needs: comparisons, the keys of the first pass, those of the second.

    `second` answers, for the records that the first pass left without a partner, tables of `row` and `key`: wider keys
    that would cost too much for all. `stratum` is a column that most matches agree in; random pairs that agree in it
    are sampled apart from the others, so that what is rare but not rare enough is counted.
    """

    comparisons: tuple[Comparison, ...]
    keys: tuple[BlockingKey, ...]
    second: Callable[[pl.DataFrame], list[pl.DataFrame]] | None = None
    stratum: str | None = None


def bucketed(
    label: Text, condition: str, count: str, bounds: Sequence[int], *, m: float, u: float, recognises: bool = False
) -> Iterable[Level]:
    """The level split by how often the value occurs: agreeing on a rare value says more than on a common one."""
    least = 0
    for bound in (*bounds, None):
        share = m / (len(bounds) + 1)
        rarity = Text(
            zh=f"(出现 {least + 1}-{bound} 次)" if bound else f"(出现超过 {least} 次)",
            en=f" (found {least + 1}-{bound} times)" if bound else f" (found more than {least} times)",
        )
        text = Text(zh=label.zh + rarity.zh, en=label.en + rarity.en)
        narrowed = condition if bound is None else f"{condition} AND {count}_l <= {bound}"
        yield Level(text, narrowed, share, u * (bound or 4 * (least or 1)), recognises)
        least = bound or least
