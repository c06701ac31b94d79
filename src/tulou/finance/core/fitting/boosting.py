"""Boosted additive models on fine codes: cross-bagged, stopped by what no bag has seen.

The rows are dealt into folds; for each fold a model is trained on the others. The average of these models is the
scorecard, and each row's forecast by the one model that never saw it is an honest one: the number of rounds, the pairs
and the calibration are decided on those. No model is trained twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.columns import Numbers
from tulou.finance.core.fitting.axes import Axis, Codes
from tulou.finance.core.fitting.compiling import compile_trees
from tulou.finance.core.fitting.tables import Places, Tables, purified
from tulou.finance.core.metrics import log_losses

MOST_ROUNDS = 1500
FEW_ROWS = 5000
LARGE = 20_000
PATIENCE, LEAST_PATIENCE = 4, 25
"""How many steps of full length, and rounds at the least, unseen rows are given to be forecast better than ever."""


@dataclass(frozen=True)
class Material:
    """What is fitted: codes of features, bad outcomes as 1.0, weights, and the fold of each row.

    `known` are the rows whose outcome was seen: the others (of inferred outcome) are fitted, but judge nothing.
    """

    axes: tuple[Axis, ...]
    codes: Codes
    bad: Numbers
    weights: Numbers
    folds: NDArray[np.int64]
    directions: Mapping[int, int] = field(default_factory=dict)
    seed: int = 20200922
    known: NDArray[np.bool_] | None = None

    @property
    def seen(self) -> NDArray[np.int64]:
        """The rows whose outcome was seen."""
        return np.arange(len(self.bad)) if self.known is None else np.flatnonzero(self.known)

    @property
    def bags(self) -> int:
        """How many folds, and so models, there are."""
        return int(self.folds.max()) + 1

    def floats(self) -> NDArray[np.float32]:
        """The codes as LightGBM reads them, missing as NaN."""
        answer = self.codes.astype(np.float32)
        for i, axis in enumerate(self.axes):
            answer[self.codes[:, i] == axis.feature.missing_cell, i] = np.nan
        return answer


@dataclass(frozen=True)
class Fit:
    """The tables of each bag, how many rounds they took, and each row's log-odds by the bag that never saw it."""

    bags: tuple[Tables, ...]
    rounds: int
    unseen: Numbers

    def loss(self, material: Material) -> float:
        """The mean log-loss of the unseen rows."""
        return float(np.average(log_losses(material.bad, self.unseen), weights=material.weights))


def settings(material: Material, *, pairs: bool = False) -> dict[str, Any]:
    """LightGBM's parameters: the same for every table, but for deeper pair trees where many rows carry them.

    A tree can use a pair only where both of its features were drawn, so pairs draw more of them. Single features take
    longer steps than pairs do, which the mean over the bags does not notice; where rows are many, so may pairs.
    """
    many = len(material.bad) >= FEW_ROWS
    signs = [-material.directions.get(i, 0) for i in range(len(material.axes))]
    chosen: dict[str, Any] = {
        "objective": "binary",
        "learning_rate": (0.2 if many else 0.125) if pairs else 0.3,
        "num_leaves": (6 if many else 4) if pairs else 2,
        "min_data_in_leaf": 10,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": 0.75 if pairs else 0.5,
        "max_cat_to_onehot": 16,
        "max_cat_threshold": 8,
        "cat_smooth": 10,
        "cat_l2": 10,
        "min_data_per_group": 10,
        "max_bin": 255,
        "min_data_in_bin": 1,
        "feature_pre_filter": False,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbose": -1,
    }
    return chosen | ({"monotone_constraints": signs} if any(signs) else {})


class Booster:
    """LightGBM over one material, trained bag by bag."""

    def __init__(self, material: Material) -> None:
        import lightgbm

        self._lightgbm = lightgbm
        self.material = material
        self._floats = material.floats()
        self._data = lightgbm.Dataset(
            self._floats,
            material.bad,
            weight=None if (material.weights == 1).all() else material.weights,
            categorical_feature=[i for i, axis in enumerate(material.axes) if axis.category],
            params=settings(material),
            free_raw_data=False,
        ).construct()

    def additive(self) -> Fit:
        """One table for each feature."""
        chosen = settings(self.material)
        return self._fit([self._model(bag, chosen) for bag in range(self.material.bags)], chosen)

    def with_pairs(self, pairs: Sequence[Sequence[Places]]) -> Fit:
        """Tables for each feature and for the pairs of each bag."""
        alone = [[i] for i in range(len(self.material.axes))]
        chosen = settings(self.material, pairs=True)
        models = [
            self._model(bag, chosen | {"interaction_constraints": alone + [list(pair) for pair in of_bag]})
            for bag, of_bag in enumerate(pairs)
        ]
        return self._fit(models, chosen)

    def _fit(self, models: Sequence[Any], chosen: Mapping[str, Any]) -> Fit:
        """Train the bags side by side, so that they stop together where their unseen rows are forecast best."""
        material = self.material
        sizes = np.bincount(material.folds, material.weights)
        patience = max(round(PATIENCE / chosen["learning_rate"]), LEAST_PATIENCE)
        best, best_round = np.inf, 0
        for done in range(1, MOST_ROUNDS + 1):
            for model in models:
                model.update()
            loss = float(sizes @ [model.eval_valid()[0][2] for model in models]) / sizes.sum()
            if loss < best:
                best, best_round = loss, done
            elif done - best_round >= patience:
                break
        unseen = np.empty(len(material.bad))
        tables = []
        for bag, model in enumerate(models):
            held_out = material.folds == bag
            table = compile_trees(model.dump_model(num_iteration=best_round)["tree_info"], material.axes)
            tables.append(table)
            unseen[held_out] = table.logits(material.codes[held_out])
        return Fit(tuple(tables), best_round, unseen)

    def _model(self, bag: int, chosen: dict[str, Any]) -> Any:
        """An untrained model for the rows of all folds but `bag`, which it watches."""
        held_out = self.material.folds == bag
        data = self._data.subset(np.flatnonzero(~held_out).tolist()).construct()
        model = self._lightgbm.Booster(chosen | {"seed": self.material.seed + bag, "metric": "binary_logloss"}, data)
        model.add_valid(self._data.subset(np.flatnonzero(held_out).tolist()).construct(), "unseen")
        return model


def bags_for(rows: int) -> int:
    """How many folds: the mean of more models forecasts better, but where rows are many it gains little."""
    return 8 if rows < LARGE else 5


def deal(bad: Numbers, bags: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row: shuffled, with the same share of bad outcomes in each."""
    random = np.random.default_rng(seed)
    folds = np.empty(len(bad), dtype=np.int64)
    start = 0
    for outcome in (bad == 1, bad != 1):
        rows = random.permutation(np.flatnonzero(outcome))
        folds[rows] = (np.arange(len(rows)) + start) % bags
        start += len(rows)
    return folds


def purified_fit(fit: Fit, material: Material) -> Fit:
    """The same fit with main effects out of the pairs' tables; the log-odds stay what they were."""
    tables = tuple(purified(table, material.codes, material.axes, material.weights) for table in fit.bags)
    return Fit(tables, fit.rounds, fit.unseen)
