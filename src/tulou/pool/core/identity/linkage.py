"""Linking prepared records: block, compare, estimate, weigh rivals against each other, look again at what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tulou.pool.core.identity.blocking import Compared, Comparer, with_keys
from tulou.pool.core.identity.comparison import Scheme
from tulou.pool.core.identity.model import (
    Model,
    Patterns,
    Reals,
    assumed,
    estimate,
    level_counts,
    probability,
    reestimated,
)

ALL_PAIRS = 500_000
"""Up to so many pairs in all, every one of them is compared."""

Partners = Literal["one_to_one", "many_to_one", "many_to_many"]
"""How many partners a record may have: many_to_one lets many left ones have the same right one."""

ONE_TO_ONE: Partners = "one_to_one"
MANY_TO_ONE: Partners = "many_to_one"
MANY_TO_MANY: Partners = "many_to_many"

SAMPLE = 100_000
SEED = 20200922
RIVAL_ROUNDS = 5
SURE, CERTAIN, SEVERAL = 0.9, 0.999, 0.25
SECOND_LIMIT = 40
"""The most pairs that one value of a key of the second pass may bring."""


@dataclass(frozen=True)
class Linked:
    """Compared pairs with what the model says of them.

    weight: log2 odds of a match, prior included; probability: of a match, weighed against the rivals where `partners`
    lets at most one of them be right.
    """

    pairs: Compared
    weight: Reals
    probability: Reals
    model: Model
    partners: Partners


def link(
    sides: Sequence[pl.DataFrame],
    scheme: Scheme,
    *,
    partners: Partners | None = None,
    model: Model | None = None,
    seed: int = SEED,
) -> Linked:
    """Link two prepared sides, or one with itself. Rows are numbered from 0 in the column `row`.

    `partners` says how many a record may have on the other side; None: one, unless many records have several that are
    all but certain. With a `model` nothing is estimated.
    """
    if len(sides) == 1:
        partners = MANY_TO_MANY
    keyed = with_keys(sides, scheme.keys)
    comparer = Comparer(keyed, scheme.comparisons, [f"key_{key.name}" for key in scheme.keys])
    try:
        everything = _total(sides) <= ALL_PAIRS
        pairs = comparer.pairs(*_all_pairs(sides)) if everything else comparer.blocked()
        if model is None:
            telling, rest = pairs, None
            if everything:
                marks = _agree(comparer, pairs, sides)
                telling, rest = pairs.those(marks), _counts(pairs.those(~marks), scheme, 1.0)
            model, partners = _estimated(telling, rest or _rest(comparer, keyed, scheme, seed), scheme, keyed, partners)
        partners = partners or ONE_TO_ONE
        weight = model.score(pairs.gammas)
        if scheme.second is not None and not everything:
            more = _second_pass(comparer, keyed, scheme, pairs, _chances(pairs, weight, keyed, partners))
            pairs = pairs.joined(more)
            weight = np.concatenate((weight, model.score(more.gammas)))
    finally:
        comparer.close()
    return Linked(pairs, weight, _chances(pairs, weight, keyed, partners), model, partners)


def _all_pairs(sides: Sequence[pl.DataFrame]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    if len(sides) == 1:
        left, right = np.triu_indices(len(sides[0]), 1)
    else:
        left, right = (index.ravel() for index in np.indices((len(sides[0]), len(sides[1]))))
    return left.astype(np.int32), right.astype(np.int32)


def _total(sides: Sequence[pl.DataFrame]) -> float:
    """The number of all pairs."""
    if len(sides) == 1:
        return max(len(sides[0]) * (len(sides[0]) - 1) / 2, 1.0)
    return max(float(len(sides[0])) * len(sides[1]), 1.0)


def _estimated(
    pairs: Compared, rest: list[Reals], scheme: Scheme, sides: Sequence[pl.DataFrame], partners: Partners | None
) -> tuple[Model, Partners]:
    """The model by expectation-maximisation; where partners are few, with rivals weighed in every round."""
    patterns, back = Patterns.of(pairs.gammas)
    total = _total(sides)
    model = estimate(scheme.comparisons, patterns, rest, pairs=total, expected=0.5 * min(len(side) for side in sides))
    if len(sides) == 2:
        # Rivals on both sides, also where records may have several partners: without them every record whose partner is
        # missing would teach the model that its nearest neighbour is one.
        model = _again(model, pairs, patterns, back, rest, sides, ONE_TO_ONE)
        partners = partners or _partners(pairs, model.score(patterns.columns)[back])
    if partners == MANY_TO_MANY and len(sides) == 2:
        model = _again(model, pairs, patterns, back, rest, sides, MANY_TO_MANY)
    return model, partners or MANY_TO_MANY


def _again(
    model: Model,
    pairs: Compared,
    patterns: Patterns,
    back: NDArray[np.int64],
    rest: list[Reals],
    sides: Sequence[pl.DataFrame],
    partners: Partners,
) -> Model:
    """The model after some more rounds, in which each pair is weighed as `partners` says."""
    start = assumed(model.comparisons, model.prior)
    for _ in range(RIVAL_ROUNDS):
        chances = _chances(pairs, model.score(patterns.columns)[back], sides, partners)
        matching = np.bincount(back, weights=chances, minlength=len(patterns.counts)).astype(np.float64)
        model = reestimated(start, patterns, matching, rest, _total(sides))
    return model


def _agree(comparer: Comparer, pairs: Compared, sides: Sequence[pl.DataFrame]) -> NDArray[np.bool_]:
    """Which of the pairs agree in a key. Only they teach the model: among all pairs of a small set of records the
    clearest division may be another one than that of matches and others, by city for instance."""
    left, right = comparer.agreeing()
    size = len(sides[-1])
    found = left.astype(np.int64) * size + right
    return np.isin(pairs.left.astype(np.int64) * size + pairs.right, found)


def _partners(pairs: Compared, weight: Reals) -> Partners:
    """One to one, unless many of the records with an all but certain partner have a second one."""
    sure = probability(weight) >= CERTAIN
    if not sure.any():
        return ONE_TO_ONE
    numbers = [np.unique(rows[sure], return_counts=True)[1] for rows in (pairs.left, pairs.right)]
    return ONE_TO_ONE if max(float(np.mean(number > 1)) for number in numbers) < SEVERAL else MANY_TO_MANY


def _chances(pairs: Compared, weight: Reals, sides: Sequence[pl.DataFrame], partners: Partners) -> Reals:
    """The probability of each pair. Where at most one pair of a record can be right, its odds are shared out."""
    if partners == MANY_TO_MANY:
        return probability(weight)
    odds = np.exp2(np.clip(weight, -200, 200))
    left = np.bincount(pairs.left, weights=odds, minlength=len(sides[0]))
    if partners == MANY_TO_ONE:
        return np.asarray(odds / (1.0 + left[pairs.left]))
    right = np.bincount(pairs.right, weights=odds, minlength=len(sides[1]))
    return np.asarray(odds / (1.0 + left[pairs.left] + right[pairs.right] - odds))


def _rest(comparer: Comparer, sides: Sequence[pl.DataFrame], scheme: Scheme, seed: int) -> list[Reals]:
    """How many of the pairs that no key brought lie on each level of each comparison, by two random samples."""
    total = _total(sides)
    rng = np.random.default_rng(seed)
    strata = [(_uniform(sides, rng), total)]
    if scheme.stratum is not None and len(sides) == 2:
        alike, number = _alike(sides, scheme.stratum, rng)
        column = [side[scheme.stratum].to_numpy() for side in sides]
        differing = column[0][strata[0][0][0]] != column[1][strata[0][0][1]]
        strata = [((strata[0][0][0][differing], strata[0][0][1][differing]), total - number), (alike, number)]
    counts = [np.zeros(len(comparison.levels)) for comparison in scheme.comparisons]
    for (left, right), number in strata:
        if not len(left) or number <= 0:
            continue
        outside = comparer.outside(left, right)
        if not len(outside):
            continue
        for place, found in enumerate(_counts(outside, scheme, number / len(left))):
            counts[place] += found
    return counts


def _counts(pairs: Compared, scheme: Scheme, scale: float) -> list[Reals]:
    """How many pairs lie on each level of each comparison, times `scale`."""
    if not len(pairs):
        return [np.zeros(len(comparison.levels)) for comparison in scheme.comparisons]
    patterns, _ = Patterns.of(pairs.gammas)
    return [
        level_counts(patterns, place, len(comparison.levels), patterns.counts) * scale
        for place, comparison in enumerate(scheme.comparisons)
    ]


def _uniform(sides: Sequence[pl.DataFrame], rng: np.random.Generator) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    size = min(SAMPLE, int(4 * _total(sides)))
    left = rng.integers(0, len(sides[0]), size).astype(np.int32)
    right = rng.integers(0, len(sides[-1]), size).astype(np.int32)
    distinct = left != right if len(sides) == 1 else np.ones(size, dtype=np.bool_)
    return left[distinct], right[distinct]


def _alike(
    sides: Sequence[pl.DataFrame], stratum: str, rng: np.random.Generator
) -> tuple[tuple[NDArray[np.int32], NDArray[np.int32]], float]:
    """A random sample of the pairs that agree in the stratum, and how many of them there are in all."""
    groups = [
        side.filter(pl.col(stratum) != 0).select(pl.col(stratum).alias("value"), "row").group_by("value").agg("row")
        for side in sides
    ]
    both = groups[0].join(groups[1], on="value").sort("value")
    sizes = [both[name].list.len().to_numpy().astype(np.float64) for name in ("row", "row_right")]
    number = float((sizes[0] * sizes[1]).sum())
    if number == 0:
        nothing = np.zeros(0, dtype=np.int32)
        return (nothing, nothing), 0.0
    chosen = rng.choice(len(both), min(SAMPLE, int(4 * number)), p=sizes[0] * sizes[1] / number)
    drawn = []
    for name, size in zip(("row", "row_right"), sizes, strict=True):
        rows = both[name].explode().to_numpy()
        starts = np.concatenate(([0], np.cumsum(size)))[:-1]
        drawn.append(rows[(starts[chosen] + rng.random(len(chosen)) * size[chosen]).astype(np.int64)].astype(np.int32))
    return (drawn[0], drawn[1]), number


def _second_pass(
    comparer: Comparer, sides: Sequence[pl.DataFrame], scheme: Scheme, pairs: Compared, chances: Reals
) -> Compared:
    """Compare records that have no sure partner yet by wider keys, which would bring too many pairs for all records."""
    if scheme.second is None:
        raise ValueError("the scheme has no second pass")
    sure = chances >= SURE
    left = sides[0].filter(~pl.Series(np.isin(np.arange(len(sides[0])), pairs.left[sure])))
    right = left
    if len(sides) == 2:
        right = sides[1].filter(~pl.Series(np.isin(np.arange(len(sides[1])), pairs.right[sure])))
    found = [
        _agreeing(one, other, within=len(sides) == 1)
        for one, other in zip(scheme.second(left), scheme.second(right), strict=True)
    ]
    seen = pl.DataFrame({"row": pairs.left, "row_right": pairs.right})
    fresh = pl.concat(found).unique().join(seen, on=["row", "row_right"], how="anti")
    return comparer.pairs(fresh["row"].to_numpy(), fresh["row_right"].to_numpy())


def _agreeing(left: pl.DataFrame, right: pl.DataFrame, *, within: bool) -> pl.DataFrame:
    """The pairs of rows that agree in a key whose value is not too common."""
    counts = left.group_by("key").len("n").join(right.group_by("key").len("m"), on="key")
    usable = counts.filter(pl.col("n").cast(pl.Int64) * pl.col("m") <= SECOND_LIMIT).select("key")
    pairs = left.join(usable, on="key", how="semi").join(right, on="key").select("row", "row_right")
    return pairs.filter(pl.col("row") < pl.col("row_right")) if within else pairs
