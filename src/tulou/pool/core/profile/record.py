"""One firm's record: every value with the department, dataset, delivery and date that it comes from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.core.contract import Contract, LogicalType
from tulou.pool.core.profile.features import Feature, FeatureKind, features_of

HEAD = ("_period", "_delivery_id", "_record_no", "_received_at", "_records12")
"""What stands before the values in a dataset's part of a record."""


@dataclass(frozen=True, slots=True)
class Firm:
    """Whose record it is."""

    enterprise_id: str
    uscc: str | None
    org_code: str | None
    name: str | None
    region: str | None
    established: dt.date | None


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a record. `period` is the first day of the month, quarter or year, or the day of an event."""

    department: str
    dataset: str
    item: str | None
    column: str
    kind: FeatureKind
    title: Text
    value: Any
    unit: str | None
    period: dt.date | None
    delivery_id: str
    record_no: int
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class DatasetPart:
    """What the profile takes from one dataset: enough to read a stored record without the contract."""

    dataset: str
    department: str
    title: Text
    grain: str
    features: tuple[Feature, ...]
    snapshot_id: int | None = None

    @classmethod
    def of(
        cls, contract: Contract, kinds: Sequence[FeatureKind], snapshot_id: int | None, columns: Container[str]
    ) -> DatasetPart:
        """The part that a contract's dataset has in the profile, from those of its columns that hold values."""
        features = tuple(each for each in features_of(contract, kinds) if each.column in columns)
        return cls(contract.dataset, contract.department, contract.title, contract.grain, features, snapshot_id)

    def values(self, stored: Sequence[Any], items: Container[str | None] | None = None) -> Iterator[Value]:
        """The values of a stored part: HEAD, then one for each feature; what is not known is left out.

        Where `items` are named only their values are made.
        """
        period, delivery_id, record_no, received_at, _ = stored[: len(HEAD)]
        date, moment, number = _date(period), _moment(received_at), int(record_no)
        for feature, value in zip(self.features, stored[len(HEAD) :], strict=True):
            if value is not None and (items is None or feature.item_code in items):
                yield Value(
                    department=self.department,
                    dataset=self.dataset,
                    item=feature.item_code,
                    column=feature.column,
                    kind=feature.kind,
                    title=feature.title,
                    value=_typed(value, feature),
                    unit=feature.unit,
                    period=date,
                    delivery_id=delivery_id,
                    record_no=number,
                    received_at=moment,
                )

    def to_json(self) -> str:
        """The part as one JSON document."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, document: str) -> DatasetPart:
        """The part that `to_json` wrote."""
        body: dict[str, Any] = json.loads(document)
        features = tuple(
            Feature(
                **{
                    **row,
                    "kind": FeatureKind(row["kind"]),
                    "title": Text(**row["title"]),
                    "logical_type": LogicalType(row["logical_type"]),
                }
            )
            for row in body.pop("features")
        )
        return cls(**{**body, "title": Text(**body["title"]), "features": features})


@dataclass(frozen=True, slots=True)
class Record:
    """All that the pool knows of a firm as of a date."""

    firm: Firm
    as_of: dt.date
    values: tuple[Value, ...]

    def latest(self) -> Mapping[str, Value]:
        """The latest values by `dataset.column`."""
        return {f"{v.dataset}.{v.column}": v for v in self.values if v.kind is FeatureKind.LATEST}


def _typed(value: Any, feature: Feature) -> Any:
    if not isinstance(value, str):
        return value
    if feature.exact:
        return Decimal(value)
    match feature.logical_type:
        case LogicalType.DATE | LogicalType.PERIOD:
            return _date(value)
        case LogicalType.TIMESTAMP:
            return _moment(value)
        case _:
            return value


def _date(value: Any) -> dt.date | None:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def _moment(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
