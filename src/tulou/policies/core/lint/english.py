"""Numbers in English prose: *at least*, *at most*, *up to* include the number, *more than*, *under* do not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tulou.policies.core.lint.claims import Claim, Comparison, Measure, Subject

WORDS: tuple[tuple[str, Comparison], ...] = (
    (r"no\s+more\s+than", "le"),
    (r"not\s+more\s+than", "le"),
    (r"no\s+less\s+than", "ge"),
    (r"no\s+fewer\s+than", "ge"),
    (r"at\s+most", "le"),
    (r"up\s+to", "le"),
    (r"at\s+least", "ge"),
    (r"more\s+than", "gt"),
    (r"over", "gt"),
    (r"above", "gt"),
    (r"fewer\s+than", "lt"),
    (r"less\s+than", "lt"),
    (r"under", "lt"),
    (r"below", "lt"),
)
COMPARISONS = "|".join(f"(?P<c{i}>\\b{words})" for i, (words, _) in enumerate(WORDS))
LIMIT = re.compile(
    rf"(?:{COMPARISONS})\s+(?P<cur>CNY|RMB|¥)?\s*(?P<n>-?\d[\d,]*(?:\.\d+)?)\s*(?P<size>billion|million|thousand)?\s*"
    r"(?P<u>yuan|%|per\s+cent|staff|people|persons|employees|years?|months?|days?|times|patents?)?",
    re.IGNORECASE,
)
SIZES = {"billion": 10**9, "million": 10**6, "thousand": 10**3}
UNITS: Mapping[str, tuple[Measure, int]] = {
    "yuan": (Measure.MONEY, 100),
    "%": (Measure.PERCENT, 1),
    "per cent": (Measure.PERCENT, 1),
    "staff": (Measure.PERSONS, 1),
    "people": (Measure.PERSONS, 1),
    "persons": (Measure.PERSONS, 1),
    "employees": (Measure.PERSONS, 1),
    "year": (Measure.MONTHS, 12),
    "years": (Measure.MONTHS, 12),
    "month": (Measure.MONTHS, 1),
    "months": (Measure.MONTHS, 1),
    "day": (Measure.DAYS, 1),
    "days": (Measure.DAYS, 1),
    "times": (Measure.TIMES, 1),
    "patent": (Measure.PLAIN, 1),
    "patents": (Measure.PLAIN, 1),
}


def claims(text: str) -> Iterator[Claim]:
    """Every comparison with a number that has a unit."""
    for match in LIMIT.finditer(text):
        unit = re.sub(r"\s+", " ", (match["u"] or "").lower())
        measure, size = (Measure.MONEY, 100) if match["cur"] else UNITS.get(unit, (Measure.PLAIN, 1))
        if not match["cur"] and not unit:
            continue
        value = float(match["n"].replace(",", "")) * SIZES.get((match["size"] or "").lower(), 1) * size
        comparison = next(comparison for i, (_, comparison) in enumerate(WORDS) if match[f"c{i}"])
        whole = int(value) if value == int(value) else value
        yield Claim(Subject.OTHER, measure, comparison, whole, match.group().strip())
