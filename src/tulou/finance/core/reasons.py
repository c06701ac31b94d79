"""Why a score is what it is: the few places where points were lost, and what would change it.

A reason is a shortfall: the points of the best cell (or of the middle one, where half the firms stand) less the firm's
own. At most four are told, because more are not likely to help (Regulation B, comment 9(b)(2)-1). A pair is told as
the combination that it is.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.artefact import Feature, Pair, Scorecard
from tulou.finance.core.batch import Batch
from tulou.finance.core.cells import EPOCH, key_of
from tulou.finance.core.scalar import Row, cell_of, points_of_pair, score, value_of
from tulou.kernel.errors import Text

MOST_REASONS = 4
MOST_CHANGES = 3
LEVELS_SHOWN = 4

Against = Literal["best", "middle"]
AGAINST: tuple[Against, ...] = ("best", "middle")


@dataclass(frozen=True, slots=True)
class Source:
    """A data item behind a reason: its column, label, department, the value and the day as of which it was known."""

    column: str
    label: Text
    department: Text | None
    value: str | None
    as_of: str | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Points lost against the best (or the middle) cell, in one sentence, with the data items that anyone may
    dispute."""

    code: str
    points: int
    shortfall: int
    text: Text
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What the firm could change, and the score that it would then have."""

    feature: str
    gain: int
    score: int
    text: Text


def reasons_of(
    card: Scorecard, row: Row, *, against: Against = "best", most: int = MOST_REASONS, as_of: str | None = None
) -> list[Reason]:
    """The reasons for the score of one row, the greatest shortfall first."""
    cells = {feature.name: cell_of(feature, row) for feature in card.features}
    found: list[Reason] = []
    for feature in card.features:
        points = feature.by_cell[cells[feature.name]]
        lost = (feature.best if against == "best" else feature.middle) - points
        if lost > 0:
            text = sentence(feature, cells[feature.name])
            found.append(Reason(feature.name, points, lost, text, _sources(feature, row, as_of)))
    for pair in card.pairs:
        points = points_of_pair(pair, cells)
        lost = (pair.best if against == "best" else pair.middle) - points
        if lost > 0:
            members = [card.by_name[name] for name in pair.features]
            told = [sentence(feature, cells[feature.name]) for feature in members]
            text = together(*told)
            sources = tuple(source for feature in members for source in _sources(feature, row, as_of))
            found.append(Reason(pair.name, points, lost, text, sources))
    found.sort(key=lambda reason: (-reason.shortfall, reason.code))
    return found[:most]


@dataclass(frozen=True)
class ReasonTable:
    """The reasons of many rows: `places[row, k]` is the feature or pair, `lost[row, k]` its shortfall, 0 where there
    is none."""

    card: Scorecard
    batch: Batch
    places: NDArray[np.int64]
    lost: NDArray[np.int64]

    def texts(self, row: int) -> list[tuple[Text, int]]:
        """The sentences of one row with their shortfalls."""
        answer = []
        for place, lost in zip(self.places[row], self.lost[row], strict=True):
            if lost > 0:
                answer.append((self._sentence(int(place), row), int(lost)))
        return answer

    def codes(self, row: int) -> list[str]:
        """The features and pairs of one row's reasons."""
        names = [*(feature.name for feature in self.card.features), *(pair.name for pair in self.card.pairs)]
        return [names[int(place)] for place, lost in zip(self.places[row], self.lost[row], strict=True) if lost > 0]

    def _sentence(self, place: int, row: int) -> Text:
        count = len(self.card.features)
        if place < count:
            return sentence(self.card.features[place], int(self.batch.cells[place][row]))
        names = [feature.name for feature in self.card.features]
        members = [names.index(name) for name in self.card.pairs[place - count].features]
        told = [sentence(self.card.features[i], int(self.batch.cells[i][row])) for i in members]
        return together(*told)


def reason_table(batch: Batch, *, against: Against = "best", most: int = MOST_REASONS) -> ReasonTable:
    """The `most` greatest shortfalls of every row at once; ties in the order of `reasons_of`."""
    card = batch.card
    parts: Sequence[Feature | Pair] = (*card.features, *card.pairs)
    names = [part.name for part in parts]
    order = np.argsort(names, kind="stable")
    marks = np.array([part.best if against == "best" else part.middle for part in parts], dtype=np.int64)
    points = batch.points()
    lost = (
        np.column_stack([marks[i] - points[i] for i in order]) if parts else np.zeros((batch.rows, 0), dtype=np.int64)
    )
    most = min(most, lost.shape[1])
    ranked = np.argsort(-lost, axis=1, kind="stable")[:, :most]
    return ReasonTable(card, batch, order[ranked], np.maximum(np.take_along_axis(lost, ranked, axis=1), 0))


@dataclass(frozen=True, slots=True)
class Line:
    """One feature or pair in the sum of a score: the sentence, its points, and the value that led there."""

    code: str
    points: int
    text: Text
    value: str | None


def lines_of(card: Scorecard, row: Row) -> list[Line]:
    """Every term of the score of one row but the base; their points and the base add up to the score."""
    cells = {feature.name: cell_of(feature, row) for feature in card.features}
    answer = [
        Line(
            feature.name,
            feature.by_cell[cells[feature.name]],
            sentence(feature, cells[feature.name]),
            value_shown(feature, row),
        )
        for feature in card.features
    ]
    for pair in card.pairs:
        first, second = (sentence(card.by_name[name], cells[name]) for name in pair.features)
        answer.append(Line(pair.name, points_of_pair(pair, cells), together(first, second), None))
    return answer


def together(first: Text, second: Text) -> Text:
    """Two phrases that hold at once."""
    return Text(zh=f"{first.zh}, 同时 {second.zh}", en=f"{first.en} together with {second.en}")


def changes_of(card: Scorecard, row: Row, *, most: int = MOST_CHANGES) -> list[Change]:
    """What the firm could change by itself: for each actionable feature the nearest cell that is worth more points,
    with the pairs that it takes part in reckoned anew; the greatest gain first."""
    now = score(card, row)
    cells = {feature.name: cell_of(feature, row) for feature in card.features}
    answer = []
    for feature in card.features:
        if not feature.meaning.actionable:
            continue
        best: tuple[int, int] | None = None
        for cell in _reachable(feature, cells[feature.name]):
            gain = _score_of_cells(card, {**cells, feature.name: cell}) - now
            if gain > 0 and (best is None or gain > best[0]):
                best = (gain, cell)
        if best is not None:
            told = sentence(feature, best[1])
            text = Text(
                zh=f"如果{told.zh}, 得分将增加 {best[0]} 分", en=f"If {told.en}, the score would rise by {best[0]}"
            )
            answer.append(Change(feature.name, best[0], now + best[0], text))
    answer.sort(key=lambda change: (-change.gain, change.feature))
    return answer[:most]


def _reachable(feature: Feature, cell: int) -> list[int]:
    """Cells that the firm could move to: those between cuts that lie in the declared direction, or any that is not
    missing."""
    inner = range(len(feature.points))
    if feature.kind == "category" or cell == feature.missing_cell:
        return [other for other in inner if other != cell]
    if feature.meaning.direction == "+":
        return [other for other in inner if other > cell]
    if feature.meaning.direction == "-":
        return [other for other in inner if other < cell]
    return [other for other in inner if other != cell]


def _score_of_cells(card: Scorecard, cells: Mapping[str, int]) -> int:
    total = card.base + sum(feature.by_cell[cells[feature.name]] for feature in card.features)
    return total + sum(points_of_pair(pair, cells) for pair in card.pairs)


def sentence(feature: Feature, cell: int) -> Text:
    """What it means that a feature is in a cell, as a phrase without a full stop."""
    label = feature.meaning.label
    if cell == feature.missing_cell:
        return Text(zh=f"{label.zh} 没有数据", en=f"{label.en} is not known")
    if feature.kind == "category":
        if cell == feature.missing_cell - 1:
            return Text(zh=f"{label.zh} 属于少见取值", en=f"{label.en} is a value seen rarely or never before")
        group = feature.levels[cell]
        shown = ", ".join(group[:LEVELS_SHOWN]) + (" …" if len(group) > LEVELS_SHOWN else "")
        return Text(zh=f"{label.zh} 属于 {shown}", en=f"{label.en} is {shown}")
    unit = feature.meaning.unit or Text(zh="", en="")
    low = _shown(feature, feature.cuts[cell - 1]) if cell else None
    high = _shown(feature, feature.cuts[cell]) if cell < len(feature.cuts) else None
    if low is None and high is None:
        return Text(zh=f"{label.zh} 有数据", en=f"{label.en} is known")
    zh, en = _unit(unit.zh), _unit(unit.en)
    if low is None:
        return Text(zh=f"{label.zh} 低于 {high}{zh}", en=f"{label.en} is below {high}{en}")
    if high is None:
        return Text(zh=f"{label.zh} 不低于 {low}{zh}", en=f"{label.en} is {low}{en} or more")
    return Text(zh=f"{label.zh} 在 {low} 至 {high}{zh} 之间", en=f"{label.en} is between {low} and {high}{en}")


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""


def _shown(feature: Feature, value: float) -> str:
    if feature.kind == "date":
        return (EPOCH + dt.timedelta(days=math.ceil(value))).isoformat()
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _sources(feature: Feature, row: Row, as_of: str | None) -> tuple[Source, ...]:
    meaning = feature.meaning
    day = row.get(feature.as_of.column) if feature.as_of.column else as_of
    known = key_of(day) if day is not None else None
    return tuple(
        Source(item.column, meaning.label, meaning.department, key_of(row.get(item.column)), known)
        for item in feature.items
    )


def reason_rows(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    """Reasons as JSON rows in both languages."""

    def both(text: Text | None) -> dict[str, str] | None:
        return None if text is None else {"zh": text.zh, "en": text.en}

    return [
        {
            "code": reason.code,
            "points": reason.points,
            "shortfall": reason.shortfall,
            "text": both(reason.text),
            "sources": [
                {
                    "column": source.column,
                    "label": both(source.label),
                    "department": both(source.department),
                    "value": source.value,
                    "as_of": source.as_of,
                }
                for source in reason.sources
            ],
        }
        for reason in reasons
    ]


def value_shown(feature: Feature, row: Row) -> str | None:
    """The value of a feature in one row as a person reads it; None where it is missing."""
    if feature.kind == "category":
        return key_of(row.get(feature.items[0].column))
    value = value_of(feature, row)
    return None if math.isnan(value) else _shown(feature, value)
