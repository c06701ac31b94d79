"""A pool for tests: some firms with some values, in the table of all firms and in the serving copy alike."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from django.conf import settings

from tulou.pool.core.catalogue import reference_catalogue
from tulou.pool.core.contract import LogicalType
from tulou.pool.core.lake import Lake
from tulou.pool.core.profile.features import FeatureKind
from tulou.pool.core.profile.record import DatasetPart
from tulou.pool.core.profile.serving import FILE, writing
from tulou.pool.core.profile.table import PROFILE
from tulou.pool.services.access import install_purposes

AS_OF = dt.date(2026, 6, 30)
RECEIVED = dt.datetime(2026, 6, 5, 8, tzinfo=dt.UTC)
PERIOD = dt.date(2026, 5, 1)
_ARROW = {LogicalType.INTEGER: pa.int64(), LogicalType.NUMBER: pa.float64(), LogicalType.BOOLEAN: pa.bool_()}

Values = Mapping[str, Mapping[str, Any]]
"""By firm's code: the profile's column -> value; `dataset__period` may be given, else it is PERIOD."""


def write_pool(firms: Values) -> None:
    """Make the pool (once, or anew with other values): what stands in `firms` is all that it knows."""
    install_purposes()
    root = settings.POOL
    lake = Lake.open(root) if (root / "pool.json").exists() else Lake.create(root)
    try:
        lake.write_derived(PROFILE, _table(firms))
    finally:
        lake.close()
    _write_serving(firms)


def _named(firms: Values) -> dict[str, Any]:
    """Every column that is given, with the feature that it holds; `None` for those about a dataset."""
    names = {name for values in firms.values() for name in values}
    features = {f.name: f for part in _parts(names) for f in part.features}
    return {name: features.get(name) for name in sorted(names)}


def _parts(names: set[str]) -> list[DatasetPart]:
    known, datasets = reference_catalogue(), sorted({name.partition("__")[0] for name in names})
    parts = []
    for dataset in datasets:
        contract = known.contract(dataset)
        columns = {column.name for column in contract.columns}
        parts.append(DatasetPart.of(contract, tuple(FeatureKind), 1, columns))
    return parts


def _table(firms: Values) -> pa.Table:
    columns = _named(firms)
    arrays: dict[str, Any] = {
        "as_of": pa.array([AS_OF] * len(firms), pa.date32()),
        "enterprise_id": pa.array([f"E{i}" for i in range(len(firms))]),
        "uscc": pa.array(list(firms)),
    }
    for dataset in sorted({name.partition("__")[0] for name in columns}):
        here = [any(name.startswith(f"{dataset}__") for name in values) for values in firms.values()]
        given = [values.get(f"{dataset}__period", PERIOD) for values in firms.values()]
        arrays[f"{dataset}__received_at"] = pa.array(
            [RECEIVED if it else None for it in here], pa.timestamp("us", "UTC")
        )
        arrays[f"{dataset}__period"] = pa.array(
            [day if it else None for it, day in zip(here, given, strict=True)], pa.date32()
        )
    for name, feature in columns.items():
        if feature is not None:
            kind = (
                pa.date32()
                if feature.logical_type is LogicalType.DATE
                else _ARROW.get(feature.logical_type, pa.string())
            )
            kind = pa.float64() if feature.kind is FeatureKind.MEAN12 else kind
            arrays[name] = pa.array([values.get(name) for values in firms.values()], kind)
    return pa.table(arrays)


def _write_serving(firms: Values) -> None:
    parts = _parts({name for values in firms.values() for name in values})
    with writing(settings.POOL / FILE) as writer:
        heads = [json.dumps([f"E{i}", code, None, code, None, None]) for i, code in enumerate(firms)]
        writer.add(0, heads, [_body(parts, values) for values in firms.values()])
        writer.add_keys(sorted((code, i) for i, code in enumerate(firms)))
        writer.finish(AS_OF, RECEIVED, parts)


def _body(parts: list[DatasetPart], values: Mapping[str, Any]) -> bytes:
    stored: list[Any] = [""]
    for number, part in enumerate(parts):
        if any(name.startswith(f"{part.dataset}__") for name in values):
            period = values.get(f"{part.dataset}__period", PERIOD)
            cells = [_json(values.get(feature.name), exact=feature.exact) for feature in part.features]
            stored.append([number, period, "delivery-1", 7, RECEIVED, 1, *cells])
    return json.dumps(stored, default=str).encode()


def _json(value: Any, *, exact: bool) -> Any:
    return str(value) if exact and value is not None else value
