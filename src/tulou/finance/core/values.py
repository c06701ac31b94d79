"""The values of a feature in every row of a table: its numbers, derived where it is, or the cells of its levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.artefact import Feature, Item
from tulou.finance.core.columns import Columns, Numbers, combine, days, numbers, numbers_and_gaps


def values_of(feature: Feature, columns: Columns) -> Numbers:
    """The numbers or days of a feature that is no category, NaN where there is none."""
    first, *others = [_of_item(feature, item, columns) for item in feature.items]
    return combine(feature.operation, first, others[0]) if others else first


def values_and_gaps_of(feature: Feature, columns: Columns) -> tuple[Numbers, NDArray[np.uint8] | None]:
    """The same without a copy where the column has numbers as they are: what a row without one holds is then whatever
    lies there, and the second answer is 0."""
    item = feature.items[0]
    if len(feature.items) > 1 or _is_days(feature, item):
        return values_of(feature, columns), None
    return numbers_and_gaps(columns[item.column], item.form)


def cells_of_levels(feature: Feature, levels: Sequence[str | None]) -> NDArray[np.int32]:
    """The cell of each level of a category; None is a missing one."""
    unseen, known = feature.missing_cell - 1, feature.cell_of_level
    cells = [feature.missing_cell if level is None else known.get(level, unseen) for level in levels]
    return np.asarray(cells, dtype=np.int32)


def _of_item(feature: Feature, item: Item, columns: Columns) -> Numbers:
    return (days if _is_days(feature, item) else numbers)(columns[item.column], item.form)


def _is_days(feature: Feature, item: Item) -> bool:
    return feature.kind == "date" or item.form.startswith("%")
