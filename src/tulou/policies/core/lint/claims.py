"""What a text says in numbers: a subject, a comparison and a value, with the words that say it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Comparison = Literal["ge", "gt", "le", "lt"]


class Subject(StrEnum):
    """What a number is a number of."""

    HEADCOUNT = "headcount"
    AGE = "age"
    REVENUE = "revenue"
    ASSETS = "assets"
    CAPITAL = "capital"
    PROJECT = "project"
    AID = "aid"
    PERCENT = "percent"
    COUNT = "count"
    MONEY = "money"
    OTHER = "other"


class Measure(StrEnum):
    """The kind of unit behind a number."""

    PERSONS = "persons"
    MONEY = "money"
    MONTHS = "months"
    DAYS = "days"
    PERCENT = "percent"
    TIMES = "times"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Claim:
    """`words` say that `subject` compares so with `value`: money in hundredths, ages in months, else as written."""

    subject: Subject
    measure: Measure
    comparison: Comparison
    value: int | float
    words: str

    def whole(self) -> tuple[Literal["low", "high"], int | float]:
        """The end as an included bound of whole numbers: *fewer than 250* is at most 249.

        >>> Claim(Subject.HEADCOUNT, Measure.PERSONS, "lt", 250, "moins de 250 salariés").whole()
        ('high', 249)
        """
        side: Literal["low", "high"] = "low" if self.comparison in ("ge", "gt") else "high"
        return side, self.value + {"ge": 0, "gt": 1, "le": 0, "lt": -1}[self.comparison]
