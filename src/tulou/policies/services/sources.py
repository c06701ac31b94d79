"""Which item of the pool says what a rule asks about a firm: the mapping of `sources.yaml`, and its SQL.

One SQL expression answers an attribute, for one firm and for all: so both cannot differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from tulou.policies.core.attributes import Catalogue, Kind, standard_attributes
from tulou.pool.core.profile.features import FeatureKind, feature_name

YUAN = {"CNY": 1, "10*3.CNY": 1_000, "10*4.CNY": 10_000, "10*6.CNY": 1_000_000, "10*8.CNY": 100_000_000}
"""How many yuan one of a unit of the catalogue is."""

COUNTS = frozenset({"{person}", "{count}", "kW.h", "%", "1", "mo"})
"""Units that an attribute takes as they are."""

ENDED = ("market_register.registration_status", ("2", "3", "4", "6"))
"""Firms whose licence is revoked, that are struck off, moved away or annulled get no policies."""

SIZE = "size"
"""The derivation of the size class (MIIT 2011) from industry, staff, revenue and assets."""


@dataclass(frozen=True, slots=True)
class Source:
    """One item, or a few, that can answer an attribute; see the head of `sources.yaml`."""

    item: str = ""
    window: str = ""
    plus: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    true_for: tuple[str, ...] = ()
    above: float | None = None
    times: float | None = None
    growth: bool = False
    share_of: str = ""
    held: bool = False
    until: str = ""
    ended: str = ""
    entered: bool = False
    listed: str = ""
    fined: str = ""
    amount: str = ""
    complete: bool = False
    derived: str = ""

    @property
    def dataset(self) -> str:
        """The dataset whose record it is."""
        return self.item.partition(".")[0]

    def items(self) -> Iterator[str]:
        """Every item that it reads, as `dataset.column`."""
        yield from filter(None, (self.item, *self.plus, self.share_of, self.until, self.ended, self.fined, self.amount))

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every column of the profile that it reads, with its item."""
        if not self.item:
            return
        for kind in self.kinds():
            for item in (self.item, *self.plus):
                yield wide(item, kind), item
        if self.fined:
            yield wide(self.amount, FeatureKind.SUM12), self.amount
        for item in filter(None, (self.share_of, self.until, self.ended, self.fined)):
            yield wide(item), item

    def kinds(self) -> tuple[FeatureKind, ...]:
        """How the item is made of records: latest, over a window, or both windows of a growth."""
        if self.growth:
            return (FeatureKind.SUM12, FeatureKind.PRIOR12)
        return (FeatureKind(self.window),) if self.window else (FeatureKind.LATEST,)


Sources = Mapping[str, tuple[Source, ...]]
"""By attribute, or by member of a set (`tags.high_tech`), the sources in their order."""


@cache
def sources() -> Sources:
    """The mapping that the house ships."""
    text = files(__package__).joinpath("sources.yaml").read_text(encoding="utf-8")
    document: dict[str, list[dict[str, Any]]] = yaml.safe_load(text)
    return {name: tuple(_source(row) for row in rows) for name, rows in document.items()}


def _source(row: dict[str, Any]) -> Source:
    lists: dict[str, Any] = {name: tuple(map(str, row[name])) for name in ("plus", "true_for") if name in row}
    return Source(**{**row, **lists})


def wide(item: str, kind: FeatureKind = FeatureKind.LATEST) -> str:
    """The profile's column of an item.

    >>> wide("power_monthly.total_energy", FeatureKind.SUM12)
    'power_monthly__total_energy__sum12'
    """
    dataset, _, column = item.partition(".")
    return feature_name(dataset, column, kind)


def presence(dataset: str) -> str:
    """The column that is filled where a dataset speaks of the firm."""
    return f"{dataset}__received_at"


def catalogue() -> Catalogue:
    """The attributes that every rule may use."""
    from tulou.policies.core.standards import standard_dictionaries

    return Catalogue(standard_attributes(), standard_dictionaries())


def kind_of(name: str) -> Kind:
    """The kind of an attribute's values; members of sets are flags."""
    found = standard_attributes().get(name)
    return Kind.FLAG if found is None else found.kind


@dataclass(frozen=True, slots=True)
class Compiler:
    """Writes the SQL of attributes over the columns that are there; `units`: an item's unit by `dataset.column`."""

    as_of: dt.date
    columns: Container[str]
    units: Mapping[str, str | None]

    def attribute(self, name: str, rows: Iterable[Source]) -> list[str]:
        """One expression for each source that can be asked here; derived ones are left to Python."""
        return [self._source(name, row) for row in rows if row.item and self._there(row)]

    def _there(self, row: Source) -> bool:
        return presence(row.dataset) in self.columns and (
            row.complete or wide(row.item, row.kinds()[0]) in self.columns
        )

    def _source(self, name: str, row: Source) -> str:
        value = self._value(name, row)
        if not row.complete:
            return value
        return f"(CASE WHEN {_quoted(presence(row.dataset))} IS NULL THEN FALSE ELSE {value} END)"

    def _value(self, name: str, row: Source) -> str:
        kind = kind_of(name)
        if row.growth:
            now, before = (self._number(row.item, each) for each in (FeatureKind.SUM12, FeatureKind.PRIOR12))
            return f"(CASE WHEN {before} > 0 THEN round(({now} - {before}) / {before} * 100, 6) END)"
        if row.share_of:
            part, whole = self._yuan(row.item), self._yuan(row.share_of)
            return f"(CASE WHEN {whole} > 0 THEN round({part} / {whole} * 100, 6) END)"
        if row.listed:
            return self._listed(row)
        if row.fined:
            return self._fined(row)
        if row.entered:
            entered = self._cast(row.item, "DATE")
            return f"({entered} IS NOT NULL AND make_date(year({entered}) + 1, 3, 31) >= {self._day} IS TRUE)"
        if row.held or row.until:
            return self._title(row)
        if row.codes:
            return self._coded(row)
        if row.true_for:
            code = self._text(row.item)
            return f"(CASE WHEN {code} IS NOT NULL THEN {code} IN ({_texts(row.true_for)}) END)"
        if row.above is not None:
            return f"({self._sum(row, self._plain)} > {row.above})"
        return self._typed(kind, row)

    def _typed(self, kind: Kind, row: Source) -> str:
        if kind is Kind.CODE:
            return self._text(row.item)
        if kind is Kind.DATE:
            return self._cast(row.item, "DATE")
        if kind is Kind.FLAG:
            return self._cast(row.item, "BOOLEAN")
        number = self._sum(row, self._yuan if kind is Kind.MONEY else self._plain)
        if row.times is not None:
            number = f"({number} * {row.times})"
        if kind is Kind.MONEY:
            return f"CAST(round({number} * 100) AS BIGINT)"
        return f"CAST(round({number}) AS BIGINT)" if kind is Kind.INTEGER else number

    def _sum(self, row: Source, one: Any) -> str:
        """The sum of the parts that are known; unknown where none is."""
        kind = row.kinds()[0]
        parts = [one(item, kind) for item in (row.item, *row.plus)]
        if len(parts) == 1:
            return str(parts[0])
        total = " + ".join(f"coalesce({part}, 0)" for part in parts)
        return f"(CASE WHEN coalesce({', '.join(parts)}) IS NOT NULL THEN {total} END)"

    def _listed(self, row: Source) -> str:
        if row.listed == "balance":
            on = f"{self._number(row.item)} > 0"
        elif row.listed == "code":
            on = f"{self._text(row.item)} IN ({_texts(row.true_for)})"
        else:
            on = f"{self._cast(row.item, 'DATE')} IS NOT NULL"
        ended = self._cast(row.ended, "DATE")
        return f"(CASE WHEN {on} AND ({ended} IS NULL OR {ended} > {self._day}) THEN TRUE END)"

    def _fined(self, row: Source) -> str:
        day, since = self._cast(row.fined, "DATE"), f"({self._day} - INTERVAL 12 MONTH)::DATE"
        last = self._cast(f"{row.dataset}.period", "DATE")
        kind, fined = self._text(row.item), self._number(row.amount, FeatureKind.SUM12)
        recent = f"{kind} IN ({_texts(row.true_for)}) AND {day} > {since}"
        return f"(CASE WHEN {recent} OR {fined} > 0 THEN TRUE WHEN {last} <= {since} THEN FALSE END)"

    def _title(self, row: Source) -> str:
        held = f"({self._text(row.item)} IS NOT NULL)" if row.held else self._cast(row.item, "BOOLEAN")
        rests = []
        for item, sign in ((row.until, ">="), (row.ended, ">")):
            if item:
                day = self._cast(item, "DATE")
                rests.append(f"({day} IS NULL OR {day} {sign} {self._day})")
        return f"({' AND '.join([held, *rests])})"

    def _coded(self, row: Source) -> str:
        code = self._text(row.item)
        cases = " ".join(f"WHEN {_text(theirs)} THEN {_text(ours)}" for theirs, ours in row.codes.items())
        return f"(CASE {code} {cases} END)"

    @property
    def _day(self) -> str:
        return f"DATE '{self.as_of.isoformat()}'"

    def _yuan(self, item: str, kind: FeatureKind = FeatureKind.LATEST) -> str:
        return f"({self._number(item, kind)} * {YUAN[self.units[item] or 'CNY']})"

    def _plain(self, item: str, kind: FeatureKind = FeatureKind.LATEST) -> str:
        return self._number(item, kind)

    def _number(self, item: str, kind: FeatureKind = FeatureKind.LATEST) -> str:
        return self._cast(item, "DOUBLE", kind)

    def _text(self, item: str) -> str:
        return self._cast(item, "VARCHAR")

    def _cast(self, item: str, type_: str, kind: FeatureKind = FeatureKind.LATEST) -> str:
        name = wide(item, kind)
        return f"CAST({_quoted(name) if name in self.columns else 'NULL'} AS {type_})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _texts(values: Iterable[str]) -> str:
    return ", ".join(_text(value) for value in values)
