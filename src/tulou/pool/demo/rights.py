"""What the departments have opened in the demonstration, to banks and to each other."""

from __future__ import annotations

from tulou.pool.demo.people import Cast
from tulou.pool.services.access import open_items

TO_BANKS = {
    "tax": "tax_registration tax_credit vat_return vat_return_small income_statement income_statement_small "
    "balance_sheet balance_sheet_small tax_payment tax_arrears invoice_monthly",
    "power": "power_customer power_monthly power_event",
    "market": "market_register market_change market_shareholder market_licence market_penalty market_pledge",
    "customs": "customs_registration customs_monthly",
    "hrss": "social_insurance_unit social_insurance_monthly",
    "housing_fund": "housing_fund_monthly",
    "courts": "court_case court_enforcement court_preservation",
    "environment": "environment_event",
    "science": "high_tech_certificate",
    "commerce": "ecommerce_monthly",
    "telecoms": "telecom_monthly",
    "water": "water_monthly",
    "land": "land_right land_mortgage",
    "transport": "transport_monthly",
    "ip": "patent trademark",
    "industry": "industry_enterprise",
}
TO_DEPARTMENTS = {
    "tax": "tax_credit",
    "market": "market_register market_penalty",
    "science": "high_tech_certificate",
    "environment": "environment_event",
    "industry": "industry_enterprise",
}


def open_rights(cast: Cast) -> None:
    """Open the datasets above, each by an officer of the department that owns it."""
    for reader_kind, opened in (("bank", TO_BANKS), ("department", TO_DEPARTMENTS)):
        for department, datasets in opened.items():
            for dataset in datasets.split():
                open_items(cast.officers[department], department=department, dataset=dataset, reader_kind=reader_kind)
