"""The boosted additive model with a few pairs, from first rounds to smoothed tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tulou.finance.core.columns import Numbers
from tulou.finance.core.fitting.boosting import Booster, Fit, Material, purified_fit
from tulou.finance.core.fitting.pairs import strongest_pairs
from tulou.finance.core.fitting.smoothing import Smoothed, smoothed
from tulou.finance.core.fitting.tables import Places, Tables, counts_of, counts_of_pair, mean
from tulou.finance.core.metrics import log_losses

MOST_IN_SEARCH = 80


@dataclass(frozen=True)
class Fitted:
    """Smoothed tables, honest log-odds of the training rows, and what was decided on the way."""

    smooth: Smoothed
    unseen: Numbers
    decisions: dict[str, Any]


def fit_boosted(
    material: Material, *, most_pairs: int, declared: Sequence[Places] = (), without: Collection[int] = ()
) -> Fitted:
    """Fit tables and at most `most_pairs` pairs (or exactly those that are declared), none with the features `without`.

    Each bag searches its pairs on its own rows, in what an additive model leaves unexplained. Of all that were found,
    those that move the log-odds most stay; a pair's table is the mean over the bags that found it. Whether pairs stay
    at all is asked of the rows that no bag saw.
    """
    booster = Booster(material)
    alone = booster.additive()
    if not most_pairs and not declared:
        return _additive(alone, material, {})
    proposals = _proposals(material, alone, most_pairs, list(declared), {*without, *_faint(alone, material)})
    if not any(proposals):
        return _additive(alone, material, {})
    trial = booster.with_pairs(proposals)
    decisions = {"loss_without_pairs": alone.loss(material), "loss_with_pairs": trial.loss(material)}
    if not declared and _harmful(material, alone, trial):
        return _additive(alone, material, decisions)
    trial = purified_fit(trial, material)
    bags = _best_pairs(trial.bags, material, len(declared) or most_pairs)
    return _finish(bags, trial, material, decisions)


def _additive(fit: Fit, material: Material, decisions: dict[str, Any]) -> Fitted:
    fit = purified_fit(fit, material)
    return _finish(fit.bags, fit, material, decisions)


def _proposals(
    material: Material, alone: Fit, most: int, declared: list[Places], without: Collection[int]
) -> list[list[Places]]:
    if declared:
        return [declared] * material.bags
    rows = np.arange(len(material.bad))
    return [
        strongest_pairs(material, alone.unseen, rows[material.folds != bag], most, without)
        for bag in range(material.bags)
    ]


def _faint(alone: Fit, material: Material) -> list[int]:
    """Of very many features those that move the log-odds least: pairs are not looked for among them."""
    tables = mean(alone.bags).one
    counts = counts_of(material.codes, material.axes, material.weights)
    moved = [float(count @ table**2) for count, table in zip(counts, tables, strict=True)]
    return sorted(range(len(moved)), key=lambda i: -moved[i])[MOST_IN_SEARCH:]


def _harmful(material: Material, without: Fit, with_pairs: Fit) -> bool:
    """Whether pairs make the forecasts of unseen rows worse by more than a standard error."""
    change: Numbers = log_losses(material.bad, with_pairs.unseen) - log_losses(material.bad, without.unseen)
    return bool(change.mean() > change.std() / np.sqrt(len(change)))


def _best_pairs(bags: Sequence[Tables], material: Material, most: int) -> tuple[Tables, ...]:
    """Keep the pairs that move the log-odds most, each with the mean table of the bags that found it."""
    found = mean(bags).two
    moved = {
        key: float((counts_of_pair(material.codes, material.axes, key, material.weights) * grid**2).sum())
        for key, grid in found.items()
    }
    kept = sorted(moved, key=lambda key: (-moved[key], key))[:most]
    share = {key: len(bags) / sum(key in bag.two for bag in bags) for key in kept}
    return tuple(replace(bag, two={key: bag.two[key] * share[key] for key in kept if key in bag.two}) for bag in bags)


def _finish(bags: Sequence[Tables], fit: Fit, material: Material, decisions: dict[str, Any]) -> Fitted:
    calm = tuple(neutral_where_nothing_was_seen(tables, material) for tables in bags)
    decided = {"bags": material.bags, "rounds": fit.rounds, **decisions, "loss_unseen": fit.loss(material)}
    return Fitted(smoothed(calm, material, fit.unseen), fit.unseen, decided)


def neutral_where_nothing_was_seen(tables: Tables, material: Material) -> Tables:
    """Cells that hold no training row get the average, not whatever side of a split they happened to fall on."""
    seen = [count > 0 for count in counts_of(material.codes, material.axes, material.weights)]
    one = tuple(np.where(there, table, 0.0) for table, there in zip(tables.one, seen, strict=True))
    two = {}
    for key, grid in tables.two.items():
        seen_together = np.ix_(seen[key[0]], seen[key[1]])
        two[key] = np.zeros(grid.shape)
        two[key][seen_together] = grid[seen_together]
    return replace(tables, one=one, two=two)
