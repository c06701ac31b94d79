"""Loans: schedules exact to the fen, annual rates against closed forms, changes, lateness, payment files."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tulou.finance.core.loans import (
    DayCount,
    LateCharge,
    Method,
    Payment,
    RiskClass,
    Shift,
    Terms,
    apr,
    make_plan,
    nominal_rate,
    repay_early,
    restructure,
    schedule,
    settle,
)
from tulou.finance.core.loans.changes import owed_on
from tulou.finance.core.loans.days import add_months
from tulou.finance.core.loans.iso20022 import Account, Transfer, read_bookings, write_transfers
from tulou.kernel.errors import Refused
from tulou.kernel.working_days import is_working_day

rates = st.decimals(0, Decimal("0.36"), places=4)
first_days = st.dates(dt.date(2015, 1, 1), dt.date(2030, 12, 31))


@st.composite
def terms(draw: st.DrawFn, method: Method | None = None) -> Terms:
    months = draw(st.integers(1, 120))
    every = draw(st.sampled_from([n for n in (1, 3, 6, 12, months) if n <= months]))
    count = -(-months // every)
    return Terms(
        draw(st.integers(1, 10**13)),
        draw(rates),
        months,
        method or draw(st.sampled_from(Method)),
        draw(first_days),
        draw(st.sampled_from(DayCount)),
        draw(st.sampled_from(Shift)),
        every,
        draw(st.integers(0, min(count - 1, 12))),
    )


@given(terms())
def test_the_principal_adds_up_to_the_fen_and_every_part_is_whole(loan: Terms) -> None:
    rows = make_plan(loan).instalments
    assert sum(row.principal_fen for row in rows) == loan.principal_fen
    assert all(row.principal_fen >= 0 and row.interest_fen >= 0 for row in rows)
    assert [row.number for row in rows] == list(range(1, loan.number_of_instalments + 1))
    assert [row.due for row in rows] == sorted(row.due for row in rows)


@given(terms())
def test_interest_is_on_what_is_still_owed(loan: Terms) -> None:
    plan = make_plan(loan)
    balance = loan.principal_fen
    for period, row in zip(plan.periods, plan.instalments, strict=True):
        exact = balance * Fraction(loan.annual_rate) * period.years
        assert abs(row.interest_fen - exact) <= Fraction(1, 2)
        balance -= row.principal_fen
    assert balance == 0


@given(terms(Method.EQUAL_INSTALMENTS))
def test_equal_instalments_are_equal_but_for_what_rounding_left_in_the_last(loan: Terms) -> None:
    assume(loan.principal_fen >= 10_000 * loan.months)
    rows = make_plan(loan).instalments[loan.interest_only :]
    assert len({row.amount_fen for row in rows[:-1]}) <= 1
    if len(rows) > 1:
        growth = (1 + float(loan.annual_rate)) ** (loan.months / 12)
        assert abs(rows[-1].amount_fen - rows[0].amount_fen) <= len(rows) * (1 + growth)


@given(terms(Method.EQUAL_PRINCIPAL))
def test_equal_principal_differs_by_a_fen_at_most(loan: Terms) -> None:
    paid = [row.principal_fen for row in make_plan(loan).instalments[loan.interest_only :]]
    assert max(paid) - min(paid) <= 1


@given(terms(Method.INTEREST_ONLY))
def test_interest_only_pays_the_principal_at_the_end(loan: Terms) -> None:
    paid = [row.principal_fen for row in make_plan(loan).instalments]
    assert paid == [0] * (len(paid) - 1) + [loan.principal_fen]


@given(terms())
def test_shifted_due_days_are_working_days_near_the_contractual_one(loan: Terms) -> None:
    for number, row in enumerate(make_plan(loan).instalments, 1):
        plain = add_months(loan.first_day, min(number * loan.every, loan.months))
        if loan.shift is Shift.NONE:
            assert row.due == plain
        else:
            assert is_working_day(row.due)
            assert loan.shift is Shift.FOLLOWING or row.due.month == plain.month
            assert loan.shift is Shift.MODIFIED or 0 <= (row.due - plain).days <= 11


def test_the_closed_form_of_equal_instalments() -> None:
    rows = schedule(1_000_000_00, Decimal("0.0435"), 36, Method.EQUAL_INSTALMENTS, dt.date(2026, 1, 31))
    month = 0.0435 / 12
    assert rows[0].amount_fen == round(1_000_000_00 * month / (1 - (1 + month) ** -36)) == 2_967_993
    assert [row.due.isoformat() for row in rows[:3]] == ["2026-02-28", "2026-03-31", "2026-04-30"]


def test_day_counts_differ_as_they_should() -> None:
    first = dt.date(2026, 1, 1)
    interest = {
        count: schedule(360_000_00, Decimal("0.1"), 1, Method.INTEREST_ONLY, first, day_count=count)[0].interest_fen
        for count in DayCount
    }
    assert interest == {
        DayCount.THIRTY_360: 3_000_00,
        DayCount.ACTUAL_360: 3_100_00,
        DayCount.ACTUAL_365: round(360_000_00 * 0.1 * 31 / 365),
    }


@given(rates, st.integers(1, 60), first_days, st.sampled_from([Method.EQUAL_INSTALMENTS, Method.EQUAL_PRINCIPAL]))
def test_without_fees_the_annual_rate_is_the_compounded_monthly_rate(
    rate: Decimal, months: int, first: dt.date, method: Method
) -> None:
    rows = schedule(10**12, rate, months, method, first)
    found = apr(10**12, [(row.due, row.amount_fen) for row in rows], paid_out=first)
    assert float(found) == pytest.approx((1 + float(rate) / 12) ** 12 - 1, abs=2e-8)
    assert float(nominal_rate(found)) == pytest.approx(float(rate), abs=2e-8)


@given(st.integers(10_000, 10**12), st.integers(1, 10**12), st.integers(1, 120), first_days)
def test_the_annual_rate_of_one_payment_has_a_closed_form(out: int, back: int, months: int, first: dt.date) -> None:
    exact = (back / out) ** (12 / months) - 1
    assume(-0.99 < exact < 1000)
    assert float(apr(out, [(add_months(first, months), back)], paid_out=first)) == pytest.approx(
        exact, rel=1e-8, abs=1e-9
    )


@given(terms(), st.integers(1, 100))
def test_fees_make_a_loan_dearer(loan: Terms, fee: int) -> None:
    assume(loan.principal_fen > 1_000_000)
    flows = make_plan(loan).cashflows()
    plain = apr(loan.principal_fen, flows, paid_out=loan.first_day)
    kept_back = loan.principal_fen * fee // 1000
    dearer = apr(loan.principal_fen - kept_back, flows, paid_out=loan.first_day)
    with_fee = apr(loan.principal_fen, [*flows, (flows[-1][0], kept_back)], paid_out=loan.first_day)
    assert plain < with_fee <= dearer or kept_back == 0


def test_cash_flows_that_no_single_rate_explains_are_refused() -> None:
    first = dt.date(2026, 1, 1)
    later = [dt.date(2027, 1, 1), dt.date(2028, 1, 1)]
    for flows in ([], [(later[0], -5)], [(later[0], 230), (later[1], -132)]):
        with pytest.raises(Refused, match=r"finance\.apr\.cashflows"):
            apr(100, flows, paid_out=first)
    with pytest.raises(Refused, match=r"finance\.apr\.early"):
        apr(100, [(dt.date(2025, 1, 1), 110)], paid_out=first)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("principal_fen", 0),
        ("annual_rate", Decimal(-1)),
        ("months", 0),
        ("months", 601),
        ("every", 13),
        ("interest_only", 12),
    ],
)
def test_terms_out_of_range_are_refused_by_name(name: str, value: object) -> None:
    good = {"principal_fen": 100, "annual_rate": Decimal("0.05"), "months": 12, "every": 1, "interest_only": 0}
    with pytest.raises(Refused, match=f"finance.loan.{name}"):
        Terms(**(good | {name: value}), method=Method.EQUAL_PRINCIPAL, first_day=dt.date(2026, 1, 1))  # type: ignore[arg-type]


@given(terms(), st.integers(0, 3000), st.fractions(0, 1), st.sampled_from(["term", "instalment"]))
def test_an_early_repayment_leaves_a_plan_for_exactly_the_rest(
    loan: Terms, days: int, share: Fraction, keep: str
) -> None:
    plan = make_plan(loan)
    on = loan.first_day + dt.timedelta(days=days)
    assume(on < plan.instalments[-1].due)
    left, interest = owed_on(plan, on)
    assume(left)
    part = max(1, int(left * share))
    early = repay_early(plan, on, principal_fen=part, fee_rate=Decimal("0.01"), keep=keep)  # type: ignore[arg-type]
    assert early.plan.principal_fen == left - part
    assert early.pay_fen == part + interest + early.fee_fen
    rest = [row for row in plan.instalments if row.due > on]
    assert len(early.plan.instalments) <= len(rest)
    paid_anyway = sum(row.interest_fen for row in rest)
    assert early.interest_fen + early.plan.interest_fen <= paid_anyway + len(rest)
    if early.plan.instalments and (keep == "term" or loan.method is Method.INTEREST_ONLY):
        assert [row.due for row in early.plan.instalments] == [row.due for row in rest]


def test_keeping_the_instalment_ends_the_loan_earlier() -> None:
    loan = Terms(120_000_00, Decimal("0.06"), 24, Method.EQUAL_INSTALMENTS, dt.date(2026, 1, 15))
    plan = make_plan(loan)
    shorter = repay_early(plan, dt.date(2026, 7, 15), principal_fen=40_000_00, keep="instalment")
    same = repay_early(plan, dt.date(2026, 7, 15), principal_fen=40_000_00, keep="term")
    assert shorter.interest_fen == 0
    assert len(shorter.plan.instalments) == 10
    assert shorter.plan.instalments[0].number == 7
    assert shorter.plan.instalments[0].amount_fen == plan.instalments[0].amount_fen
    assert len(same.plan.instalments) == 18
    assert shorter.plan.interest_fen < same.plan.interest_fen


def test_paying_all_back_in_the_middle_of_a_month_costs_the_days() -> None:
    loan = Terms(36_500_00, Decimal("0.1"), 12, Method.INTEREST_ONLY, dt.date(2026, 1, 1), DayCount.ACTUAL_365)
    early = repay_early(make_plan(loan), dt.date(2026, 2, 11), fee_rate=Decimal("0.02"))
    assert (early.principal_fen, early.interest_fen, early.fee_fen) == (36_500_00, 100_00, 730_00)
    assert early.plan.instalments == ()
    with pytest.raises(Refused, match=r"finance\.loan\.early"):
        repay_early(make_plan(loan), dt.date(2026, 2, 11), principal_fen=36_500_01)
    with pytest.raises(Refused, match=r"finance\.loan\.day"):
        repay_early(make_plan(loan), dt.date(2027, 2, 11))


def test_a_restructured_loan_carries_what_is_owed_on_new_terms() -> None:
    plan = make_plan(Terms(120_000_00, Decimal("0.06"), 12, Method.EQUAL_PRINCIPAL, dt.date(2026, 1, 15)))
    left, interest = owed_on(plan, dt.date(2026, 6, 25))
    new = restructure(
        plan, dt.date(2026, 6, 25), months=24, annual_rate=Decimal("0.048"), interest_only=6, arrears_fen=10_000_00
    )
    assert (left, interest) == (70_000_00, round(70_000_00 * 0.06 * 10 / 360))
    assert new.principal_fen == left + interest + 10_000_00
    assert all(row.principal_fen == 0 for row in new.instalments[:6])
    assert new.instalments[0].due == dt.date(2026, 7, 25)


payments = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60_000_00)), max_size=12)


@settings(deadline=None)
@given(payments, st.integers(0, 600), st.integers(0, 10))
def test_no_fen_of_a_payment_is_lost_or_invented(paid: list[tuple[int, int]], day: int, grace: int) -> None:
    first = dt.date(2026, 1, 15)
    rows = schedule(120_000_00, Decimal("0.06"), 12, Method.EQUAL_PRINCIPAL, first)
    as_of = first + dt.timedelta(days=day)
    came = [Payment(first + dt.timedelta(days=after), fen) for after, fen in paid]
    stand = settle(rows, came, as_of, late=LateCharge(Decimal("0.09"), grace_days=grace))
    used = sum(line.paid_principal_fen + line.paid_interest_fen + line.paid_late_fen for line in stand.lines)
    assert used + stand.surplus_fen == sum(payment.amount_fen for payment in came if payment.on <= as_of)
    assert all(line.open_principal_fen >= 0 and line.open_interest_fen >= 0 for line in stand.lines)
    assert all(line.open_late_fen >= 0 for line in stand.lines)
    owed = [line.open_fen for line in stand.due_lines]
    assert stand.surplus_fen == 0 or not any(owed)
    assert (stand.days_past_due > 0) == (stand.overdue_fen > 0)


def test_what_is_late_is_charged_from_the_due_day_and_paid_first() -> None:
    rows = schedule(100_000_00, Decimal("0.12"), 1, Method.INTEREST_ONLY, dt.date(2026, 1, 1))
    charge = LateCharge(Decimal("0.18"), grace_days=3)
    in_grace = settle(rows, [Payment(dt.date(2026, 2, 4), 101_000_00)], dt.date(2026, 12, 1), late=charge)
    assert in_grace.is_settled
    assert in_grace.lines[0].late_fen == 0
    late = settle(rows, [Payment(dt.date(2026, 2, 11), 101_000_00)], dt.date(2026, 2, 11), late=charge)
    assert late.lines[0].late_fen == round(101_000_00 * 0.18 * 10 / 360) == 505_00
    assert late.lines[0].paid_late_fen == 505_00
    assert late.overdue_fen == 505_00
    assert late.outstanding_fen == 505_00
    assert late.risk_class is RiskClass.SPECIAL_MENTION
    assert settle(rows, [], dt.date(2026, 2, 1)).days_past_due == 0


def test_money_that_comes_early_waits_for_its_day() -> None:
    rows = schedule(100_000_00, Decimal("0.12"), 2, Method.EQUAL_PRINCIPAL, dt.date(2026, 1, 1))
    paid = [Payment(dt.date(2026, 1, 5), 51_000_00)]
    assert settle(rows, paid, dt.date(2026, 1, 31)).surplus_fen == 51_000_00
    after = settle(rows, paid, dt.date(2026, 2, 1))
    assert after.surplus_fen == 0
    assert after.lines[0].settled_on == dt.date(2026, 2, 1)
    with pytest.raises(Refused, match=r"finance\.payment\.amount"):
        settle(rows, [Payment(dt.date(2026, 1, 5), 0)], dt.date(2026, 2, 1))


PAYER = Account("海峡银行", "3500001", "313391080015")
FIRM = Account("泉州鞋业 <一厂> & 公司", "6222020001", "102391050017")


def test_a_transfer_file_adds_up_and_keeps_its_names() -> None:
    from defusedxml.ElementTree import fromstring

    transfers = [Transfer(f"LOAN-{n}", FIRM, 100_00 + n, "放款") for n in range(3)]
    content = write_transfers(
        "MSG-1", dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC), PAYER, dt.date(2026, 3, 2), transfers
    )
    space = {"": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    root = fromstring(content)
    assert root.findtext("CstmrCdtTrfInitn/GrpHdr/CtrlSum", None, space) == "300.03"
    rows = root.findall("CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf", space)
    assert [row.findtext("PmtId/EndToEndId", None, space) for row in rows] == ["LOAN-0", "LOAN-1", "LOAN-2"]
    assert rows[0].findtext("Cdtr/Nm", None, space) == FIRM.name
    assert rows[1].findtext("Amt/InstdAmt", None, space) == "100.01"
    order = [child.tag.rpartition("}")[2] for child in root.find("CstmrCdtTrfInitn/PmtInf", space)]
    assert order[:9] == [
        "PmtInfId", "PmtMtd", "NbOfTxs", "CtrlSum", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt", "CdtTrfTxInf",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("transfers", "code"),
    [
        ([], "empty"),
        ([Transfer("A", FIRM, 5), Transfer("A", FIRM, 6)], "twice"),
        ([Transfer("A", FIRM, 0)], "amount"),
        ([Transfer("A" * 36, FIRM, 5)], "text"),
        ([Transfer("A\n", FIRM, 5)], "text"),
    ],
)
def test_transfers_that_cannot_be_meant_are_refused(transfers: list[Transfer], code: str) -> None:
    with pytest.raises(Refused, match=f"finance.pain.{code}"):
        write_transfers("M", dt.datetime(2026, 3, 2, tzinfo=dt.UTC), PAYER, dt.date(2026, 3, 2), transfers)


def notification(entries: str, version: str = "08") -> bytes:
    name = f"urn:iso:std:iso:20022:tech:xsd:camt.054.001.{version}"
    body = f"<BkToCstmrDbtCdtNtfctn><Ntfctn>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn>"
    return f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{name}">{body}</Document>'.encode()


def entry(
    amount: str, details: str = "", *, status: str = "<Cd>BOOK</Cd>", way: str = "CRDT", currency: str = "CNY"
) -> str:
    return (
        f'<Ntry><NtryRef>R1</NtryRef><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>'
        f"<Sts>{status}</Sts><BookgDt><Dt>2026-03-16</Dt></BookgDt><NtryDtls>{details}</NtryDtls></Ntry>"
    )


def part(amount: str, name: str) -> str:
    return (
        f"<TxDtls><Refs><EndToEndId>{name}</EndToEndId></Refs><Amt Ccy='CNY'>{amount}</Amt>"
        "<RmtInf><Ustrd>还款</Ustrd></RmtInf></TxDtls>"
    )


def test_booked_repayments_are_read_one_by_one() -> None:
    content = notification(
        entry("300.01", part("100", "L-1") + part("200.01", "L-2"))
        + entry("5", part("5", "L-3"), way="DBIT", status="BOOK")
        + entry("7", status="<Cd>PDNG</Cd>")
    )
    found = read_bookings(content)
    assert [(row.end_to_end, row.amount_fen) for row in found] == [("L-1", 10_000), ("L-2", 20_001), ("L-3", -500)]
    assert found[0].booked_on == dt.date(2026, 3, 16)
    assert found[0].about == "还款"


BOMB = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><Document>&b;</Document>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml",
        BOMB,
        b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><Document/>',
        b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.09'/>",
        notification(entry("300", part("100", "L-1") + part("100", "L-2"))),
        notification(entry("1", currency="USD")),
        notification(entry("1.005")),
        notification(entry("-1")),
        notification(entry("1", way="UP")),
        notification(entry("1").replace("2026-03-16", "16 March")),
    ],
)
def test_what_cannot_be_trusted_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match=r"finance\.camt\.unreadable"):
        read_bookings(content)
