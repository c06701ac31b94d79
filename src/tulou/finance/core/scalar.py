"""The scalar executor: one row, plain Python, no arrays. It is also the clearest statement of what a score is."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from tulou.finance.core.artefact import Feature, Pair, Scorecard
from tulou.finance.core.cells import combined, day_of, key_of, number_of

Row = Mapping[str, Any]


def cell_of(feature: Feature, row: Row) -> int:
    """The cell of a feature in one row; a column that is not there counts as missing."""
    if feature.kind == "category":
        key = key_of(row.get(feature.items[0].column))
        return feature.missing_cell if key is None else feature.cell_of_level.get(key, feature.missing_cell - 1)
    value = value_of(feature, row)
    return feature.missing_cell if math.isnan(value) else bisect_right(feature.cuts, value)


def value_of(feature: Feature, row: Row) -> float:
    """The number or day of a feature that is no category; NaN where it is missing."""
    first, *others = (
        day_of(row.get(item.column), item.form)
        if feature.kind == "date" or item.form.startswith("%")
        else number_of(row.get(item.column), item.form)
        for item in feature.items
    )
    return combined(feature.operation, first, others[0]) if others else first


def score(card: Scorecard, row: Row) -> int:
    """The score of one row: the base and the points of every cell and combination."""
    cells = {feature.name: cell_of(feature, row) for feature in card.features}
    points = sum(feature.by_cell[cells[feature.name]] for feature in card.features)
    return card.base + points + sum(points_of_pair(pair, cells) for pair in card.pairs)


def points_of_pair(pair: Pair, cells: Mapping[str, int]) -> int:
    """The points of a pair, from the cells of the features."""
    first, second = pair.features
    return pair.points[pair.groups[0][cells[first]]][pair.groups[1][cells[second]]]
