"""What a bank sees first of what a firm opened: who it is, and twelve months against those before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.courtyard import catalogue

HEADLINES = (
    ("invoice_monthly", "out_total_amount"),
    ("invoice_monthly", "in_total_amount"),
    ("invoice_monthly", "out_total_n"),
    ("power_monthly", "total_energy"),
    ("power_monthly", "charge_total"),
    ("social_insurance_monthly", "pension_paid"),
    ("social_insurance_monthly", "new_heads"),
    ("tax_payment", "amount"),
)
CLEAR = Decimal("0.1")
"""A change of ten percent is said in colour."""


@dataclass(frozen=True, slots=True)
class Trend:
    """One amount over two years, with the department that says so and the day on which it came."""

    title: Text
    department: Text
    now: Decimal
    before: Decimal
    unit: str
    received: str

    @property
    def change(self) -> Decimal | None:
        """The change as a share; None where there was nothing before."""
        return self.now / self.before - 1 if self.before else None

    @property
    def tone(self) -> str:
        """Green where it rose clearly, red where it fell."""
        if self.change is None or abs(self.change) < CLEAR:
            return "earth"
        return "green" if self.change > 0 else "red"


def trends_of(read: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Trend]:
    """The headlines of a reading, where both years are in it."""
    known = catalogue()
    rows: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    codes: dict[tuple[str, str], str] = {}
    for code, facts in read.items():
        for fact in facts:
            place = (str(fact["dataset"]), str(fact["column"]))
            rows.setdefault(place, {})[str(fact["kind"])] = fact
            codes[place] = code
    found = []
    for place in HEADLINES:
        kinds = rows.get(place, {})
        now, before = (_number(kinds.get(kind)) for kind in ("sum12", "prior12"))
        if now is not None and before is not None:
            item, fact = known.items[codes[place]], kinds["sum12"]
            department = known.departments[item.department].title
            found.append(Trend(item.title, department, now, before, item.unit or "", str(fact["received_at"])[:10]))
    return found


def _number(fact: Mapping[str, Any] | None) -> Decimal | None:
    if fact is None or fact["value"] is None:
        return None
    try:
        return Decimal(str(fact["value"]))
    except InvalidOperation:
        return None
