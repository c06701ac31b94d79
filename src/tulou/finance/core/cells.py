"""From a cell of a table to a number, a day, a key or nothing: ONE grammar that every executor follows.

The rules are narrow on purpose, so that Python, Arrow, DuckDB, PostgreSQL and Spark can all keep to them:

* a number is a sign, digits, a point, a short exponent; anything else in a numeric column is missing;
* an amount as people write it ("¥1,234.50", "(300)", "12%", "1.5万") is a number in a column of format `written`;
* a key is text without blanks at its ends; the empty text is missing; 2, 2.0 and Decimal("2.00") are the key "2";
* a day is counted from 1970-01-01.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any, Literal

BLANKS = " \t\r\n"
PLAIN_NUMBER = "^[+-]?([0-9]{1,40}([.][0-9]{0,60})?|[.][0-9]{1,60})([eE][+-]?[0-9]{1,2})?$"
ORNAMENTS = f"[{BLANKS}$¥￥€£,_'元圆%]|CNY|RMB|USD|EUR|GBP|HKD"
FULL_WIDTH = ("０１２３４５６７８９．，－＋（）％", "0123456789.,-+()%")
MULTIPLIERS = {"万": 1e4, "亿": 1e8}
EPOCH = dt.date(1970, 1, 1)

NumberFormat = Literal["plain", "written", "comma"]
NUMBER_FORMATS: tuple[NumberFormat, ...] = ("plain", "written", "comma")
DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%Y%m%d",
)
"""The ways in which a date may be written; the first that fits the column is its format."""

_PLAIN = re.compile(PLAIN_NUMBER)
_ORNAMENTS = re.compile(ORNAMENTS)
_TO_ASCII = str.maketrans(*FULL_WIDTH)


def number_of(value: Any, form: str = "plain") -> float:
    """The number in a cell, NaN where there is none.

    >>> number_of("12.5"), number_of("¥1,200", "written"), number_of("(1.5万)", "written"), number_of(True)
    (12.5, 1200.0, -15000.0, 1.0)
    >>> math.isnan(number_of("12 apples"))
    True
    """
    if value is None:
        return math.nan
    if isinstance(value, str):
        return _number_in_text(value, form)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except (TypeError, ValueError):
        return math.nan


def _number_in_text(text: str, form: str) -> float:
    text = text.strip(BLANKS)
    if form == "plain":
        return float(text) if _PLAIN.match(text) else math.nan
    if form == "comma":
        text = text.replace(".", "").replace(",", ".")
        return float(text) if _PLAIN.match(text) else math.nan
    text = _ORNAMENTS.sub("", text.translate(_TO_ASCII))
    negative = text.startswith("(") and text.endswith(")")
    if negative:
        text = text[1:-1]
    multiplier = MULTIPLIERS.get(text[-1:], 1.0)
    if multiplier != 1.0:
        text = text[:-1]
    if not _PLAIN.match(text):
        return math.nan
    number = float(text) * multiplier
    return -number if negative else number


def key_of(value: Any) -> str | None:
    """The key in a cell, None where there is none.

    >>> from decimal import Decimal
    >>> key_of(" A01 "), key_of(2.0), key_of(""), key_of(True), key_of(Decimal("2.50"))
    ('A01', '2', None, 'true', '2.5')
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip(BLANKS) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat() if value == value else None
    number = number_of(value)
    return None if math.isnan(number) else key_of_number(number)


def key_of_number(number: float) -> str:
    """The key of a number that is there: whole numbers without a point.

    >>> key_of_number(532420.0), key_of_number(-0.0), key_of_number(0.5)
    ('532420', '0', '0.5')
    """
    return str(int(number)) if math.isfinite(number) and number == int(number) else repr(float(number))


def day_of(value: Any, form: str = "%Y-%m-%d") -> float:
    """The day in a cell, counted from 1970-01-01; NaN where there is none.

    >>> day_of("1970-01-02"), day_of(dt.date(1969, 12, 31)), day_of("02/01/1970", "%d/%m/%Y")
    (1.0, -1.0, 1.0)
    """
    if isinstance(value, dt.date):
        if value != value:
            return math.nan
        return float((value.date() if isinstance(value, dt.datetime) else value).toordinal() - EPOCH.toordinal())
    if isinstance(value, int) and form == "%Y%m%d":
        value = str(value)
    if not isinstance(value, str):
        return math.nan
    try:
        parsed = dt.datetime.strptime(value.strip(BLANKS), form)  # noqa: DTZ007 - a date, not an instant
    except ValueError:
        return math.nan
    return float((parsed.date() - EPOCH).days)


LARGEST, SMALLEST = 1e150, 1e-150


def _tame(number: float) -> float:
    """`number` where products and quotients neither overflow nor vanish: some databases call both an error."""
    if abs(number) < SMALLEST:
        return 0.0
    return min(max(number, -LARGEST), LARGEST)


OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "minus": lambda a, b: _tame(a) - _tame(b),
    "plus": lambda a, b: _tame(a) + _tame(b),
    "times": lambda a, b: _tame(a) * _tame(b),
    "over": lambda a, b: _tame(a) / _tame(b) if _tame(b) != 0 else math.nan,
}
"""What a derived feature may do with its two items; a quotient by zero is missing."""


def combined(operation: str, first: float, second: float) -> float:
    """The value of a derived feature, NaN where one of its items is missing.

    >>> combined("over", 1.0, 4.0), combined("minus", 1.0, math.nan)
    (0.25, nan)
    """
    if math.isnan(first) or math.isnan(second):
        return math.nan
    return OPERATIONS[operation](first, second)
