"""Yuan: whole fen (分) inside, exact decimals at the edge, units that people read outside. Never a float.

Amounts are written in Chinese by 万 and 亿 (302 亿元), in English by thousand, million and billion (CNY 30.2 bn).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from tulou.kernel.errors import Language, Refused, Where, refuse, wrong_use

_UNITS = {
    "": 1,
    "百": 10**2,
    "千": 10**3,
    "万": 10**4,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "万亿": 10**12,
    "k": 10**3,
    "thousand": 10**3,
    "m": 10**6,
    "mn": 10**6,
    "million": 10**6,
    "bn": 10**9,
    "billion": 10**9,
    "tn": 10**12,
    "trillion": 10**12,
}
_AMOUNT = re.compile(
    r"(?:CNY|RMB|¥|人民币)?\s*(?P<sign>[-+]?)\s*(?:CNY|RMB|¥)?\s*"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*"
    r"(?P<unit>[百千]?万亿?|[百千]|亿|k|thousand|mn?|million|bn|billion|tn|trillion)?\s*"
    r"(?:元整?|圆|yuan|CNY|RMB)?",
    re.IGNORECASE,
)
_ZH_STEPS = ((10**12, "万亿元"), (10**8, "亿元"), (10**4, "万元"), (1, "元"))
_EN_STEPS = ((10**12, " tn"), (10**9, " bn"), (10**6, " m"), (10**3, " k"), (1, ""))


def to_fen(yuan: Decimal | int | str) -> int:
    """Whole fen of an exact amount in yuan; more than two decimals are refused, never rounded away.

    >>> to_fen("12.5"), to_fen(Decimal("-0.01")), to_fen(3)
    (1250, -1, 300)
    """
    try:
        fen = Decimal(yuan) * 100
    except InvalidOperation:
        raise _unreadable(str(yuan)) from None
    if not fen.is_finite() or fen != fen.to_integral_value():
        raise refuse(
            "money.precision",
            f"金额最多两位小数(分),得到 {yuan}",
            f"An amount has at most two decimals (fen); this is {yuan}",
            where=Where(value=str(yuan)),
        )
    return int(fen)


def to_yuan(fen: int) -> Decimal:
    """The amount in yuan, with two decimals.

    >>> to_yuan(1250)
    Decimal('12.50')
    """
    return Decimal(fen).scaleb(-2)


def parse_money(text: str) -> int:
    """The fen that a person's text means, with Chinese or English units.

    >>> parse_money("302 亿元") == parse_money("CNY 30.2 bn") == 3_020_000_000_000
    True
    >>> parse_money("¥1,234.50"), parse_money("1.5万")
    (123450, 1500000)
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        raise _unreadable(text)
    yuan = Decimal(match["number"].replace(",", "")) * _UNITS[(match["unit"] or "").lower()]
    return to_fen(-yuan if match["sign"] == "-" else yuan)


def format_money(fen: int, language: Language = "zh", *, digits: int = 3) -> str:
    """The amount in the reader's units, rounded (half up) to `digits` figures but never less exact than whole units.

    >>> format_money(3_020_000_000_000, "zh"), format_money(3_020_000_000_000, "en")
    ('302 亿元', 'CNY 30.2 bn')
    >>> format_money(1_500_000), format_money(35_000, "en"), format_money(-99_999_999_00)
    ('1.5 万元', 'CNY 350', '-1 亿元')
    """
    steps = _ZH_STEPS if language == "zh" else _EN_STEPS
    yuan = abs(to_yuan(fen))
    for index, (size, unit) in enumerate(steps):
        if yuan >= size or size == 1:
            number = _rounded(yuan / size, digits)
            if index and number * size >= steps[index - 1][0]:
                size, unit = steps[index - 1]
                number = _rounded(yuan / size, digits)
            break
    sign = "-" if fen < 0 and number else ""
    shown = f"{number:,f}"
    return f"{sign}{shown} {unit}" if language == "zh" else f"{sign}CNY {shown}{unit}"


def format_exact(fen: int) -> str:
    """The amount to the fen, as a contract writes it.

    >>> format_exact(123450)
    '¥1,234.50'
    """
    return f"{'-' if fen < 0 else ''}¥{abs(to_yuan(fen)):,.2f}"


def share_out(fen: int, weights: Sequence[int]) -> list[int]:
    """`fen` divided by weight without losing or inventing one: the shares always add up.

    What is left over goes, fen by fen, to the shares that lost most by rounding down, the earlier first.

    >>> share_out(100, [1, 1, 1]), sum(share_out(100, [1, 1, 1]))
    ([34, 33, 33], 100)
    """
    total = sum(weights)
    if not weights or total <= 0 or min(weights) < 0:
        raise wrong_use(
            "money.weights",
            "分配权重不能为负,且至少一项大于零",
            "Weights are not negative and at least one is above zero",
        )
    shares = [fen * weight // total for weight in weights]
    by_loss = sorted(range(len(weights)), key=lambda i: (shares[i] * total - fen * weights[i], i))
    for i in by_loss[: fen - sum(shares)]:
        shares[i] += 1
    return shares


def _rounded(value: Decimal, digits: int) -> Decimal:
    places = max(digits - 1 - value.adjusted(), 0) if value else 0
    shown = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return shown.quantize(Decimal(1)) if shown == shown.to_integral_value() else shown.normalize()


def _unreadable(text: str) -> Refused:
    return refuse(
        "money.unreadable",
        f"读不出金额“{text}”,请写成 1234.50、1.5 万元 或 3 亿元",
        f"{text!r} is no amount; write 1234.50, CNY 1.5 m or CNY 3 bn",
        where=Where(value=text),
    )
