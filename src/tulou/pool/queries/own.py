"""What a firm's pages show around the values themselves: datasets, freshness, names in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue import Dataset, Item
from tulou.pool.core.catalogue.units import unit_words
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
    def shown(self) -> Text:
        """The value in words: what a code means and the code, everything else as it stands."""
        value = str(self.fact["value"])
        known = catalogue().code_sets.get(self.item.code_set or "")
        meaning = known.codes.get(value) if known else None
        if meaning is None or value in (meaning.zh, meaning.en):
            return Text(zh=value, en=value)
        return Text(zh=f"{meaning.zh} ({value})", en=f"{meaning.en} ({value})")

    @property
    def unit(self) -> Text:
        """The unit in words."""
        return unit_words(self.fact["unit"])

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


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one department delivers: the datasets that hold something about the firm, each with how much, and the rest.

    Where it is not known how much there is, `held` has every dataset with None.
    """

    department: Text
    held: tuple[tuple[Dataset, int | None], ...]
    rest: tuple[Dataset, ...]


def shelves_of(counts: Mapping[str, int] | None) -> list[Shelf]:
    """Every department's shelf, in the order of the catalogue; `counts` are values by dataset, None: not known."""
    known = catalogue()
    shelves = []
    for department in known.departments.values():
        datasets = tuple(known.of_department(department.id))
        if counts is None:
            shelves.append(Shelf(department.title, tuple((one, None) for one in datasets), ()))
            continue
        held = tuple((one, counts[one.id]) for one in datasets if counts.get(one.id))
        shelves.append(Shelf(department.title, held, tuple(one for one in datasets if not counts.get(one.id))))
    return shelves


def items_of(datasets: Iterable[str]) -> frozenset[str]:
    """The codes of all items of some datasets; unknown names add nothing."""
    known = catalogue().datasets
    return frozenset(item.code for name in datasets if name in known for item in known[name].items)
