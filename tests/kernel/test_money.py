"""Amounts of money."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.kernel.errors import Refused, WrongUse
from tulou.kernel.money import format_exact, format_money, parse_money, share_out, to_fen, to_yuan

fen = st.integers(-(10**16), 10**16)


@given(fen)
def test_fen_and_yuan_are_exact_both_ways(amount: int) -> None:
    assert to_fen(to_yuan(amount)) == amount
    assert parse_money(format_exact(amount)) == amount


@given(fen, st.sampled_from(["zh", "en"]), st.integers(1, 6))
def test_what_is_shown_reads_back_within_its_rounding(amount: int, language: str, digits: int) -> None:
    shown = format_money(amount, language, digits=digits)  # type: ignore[arg-type]
    back = parse_money(shown)
    assert abs(back - amount) <= max(abs(amount) * 5 * 10**-digits, 50)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("302 亿元", 302 * 10**10),
        ("３０２亿", 302 * 10**10),
        ("CNY 30.2 bn", 302 * 10**10),
        ("30.2 billion yuan", 302 * 10**10),
        ("1.5万亿元", 15 * 10**13),
        ("2 千万", 2 * 10**9),
        ("人民币 5 百万元整", 5 * 10**8),
        ("-¥1,234.5", -123450),
        ("¥ -3", -300),
        ("0", 0),
        ("7k", 700_000),
        ("12 mn RMB", 12 * 10**8),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, amount: int) -> None:
    assert parse_money(text) == amount


@pytest.mark.parametrize(
    "text", ["", "元", "1,23", "12.3.4", "USD 5", "五百元", "1.5.万", "1 万万", "NaN", "5 亿 3 万"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_money(text)
    assert refused.value.finding.code == "money.unreadable"


@pytest.mark.parametrize("value", ["0.001", Decimal("1.005"), "Infinity"])
def test_less_than_a_fen_is_refused_and_not_rounded(value: Decimal | str) -> None:
    with pytest.raises(Refused) as refused:
        to_fen(value)
    assert refused.value.finding.code == "money.precision"


def test_a_text_that_is_no_number_has_no_fen() -> None:
    with pytest.raises(Refused):
        to_fen("abc")


@pytest.mark.parametrize(
    ("amount", "zh", "en"),
    [
        (0, "0 元", "CNY 0"),
        (1, "0.01 元", "CNY 0.01"),
        (99_950, "1,000 元", "CNY 1 k"),
        (12_345_67, "1.23 万元", "CNY 12.3 k"),
        (9_999_999_99, "1,000 万元", "CNY 10 m"),
        (437_000 * 100, "43.7 万元", "CNY 437 k"),
        (-302 * 10**10, "-302 亿元", "-CNY 30.2 bn"),
        (15 * 10**13, "1.5 万亿元", "CNY 1.5 tn"),
    ],
)
def test_amounts_are_shown_in_the_readers_units(amount: int, zh: str, en: str) -> None:
    assert format_money(amount, "zh") == zh
    assert format_money(amount, "en") == en


@given(fen, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_shares_add_up_and_are_off_by_less_than_one_fen(amount: int, weights: list[int]) -> None:
    shares = share_out(amount, weights)
    assert sum(shares) == amount
    total = sum(weights)
    assert all(abs(share * total - amount * weight) < total for share, weight in zip(shares, weights, strict=True))


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 3]])
def test_weights_that_share_nothing_are_wrong_use(weights: list[int]) -> None:
    with pytest.raises(WrongUse):
        share_out(100, weights)
