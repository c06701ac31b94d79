"""The least and the greatest value of a column, in the column's own type."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from tulou.pool.core.contract.contract import Column, LogicalType


def limit_of(column: Column, limit: Decimal | str | None) -> Any:
    """A limit as a value that can be compared. Raises ValueError where it is no value of the column's type."""
    if limit is None:
        return None
    kind = column.logical_type
    if kind in (LogicalType.DATE, LogicalType.PERIOD):
        text = str(limit)
        return dt.date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    if kind is LogicalType.TIMESTAMP:
        moment = dt.datetime.fromisoformat(str(limit))
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if kind is LogicalType.STRING:
        return str(limit)
    if kind is LogicalType.BOOLEAN:
        raise ValueError("a boolean has no limits")
    return Decimal(limit)
