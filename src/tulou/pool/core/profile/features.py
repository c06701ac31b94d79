"""What a profile says of a firm, chosen from the contracts: which columns, under which names.

The rules are the same for every dataset, so that a new one needs no code:

* every column of a dataset is told as it stands in the firm's latest record (`latest`);
* where a firm may have several accounts (the key holds an account number) amounts are added up over its accounts;
* amounts of months and quarters are added up over the 12 months that end with the last period that the department has
  delivered (`sum12`), and over the 12 before (`prior12`); levels (per cent, persons, prices) are averaged (`mean12`);
* events are counted over the 12 months before the as-of date (`records12`), their amounts added up (`sum12`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tulou.kernel.errors import Text, refuse
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType

SEPARATOR = "__"


class FeatureKind(StrEnum):
    """How a feature is made from a column."""

    LATEST = "latest"
    SUM12 = "sum12"
    MEAN12 = "mean12"
    PRIOR12 = "prior12"

    @property
    def text(self) -> Text:
        """The kind in words."""
        return _KINDS[self]


_KINDS = {
    FeatureKind.LATEST: Text(zh="最近一期", en="latest"),
    FeatureKind.SUM12: Text(zh="近 12 个月合计", en="sum of 12 months"),
    FeatureKind.MEAN12: Text(zh="近 12 个月平均", en="mean of 12 months"),
    FeatureKind.PRIOR12: Text(zh="此前 12 个月合计", en="sum of the 12 months before"),
}

IDENTIFYING = frozenset(
    {
        KeyRole.USCC,
        KeyRole.ORG_CODE,
        KeyRole.REG_NO,
        KeyRole.TAX_NO,
        KeyRole.LOCAL_ID,
        KeyRole.NAME,
        KeyRole.ADDRESS,
        KeyRole.PHONE,
        KeyRole.PERSON,
    }
)
"""Roles whose values name somebody: a firm's record shows them, the table of all firms does not carry them."""

SUBJECT = frozenset({KeyRole.USCC, KeyRole.ORG_CODE, KeyRole.REG_NO, KeyRole.TAX_NO, KeyRole.NAME})
"""Roles that stand for the firm itself in a record's key; what else is in the key tells its records apart."""

_LEVELS = frozenset({"%", "1", "a", "mo", "d", "h", "min", "deg", "dB", "mm", "{score}", "{person}", "Mbit/s"})
"""Units of levels and durations: adding them up over months means nothing."""

PERIODIC = frozenset({"enterprise-month", "enterprise-quarter"})
"""Grains whose records are added up over 12 months."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the profile: made how, from which column of which dataset. `exact` values are decimals."""

    name: str
    dataset: str
    column: str
    kind: FeatureKind
    title: Text
    unit: str | None
    item_code: str | None
    logical_type: LogicalType
    exact: bool = False
    identifying: bool = False


def features_of(contract: Contract, kinds: Iterable[FeatureKind] = tuple(FeatureKind)) -> tuple[Feature, ...]:
    """The features of a dataset, of the wished kinds, in the order of its columns."""
    wished = frozenset(kinds)
    found: list[Feature] = []
    for column in contract.columns:
        if column.name != contract.period_column:
            found += [_feature(contract, column, kind) for kind in _kinds_of(contract, column) if kind in wished]
    return tuple(found)


def feature_name(dataset: str, column: str, kind: FeatureKind = FeatureKind.LATEST) -> str:
    """The name of a feature's column.

    >>> feature_name("power_monthly", "energy_kwh", FeatureKind.SUM12)
    'power_monthly__energy_kwh__sum12'
    """
    parts = [dataset, column] if kind is FeatureKind.LATEST else [dataset, column, kind.value]
    return SEPARATOR.join(parts)


def check_names(features: Iterable[Feature]) -> None:
    """Raise Refused where two features have one name."""
    seen: dict[str, Feature] = {}
    for feature in features:
        other = seen.setdefault(feature.name, feature)
        if other is not feature:
            raise refuse(
                "profile.ambiguous_name",
                f"数据项 {feature.dataset}.{feature.column} 与 {other.dataset}.{other.column} 在宽表中同名",
                f"{feature.dataset}.{feature.column} and {other.dataset}.{other.column} have one name in the profile",
                remedy=Text(zh="请更改其中一个数据集或列的名称", en="Rename one of the datasets or columns"),
            )


def is_amount(column: Column) -> bool:
    """Whether values of the column can be added up: over a firm's accounts, over months.

    >>> from tulou.kernel.errors import Text
    >>> title = Text(zh="电量", en="Energy")
    >>> is_amount(Column("energy", LogicalType.NUMBER, title, precision=14, scale=2, unit="kW.h"))
    True
    >>> is_amount(Column("rate", LogicalType.NUMBER, title, unit="%"))
    False
    """
    return is_number(column) and column.unit is not None and column.unit not in _LEVELS and "/" not in column.unit


def is_number(column: Column) -> bool:
    """Whether the column holds numbers that measure something (a year or a number that names somebody does not)."""
    return column.logical_type in (LogicalType.INTEGER, LogicalType.NUMBER) and column.key_role is KeyRole.NONE


def account_columns(contract: Contract) -> tuple[str, ...]:
    """The columns of the key that tell a firm's records of one period apart (its accounts, its cases)."""
    roles = {column.name: column.key_role for column in contract.columns}
    return tuple(name for name in contract.primary_key if name != contract.period_column and roles[name] not in SUBJECT)


def adds_accounts(contract: Contract) -> bool:
    """Whether a firm's latest amounts are sums over its accounts."""
    return contract.grain != "event" and bool(account_columns(contract))


def event_date(contract: Contract) -> str | None:
    """The column that dates an event: the first date of the contract, which is when it was filed, decided or begun."""
    kinds = (LogicalType.DATE, LogicalType.PERIOD, LogicalType.TIMESTAMP)
    return next((column.name for column in contract.columns if column.logical_type in kinds), None)


def _kinds_of(contract: Contract, column: Column) -> list[FeatureKind]:
    kinds = [FeatureKind.LATEST]
    if not is_number(column):
        return kinds
    if contract.grain in PERIODIC:
        kinds += [FeatureKind.SUM12, FeatureKind.PRIOR12] if is_amount(column) else [FeatureKind.MEAN12]
    elif contract.grain == "event" and is_amount(column) and event_date(contract):
        kinds.append(FeatureKind.SUM12)
    return kinds


def _feature(contract: Contract, column: Column, kind: FeatureKind) -> Feature:
    return Feature(
        name=feature_name(contract.dataset, column.name, kind),
        dataset=contract.dataset,
        column=column.name,
        kind=kind,
        title=column.title,
        unit=column.unit,
        item_code=column.item_code,
        logical_type=column.logical_type,
        exact=column.logical_type is LogicalType.NUMBER
        and column.precision is not None
        and kind is not FeatureKind.MEAN12,
        identifying=column.key_role in IDENTIFYING,
    )
