"""From tables of log-odds to the scorecard: whole points, as few cells as say the same, counts, bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.artefact import Feature, Pair, Scorecard, Target
from tulou.finance.core.calibration import anchored, bands, base_points, levelled, points_per_logit, scores_of_logits
from tulou.finance.core.columns import Numbers
from tulou.finance.core.fitting.axes import Axis
from tulou.finance.core.fitting.boosting import Material
from tulou.finance.core.fitting.fit import Fitted
from tulou.finance.core.fitting.smoothing import Labels
from tulou.finance.core.fitting.tables import Grid, Places, counts_of_pair, mean

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class _PairDraft:
    """A pair with whole points and the row and column of each fine cell."""

    places: Places
    points: Whole
    rows: Labels
    columns: Labels

    def groups_of(self, place: int) -> Labels:
        return self.rows if place == self.places[0] else self.columns


def make_card(fitted: Fitted, material: Material, target: Target, *, name: str, points_to_double: int) -> Scorecard:
    """The scorecard of a fit, without its report."""
    factor = points_per_logit(points_to_double)
    average = mean(fitted.smooth.bags)
    spread = [np.std([bag.one[i] for bag in fitted.smooth.bags], axis=0) * factor for i in range(len(material.axes))]
    points = [np.rint(-factor * table).astype(np.int64) for table in average.one]
    drafts = [
        draft
        for key, grid in average.two.items()
        if (draft := _draft(key, np.rint(-factor * grid).astype(np.int64), fitted.smooth.two[key])) is not None
    ]
    in_pairs = {place for draft in drafts for place in draft.places}
    kept = [i for i, table in enumerate(points) if table.any() or i in in_pairs]
    merged = {i: _merge(material.axes[i], i, points[i], drafts) for i in kept}
    features = {i: _feature(material, i, points[i], spread[i], merged[i], len(fitted.smooth.bags)) for i in kept}
    pairs = tuple(_pair(material, draft, features, merged) for draft in drafts)
    # The mean of several log-odds is bolder than each of them: the level is set anew on the rows that were fitted.
    seen = material.seen
    scores = scores_of_logits(average.logits(material.codes[seen]), points_to_double)
    return Scorecard(
        name=name,
        target=target,
        base=base_points(average.constant, points_to_double),
        points_to_double=points_to_double,
        features=tuple(features[i] for i in _by_weight(features)),
        pairs=pairs,
        calibration=levelled(anchored(points_to_double), scores, float(material.bad[seen].sum())),
        bands=bands(scores_of_logits(fitted.unseen[seen], points_to_double), material.bad[seen]),
    )


def _draft(key: Places, grid: Whole, labels: tuple[Labels, Labels]) -> _PairDraft | None:
    if not grid.any():
        return None
    rows, columns = labels
    table = np.zeros((int(rows.max()) + 1, int(columns.max()) + 1), dtype=np.int64)
    table[rows[:, None], columns[None, :]] = grid
    table, row_place = np.unique(table, axis=0, return_inverse=True)
    table, column_place = np.unique(table, axis=1, return_inverse=True)
    return _PairDraft(key, table, row_place.ravel()[rows], column_place.ravel()[columns])


def _merge(axis: Axis, place: int, points: Whole, drafts: Sequence[_PairDraft]) -> Labels:
    """The final cell of each fine cell: neighbours (or levels) that say the same everywhere are one."""
    signs = np.column_stack([points, *(draft.groups_of(place) for draft in drafts if place in draft.places)])
    inner = signs[: axis.ordered]
    if axis.category:
        _, labels = np.unique(inner, axis=0, return_inverse=True)
        labels = labels.ravel()
    else:
        labels = np.concatenate([[0], np.cumsum((inner[1:] != inner[:-1]).any(1))])
    following = int(labels.max()) + 1 if len(labels) else 0
    return np.concatenate([labels, following + np.arange(axis.cells - axis.ordered)]).astype(np.int64)


def _feature(material: Material, place: int, points: Whole, spread: Numbers, labels: Labels, bags: int) -> Feature:
    axis = material.axes[place]
    size = int(labels.max()) + 1
    first = np.array([int(np.argmax(labels == cell)) for cell in range(size)])
    cells = labels[material.codes[material.seen, place]]
    counts, bads = np.bincount(cells, minlength=size), np.bincount(cells, material.bad[material.seen], size)
    table = points[first]
    inner = size - (axis.cells - axis.ordered)
    shape: dict[str, Any] = {"unseen": int(table[inner])} if axis.category else {}
    if axis.category:
        groups: list[list[str]] = [[] for _ in range(inner)]
        for level, cell in zip(axis.feature.levels, labels, strict=False):
            groups[cell].append(level[0])
        shape["levels"] = tuple(tuple(sorted(group)) for group in groups)
    else:
        shape["cuts"] = tuple(axis.feature.cuts[first[cell] - 1] for cell in range(1, inner))
    return replace(
        axis.feature,
        points=tuple(map(int, table[:inner])),
        missing=int(table[-1]),
        best=int(table[counts > 0].max()),
        middle=_median(table, counts),
        counts=tuple(map(int, counts)),
        bads=tuple(int(value) for value in np.rint(bads)),
        spread=tuple(round(float(value) / np.sqrt(bags), 2) for value in spread[first]),
        **shape,
    )


def _pair(material: Material, draft: _PairDraft, features: Mapping[int, Feature], merged: Mapping[int, Labels]) -> Pair:
    weight = counts_of_pair(material.codes, material.axes, draft.places, material.weights)
    cells = draft.points[draft.rows[:, None], draft.columns[None, :]]
    seen = weight > 0
    groups = []
    for place in draft.places:
        labels, of_fine = merged[place], draft.groups_of(place)
        groups.append(tuple(int(of_fine[np.argmax(labels == cell)]) for cell in range(int(labels.max()) + 1)))
    first, second = (features[place].name for place in draft.places)
    return Pair(
        (first, second),
        (groups[0], groups[1]),
        tuple(tuple(map(int, row)) for row in draft.points),
        best=int(cells[seen].max()),
        middle=_median(cells[seen], weight[seen]),
    )


def _median(points: Whole, counts: Numbers | Whole) -> int:
    order = np.argsort(points, kind="stable")
    reached = np.cumsum(counts[order])
    return int(points[order][np.searchsorted(reached, reached[-1] / 2)])


def _by_weight(features: Mapping[int, Feature]) -> list[int]:
    """Features that move scores most come first."""

    def weight(i: int) -> float:
        feature = features[i]
        table, counts = np.array(feature.by_cell), np.array(feature.counts)
        return -float(np.sum(counts * table.astype(np.float64) ** 2))

    return sorted(features, key=lambda i: (weight(i), features[i].name))


def importance(feature: Feature) -> float:
    """How far a feature moves scores: the root of its mean squared points over the training rows."""
    table, counts = np.array(feature.by_cell, dtype=np.float64), np.array(feature.counts, dtype=np.float64)
    return float(np.sqrt(np.sum(counts * table**2) / max(counts.sum(), 1)))


def importance_of_grid(points: Grid, weights: Grid) -> float:
    """The same for a pair."""
    return float(np.sqrt(np.sum(weights * points**2) / max(weights.sum(), 1)))
