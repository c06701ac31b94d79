"""The model of Fellegi and Sunter, estimated without training data, as a document that Splink 5 reads.

A pair's weight is log2(λ/(1-λ)) + Σ log2(m/u) over its comparisons: λ the share of matches among all pairs, m and u
the shares of matches and of other pairs on the level. Expectation-maximisation runs over counts of agreement patterns:
the candidate pairs as they are, all other pairs (which hold next to no match) by a random sample.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tulou.pool.core.identity.comparison import Comparison

Reals = NDArray[np.float64]
Gammas = NDArray[np.int8]

ROUNDS, SETTLED = 40, 1e-5
MATCHES_ASSUMED, PAIRS_ASSUMED, PAIRS_SHARE = 8.0, 400.0, 0.01
"""How many matches, and other pairs, the assumed shares of the levels count for beside the data."""


@dataclass(frozen=True, slots=True)
class Model:
    """λ and, for each comparison, m and u of its levels."""

    comparisons: tuple[Comparison, ...]
    prior: float
    m: tuple[Reals, ...]
    u: tuple[Reals, ...]

    def weights(self) -> list[Reals]:
        """log2(m/u) by comparison and level; a last entry of 0 for silence (level -1)."""
        return [np.append(np.log2(m / u), 0.0) for m, u in zip(self.m, self.u, strict=True)]

    def score(self, gammas: Sequence[Gammas]) -> Reals:
        """The weight of every pair, prior included."""
        total = np.full(len(gammas[0]) if gammas else 0, np.log2(self.prior / (1 - self.prior)))
        for weight, gamma in zip(self.weights(), gammas, strict=True):
            total += weight[gamma]
        return total

    def splink_settings(self, link_type: str = "link_only") -> dict[str, Any]:
        """The model as settings of Splink 5; its SQL runs where `distances.teach` has been called."""
        return {
            "link_type": link_type,
            "unique_id_column_name": "row",
            "probability_two_random_records_match": self.prior,
            "comparisons": [
                _splink_comparison(comparison, m, u)
                for comparison, m, u in zip(self.comparisons, self.m, self.u, strict=True)
            ],
        }

    def to_json(self) -> str:
        """What was estimated, as one JSON document."""
        body = {
            "prior": self.prior,
            "comparisons": {
                comparison.name: {"m": m.tolist(), "u": u.tolist()}
                for comparison, m, u in zip(self.comparisons, self.m, self.u, strict=True)
            },
        }
        return json.dumps(body, sort_keys=True)

    @classmethod
    def from_json(cls, document: str, comparisons: tuple[Comparison, ...]) -> Model:
        """The model that `to_json` wrote, for the same comparisons; KeyError or ValueError where they are others."""
        body = json.loads(document)
        shares = [body["comparisons"][comparison.name] for comparison in comparisons]
        m, u = (tuple(np.array(share[side], dtype=np.float64) for share in shares) for side in ("m", "u"))
        if any(len(values) != len(comparison.levels) for values, comparison in zip(m, comparisons, strict=True)):
            raise ValueError("the model was estimated for other levels")
        return cls(comparisons, float(body["prior"]), m, u)


def _splink_comparison(comparison: Comparison, m: Reals, u: Reals) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": comparison.spelled_out(comparison.null), "label_for_charts": "null", "is_null_level": True}
    ]
    for number, level in enumerate(comparison.levels):
        last = number == len(comparison.levels) - 1
        levels.append(
            {
                "sql_condition": "ELSE" if last else comparison.spelled_out(level.condition),
                "label_for_charts": level.label.en,
                "m_probability": float(m[number]),
                "u_probability": float(u[number]),
            }
        )
    return {"output_column_name": comparison.name, "comparison_levels": levels}


@dataclass(frozen=True, slots=True)
class Patterns:
    """How often each combination of levels occurs among pairs: `gammas[i]` the levels, `counts[i]` the number."""

    gammas: NDArray[np.int8]
    counts: Reals

    @property
    def columns(self) -> list[Gammas]:
        """The levels by comparison."""
        return list(self.gammas.T)

    @classmethod
    def of(cls, gammas: Sequence[Gammas]) -> tuple[Patterns, NDArray[np.int64]]:
        """The patterns of pairs, and the pattern of each pair."""
        code = np.zeros(len(gammas[0]), dtype=np.int64)
        for gamma in gammas:
            code = code * 64 + (gamma.astype(np.int64) + 1)
        distinct, first, back, counts = np.unique(code, return_index=True, return_inverse=True, return_counts=True)
        shown = np.stack([gamma[first] for gamma in gammas], axis=1) if len(distinct) else np.zeros((0, len(gammas)))
        return cls(shown.astype(np.int8), counts.astype(np.float64)), back


def assumed(comparisons: tuple[Comparison, ...], prior: float) -> Model:
    """The model before any data."""
    m = tuple(_normal(np.array([level.m for level in comparison.levels])) for comparison in comparisons)
    u = tuple(_normal(np.array([level.u for level in comparison.levels])) for comparison in comparisons)
    return Model(comparisons, prior, m, u)


def _normal(shares: Reals) -> Reals:
    return np.asarray(shares / shares.sum())


def estimate(
    comparisons: tuple[Comparison, ...],
    candidates: Patterns,
    rest: Sequence[Reals],
    *,
    pairs: float,
    expected: float,
) -> Model:
    """The model of a set of records by expectation-maximisation.

    `candidates` are all pairs that were compared, `rest` how many of the other of all `pairs` lie on each level of each
    comparison. `expected` is the number of matches assumed at the start.
    """
    start = assumed(comparisons, min(0.5, max(expected, 0.5) / pairs))
    model = start
    for _ in range(ROUNDS):
        changed = reestimated(
            start, candidates, candidates.counts * probability(model.score(candidates.columns)), rest, pairs
        )
        moved = max(float(np.abs(new - old).max()) for new, old in zip(changed.m, model.m, strict=True))
        model = changed
        if moved < SETTLED:
            break
    return model


def probability(weight: Reals) -> Reals:
    """The probability of a match that a weight stands for."""
    return 1.0 / (1.0 + np.exp2(-np.clip(weight, -500, 500)))


def reestimated(start: Model, candidates: Patterns, matching: Reals, rest: Sequence[Reals], pairs: float) -> Model:
    """The model that follows when `matching` of the candidates' counts are matches; `start` weighs in a little."""
    m, u = [], []
    for number, comparison in enumerate(start.comparisons):
        size = len(comparison.levels)
        agreeing = level_counts(candidates, number, size, matching)
        differing = level_counts(candidates, number, size, candidates.counts - matching) + rest[number]
        m.append(_normal(agreeing + start.m[number] * MATCHES_ASSUMED))
        u.append(_normal(differing + start.u[number] * (PAIRS_ASSUMED + PAIRS_SHARE * pairs)))
    share = (matching.sum() + 0.5) / (pairs + 1.0)
    return Model(start.comparisons, float(min(share, 0.5)), tuple(m), tuple(u))


def level_counts(patterns: Patterns, number: int, size: int, counts: Reals) -> Reals:
    """How much of `counts`, one a pattern, lies on each of the `size` levels of comparison `number`."""
    gamma = patterns.gammas[:, number].astype(np.int64)
    return np.bincount(gamma[gamma >= 0], weights=counts[gamma >= 0], minlength=size).astype(np.float64)
