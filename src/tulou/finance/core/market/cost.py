"""What a loan costs, computed by the platform from its terms, so that offers of all banks compare."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tulou.finance.core.loans import Instalment, Method, apr, schedule
from tulou.kernel.errors import Text

METHODS: Mapping[str, Text] = {
    Method.EQUAL_INSTALMENTS.value: Text(zh="等额本息", en="Equal instalments"),
    Method.EQUAL_PRINCIPAL.value: Text(zh="等额本金", en="Equal principal"),
    Method.INTEREST_ONLY.value: Text(zh="按月付息、到期还本", en="Monthly interest, principal at the end"),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The whole cost of a loan. `apr` holds interest and fees; `total_fen` is everything that the firm pays back."""

    instalments: tuple[Instalment, ...]
    interest_fen: int
    fee_fen: int
    apr: Decimal

    @property
    def cost_fen(self) -> int:
        """Interest and fees together."""
        return self.interest_fen + self.fee_fen

    @property
    def total_fen(self) -> int:
        """Everything that is paid: principal, interest, fees."""
        return sum(row.amount_fen for row in self.instalments) + self.fee_fen

    @property
    def highest_fen(self) -> int:
        """The largest instalment."""
        return max(row.amount_fen for row in self.instalments)


def cost_of(
    amount_fen: int, annual_rate: Decimal, months: int, method: str, *, fee_fen: int = 0, first_day: dt.date
) -> Cost:
    """The cost of a loan that is paid out on `first_day` with the fee kept back on that day.

    Raises Refused for terms that no loan has, or a fee as large as the loan.
    """
    rows = tuple(schedule(amount_fen, annual_rate, months, Method(method), first_day))
    flows = [(row.due, row.amount_fen) for row in rows]
    rate = Decimal(0) if annual_rate == 0 and fee_fen == 0 else apr(amount_fen - fee_fen, flows, paid_out=first_day)
    return Cost(rows, sum(row.interest_fen for row in rows), fee_fen, rate)


def fee_of(amount_fen: int, fee_rate: Decimal) -> int:
    """A fee that is a share of the amount, rounded half up to the fen.

    >>> fee_of(500_000_00, Decimal("0.005"))
    250000
    """
    return int((amount_fen * fee_rate).to_integral_value(rounding="ROUND_HALF_UP"))


def canonical(terms: Mapping[str, Any]) -> str:
    """Terms as the one text that is frozen: sorted keys, no spaces.

    >>> canonical({"months": 12, "amount_fen": 1})
    '{"amount_fen":1,"months":12}'
    """
    return json.dumps(terms, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """The SHA-256 of a frozen text."""
    return hashlib.sha256(text.encode()).hexdigest()


def known_method(code: str) -> Text:
    """A way of repaying in words."""
    return METHODS.get(code, Text(zh=code, en=code))
