"""The shelf of the demonstration: made-up products of three made-up banks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from tulou.finance.demo.people import Players
from tulou.finance.services.products import ProductTerms, publish_product
from tulou.platform import clock

WAN = 10**6
LEVEL, EVEN, END = "equal_instalments", "equal_principal", "interest_only"
CORE = ("market_register", "tax_credit", "invoice_monthly")

IN_FUJIAN: dict[str, Any] = {"op": "in", "attr": "region", "include": ["350000"]}
CLEAN: dict[str, Any] = {"op": "is", "attr": "dishonest", "value": False}
NO_ARREARS: dict[str, Any] = {"op": "is", "attr": "tax_arrears", "value": False}


def grade(*grades: str) -> dict[str, Any]:
    """A tax credit grade of these."""
    return {"op": "in", "attr": "tax_credit", "include": list(grades)}


def years(least: int) -> dict[str, Any]:
    """In business for so many years."""
    return {"op": "age", "attr": "registered_on", "unit": "years", "ge": least}


def revenue(least: int) -> dict[str, Any]:
    """Revenue of so much a year, in yuan."""
    return {"op": "range", "attr": "revenue", "ge": least}


def every(*rows: dict[str, Any]) -> dict[str, Any]:
    """All of these."""
    return {"all": list(rows)}


PRODUCTS: tuple[tuple[int, ProductTerms], ...] = (
    (0, ProductTerms(
        kind="tax", name_zh="海峡税易贷", name_en="Haixia Tax Loan",
        summary_zh="凭纳税记录申请的信用贷款，线上审批。", summary_en="On your tax record, without collateral.",
        min_fen=5 * WAN, max_fen=300 * WAN, min_months=3, max_months=24,
        rate_from=Decimal("0.0385"), rate_to=Decimal("0.0585"), methods=(LEVEL, END),
        collaterals=("none",), datasets=(*CORE, "tax_payment", "tax_arrears"),
        documents=({"zh": "营业执照", "en": "Business licence"}, {"zh": "法定代表人身份证", "en": "Identity card"}),
        rule=every(IN_FUJIAN, grade("A", "B", "M"), years(2), revenue(300_000), NO_ARREARS, CLEAN),
        answer_days=3, cooling_off_days=3)),
    (0, ProductTerms(
        kind="equipment", name_zh="海峡设备更新贷", name_en="Haixia Equipment Loan",
        summary_zh="支持企业购置、更新生产设备。", summary_en="For new machines, paid back while they work.",
        min_fen=20 * WAN, max_fen=2000 * WAN, min_months=12, max_months=60,
        rate_from=Decimal("0.0360"), rate_to=Decimal("0.0520"), fee_rate=Decimal("0.002"), methods=(EVEN, LEVEL),
        collaterals=("equipment", "real_estate", "guarantee"), purposes=("equipment", "renovation", "expansion"),
        datasets=(*CORE, "power_monthly", "balance_sheet_small"),
        documents=({"zh": "设备采购合同", "en": "Contract of purchase"},),
        rule=every(IN_FUJIAN, years(1), grade("A", "B", "M", "C"), CLEAN), answer_days=7, cooling_off_days=5)),
    (1, ProductTerms(
        kind="credit", name_zh="闽江小微快贷", name_en="Minjiang Quick Loan",
        summary_zh="小微企业流动资金，随用随还。", summary_en="Working capital for small firms.",
        min_fen=2 * WAN, max_fen=200 * WAN, min_months=1, max_months=36,
        rate_from=Decimal("0.0365"), rate_to=Decimal("0.0690"), methods=(LEVEL, EVEN, END),
        collaterals=("none", "guarantee"), datasets=(*CORE, "power_monthly", "social_insurance_monthly"),
        documents=({"zh": "营业执照", "en": "Business licence"},),
        rule=every(IN_FUJIAN, years(1), {"op": "range", "attr": "headcount", "le": 300}, CLEAN),
        answer_days=2, cooling_off_days=2)),
    (1, ProductTerms(
        kind="invoice", name_zh="闽江票融通", name_en="Minjiang Invoice Finance",
        summary_zh="以已开具发票的应收账款融资。", summary_en="Cash today for an invoice that falls due later.",
        min_fen=1 * WAN, max_fen=500 * WAN, min_months=1, max_months=12,
        rate_from=Decimal("0.0420"), rate_to=Decimal("0.0650"), fee_rate=Decimal("0.003"), methods=(END, LEVEL),
        collaterals=("invoices", "receivables"), purposes=("receivables", "working_capital", "materials"),
        datasets=CORE, documents=({"zh": "发票和贸易合同", "en": "Invoice and contract"},),
        rule=every(IN_FUJIAN, CLEAN, NO_ARREARS), answer_days=2, cooling_off_days=0)),
    (2, ProductTerms(
        kind="technology", name_zh="武夷科创贷", name_en="Wuyi Technology Loan",
        summary_zh="面向科技型企业，支持研发和技术改造。", summary_en="For research and technical renewal.",
        min_fen=10 * WAN, max_fen=1000 * WAN, min_months=6, max_months=36,
        rate_from=Decimal("0.0345"), rate_to=Decimal("0.0500"), methods=(END, LEVEL),
        collaterals=("none", "ip", "guarantee"), datasets=(*CORE, "patent", "rd_spending_year"),
        documents=({"zh": "专利证书或高新证书", "en": "Patents or high-tech certificate"},),
        rule=every(IN_FUJIAN, years(2), grade("A", "B", "M"), revenue(1_000_000), CLEAN),
        answer_days=5, cooling_off_days=3)),
    (2, ProductTerms(
        kind="mortgage", name_zh="武夷厂房抵押贷", name_en="Wuyi Plant Mortgage",
        summary_zh="以厂房、商铺抵押，额度高、期限长。", summary_en="On land and buildings: large, long, cheap.",
        min_fen=50 * WAN, max_fen=5000 * WAN, min_months=12, max_months=120,
        rate_from=Decimal("0.0330"), rate_to=Decimal("0.0465"), fee_rate=Decimal("0.001"), methods=(LEVEL, EVEN),
        collaterals=("real_estate",), datasets=(*CORE, "land_right", "land_mortgage"),
        documents=({"zh": "不动产权证", "en": "Title deed"}, {"zh": "评估报告", "en": "Valuation"}),
        rule=every(IN_FUJIAN, years(1), CLEAN), answer_days=10, cooling_off_days=5)),
    (2, ProductTerms(
        kind="guarantee", name_zh="武夷政策担保贷", name_en="Wuyi Guaranteed Loan",
        summary_zh="由政府性融资担保机构分担风险，适合首贷企业。", summary_en="With a public guarantee.",
        min_fen=5 * WAN, max_fen=500 * WAN, min_months=6, max_months=36,
        rate_from=Decimal("0.0375"), rate_to=Decimal("0.0475"), fee_rate=Decimal("0.005"), methods=(LEVEL, EVEN),
        collaterals=("guarantee", "none"), datasets=(*CORE, "social_insurance_monthly"),
        documents=({"zh": "担保意向函", "en": "Letter of the guarantor"},),
        rule=every(IN_FUJIAN, CLEAN, {"op": "range", "attr": "headcount", "le": 500}),
        answer_days=5, cooling_off_days=3)),
)  # fmt: skip


def publish_all(players: Players) -> None:
    """Put the products on the shelf, two years ago."""
    with clock.at(clock.now() - dt.timedelta(days=730)):
        for bank, terms in PRODUCTS:
            publish_product(players.banks[bank].manager, terms)
