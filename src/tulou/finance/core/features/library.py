"""The features of the house. To add one, declare it here; its test runs on both engines by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis

from tulou.finance.core.features.declared import FIRM, Expression, Feature, Months, Panel, Source, growth, ratio, total
from tulou.kernel.errors import Text

PANELS = (
    Panel("market_register", "firm", (), dates=("established_on",), texts=("industry_code",)),
    Panel("market_annual_report", "year", ("assets", "liabilities", "sales", "profit", "staff")),
    Panel("invoice_monthly", "month", ("out_total_amount", "in_total_amount", "top_five_share")),
    Panel("vat_return", "month", ("tax_payable_total_gen_m", "sales_rate_gen_m", "sales_export_gen_m")),
    Panel("iit_withholding", "month", ("wages_heads",)),
    Panel("tax_arrears", "event", ("balance",), dates=("due_on", "announced_on", "period_to")),
    Panel("tax_credit", "year", ("months_late", "paid_rate")),
    Panel("power_monthly", "month", ("total_energy", "energy_same_month", "charge_arrears")),
    Panel("social_insurance_monthly", "month", ("pension_heads", "pension_arrears")),
    Panel("employment_support", "year", ("stabilisation_amount", "insurance_subsidy_amount")),
    Panel("court_case", "event", (), dates=("filed_on",), texts=("party_role",)),
    Panel("court_enforcement", "event", ("target_amount",), dates=("accepted_on",)),
)
"""What features are made from; several features share one reading of a dataset."""

_QUARTER = Text(zh="近 3 个月", en="last 3 months")
_HALF = Text(zh="近 6 个月", en="last 6 months")
_YEAR = Text(zh="近 12 个月", en="last 12 months")
_TWO = Text(zh="近 3 个月与上年同期", en="last 3 months against the same a year before")
_BOTH = Text(zh="近 12 个月与此前 12 个月", en="last 12 months against the 12 before")
_ENDED = Text(zh="上一年度", en="the year that ended last")
_NOW = Text(zh="截至该日", en="as of the day")

_INVOICED = Source("invoice_monthly", "out_total_amount", "01-0044-0035")
_POWER = Source("power_monthly", "total_energy", "02-0002-0034")
_POWER_BEFORE = Source("power_monthly", "energy_same_month", "02-0002-0035")
_HEADS = Source("social_insurance_monthly", "pension_heads", "05-0002-0005")


def _best(parts: Iterable[Expression]) -> Expression:
    """Of tables of firm and value the value of the first table that has one."""
    ranked = [part.select(FIRM, value=part.value, place=ibis.literal(place)) for place, part in enumerate(parts)]
    known = ibis.union(*ranked)
    known = known.filter(known.value.notnull())
    order = ibis.window(group_by=known[FIRM], order_by=known.place)
    first = known.mutate(rank=ibis.row_number().over(order))
    return first.filter(first["rank"] == 0).select(FIRM, "value")


def _sales_growth(panels: Mapping[str, Expression], months: Months) -> Expression:
    """Sales against a year before, by invoices, else by what was declared for VAT."""
    invoices, returns = panels["invoice_monthly"], panels["vat_return"]
    returns = returns.mutate(sales=returns.sales_rate_gen_m + returns.sales_export_gen_m)
    pairs = ((invoices, invoices.out_total_amount), (returns, returns.sales))
    return _best(
        panel.group_by(FIRM).aggregate(
            value=growth(amount, months.last(panel.period, 3), months.last(panel.period, 3, back=12))
        )
        for panel, amount in pairs
    )


def _staff(panels: Mapping[str, Expression], months: Months) -> Expression:
    """Persons paid, as the tax office knows them, else those of the annual report, else those insured."""
    wages, report, insured = (
        panels[name] for name in ("iit_withholding", "market_annual_report", "social_insurance_monthly")
    )
    paid = wages.group_by(FIRM).aggregate(value=wages.wages_heads.max(where=months.last(wages.period, 3)))
    told = report.group_by(FIRM).aggregate(
        value=ibis.coalesce(
            report.staff.max(where=months.year(report.period)), report.staff.max(where=months.year(report.period, 2))
        )
    )
    others = insured.group_by(FIRM).aggregate(value=insured.pension_heads.max(where=months.last(insured.period, 3)))
    return _best(part.select(FIRM, value=part.value.cast("float64")) for part in (paid, told, others))


def _months(owed: Expression, where: Expression) -> Expression:
    """In how many months something was owed; unknown where there is no month on record."""
    months = (where & (owed > 0)).cast("int64").sum().cast("float64")
    return ibis.ifelse(owed.count(where=where) > 0, months, ibis.null("float64"))


def _latest_year(p: Expression, months: Months, above: Expression, below: Expression) -> Expression:
    """The ratio of the year that ended last, else of the one before it."""
    last, before = (months.year(p.period, back) for back in (1, 2))
    return ibis.coalesce(
        ratio(total(above, last), total(below, last)), ratio(total(above, before), total(below, before))
    )


def _spread(value: Expression, where: Expression) -> Expression:
    """The highest month less the lowest, in mean months."""
    width = value.max(where=where) - value.min(where=where)
    return ratio(width, total(value, where)) * value.count(where=where).cast("float64")


def _power_against_sector(panels: Mapping[str, Expression], months: Months) -> Expression:
    """The firm's electricity against a year before, in times of its division's (the firm itself is part of it)."""
    power, register = panels["power_monthly"], panels["market_register"]
    recent = power.filter(months.last(power.period, 3) & power.total_energy.notnull() & (power.energy_same_month > 0))
    firm = recent.group_by(FIRM).aggregate(
        now=total(recent.total_energy, recent.total_energy.notnull()),
        then=total(recent.energy_same_month, recent.energy_same_month.notnull()),
    )
    placed = register.select(firm_id=register[FIRM], division=register.industry_code.substr(0, 2))
    joined = firm.join(placed, firm[FIRM] == placed.firm_id).filter(ibis._.division != "")
    sector = joined.group_by("division").aggregate(
        sector_now=total(joined.now, joined.now.notnull()), sector_then=total(joined.then, joined.then.notnull())
    )
    sector = sector.select("sector_now", "sector_then", in_division=sector.division)
    both = joined.join(sector, joined.division == sector.in_division)
    return both.select(FIRM, value=ratio(both.now, both.then) / ratio(both.sector_now, both.sector_then).nullif(0))


def _owing_months(panels: Mapping[str, Expression], months: Months) -> Expression:
    """In how many months taxes, electricity or social insurance fell due and were not paid; no record, no month."""
    taxes, power, insurance = (panels[name] for name in ("tax_arrears", "power_monthly", "social_insurance_monthly"))
    owing = (taxes, power.filter(power.charge_arrears > 0), insurance.filter(insurance.pension_arrears > 0))
    parts = []
    for rows in owing:
        rows = rows.filter(months.last(rows.period, 6))
        parts.append(rows.select(FIRM, month=months.back(rows.period, 6)))
    both = ibis.union(*parts).distinct()
    return both.group_by(FIRM).aggregate(value=both.count().cast("float64"))


def _lost_months(p: Expression, months: Months) -> Expression:
    """How much of the last twelve months fell away against the same months a year before, in months."""
    share = ratio(p.total_energy, p.energy_same_month)
    lost = ibis.ifelse(share < 1, ibis.literal(1.0) - share, ibis.literal(0.0))
    return lost.sum(where=months.last(p.period, 12))


FEATURES = (
    Feature(
        "revenue_12m",
        Text(zh="开票金额", en="Invoiced sales"),
        "CNY",
        _YEAR,
        0,
        (_INVOICED,),
        "invoice_monthly",
        lambda p, m: total(p.out_total_amount, m.last(p.period, 12)).cast("float64"),
    ),
    Feature(
        "revenue_growth",
        Text(zh="销售额同比", en="Sales against a year before"),
        "1",
        _TWO,
        0,
        (
            _INVOICED,
            Source("vat_return", "sales_rate_gen_m", "01-0002-0006"),
            Source("vat_return", "sales_export_gen_m", "01-0002-0030"),
        ),
        "invoice_monthly",
        rows=_sales_growth,
        also=("vat_return",),
    ),
    Feature(
        "revenue_trend",
        Text(zh="近三月开票与全年之比", en="Sales of 3 months against 12"),
        "1",
        _YEAR,
        -1,
        (_INVOICED,),
        "invoice_monthly",
        lambda p, m: growth(p.out_total_amount, m.last(p.period, 3), m.last(p.period, 12)),
    ),
    Feature(
        "revenue_volatility",
        Text(zh="开票金额波动", en="Spread of monthly sales"),
        "1",
        _YEAR,
        0,
        (_INVOICED,),
        "invoice_monthly",
        lambda p, m: _spread(p.out_total_amount, m.last(p.period, 12)),
    ),
    Feature(
        "revenue_peak_share",
        Text(zh="旺季集中度", en="Share of the best month (season)"),
        "1",
        _YEAR,
        0,
        (_INVOICED,),
        "invoice_monthly",
        lambda p, m: ratio(
            p.out_total_amount.max(where=m.last(p.period, 12)), total(p.out_total_amount, m.last(p.period, 12))
        ),
    ),
    Feature(
        "customer_concentration",
        Text(zh="前五大客户销售占比", en="Share of the five largest customers"),
        "%",
        _QUARTER,
        1,
        (Source("invoice_monthly", "top_five_share", "01-0044-0045"),),
        "invoice_monthly",
        lambda p, m: ratio(
            total(p.top_five_share, m.last(p.period, 3)),
            p.top_five_share.count(where=m.last(p.period, 3)),
        ),
    ),
    Feature(
        "purchases_to_sales",
        Text(zh="进销比", en="Purchases in sales"),
        "1",
        _YEAR,
        0,
        (_INVOICED, Source("invoice_monthly", "in_total_amount", "01-0044-0038")),
        "invoice_monthly",
        lambda p, m: ratio(
            total(p.in_total_amount, m.last(p.period, 12)), total(p.out_total_amount, m.last(p.period, 12))
        ),
    ),
    Feature(
        "tax_growth",
        Text(zh="增值税应纳税额同比", en="VAT due against the year before"),
        "1",
        _BOTH,
        0,
        (Source("vat_return", "tax_payable_total_gen_m", "01-0002-0080"),),
        "vat_return",
        lambda p, m: growth(p.tax_payable_total_gen_m, m.last(p.period, 12), m.last(p.period, 12, back=12)),
    ),
    Feature(
        "tax_volatility",
        Text(zh="增值税应纳税额波动", en="Spread of monthly VAT due"),
        "1",
        _YEAR,
        0,
        (Source("vat_return", "tax_payable_total_gen_m", "01-0002-0080"),),
        "vat_return",
        lambda p, m: _spread(p.tax_payable_total_gen_m, m.last(p.period, 12)),
    ),
    Feature(
        "tax_arrears_12m",
        Text(zh="欠税次数", en="Times in tax arrears"),
        "{count}",
        _YEAR,
        1,
        (Source("tax_arrears", "due_on", "01-0041-0010"),),
        "tax_arrears",
        lambda p, m: m.within(p.period, 12).cast("int64").sum().cast("float64"),
        absent=0.0,
    ),
    Feature(
        "tax_months_late",
        Text(zh="逾期申报月数", en="Months of late tax returns"),
        "mo",
        _ENDED,
        1,
        (Source("tax_credit", "months_late", "01-0042-0013"),),
        "tax_credit",
        lambda p, m: p.months_late.max(where=m.year(p.period)).cast("float64"),
    ),
    Feature(
        "power_trend",
        Text(zh="用电量近三月与全年之比", en="Electricity of 3 months against 12"),
        "1",
        _YEAR,
        -1,
        (_POWER,),
        "power_monthly",
        lambda p, m: growth(p.total_energy, m.last(p.period, 3), m.last(p.period, 12)),
    ),
    Feature(
        "power_growth",
        Text(zh="用电量同比", en="Electricity against a year before"),
        "1",
        _TWO,
        0,
        (_POWER, _POWER_BEFORE),
        "power_monthly",
        lambda p, m: ratio(total(p.total_energy, m.last(p.period, 3)), total(p.energy_same_month, m.last(p.period, 3))),
    ),
    Feature(
        "power_against_sector",
        Text(zh="用电量同比相对本行业", en="Electricity against a year before, in times of the sector's"),
        "1",
        _TWO,
        0,
        (_POWER, _POWER_BEFORE, Source("market_register", "industry_code", "03-0001-0012")),
        "power_monthly",
        rows=_power_against_sector,
        also=("market_register",),
    ),
    Feature(
        "power_lowest_month",
        Text(zh="最低月用电量与月均之比", en="Electricity of the lowest month against the mean"),
        "1",
        _YEAR,
        0,
        (_POWER,),
        "power_monthly",
        lambda p, m: (
            ratio(p.total_energy.min(where=m.last(p.period, 12)), total(p.total_energy, m.last(p.period, 12)))
            * p.total_energy.count(where=m.last(p.period, 12)).cast("float64")
        ),
    ),
    Feature(
        "power_lost_months",
        Text(zh="用电量比上年同期少去的月数", en="Months of electricity lost against the year before"),
        "mo",
        _YEAR,
        1,
        (_POWER, _POWER_BEFORE),
        "power_monthly",
        _lost_months,
    ),
    Feature(
        "power_arrears_months",
        Text(zh="电费欠费月数", en="Months in arrears with electricity"),
        "mo",
        _HALF,
        1,
        (Source("power_monthly", "charge_arrears", "02-0002-0050"),),
        "power_monthly",
        lambda p, m: _months(p.charge_arrears, m.last(p.period, 6)),
    ),
    Feature(
        "insurance_arrears_months",
        Text(zh="社保欠缴月数", en="Months in arrears with social insurance"),
        "mo",
        _HALF,
        1,
        (Source("social_insurance_monthly", "pension_arrears", "05-0002-0011"),),
        "social_insurance_monthly",
        lambda p, m: _months(p.pension_arrears, m.last(p.period, 6)),
    ),
    Feature(
        "arrears_months",
        Text(zh="欠税欠费欠缴月数", en="Months in arrears with taxes, electricity or social insurance"),
        "mo",
        _HALF,
        1,
        (
            Source("tax_arrears", "due_on", "01-0041-0010"),
            Source("power_monthly", "charge_arrears", "02-0002-0050"),
            Source("social_insurance_monthly", "pension_arrears", "05-0002-0011"),
        ),
        "tax_arrears",
        rows=_owing_months,
        also=("power_monthly", "social_insurance_monthly"),
        absent=0.0,
    ),
    Feature(
        "staff",
        Text(zh="从业人数", en="Staff"),
        "{person}",
        _QUARTER,
        -1,
        (
            Source("iit_withholding", "wages_heads", "01-0030-0004"),
            Source("market_annual_report", "staff", "03-0004-0013"),
            _HEADS,
        ),
        "iit_withholding",
        rows=_staff,
        also=("market_annual_report", "social_insurance_monthly"),
    ),
    Feature(
        "insured_staff",
        Text(zh="参保人数", en="Insured staff"),
        "{person}",
        _QUARTER,
        -1,
        (_HEADS,),
        "social_insurance_monthly",
        lambda p, m: p.pension_heads.max(where=m.last(p.period, 3)).cast("float64"),
    ),
    Feature(
        "insured_staff_growth",
        Text(zh="参保人数同比", en="Insured staff against a year before"),
        "1",
        _TWO,
        0,
        (_HEADS,),
        "social_insurance_monthly",
        lambda p, m: growth(p.pension_heads, m.last(p.period, 3), m.last(p.period, 3, back=12)),
    ),
    Feature(
        "leverage",
        Text(zh="资产负债率", en="Debts in assets"),
        "1",
        _ENDED,
        1,
        (
            Source("market_annual_report", "liabilities", "03-0004-0023"),
            Source("market_annual_report", "assets", "03-0004-0022"),
        ),
        "market_annual_report",
        lambda p, m: _latest_year(p, m, p.liabilities, p.assets),
    ),
    Feature(
        "profit_margin",
        Text(zh="利润率", en="Profit in sales"),
        "1",
        _ENDED,
        -1,
        (
            Source("market_annual_report", "profit", "03-0004-0027"),
            Source("market_annual_report", "sales", "03-0004-0025"),
        ),
        "market_annual_report",
        lambda p, m: _latest_year(p, m, p.profit, p.sales),
    ),
    Feature(
        "age_years",
        Text(zh="成立年数", en="Age of the firm"),
        "a",
        _NOW,
        -1,
        (Source("market_register", "established_on", "03-0001-0010"),),
        "market_register",
        lambda p, m: ibis.literal(m.as_of).delta(p.period.max(), unit="day").cast("float64") / ibis.literal(365.25),
    ),
    Feature(
        "sued_12m",
        Text(zh="被诉案件数", en="Cases in which it was sued"),
        "{count}",
        _YEAR,
        1,
        (
            Source("court_case", "filed_on", "07-0001-0013"),
            Source("court_case", "party_role", "07-0001-0011"),
        ),
        "court_case",
        lambda p, m: (m.within(p.period, 12) & (p.party_role == "2")).cast("int64").sum().cast("float64"),
        absent=0.0,
    ),
    Feature(
        "enforced_12m",
        Text(zh="被执行案件数", en="Cases of enforcement against it"),
        "{count}",
        _YEAR,
        1,
        (Source("court_enforcement", "accepted_on", "07-0002-0009"),),
        "court_enforcement",
        lambda p, m: m.within(p.period, 12).cast("int64").sum().cast("float64"),
        absent=0.0,
    ),
    Feature(
        "subsidies",
        Text(zh="稳岗和社保补贴", en="Subsidies for staff kept and insured"),
        "CNY",
        _ENDED,
        0,
        (
            Source("employment_support", "stabilisation_amount", "05-0006-0004"),
            Source("employment_support", "insurance_subsidy_amount", "05-0006-0013"),
        ),
        "employment_support",
        lambda p, m: (
            total(p.stabilisation_amount, m.year(p.period)).fill_null(0).cast("float64")
            + total(p.insurance_subsidy_amount, m.year(p.period)).fill_null(0).cast("float64")
        ),
        absent=0.0,
    ),
)


def feature(name: str) -> Feature:
    """The feature of that name. Raises KeyError where there is none."""
    return {each.name: each for each in FEATURES}[name]
