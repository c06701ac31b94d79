"""The NumPy executor: a table of firms in, whole scores out.

A cell is found by comparing with every cut and adding up the answers, block by block so that everything stays in the
cache: for the handful of cuts that a feature has, that is several times faster than a binary search for each value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.artefact import Calibration, Feature, Pair, Scorecard
from tulou.finance.core.columns import Columns, Numbers, dictionary
from tulou.finance.core.compiled import score_compiled
from tulou.finance.core.kernel import WORTH_COMPILING, loops
from tulou.finance.core.values import cells_of_levels, values_of
from tulou.kernel.errors import Text, Where, refuse

BLOCK = 2**14
MANY_CUTS = 48

Cells = NDArray[np.uint16]
Scores = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """What a table looks like to a scorecard: the cell of each feature in each row."""

    card: Scorecard
    cells: tuple[Cells, ...]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.cells[0]) if self.cells else 0

    def points(self) -> list[NDArray[np.int32]]:
        """The points of every feature and then of every pair, one array each."""
        card, place = self.card, {feature.name: i for i, feature in enumerate(self.card.features)}
        answer = [
            np.asarray(feature.by_cell, dtype=np.int32).take(cells)
            for feature, cells in zip(card.features, self.cells, strict=True)
        ]
        for pair in card.pairs:
            first, second = (self.cells[place[name]] for name in pair.features)
            answer.append(_flat(pair).take(_combination(pair, first, second)))
        return answer

    def scores(self) -> Scores:
        """The whole score of every row."""
        total = np.full(self.rows, self.card.base, dtype=np.int64)
        for points in self.points():
            total += points
        return total


def sort_into_cells(card: Scorecard, columns: Columns, *, file: str | None = None) -> Batch:
    """The cells of every row. Raises Refused where a column that the scorecard reads is not there."""
    check_columns(card, columns, file)
    return Batch(card, tuple(cells_of(feature, columns) for feature in card.features))


def score(card: Scorecard, columns: Columns, *, file: str | None = None) -> Scores:
    """The score of every row: more points, less risk. Raises Refused where a column is missing.

    The same numbers as `sort_into_cells(...).scores()`, without keeping what led to them.
    """
    check_columns(card, columns, file)
    rows = len(columns[card.columns[0]]) if card.columns else _length(columns)
    if rows * len(card.features) >= WORTH_COMPILING and (compiled := loops()) is not None:
        return score_compiled(card, columns, rows, compiled)
    readers = [_Reader(feature, columns) for feature in card.features]
    place = {feature.name: i for i, feature in enumerate(card.features)}
    tables = [np.asarray(feature.by_cell, dtype=np.int32) for feature in card.features]
    pairs = [(pair, place[pair.features[0]], place[pair.features[1]], _flat(pair)) for pair in card.pairs]
    total = np.full(rows, card.base, dtype=np.int64)
    held = {i for _, first, second, _ in pairs for i in (first, second)}
    points = np.empty(min(BLOCK, rows), dtype=np.int32)
    for start in range(0, rows, BLOCK):
        stop = min(start + BLOCK, rows)
        kept: dict[int, Any] = {}
        block = np.zeros(stop - start, dtype=np.int32)
        for i, (reader, table) in enumerate(zip(readers, tables, strict=True)):
            cells = reader.cells(start, stop)
            table.take(cells, out=points[: stop - start], mode="clip")
            block += points[: stop - start]
            if i in held:
                kept[i] = cells.copy()
        for pair, first, second, flat in pairs:
            block += flat.take(_combination(pair, kept[first], kept[second]))
        total[start:stop] += block
    return total


def probabilities(calibration: Calibration, scores: Scores) -> Numbers:
    """The calibrated probability of the bad outcome for each score, to the last bit what one row alone would get."""
    distinct, places = np.unique(scores, return_inverse=True)
    table = np.array([calibration.probability(score) for score in distinct.tolist()], dtype=np.float64)
    return table[places]


def cells_of(feature: Feature, columns: Columns) -> Cells:
    """The cell of one feature in every row."""
    reader = _Reader(feature, columns)
    answer = np.empty(len(reader), dtype=np.uint16)
    for start in range(0, len(reader), BLOCK):
        stop = min(start + BLOCK, len(reader))
        answer[start:stop] = reader.cells(start, stop)
    return answer


def check_columns(card: Scorecard, columns: Columns, file: str | None = None) -> None:
    """Raise Refused where a column that the scorecard reads is not there."""
    if absent := [name for name in card.columns if name not in columns]:
        raise refuse(
            "finance.score.column_missing",
            f"数据缺少评分卡需要的 {len(absent)} 列: {', '.join(absent)}",
            f"The data lack {len(absent)} columns that the scorecard reads: {', '.join(absent)}",
            where=Where(file=file, column=absent[0]),
            remedy=Text(zh="请补上这些列 (没有值的留空)", en="Add these columns, empty where there is no value"),
        )


class _Reader:
    """One feature over one table, block by block. The array that `cells` answers is overwritten by the next call."""

    def __init__(self, feature: Feature, columns: Columns) -> None:
        self._feature = feature
        self._codes: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self._values: Numbers | None = None
        if feature.kind == "category":
            self._codes, levels = dictionary(columns[feature.items[0].column])
            self._cell_of_code = cells_of_levels(feature, levels).astype(np.uint16)
        else:
            self._values = values_of(feature, columns)
            small = feature.cells < 256
            self._cells = np.empty(BLOCK, dtype=np.uint8 if small else np.uint16)
            self._answer = np.empty(BLOCK, dtype=bool)
            self._cuts = np.asarray(feature.cuts)

    def __len__(self) -> int:
        return len(self._codes if self._values is None else self._values)

    def cells(self, start: int, stop: int) -> NDArray[Any]:
        if self._values is None:
            return self._cell_of_code.take(self._codes[start:stop])
        values, cells, answer = self._values[start:stop], self._cells[: stop - start], self._answer[: stop - start]
        if len(self._cuts) > MANY_CUTS:
            cells[:] = np.searchsorted(self._cuts, values, side="right")
        else:
            cells[:] = 0
            for cut in self._feature.cuts:
                np.greater_equal(values, cut, out=answer)
                np.add(cells, answer.view(np.uint8), out=cells)
        np.isnan(values, out=answer)
        if answer.any():
            cells[answer] = self._feature.missing_cell
        return cells


def _flat(pair: Pair) -> NDArray[np.int32]:
    return np.asarray(pair.points, dtype=np.int32).ravel()


def _offsets(pair: Pair) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """For each cell of both features, where its row or column begins in the flat table."""
    width = np.uint16(len(pair.points[0]))
    return np.asarray(pair.groups[0], dtype=np.uint16) * width, np.asarray(pair.groups[1], dtype=np.uint16)


def _combination(pair: Pair, first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.uint16]:
    rows, columns = _offsets(pair)
    return rows.take(first) + columns.take(second)


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()))) if columns else 0


def take_rows(columns: Columns, rows: Sequence[int] | NDArray[Any]) -> dict[str, Any]:
    """The same columns with only these rows."""
    import pyarrow as pa

    answer = {}
    for name, column in columns.items():
        if isinstance(column, (pa.Array, pa.ChunkedArray)):
            answer[name] = column.take(pa.array(np.asarray(rows, dtype=np.int64)))
        elif isinstance(column, list):
            answer[name] = [column[i] for i in rows]
        else:
            answer[name] = column.take(np.asarray(rows))
    return answer
