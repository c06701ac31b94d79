"""Repayment schedules: the principal of the instalments adds up to the loan, to the fen, whatever the method."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from tulou.finance.core.loans.days import DayCount, Period, Shift, periods_of
from tulou.kernel.errors import Where, refuse
from tulou.kernel.money import share_out

LONGEST = 600
"""Months; a longer loan is refused, as is an annual rate above 1 000 %."""


class Method(StrEnum):
    """How a loan is paid back."""

    EQUAL_INSTALMENTS = "equal_instalments"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_ONLY = "interest_only"


@dataclass(frozen=True, slots=True)
class Instalment:
    """What is due on one day."""

    number: int
    due: dt.date
    principal_fen: int
    interest_fen: int

    @property
    def amount_fen(self) -> int:
        """Principal and interest together."""
        return self.principal_fen + self.interest_fen


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bank and a firm agreed: paid out on `first_day`, the first instalment `every` months later.

    `annual_rate` is a share (0.0435 is 4.35 %). `interest_only` counts first instalments without principal.
    """

    principal_fen: int
    annual_rate: Decimal
    months: int
    method: Method
    first_day: dt.date
    day_count: DayCount = DayCount.THIRTY_360
    shift: Shift = Shift.NONE
    every: int = 1
    interest_only: int = 0

    def __post_init__(self) -> None:
        self._refuse(self.principal_fen <= 0, "principal_fen", "本金必须大于零", "The principal is above zero")
        self._refuse(
            not self.annual_rate.is_finite() or not 0 <= self.annual_rate <= 10,
            "annual_rate",
            "年利率在 0 和 10(即 1000 %)之间",
            "The annual rate is between 0 and 10 (1,000 %)",
        )
        self._refuse(
            not 1 <= self.months <= LONGEST,
            "months",
            f"期限为 1 至 {LONGEST} 个月",
            f"A loan runs for 1 to {LONGEST} months",
        )
        self._refuse(
            not 1 <= self.every <= self.months,
            "every",
            "还款间隔在 1 个月和全部期限之间",
            "Instalments are between 1 month and the whole term apart",
        )
        self._refuse(
            not 0 <= self.interest_only < self.number_of_instalments,
            "interest_only",
            "只付利息的期数必须少于总期数",
            "Fewer instalments are without principal than there are instalments",
        )

    @property
    def number_of_instalments(self) -> int:
        """How many days of payment there are."""
        return -(-self.months // self.every)

    def _refuse(self, wrong: bool, name: str, zh: str, en: str) -> None:
        if wrong:
            where = Where(column=name, value=str(getattr(self, name)))
            raise refuse(f"finance.loan.{name}", zh, en, where=where)


@dataclass(frozen=True, slots=True)
class Plan:
    """The instalments that are still to come of a loan on `terms`, with the periods that their interest is for."""

    terms: Terms
    periods: tuple[Period, ...]
    instalments: tuple[Instalment, ...]

    @property
    def principal_fen(self) -> int:
        """The principal that the instalments pay back."""
        return sum(row.principal_fen for row in self.instalments)

    @property
    def interest_fen(self) -> int:
        """The interest of all instalments."""
        return sum(row.interest_fen for row in self.instalments)

    def cashflows(self) -> list[tuple[dt.date, int]]:
        """What the firm pays and when, as `apr` takes it."""
        return [(row.due, row.amount_fen) for row in self.instalments]


def schedule(
    principal_fen: int,
    annual_rate: Decimal,
    months: int,
    method: Method,
    first_day: dt.date,
    *,
    day_count: DayCount = DayCount.THIRTY_360,
    shift: Shift = Shift.NONE,
    every: int = 1,
    interest_only: int = 0,
) -> list[Instalment]:
    """The instalments of a loan that is paid out on `first_day`.

    Interest is rounded half up to the fen in each period. Equal instalments are equal but for the last, which takes
    what rounding left. `interest_only` instalments at the beginning carry no principal. Refused: terms out of range.

    >>> rows = schedule(1_000_000_00, Decimal("0.0435"), 12, Method.EQUAL_INSTALMENTS, dt.date(2026, 1, 15))
    >>> rows[0].amount_fen, rows[-1].amount_fen, sum(row.principal_fen for row in rows)
    (8530990, 8530989, 100000000)
    """
    terms = Terms(principal_fen, annual_rate, months, Method(method), first_day, day_count, shift, every, interest_only)
    return list(make_plan(terms).instalments)


def make_plan(terms: Terms) -> Plan:
    """The whole plan of a loan from the day it is paid out."""
    periods = periods_of(terms.first_day, terms.months, terms.every, terms.day_count, terms.shift)
    free, paying = periods[: terms.interest_only], periods[terms.interest_only :]
    rows = [
        Instalment(number, period.due, 0, interest_of(terms.principal_fen, terms.annual_rate, period.years))
        for number, period in enumerate(free, 1)
    ]
    rows += spread(terms.principal_fen, terms.annual_rate, terms.method, paying, number=len(free) + 1)
    return Plan(terms, periods, tuple(rows))


def spread(
    principal_fen: int,
    annual_rate: Decimal,
    method: Method,
    periods: Sequence[Period],
    *,
    number: int = 1,
    keep_fen: int | None = None,
) -> Iterator[Instalment]:
    """The instalments that pay `principal_fen` back in `periods`.

    `keep_fen` fixes what each pays (the amount of equal instalments, the principal of equal principal): the loan then
    ends when nothing is left, maybe before the periods do.
    """
    balance = principal_fen
    level = keep_fen
    if method is Method.EQUAL_INSTALMENTS and level is None:
        level = level_amount(principal_fen, annual_rate, [period.years for period in periods])
    shares = share_out(principal_fen, [1] * len(periods))
    for index, period in enumerate(periods):
        interest = interest_of(balance, annual_rate, period.years)
        last = index == len(periods) - 1
        if last:
            principal = balance
        elif method is Method.EQUAL_INSTALMENTS and level is not None:
            principal = min(max(level - interest, 0), balance)
        elif method is Method.EQUAL_PRINCIPAL:
            principal = min(keep_fen or shares[index], balance)
        else:
            principal = 0
        balance -= principal
        yield Instalment(number + index, period.due, principal, interest)
        if balance == 0 and keep_fen is not None:
            return


def level_amount(principal_fen: int, annual_rate: Decimal, years: Sequence[Fraction]) -> int:
    """The equal instalment, to the fen, that pays a loan back in periods of these lengths.

    The loan is the sum of the instalments discounted period by period, so one division answers it.
    """
    with localcontext() as context:
        context.prec = 50
        discount, worth = Decimal(1), Decimal(0)
        for part in years:
            discount /= 1 + annual_rate * part.numerator / part.denominator
            worth += discount
        return int((principal_fen / worth).to_integral_value(rounding="ROUND_HALF_UP"))


def interest_of(balance_fen: int, annual_rate: Decimal, years: Fraction) -> int:
    """The interest on a balance for a part of a year, rounded half up to the fen.

    >>> interest_of(1_000_000_00, Decimal("0.0435"), Fraction(1, 12))
    362500
    """
    return rounded(balance_fen * Fraction(annual_rate) * years)


def rounded(fen: Fraction) -> int:
    """Whole fen, half up."""
    return (2 * fen.numerator + fen.denominator) // (2 * fen.denominator)
