"""What a firm's pages show around the values themselves: datasets, freshness, names in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue import Dataset, Item
from tulou.pool.core.profile.features import FeatureKind
from tulou.pool.courtyard import catalogue


@dataclass(frozen=True, slots=True)
class Line:
    """One value as a page shows it: the item, the fact, and what kind of value it is."""

    item: Item
    fact: Mapping[str, Any]

    @property
    def kind(self) -> Text:
        """Latest, sum of twelve months …"""
        return FeatureKind(self.fact["kind"]).text

    @property
    def latest(self) -> bool:
        """Whether it is the value itself, not a sum."""
        return str(self.fact["kind"]) == FeatureKind.LATEST


@dataclass(frozen=True, slots=True)
class Section:
    """The values of one dataset."""

    dataset: Dataset
    department: Text
    lines: tuple[Line, ...]

    @property
    def source(self) -> Mapping[str, Any]:
        """Where its values come from: the newest fact's delivery and date."""
        return max((line.fact for line in self.lines), key=lambda fact: str(fact["received_at"]))


def sections_of(values: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Section]:
    """The values of a reading, by dataset, in the order of the catalogue."""
    known = catalogue()
    lines: dict[str, list[Line]] = {}
    for code, facts in values.items():
        item = known.items[code]
        lines.setdefault(item.dataset, []).extend(Line(item, fact) for fact in facts)
    return [
        Section(dataset, known.departments[dataset.department].title, tuple(lines[dataset.id]))
        for dataset in known.datasets.values()
        if dataset.id in lines
    ]


def datasets_by_department() -> list[tuple[Text, list[Dataset]]]:
    """Every department with its datasets, in the order of the catalogue."""
    known = catalogue()
    return [(department.title, list(known.of_department(department.id))) for department in known.departments.values()]


def items_of(datasets: Iterable[str]) -> frozenset[str]:
    """The codes of all items of some datasets; unknown names add nothing."""
    known = catalogue().datasets
    return frozenset(item.code for name in datasets if name in known for item in known[name].items)
