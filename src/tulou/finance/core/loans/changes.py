"""A loan that is paid back early, or restructured: the interest to that day, and the plan from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from tulou.finance.core.loans.days import DayCount, Period, Shift, part_of_year
from tulou.finance.core.loans.schedule import Instalment, Method, Plan, Terms, interest_of, make_plan, spread
from tulou.kernel.errors import Where, refuse


@dataclass(frozen=True, slots=True)
class EarlyRepayment:
    """What must be paid on the day, and what is left afterwards (no instalments where all is paid)."""

    on: dt.date
    principal_fen: int
    interest_fen: int
    fee_fen: int
    plan: Plan

    @property
    def pay_fen(self) -> int:
        """Everything that must be paid on the day."""
        return self.principal_fen + self.interest_fen + self.fee_fen


def owed_on(plan: Plan, on: dt.date) -> tuple[int, int]:
    """Principal that is not yet due on a day, and the interest that has run on it since its period began.

    Instalments due on or before the day are taken as paid; `settle` says whether they were.
    """
    index = _first_open(plan, on)
    if index == len(plan.instalments):
        return 0, 0
    balance = sum(row.principal_fen for row in plan.instalments[index:])
    elapsed = _elapsed(plan.periods[index], on, plan.terms.day_count)
    return balance, interest_of(balance, plan.terms.annual_rate, elapsed)


def repay_early(
    plan: Plan,
    on: dt.date,
    *,
    principal_fen: int | None = None,
    fee_rate: Decimal = Decimal(0),
    keep: Literal["term", "instalment"] = "term",
) -> EarlyRepayment:
    """Pay `principal_fen` (None: all of it) back on a day, with the interest to that day and a fee on what is early.

    `keep` says what stays: the term (instalments get smaller) or the instalment (the loan ends earlier).
    """
    _refuse_day(plan, on)
    balance, interest = owed_on(plan, on)
    part = balance if principal_fen is None else principal_fen
    if not 0 < part <= balance:
        raise refuse(
            "finance.loan.early",
            f"提前还款本金应大于零且不超过剩余本金 {balance} 分",
            f"An early repayment is above zero and at most the principal that is left, {balance} fen",
            where=Where(column="principal_fen", value=str(part)),
        )
    index = _first_open(plan, on)
    running = plan.periods[index]
    rest = max(running.years - _elapsed(running, on, plan.terms.day_count), Fraction(0))
    periods = (Period(on, running.end, running.due, rest), *plan.periods[index + 1 :])
    following = next(row for row in plan.instalments[index:] if row.number > plan.terms.interest_only)
    kept = None
    if keep == "instalment" and plan.terms.method is not Method.INTEREST_ONLY:
        equal = plan.terms.method is Method.EQUAL_INSTALMENTS
        kept = following.amount_fen if equal else following.principal_fen
    rows = () if part == balance else tuple(_rest(plan, index, periods, balance - part, kept or None))
    fee = interest_of(part, fee_rate, Fraction(1))
    return EarlyRepayment(on, part, interest, fee, replace(plan, periods=periods[: len(rows)], instalments=rows))


def restructure(
    plan: Plan,
    on: dt.date,
    *,
    months: int,
    annual_rate: Decimal | None = None,
    method: Method | None = None,
    every: int | None = None,
    interest_only: int = 0,
    arrears_fen: int = 0,
) -> Plan:
    """The plan on new terms from a day on.

    What is not yet due, the interest that has run on it and `arrears_fen` become its principal.
    """
    _refuse_day(plan, on)
    balance, interest = owed_on(plan, on)
    if arrears_fen < 0:
        raise refuse("finance.loan.arrears", "欠款不能为负", "Arrears are not negative")
    old = plan.terms
    return make_plan(
        Terms(
            balance + interest + arrears_fen,
            old.annual_rate if annual_rate is None else annual_rate,
            months,
            method or old.method,
            on,
            DayCount(old.day_count),
            Shift(old.shift),
            every or old.every,
            interest_only,
        )
    )


def _rest(plan: Plan, index: int, periods: tuple[Period, ...], balance: int, kept: int | None) -> Iterator[Instalment]:
    terms, number = plan.terms, plan.instalments[index].number
    free = 0
    while free < len(periods) - 1 and number + free <= terms.interest_only:
        free += 1
    for step in range(free):
        interest = interest_of(balance, terms.annual_rate, periods[step].years)
        yield replace(plan.instalments[index + step], principal_fen=0, interest_fen=interest)
    yield from spread(balance, terms.annual_rate, terms.method, periods[free:], number=number + free, keep_fen=kept)


def _first_open(plan: Plan, on: dt.date) -> int:
    return sum(row.due <= on for row in plan.instalments)


def _elapsed(period: Period, on: dt.date, day_count: DayCount) -> Fraction:
    return min(max(part_of_year(period.start, on, day_count), Fraction(0)), period.years)


def _refuse_day(plan: Plan, on: dt.date) -> None:
    if not plan.instalments or not plan.periods[0].start <= on < plan.instalments[-1].due:
        raise refuse(
            "finance.loan.day",
            f"{on} 不在贷款存续期内",
            f"The loan does not run on {on}",
            where=Where(value=str(on)),
        )
