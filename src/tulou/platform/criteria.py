"""Criteria in one language for every room: the engine that reads them lives in one room and is named by the settings.

A room that has rules of who may come (a bank's product, a pot of guarantees) asks `engine()`; it knows neither the
engine's room nor its tables. `settings.CRITERIA` is the dotted path of an object that keeps `CriteriaEngine`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from tulou.kernel.errors import Text

Truth = Literal["T", "F", "U"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One row of a rule as it stands for one firm: what is asked, what the firm has, and whether that holds."""

    truth: Truth
    limit: Text
    value: Text | None = None
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask a firm for, where a fact is missing. `kind` is flag, code, integer, number, money or date."""

    attribute: str
    text: Text
    kind: str
    choices: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A fact about a firm in words."""

    attribute: str
    label: Text
    value: Text


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a rule holds (T), does not (F) or cannot be known yet (U), row by row."""

    truth: Truth
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...] = ()


class CriteriaEngine(Protocol):
    """What a room may ask of the language of criteria."""

    def judge(self, rule: Mapping[str, Any], facts: Mapping[str, Any], as_of: dt.date) -> Judgement:
        """What `rule` says about a firm with these facts (plain JSON values; money in yuan) on a day."""
        ...

    def check(self, rule: Mapping[str, Any]) -> None:
        """Raise Refused with the path of what is wrong in `rule`."""
        ...

    def words(self, rule: Mapping[str, Any]) -> Sequence[Text]:
        """The rows of `rule` as a firm can read them."""
        ...

    def tell(self, facts: Mapping[str, Any]) -> Sequence[Known]:
        """The facts of a firm in words."""
        ...

    def questions(self, attributes: Sequence[str]) -> Sequence[Question]:
        """How to ask for these facts."""
        ...


def engine() -> CriteriaEngine:
    """The house's engine."""
    return _engine(settings.CRITERIA)


@cache
def _engine(path: str) -> CriteriaEngine:
    return cast("CriteriaEngine", import_string(path))
