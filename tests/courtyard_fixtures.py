"""A courtyard for tests: firms whose records stand in a serving copy, with markers that nobody else may see."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from tulou.pool.core.catalogue import reference_catalogue
from tulou.pool.core.profile.features import FeatureKind
from tulou.pool.core.profile.record import DatasetPart
from tulou.pool.core.profile.serving import FILE, writing
from tulou.registry.models import Organisation

PERIOD = dt.date(2020, 6, 1)
RECEIVED = dt.datetime(2020, 7, 5, 8, tzinfo=dt.UTC)


@pytest.fixture
def courtyard(db: None, tmp_path: Path) -> object:
    """`courtyard([firm, ...])`: write the records of these firms; answers the codes of the items that they have.

    Every text is `<code of the firm>-<column>`, every number 42, every date the period's.
    """

    def write(firms: list[Organisation], dataset: str = "market_register") -> list[str]:
        contract = reference_catalogue().contract(dataset)
        part = DatasetPart.of(contract, [FeatureKind.LATEST], 1, {column.name for column in contract.columns})
        with writing(settings.POOL / FILE) as writer:
            heads = [json.dumps([f"E{firm.pk}", firm.code, None, firm.name_zh, None, None]) for firm in firms]
            bodies = [json.dumps(["", [0, *stored(part, firm)]], default=str).encode() for firm in firms]
            writer.add(1, heads, bodies)
            writer.add_keys(sorted((firm.code, number) for number, firm in enumerate(firms, 1)))
            writer.finish(PERIOD, RECEIVED, [part])
        return [feature.item_code for feature in part.features if feature.item_code]

    with override_settings(POOL=tmp_path / "pool"):
        yield write


def stored(part: DatasetPart, firm: Organisation) -> list[object]:
    """A firm's stored part: head and one value for each feature."""
    kinds = {"number": "42", "integer": 42, "boolean": True, "date": PERIOD, "period": PERIOD, "timestamp": RECEIVED}
    values = [kinds.get(f.logical_type.value, f"{firm.code}-{f.column}") for f in part.features]
    return [PERIOD, "delivery-1", 7, RECEIVED, 1, *values]


Courtyard = Callable[..., list[str]]
