"""The classic scorecard: weight of evidence of a few coarse cells, weighed by a logistic regression.

It ends in the same tables as the boosted model, so everything after the fit is the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.columns import Numbers
from tulou.finance.core.fitting.axes import Axis
from tulou.finance.core.fitting.boosting import Fit, Material
from tulou.finance.core.fitting.fit import Fitted, neutral_where_nothing_was_seen
from tulou.finance.core.fitting.smoothing import Labels, Smoothed, merge_path
from tulou.finance.core.fitting.tables import Tables, mean

FEWEST_SHARE = 0.03
MOST_CELLS = 8
LEAST_INFORMATION = 0.02
RIDGE = 1.0


def fit_woe(material: Material) -> Fitted:
    """Weights of evidence and a logistic regression, cross-bagged like the boosted model."""
    labels = tuple(_cells(material, i) for i in range(len(material.axes)))
    everything = np.arange(len(material.bad))
    unseen = np.empty(len(material.bad))
    bags = []
    for bag in range(material.bags):
        inside = everything[material.folds != bag]
        tables = _fit_rows(material, labels, inside)
        bags.append(neutral_where_nothing_was_seen(tables, material))
        rows = material.folds == bag
        unseen[rows] = tables.logits(material.codes[rows])
    fit = Fit(tuple(bags), 0, unseen)
    used = [i for i, table in enumerate(mean(bags).one) if table.any()]
    decisions = {"bags": material.bags, "features_used": len(used), "loss_unseen": fit.loss(material)}
    return Fitted(Smoothed(fit.bags, labels, {}), unseen, decisions)


def _cells(material: Material, place: int) -> Labels:
    """Fine cells merged by the likeness of their bad rates, down to a few that are not too small."""
    axis = material.axes[place]
    codes = material.codes[:, place]
    count: Numbers = np.bincount(codes, material.weights, axis.cells).astype(np.float64)
    bad: Numbers = np.bincount(codes, material.bad * material.weights, axis.cells).astype(np.float64)
    overall = float(bad.sum() / count.sum())
    rate = (bad + overall) / (count + 1)
    evidence = np.log(rate / (1 - rate))
    path = merge_path(axis, evidence, count * overall * (1 - overall))
    enough = FEWEST_SHARE * count.sum()
    for strength in np.unique(np.append(path.prices, 0.0)):
        labels = path.labels(float(strength))
        inner = np.bincount(labels[: axis.ordered], count[: axis.ordered])
        if len(inner) <= MOST_CELLS and (len(inner) <= 1 or inner.min() >= enough):
            break
    sign = material.directions.get(place, 0)
    return _monotone(labels, axis, count, bad, sign) if sign else labels


def _monotone(labels: Labels, axis: Axis, count: Numbers, bad: Numbers, sign: int) -> Labels:
    """Neighbours pooled until the bad rate never moves against `sign` (of the score)."""
    blocks: list[list[float]] = []
    for cell in range(int(labels[: axis.ordered].max()) + 1):
        inside = labels[: axis.ordered] == cell
        total, wrong = count[: axis.ordered][inside].sum(), bad[: axis.ordered][inside].sum()
        blocks.append([float(wrong), float(total), 1])
        while len(blocks) > 1 and sign * (_rate(blocks[-1]) - _rate(blocks[-2])) >= 0:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    pooled = np.repeat(np.arange(len(blocks)), [int(block[2]) for block in blocks])
    answer = labels.copy()
    answer[: axis.ordered] = pooled[labels[: axis.ordered]]
    answer[axis.ordered :] = len(blocks) + np.arange(axis.cells - axis.ordered)
    return answer


def _rate(block: list[float]) -> float:
    return block[0] / max(block[1], 1e-9)


def _fit_rows(material: Material, labels: tuple[Labels, ...], rows: NDArray[np.int64]) -> Tables:
    weights, bad = material.weights[rows], material.bad[rows]
    evidence = [
        _evidence(label[material.codes[rows, i]], bad, weights, int(label.max()) + 1) for i, label in enumerate(labels)
    ]
    used = [i for i, (_, information) in enumerate(evidence) if information >= LEAST_INFORMATION]
    constant, slopes = 0.0, np.zeros(0)
    while True:
        design = [evidence[i][0][labels[i][material.codes[rows, i]]] for i in used]
        constant, slopes = _regression(design, bad, weights)
        # A negative slope says that the evidence of a feature is turned round: such a card cannot be explained.
        if (slopes >= 0).all():
            break
        used = [i for i, slope in zip(used, slopes, strict=True) if slope >= 0]
    one = [np.zeros(axis.cells) for axis in material.axes]
    for i, slope in zip(used, slopes, strict=True):
        one[i] = slope * evidence[i][0][labels[i]]
    return Tables(float(constant), tuple(one), {})


def _evidence(cells: Labels, bad: Numbers, weights: Numbers, size: int) -> tuple[Numbers, float]:
    """The log of (share of the bad) / (share of the good) in each cell, and the information value."""
    wrong, right = np.bincount(cells, bad * weights, size), np.bincount(cells, (1 - bad) * weights, size)
    share_bad, share_good = (wrong + 0.5) / (wrong.sum() + 1), (right + 0.5) / (right.sum() + 1)
    answer = np.where(wrong + right > 0, np.log(share_bad / share_good), 0.0)
    return answer, float(((share_bad - share_good) * answer).sum())


def _regression(design: list[Numbers], bad: Numbers, weights: Numbers) -> tuple[float, Numbers]:
    """Logistic regression with a small ridge on the slopes, by Newton's method."""
    matrix = np.column_stack([np.ones(len(bad)), *design])
    penalty = np.diag([0.0] + [RIDGE] * len(design))
    beta = np.zeros(matrix.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(matrix @ beta, -30, 30)))
        slope = matrix.T @ (weights * (bad - chance)) - penalty @ beta
        curve = (matrix * (weights * chance * (1 - chance))[:, None]).T @ matrix + penalty
        step = np.linalg.solve(curve + 1e-9 * np.eye(len(beta)), slope)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-8:
            break
    return float(beta[0]), beta[1:]
