"""Amounts, counts and ratios of a form."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np

from tulou.pool.core.contract import LogicalType
from tulou.simulate.chance import Booleans, Floats
from tulou.simulate.forms.plan import Plan
from tulou.simulate.forms.rows import Rows

_LOOSE = re.compile(r"利润|未分配|净额|净现金|应补|调整|收益|净增加|公积|差额|所得额|其他|净资产|权益")

UNBOUNDED = {"%": 100.0, "{score}": 100.0}
"""Upper bounds that go without saying."""


def number(plan: Plan, rows: Rows) -> tuple[Floats, Booleans]:
    """An item's values, rounded as its column is, and where there are any."""
    value = _bounded(plan, rows) if plan.bounded else _driven(plan, rows)
    if plan.column.logical_type is LogicalType.INTEGER:
        value = np.floor(value + rows.books.chance(f"rounding of {plan.stem}")[rows.at])
    else:
        value = np.round(value, digits(plan))
    return within(plan, value), rows.present(plan)


def digits(plan: Plan) -> int:
    """How many digits stand after the point."""
    if plan.column.logical_type is LogicalType.INTEGER:
        return 0
    return min(4 if plan.column.scale is None else plan.column.scale, 4)


def _driven(plan: Plan, rows: Rows) -> Floats:
    value = rows.base(plan.driver, plan.when) * (plan.share / plan.scale)
    return value if plan.exact else value * rows.factor(plan)


def _bounded(plan: Plan, rows: Rows) -> Floats:
    middle, spread = plan.bounded or (0.0, 1.0)
    own = rows.books.noise(plan.stem)[rows.at]
    return middle + spread * (0.85 * own + 0.25 * rows.rng.standard_normal(len(rows)))


def limits(plan: Plan) -> tuple[float, float]:
    """The least and the greatest value that the column takes; only profits and balances may be negative."""
    column = plan.column
    low = _limit(column.minimum, -np.inf if _LOOSE.search(column.title.zh) else 0.0)
    high = _limit(column.maximum, UNBOUNDED.get(column.unit or "", np.inf))
    if column.precision is not None:
        high = min(high, 10.0 ** (column.precision - (column.scale or 0)) - 1)
    return low, high


def within(plan: Plan, values: Floats) -> Floats:
    """Values brought inside the limits."""
    return np.clip(values, *limits(plan))


def _limit(limit: Decimal | str | None, otherwise: float) -> float:
    return otherwise if limit is None else float(limit)
