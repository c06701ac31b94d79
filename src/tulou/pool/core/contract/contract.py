"""The contract of one dataset: plain values, from which validation, ODCS and the lake's schema are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from tulou.kernel.errors import Text


class LogicalType(StrEnum):
    """The type of an item as ODCS 3.2 names it; `period` is a month written YYYY-MM and kept as its first day."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    PERIOD = "period"


class KeyRole(StrEnum):
    """What a column tells about the subject of its record; the ladder of entity resolution reads it."""

    NONE = "none"
    USCC = "uscc"
    ORG_CODE = "org_code"
    REG_NO = "reg_no"
    TAX_NO = "tax_no"
    LOCAL_ID = "local_id"
    NAME = "name"
    ADDRESS = "address"
    DISTRICT = "district"
    PHONE = "phone"
    PERSON = "person"
    ESTABLISHED = "established"


Grain = Literal["enterprise", "enterprise-year", "enterprise-quarter", "enterprise-month", "event"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a delivery. `name` is its technical name (lower snake case) and the lake's column.

    A header in a file means this column when it equals `name`, either title or one of `aliases` (after NFKC,
    trimmed, case folded). Numbers with a `precision` and `scale` become DECIMAL, without them DOUBLE. `formats` are
    the strptime patterns under which dates may be written, tried in order; ISO alone where empty. `null_tokens` are
    texts that stand for a value that is not known, beside the empty field.
    """

    name: str
    logical_type: LogicalType
    title: Text
    aliases: tuple[str, ...] = ()
    item_code: str | None = None
    required: bool = False
    unique: bool = False
    precision: int | None = None
    scale: int | None = None
    max_length: int | None = None
    unit: str | None = None
    minimum: Decimal | str | None = None
    maximum: Decimal | str | None = None
    pattern: str | None = None
    codes: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    null_tokens: tuple[str, ...] = ()
    key_role: KeyRole = KeyRole.NONE


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over one record: `predicate` is a DuckDB SQL expression over typed columns that must not be false.

    NULL (not known) passes: presence is the business of `Column.required`.
    """

    name: str
    predicate: str
    text: Text
    columns: tuple[str, ...] = ()
    severity: Literal["reject", "warn"] = "reject"


@dataclass(frozen=True, slots=True)
class Contract:
    """What a department promises about one dataset, in one version.

    `dataset` is the technical name (lower snake case) and the table's name in the lake. `primary_key` names the
    columns that identify a record; deliveries with `merge` replace records of the same key.
    """

    dataset: str
    department: str
    version: str
    title: Text
    columns: tuple[Column, ...]
    grain: Grain = "enterprise"
    primary_key: tuple[str, ...] = ()
    period_column: str | None = None
    rules: tuple[Rule, ...] = ()
    delivery_mode: Literal["append", "merge", "replace"] = "merge"
    update_cycle: str = "monthly"
    max_delay_days: int | None = None
    legal_basis: tuple[str, ...] = ()
    description: Text | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """The column called `name`. Raises KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def with_role(self, role: KeyRole) -> tuple[Column, ...]:
        """The columns that play `role` for the subject of a record."""
        return tuple(column for column in self.columns if column.key_role is role)
