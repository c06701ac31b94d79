"""A market for tests: two banks with two people each, a department that opened its register, a firm with an owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tulou.finance.models import Application, Contract, Need, Offer, ProductVersion
from tulou.finance.services.contracts import confirm_contract, disburse
from tulou.finance.services.desk import take_application
from tulou.finance.services.needs import ask_banks, state_need
from tulou.finance.services.offers import OfferTerms, accept_offer, approve_offer, propose_offer
from tulou.finance.services.products import ProductTerms, publish_product
from tulou.platform import clock
from tulou.pool.services.access import install_purposes, open_items
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

NOW = dt.datetime(2021, 7, 1, 2, tzinfo=dt.UTC)
DATASET = "market_register"
MILLION = 100_000_000

TERMS = ProductTerms(
    kind="credit",
    name_zh="测试贷",
    name_en="Test loan",
    summary_zh="用于测试",
    summary_en="for tests",
    min_fen=10_000_00,
    max_fen=3 * MILLION,
    min_months=3,
    max_months=36,
    rate_from=Decimal("0.04"),
    rate_to=Decimal("0.08"),
    fee_rate=Decimal("0.01"),
    methods=("equal_instalments", "interest_only"),
    collaterals=("none", "invoices"),
    datasets=(DATASET,),
)


@dataclass
class Bank:
    """A bank with an officer and a manager, and one product."""

    row: Organisation
    officer: Any
    manager: Any
    product: ProductVersion


@dataclass
class Market:
    """Everybody, and the trip in one call a step."""

    firm: Organisation
    owner: Any
    banks: list[Bank]
    count: Any = field(default_factory=lambda: iter(range(1, 1000)))

    def need(self, **changes: Any) -> Need:
        wanted: dict[str, Any] = {
            "request_id": f"r{next(self.count)}",
            "amount_fen": MILLION,
            "months": 12,
            "purpose": "materials",
            "needed_by": clock.today() + dt.timedelta(days=20),
        }
        return state_need(self.owner.actor, **{**wanted, **changes})

    def asked(self, need: Need | None = None) -> list[Application]:
        need = need or self.need()
        return ask_banks(self.owner.actor, need, {bank.product: bank.product.datasets for bank in self.banks})

    def offered(self, application: Application, **changes: Any) -> Offer:
        bank = next(b for b in self.banks if b.row.pk == application.bank_id)
        take_application(bank.officer.actor, application)
        wanted = {"amount_fen": MILLION, "months": 12, "annual_rate": Decimal("0.05"), "method": "equal_instalments"}
        offer = propose_offer(bank.officer.actor, application, OfferTerms(**{**wanted, **changes}))
        approve_offer(bank.manager.actor, offer)
        return offer

    def contract(self) -> Contract:
        return accept_offer(self.owner.actor, self.offered(self.asked()[0]))

    def running(self) -> Contract:
        made = self.contract()
        confirm_contract(self.owner.actor, made)
        disburse(self.banks[0].officer.actor, made, paid_out=clock.today(), reference="PAY-1")
        return Contract.objects.get(pk=made.pk)


def make_market(
    courtyard: Callable[..., list[str]], organisation: Callable[..., Organisation], enter: Callable[..., Any]
) -> Market:
    """Set the market up."""
    install_purposes()
    firm = organisation(Kind.ENTERPRISE)
    courtyard([firm], DATASET)
    department = enter(Role.DEPARTMENT_OFFICER, organisation(Kind.DEPARTMENT, code="MARKET"))
    open_items(department.actor, department="market", dataset=DATASET, reader_kind="bank")
    banks = []
    for _ in range(2):
        row = organisation(Kind.BANK)
        manager = enter(Role.BANK_MANAGER, row)
        product = publish_product(manager.actor, TERMS)
        banks.append(Bank(row, enter(Role.BANK_OFFICER, row), manager, product))
    return Market(firm, enter(Role.ENTERPRISE_LEGAL, firm), banks)
