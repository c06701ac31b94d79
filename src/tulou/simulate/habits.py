"""How each department delivers, and whom each dataset is about: read from the facts beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

FileFormat = Literal["csv", "csv.zip", "jsonl", "parquet", "xlsx"]
Dates = Literal["iso", "slashed", "dotted", "chinese", "compact"]

_FACTS = files("tulou.simulate") / "facts"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Habit:
    """The ways of one department; `facts/habits.yaml` says what each word means."""

    department: str
    encoding: str
    format: FileFormat
    header: Literal["zh", "en", "technical"]
    share: float
    outsiders: float
    careless: float
    work: float
    missing: float
    mistyped: float
    foreign: float
    bundle: int
    second: float = 0.0
    delimiter: str = ","
    dates: Dates = "iso"
    numbers: Literal["plain", "grouped"] = "plain"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whom a dataset is about. `who` names a predicate of `circles`, `share` how many of those are in it.

    For events, `rate` is how many each has a month on average, and `by` what they grow with: nothing, headcount,
    trouble or exports. `cause` is a variable of the books that counts what happened to a firm in a month: of every
    hundred such things a hundred times `seen` are on record, and columns in `says` have the code that is given there,
    which no other record of the dataset has. `bundle` is how many months come in one file, 0 where it is as the
    department is used to.
    """

    dataset: str
    who: str = "any"
    share: float = 0.3
    rate: float = 0.02
    by: str = "headcount"
    cause: str = ""
    seen: float = 1.0
    says: Mapping[str, str] = field(default_factory=dict)
    bundle: int = 0


@cache
def habits() -> dict[str, Habit]:
    """Every department's habit."""
    return {name: Habit(department=name, **body) for name, body in _read("habits.yaml").items()}


def habit_of(department: str) -> Habit:
    """The habit of a department; one that nobody described sends plain UTF-8."""
    known = habits().get(department)
    return known or Habit(department, "utf-8", "csv", "zh", 0.5, 0, 0.5, 0.5, 0.05, 0.006, 0.003, 12)


@cache
def coverages() -> dict[str, Coverage]:
    """What is known of the datasets' subjects."""
    return {name: Coverage(dataset=name, **body) for name, body in _read("coverage.yaml").items()}


def coverage_of(dataset: str) -> Coverage:
    """Whom `dataset` is about; one that nobody described is about a third of all."""
    return coverages().get(dataset) or Coverage(dataset)


@cache
def drivers() -> Mapping[str, Any]:
    """What moves the items of forms: `facts/drivers.yaml`."""
    read: Mapping[str, Any] = _read("drivers.yaml")
    return read


@cache
def labels() -> list[tuple[str, list[str]]]:
    """Words for text items, by a pattern over their titles."""
    return [(str(pattern), [str(word) for word in entries]) for pattern, entries in _read("labels.yaml")]


def _read(name: str) -> Any:
    return yaml.load((_FACTS / name).read_bytes(), Loader=_LOADER)  # noqa: S506 - a safe loader, in C where there is one
