"""The scorecard: ONE document that every executor reads, with a hash over all that it says.

A feature cuts its values into *cells*: for a number or a day the cells between its cuts, for a category its groups of
levels; then, for a category, the cell of unseen levels; then the cell of missing values. A cell has whole points. A
pair sorts the cells of two features into groups and has points for each combination of groups. The score is

    base + points of each feature's cell + points of each pair's combination

in whole numbers, which is why all executors agree to the last digit. More points, less risk.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from tulou.kernel.errors import Text

SCHEMA = "tulou.scorecard/1"
MOST_PAIRS = 10

Kind = Literal["number", "date", "category"]
Operation = Literal["value", "minus", "plus", "times", "over"]


@dataclass(frozen=True, slots=True)
class Item:
    """A data item that a feature reads: a column, and how numbers or dates are written in it."""

    column: str
    form: str = "plain"


@dataclass(frozen=True, slots=True)
class AsOf:
    """The as-of rule: the value counts as it was known `lag_days` before the date in `column` (or the date of
    scoring)."""

    column: str | None = None
    lag_days: int = 0


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a feature is to the people who read it."""

    label: Text
    department: Text | None = None
    unit: Text | None = None
    direction: Literal["+", "-"] | None = None
    actionable: bool = False


@dataclass(frozen=True)
class Feature:
    """One table of points. Lists by cell are in the order: cells between cuts or groups of levels, unseen, missing."""

    name: str
    kind: Kind
    items: tuple[Item, ...]
    meaning: Meaning
    points: tuple[int, ...]
    missing: int
    unseen: int | None = None
    operation: Operation = "value"
    cuts: tuple[float, ...] = ()
    levels: tuple[tuple[str, ...], ...] = ()
    best: int = 0
    middle: int = 0
    counts: tuple[int, ...] = ()
    bads: tuple[int, ...] = ()
    spread: tuple[float, ...] = ()
    as_of: AsOf = field(default_factory=AsOf)

    @cached_property
    def by_cell(self) -> tuple[int, ...]:
        """The points of every cell, missing last."""
        return (*self.points, *(() if self.unseen is None else (self.unseen,)), self.missing)

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.by_cell)

    @property
    def missing_cell(self) -> int:
        """The cell of missing values."""
        return self.cells - 1

    @cached_property
    def cell_of_level(self) -> dict[str, int]:
        """Level -> cell, for a category."""
        return {level: cell for cell, group in enumerate(self.levels) for level in group}


@dataclass(frozen=True, slots=True)
class Pair:
    """A table of points over two features; `groups[k][cell]` is the row or column of a cell of `features[k]`."""

    features: tuple[str, str]
    groups: tuple[tuple[int, ...], tuple[int, ...]]
    points: tuple[tuple[int, ...], ...]
    best: int = 0
    middle: int = 0

    @property
    def name(self) -> str:
        """Both features, as one name."""
        return " × ".join(self.features)


@dataclass(frozen=True, slots=True)
class Calibration:
    """probability of the bad outcome = 1 / (1 + exp(-(intercept + slope * score)))."""

    intercept: float
    slope: float
    source: str = "training"
    outcomes: int = 0

    def probability(self, score: int) -> float:
        """The probability that goes with a score.

        >>> Calibration(0.0, -0.01).probability(0)
        0.5
        """
        logit = self.intercept + self.slope * score
        return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `lowest` up to the next band: how often the outcome was bad there, with 95 % confidence limits."""

    name: str
    lowest: int | None
    count: int
    bad: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Target:
    """What is foretold: the column, and which of its two values is the bad outcome."""

    column: str
    bad: str
    good: str


@dataclass(frozen=True)
class Scorecard:
    """A whole scorecard."""

    name: str
    target: Target
    base: int
    points_to_double: int
    features: tuple[Feature, ...]
    pairs: tuple[Pair, ...]
    calibration: Calibration
    bands: tuple[Band, ...]
    subject: Literal["legal", "natural"] = "legal"
    time_column: str | None = None
    parent: str | None = None
    report: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, Feature]:
        """Name -> feature."""
        return {feature.name: feature for feature in self.features}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that scoring reads, each once, in the order of the features."""
        return tuple(dict.fromkeys(item.column for feature in self.features for item in feature.items))

    def band(self, score: int) -> Band | None:
        """The band of a score: bands are listed from the best down, the last one has no lower end."""
        return next((band for band in self.bands if band.lowest is None or score >= band.lowest), None)
