"""Where the gate fetches item values: the serving copy of the profiles. Only `services.reading` may import this."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from decimal import Decimal
from typing import Any

from tulou.pool.core.consent import Granularity, Page, Permit, ReadRequest
from tulou.pool.core.profile.features import FeatureKind
from tulou.pool.core.profile.record import Value
from tulou.pool.core.profile.serving import FILE, ServingCopy
from tulou.pool.courtyard import pool_folder

PAGE_ITEMS = 250
"""Items that are decided and fetched together: those that policies ask of a firm are one page."""
_WINDOWS = {FeatureKind.SUM12: (11, 0), FeatureKind.MEAN12: (11, 0), FeatureKind.PRIOR12: (23, 12)}
"""Months before a value's period that the first and the last month of its window lie."""

_copies = threading.local()


class ProfileStore:
    """The values of one firm, a page of items at a time, and only under a permit that the gate holds open."""

    def __init__(self, key: str) -> None:
        self._key = key

    def fetch(self, permit: Permit) -> Page:
        """The facts by item code: value, kind, unit, period, and the department, dataset, delivery and date of each.

        Values whose period does not lie wholly within the request's are left out; so is what is finer than asked.
        """
        permit.check()
        request = permit.request
        asked = sorted(request.items)
        start = int(permit.cursor or 0)
        wanted = frozenset(asked[start : start + PAGE_ITEMS])
        found: dict[str, list[dict[str, Any]]] = {}
        if request.granularity is not Granularity.SCORE:
            for value in _copy().record(self._key, wanted).values:
                if _is_shown(value, request):
                    found.setdefault(str(value.item), []).append(as_fact(value))
        rest = start + PAGE_ITEMS
        return Page(found, str(rest) if rest < len(asked) else None)


def values_held(key: str) -> dict[str, int]:
    """How many values the pool holds about one firm, by dataset; none of the values themselves.

    Raises Refused where the pool does not know the firm, or has built no profiles yet.
    """
    return dict(Counter(value.dataset for value in _copy().record(key).values if value.item))


def as_fact(value: Value) -> dict[str, Any]:
    """A value as it is handed out: JSON's own types, and where it comes from."""
    return {
        "kind": value.kind.value,
        "value": plain(value.value),
        "unit": value.unit,
        "period": value.period.isoformat() if value.period else None,
        "department": value.department,
        "dataset": value.dataset,
        "column": value.column,
        "delivery": value.delivery_id,
        "record": value.record_no,
        "received_at": value.received_at.isoformat(),
    }


def plain(value: Any) -> Any:
    """A value in JSON's own types; decimals stay exact as text."""
    if isinstance(value, Decimal | dt.date | dt.datetime):
        return str(value)
    return value


def _copy() -> ServingCopy:
    path = pool_folder() / FILE
    known: dict[str, ServingCopy] = _copies.__dict__.setdefault("by_path", {})
    if str(path) not in known:
        known[str(path)] = ServingCopy(path)
    return known[str(path)]


def _is_shown(value: Value, request: ReadRequest) -> bool:
    if request.granularity is Granularity.SUMMARY and value.kind is FeatureKind.LATEST:
        return False
    if value.period is None:
        return True
    first, last = _WINDOWS.get(value.kind, (0, 0))
    begins, ends = _months_before(value.period, first), _months_before(value.period, last)
    return request.data_from <= begins and ends < request.data_until


def _months_before(period: dt.date, months: int) -> dt.date:
    number = period.year * 12 + period.month - 1 - months
    return dt.date(number // 12, number % 12 + 1, 1) if months else period
