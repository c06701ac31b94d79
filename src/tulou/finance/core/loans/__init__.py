"""Loans as arithmetic: schedules exact to the fen, what they cost in a year, what is late, and payment files."""

from tulou.finance.core.loans.apr import apr, nominal_rate
from tulou.finance.core.loans.changes import EarlyRepayment, repay_early, restructure
from tulou.finance.core.loans.days import DayCount, Shift
from tulou.finance.core.loans.schedule import Instalment, Method, Plan, Terms, make_plan, schedule
from tulou.finance.core.loans.servicing import LateCharge, Payment, Position, RiskClass, risk_class, settle

__all__ = [
    "DayCount",
    "EarlyRepayment",
    "Instalment",
    "LateCharge",
    "Method",
    "Payment",
    "Plan",
    "Position",
    "RiskClass",
    "Shift",
    "Terms",
    "apr",
    "make_plan",
    "nominal_rate",
    "repay_early",
    "restructure",
    "risk_class",
    "schedule",
    "settle",
]
