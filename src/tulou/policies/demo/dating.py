"""The demonstration policies were written for one year; a demonstration that lives in another moves them there."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

WRITTEN = dt.date(2026, 11, 25)
"""The day for which the deadlines of the file were chosen."""
YEARS = re.compile(r"(?:(?<=[a-z] )|(?<!\d))20(\d\d)(?=年|〕|\]|-\d\d-\d\d|(?<=[a-z] 20\d\d)\")")


def moved(fields: dict[str, Any], today: dt.date) -> dict[str, Any]:
    """The fields of a version as of `today`: years in dates and document numbers move, a deadline stays as far off.

    >>> moved({"title_zh": "〔2026〕1号", "deadline": dt.date(2026, 12, 5), "valid_to": None}, dt.date(2021, 6, 30))
    {'title_zh': '〔2021〕1号', 'deadline': datetime.date(2021, 7, 10), 'valid_to': None}
    """
    years = today.year - WRITTEN.year
    return {name: _moved(name, value, years, today) for name, value in fields.items()}


def _moved(name: str, value: Any, years: int, today: dt.date) -> Any:
    if isinstance(value, dt.date):
        if name == "deadline":
            return today + (value - WRITTEN)
        return value.replace(year=value.year + years)
    if isinstance(value, (str, list, dict)):
        text = json.dumps(value, ensure_ascii=False)
        return json.loads(YEARS.sub(lambda found: str(2000 + int(found[1]) + years), text))
    return value
