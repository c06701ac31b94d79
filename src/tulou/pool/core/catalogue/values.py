"""What a catalogue is made of: departments, their datasets, the items of each, code sets and identities."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Literal

from tulou.kernel.errors import Text
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType, Rule
from tulou.pool.core.contract.contract import Grain

UpdateCycle = Literal[
    "realtime", "daily", "weekly", "monthly", "quarterly", "half-yearly", "yearly", "irregular", "other"
]
DeliveryMode = Literal["append", "merge", "replace"]


class OpenType(StrEnum):
    """Whether an item may be opened to the public: as it is, under a condition, or not."""

    OPEN = "open"
    CONDITIONAL = "conditional"
    CLOSED = "closed"


class SourceLevel(StrEnum):
    """The level of government at which the system that an item comes from is run."""

    OWN = "own"
    NATIONAL = "national"
    PROVINCIAL = "provincial"
    CITY = "city"
    COUNTY = "county"


class ItemState(StrEnum):
    """Where an item stands between being written and being taken back."""

    DRAFT = "draft"
    AUDIT = "audit"
    PUBLISHED = "published"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Department:
    """A department that delivers data. `code` are the two digits with which its item codes begin."""

    id: str
    code: str
    title: Text
    steward: Text
    level: SourceLevel = SourceLevel.PROVINCIAL
    uscc: str | None = None


@dataclass(frozen=True, slots=True)
class CodeSet:
    """The codes that an item may have, each with its meaning; or, with `pattern`, a standard kept elsewhere."""

    id: str
    title: Text
    codes: Mapping[str, Text] = field(default_factory=dict)
    pattern: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """An accounting identity of a form: `total` equals the signed sum of `parts`, up to `tolerance`.

    `parts` are (+1 or -1, technical name). Where any of them is not known nothing is claimed.
    """

    total: str
    parts: tuple[tuple[int, str], ...]
    tolerance: Decimal = Decimal("0.05")
    severity: Literal["reject", "warn"] = "reject"


@dataclass(frozen=True, slots=True)
class Item:
    """One data item: the record from which page, contract, exchange formats, checks and access policy are made.

    `code` never changes. `name` is unique in the catalogue, `title` (the header in a file) in the dataset.
    `sharing_condition` is the condition of a conditional sharing, or the basis of not sharing. `extras` keeps what
    another catalogue said of the item and this record has no place for.
    """

    code: str
    dataset: str
    department: str
    name: Text
    title: Text
    technical_name: str
    definition: Text
    logical_type: LogicalType
    precision: int | None = None
    scale: int | None = None
    max_length: int | None = None
    unit: str | None = None
    code_set: str | None = None
    minimum: Decimal | str | None = None
    maximum: Decimal | str | None = None
    pattern: str | None = None
    formats: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    required: bool = False
    unique: bool = False
    key_role: KeyRole = KeyRole.NONE
    sharing_type: SharingType = SharingType.CONDITIONAL
    sharing_condition: Text | None = None
    purposes: tuple[str, ...] = ()
    consent_required: bool = True
    open_type: OpenType = OpenType.CLOSED
    open_condition: Text | None = None
    sensitivity: int = 3
    secret: bool = False
    retention_months: int = 120
    legal_basis: tuple[str, ...] = ()
    steward: Text | None = None
    source_system: str = ""
    source_level: SourceLevel = SourceLevel.PROVINCIAL
    contract_version: str = "1.0.0"
    valid_from: dt.date = dt.date(2020, 1, 1)
    valid_to: dt.date | None = None
    supersedes: str | None = None
    state: ItemState = ItemState.PUBLISHED
    extras: Mapping[str, str] = field(default_factory=dict)

    def column(self, code_sets: Mapping[str, CodeSet]) -> Column:
        """The column of a delivery that carries this item."""
        known = code_sets[self.code_set] if self.code_set else None
        return Column(
            name=self.technical_name,
            logical_type=self.logical_type,
            title=self.title,
            aliases=self.aliases,
            item_code=self.code,
            required=self.required,
            unique=self.unique,
            precision=self.precision,
            scale=self.scale,
            max_length=self.max_length,
            unit=self.unit,
            minimum=self.minimum,
            maximum=self.maximum,
            pattern=self.pattern or (known.pattern if known else None),
            codes=tuple(known.codes) if known else (),
            formats=self.formats,
            key_role=self.key_role,
        )


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table that a department delivers. `code` are the four digits in its items' codes."""

    id: str
    code: str
    department: str
    title: Text
    short: Text
    description: Text
    grain: Grain
    items: tuple[Item, ...]
    primary_key: tuple[str, ...] = ()
    period_column: str | None = None
    update_cycle: UpdateCycle = "monthly"
    max_delay_days: int | None = None
    delivery_mode: DeliveryMode = "merge"
    identities: tuple[Identity, ...] = ()
    rules: tuple[Rule, ...] = ()
    legal_basis: tuple[str, ...] = ()
    version: str = "1.0.0"
    extras: Mapping[str, str] = field(default_factory=dict)

    def item(self, technical_name: str) -> Item:
        """The item of that technical name. Raises KeyError where there is none."""
        for item in self.items:
            if item.technical_name == technical_name:
                return item
        raise KeyError(technical_name)

    @property
    def subject(self) -> tuple[Item, ...]:
        """The items that tell whom a record is about."""
        return tuple(item for item in self.items if item.key_role is not KeyRole.NONE)


@dataclass(frozen=True)
class Catalogue:
    """Departments, datasets and code sets, by id; and every item, by its code."""

    departments: Mapping[str, Department]
    datasets: Mapping[str, Dataset]
    code_sets: Mapping[str, CodeSet] = field(default_factory=dict)

    @cached_property
    def items(self) -> dict[str, Item]:
        """Every item by its code, in the order of departments and datasets."""
        return {item.code: item for dataset in self.datasets.values() for item in dataset.items}

    def of_department(self, department: str) -> Iterator[Dataset]:
        """The datasets of a department."""
        return (dataset for dataset in self.datasets.values() if dataset.department == department)

    def contract(self, dataset: str) -> Contract:
        """The contract of one dataset. Raises KeyError where there is none."""
        from tulou.pool.core.catalogue.contracts import contract_of

        return contract_of(self, dataset)
