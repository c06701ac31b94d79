"""The annual percentage rate: one figure for everything that a loan costs, so that offers compare.

It is the rate `i` at which what the firm receives equals what it pays, each discounted by (1 + i) to the power of the
years in between: the internal rate of return that the People's Bank of China names for the annualised rate of loans
(公告〔2021〕第 3 号) and the equation of Annex I of directive 2008/48/EC, with whole months as twelfths of a year.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext

from tulou.finance.core.loans.days import years_between
from tulou.kernel.errors import refuse

PLACES = Decimal("1e-10")
_HIGHEST = 2.0**60


def apr(disbursed_fen: int, cashflows: Iterable[tuple[dt.date, int]], *, paid_out: dt.date) -> Decimal:
    """The annual percentage rate of `disbursed_fen` on the day `paid_out` against a firm's dated payments, as a share.

    Fees belong in it: those kept back at the start lower `disbursed_fen`, the others are cash flows. A negative cash
    flow is more money for the firm. Refused: cash flows that no rate, or more than one, would explain (the signs must
    change exactly once, by Descartes' rule then the rate is the only one).

    >>> apr(1_000_00, [(dt.date(2027, 1, 1), 1_100_00)], paid_out=dt.date(2026, 1, 1))
    Decimal('0.1000000000')
    """
    flows = [(0.0, -disbursed_fen)]
    flows += [(float(years_between(paid_out, day)), fen) for day, fen in cashflows if fen]
    flows.sort()
    if flows[0][0] < 0:
        raise refuse(
            "finance.apr.early",
            f"有还款早于放款日 {paid_out}",
            f"A payment is earlier than the day {paid_out} on which the loan is paid out",
        )
    _refuse_ambiguous([fen for _, fen in flows])
    low, high = 0.0, 1.0
    while _worth(flows, high) < 0:
        low, high = high, high * 2
        if high > _HIGHEST:
            raise _no_rate()
    for _ in range(200):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if _worth(flows, middle) < 0:
            low = middle
        else:
            high = middle
    if high < 1 / _HIGHEST:
        raise _no_rate()
    return Decimal(1 / high - 1).quantize(PLACES)


def nominal_rate(rate: Decimal, periods: int = 12) -> Decimal:
    """The nominal rate of `periods` compoundings a year that comes to the effective annual `rate`.

    >>> nominal_rate(Decimal("0.1268250301"))
    Decimal('0.1200000000')
    """
    with localcontext() as context:
        context.prec = 40
        return (periods * ((1 + rate) ** (Decimal(1) / periods) - 1)).quantize(PLACES)


def _worth(flows: Sequence[tuple[float, int]], discount: float) -> float:
    return float(sum(fen * discount**years for years, fen in flows))


def _refuse_ambiguous(amounts: Sequence[int]) -> None:
    signs = [fen > 0 for fen in amounts if fen]
    changes = sum(a != b for a, b in itertools.pairwise(signs))
    if changes != 1 or signs[0]:
        raise refuse(
            "finance.apr.cashflows",
            "算不出唯一的年化利率: 应先放款、后还款",
            "No single annual rate explains these cash flows: money is paid out first, then paid back",
        )


def _no_rate() -> Exception:
    return refuse(
        "finance.apr.range",
        "年化利率超出可计算的范围,请检查金额",
        "The annual rate is beyond any that can be meant; check the amounts",
    )
