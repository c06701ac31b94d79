"""Where a loan stands on a day: what was paid on what, what is late, and the charge on it.

A payment pays the oldest instalment first, and in it the charge on lateness, then interest, then principal (Civil Code
of the PRC, articles 560 and 561). Money that comes before its day waits for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from tulou.finance.core.loans.days import DayCount, part_of_year
from tulou.finance.core.loans.schedule import Instalment, rounded
from tulou.kernel.errors import Where, refuse


class RiskClass(StrEnum):
    """The five classes of credit assets (商业银行金融资产风险分类办法, 2023)."""

    NORMAL = "normal"
    SPECIAL_MENTION = "special_mention"
    SUBSTANDARD = "substandard"
    DOUBTFUL = "doubtful"
    LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in."""

    on: dt.date
    amount_fen: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class LateCharge:
    """The charge on what is late: an annual rate on the principal, and on the interest where `on_interest`.

    Nothing is charged on an instalment paid within `grace_days`; after them the charge counts from the due day.
    """

    annual_rate: Decimal
    on_interest: bool = True
    grace_days: int = 0
    day_count: DayCount = DayCount.ACTUAL_360


@dataclass(slots=True)
class Line:
    """One instalment and what was paid on it."""

    instalment: Instalment
    paid_principal_fen: int = 0
    paid_interest_fen: int = 0
    paid_late_fen: int = 0
    late_fen: int = 0
    settled_on: dt.date | None = None
    _run: Fraction = field(default=Fraction(0), repr=False)

    @property
    def open_principal_fen(self) -> int:
        """Principal that is still owed."""
        return self.instalment.principal_fen - self.paid_principal_fen

    @property
    def open_interest_fen(self) -> int:
        """Interest that is still owed."""
        return self.instalment.interest_fen - self.paid_interest_fen

    @property
    def open_late_fen(self) -> int:
        """The charge on lateness that is still owed."""
        return self.late_fen - self.paid_late_fen

    @property
    def open_fen(self) -> int:
        """All that is still owed on this instalment."""
        return self.open_principal_fen + self.open_interest_fen + self.open_late_fen

    def run(self, start: dt.date, end: dt.date, charge: LateCharge) -> None:
        """Let the charge run over some days; what was settled in time stays settled."""
        if self.settled_on is not None:
            return
        base = self.open_principal_fen + (self.open_interest_fen if charge.on_interest else 0)
        start = max(start, self.instalment.due)
        if base and end > start:
            self._run += base * Fraction(charge.annual_rate) * part_of_year(start, end, charge.day_count)
        if (end - self.instalment.due).days > charge.grace_days:
            self.late_fen = rounded(self._run)

    def pay(self, fen: int, on: dt.date) -> int:
        """Pay what is owed, in the order of the law; answers what is left over."""
        late = min(fen, self.open_late_fen)
        interest = min(fen - late, self.open_interest_fen)
        principal = min(fen - late - interest, self.open_principal_fen)
        self.paid_late_fen += late
        self.paid_interest_fen += interest
        self.paid_principal_fen += principal
        if self.settled_on is None and not self.open_fen:
            self.settled_on = on
        return fen - late - interest - principal


@dataclass(frozen=True, slots=True)
class Position:
    """A loan on one day."""

    as_of: dt.date
    lines: tuple[Line, ...]
    surplus_fen: int

    @property
    def due_lines(self) -> tuple[Line, ...]:
        """Instalments that were due by the day."""
        return tuple(line for line in self.lines if line.instalment.due <= self.as_of)

    @property
    def overdue_fen(self) -> int:
        """All that is due before the day and not paid, the charge on lateness with it."""
        return sum(line.open_fen for line in self.lines if line.instalment.due < self.as_of)

    @property
    def outstanding_fen(self) -> int:
        """Principal that is still owed, late or not yet due."""
        return sum(line.open_principal_fen for line in self.lines)

    @property
    def days_past_due(self) -> int:
        """Days since the oldest instalment fell due on which anything is owed; 0 where nothing is late."""
        late = [line.instalment.due for line in self.due_lines if line.open_fen]
        return (self.as_of - min(late)).days if late else 0

    @property
    def risk_class(self) -> RiskClass:
        """The class by days past due alone; a bank may see reasons to place it lower."""
        return risk_class(self.days_past_due)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is owed any more."""
        return not any(line.open_fen for line in self.lines)


def risk_class(days_past_due: int) -> RiskClass:
    """The class that lateness alone calls for: late, more than 90, 270 and 360 days.

    >>> risk_class(0).value, risk_class(90).value, risk_class(91).value, risk_class(361).value
    ('normal', 'special_mention', 'substandard', 'loss')
    """
    steps = ((360, RiskClass.LOSS), (270, RiskClass.DOUBTFUL), (90, RiskClass.SUBSTANDARD))
    for days, found in steps:
        if days_past_due > days:
            return found
    return RiskClass.SPECIAL_MENTION if days_past_due > 0 else RiskClass.NORMAL


def settle(
    instalments: Sequence[Instalment],
    payments: Iterable[Payment],
    as_of: dt.date,
    *,
    late: LateCharge | None = None,
) -> Position:
    """Where the loan stands at the end of the day `as_of`; later payments are left out of account."""
    charge = late or LateCharge(Decimal(0))
    coming = sorted((payment for payment in payments if payment.on <= as_of), key=lambda payment: payment.on)
    for payment in coming:
        if payment.amount_fen <= 0:
            raise refuse(
                "finance.payment.amount",
                "还款金额必须大于零",
                "A payment is above zero",
                where=Where(value=str(payment.amount_fen)),
            )
    lines = tuple(Line(row) for row in sorted(instalments, key=lambda row: (row.due, row.number)))
    days = {payment.on for payment in coming} | {row.due for row in instalments if row.due <= as_of} | {as_of}
    surplus, before = 0, min(days)
    for day in sorted(days):
        surplus += sum(payment.amount_fen for payment in coming if payment.on == day)
        for line in lines:
            if line.instalment.due > day:
                break
            line.run(before, day, charge)
            surplus = line.pay(surplus, day)
        before = day
    return Position(as_of, lines, surplus)
