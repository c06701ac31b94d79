"""What happened on the market of the demonstration: each firm stands at another station of the trip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

from tulou.finance.core.market.cost import fee_of
from tulou.finance.demo.people import Bank, Players
from tulou.finance.models import Application, Contract, Need, Offer, ProductVersion
from tulou.finance.queries.shelf import on_shelf
from tulou.finance.services.contracts import confirm_contract, disburse
from tulou.finance.services.desk import object_to_refusal, refuse_application, take_application, write_note
from tulou.finance.services.needs import Invoice, ask_banks, state_need, withdraw_need
from tulou.finance.services.offers import OfferTerms, accept_offer, approve_offer, propose_offer
from tulou.finance.services.repayment import (
    age_loans,
    decide_write_off,
    lines_of,
    propose_plan,
    propose_write_off,
    record_payment,
)
from tulou.finance.services.scoring import score_application
from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.actor import Actor

WAN = 10**6
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


class Director:
    """Plays scenes at their moments. `ago` is how many days before today a scene begins."""

    def __init__(self, players: Players) -> None:
        self.players = players
        self.now = clock.now()
        self.products = {version.name_en: version for version in on_shelf()}
        self.count = 0

    def bank_of(self, version: ProductVersion) -> Bank:
        """The bank of a product."""
        return next(bank for bank in self.players.banks if bank.row.pk == version.product.bank_id)

    def need(
        self, who: Actor, ago: float, wan: int, months: int, purpose: str, text: str, *,
        collateral: str = "none", invoices: Sequence[Invoice] = (),
    ) -> Need:  # fmt: skip
        """A firm states a need."""
        self.count += 1
        with clock.at(self.now - ago * DAY):
            return state_need(
                who, request_id=f"demo-{self.count}", amount_fen=wan * WAN, months=months, purpose=purpose,
                purpose_text=text, collateral=collateral, needed_by=clock.today() + 25 * DAY, invoices=invoices,
            )  # fmt: skip

    def ask(self, who: Actor, need: Need, ago: float, *names: str) -> list[Application]:
        """It chooses products and opens its data."""
        with clock.at(self.now - ago * DAY):
            chosen = [self.products[name] for name in names]
            return ask_banks(who, need, {version: version.datasets for version in chosen})

    def take(self, application: Application, ago: float, note: str = "") -> Bank:
        """An officer takes it on."""
        bank = self.bank_of(application.product)
        with clock.at(self.now - ago * DAY):
            take_application(bank.officer, application)
            with suppress(Refused):
                score_application(bank.officer, application)
            if note:
                write_note(bank.officer, application, note)
        return bank

    def offer(
        self, application: Application, ago: float, rate: str, *, wan: int | None = None, approve: bool = True,
        conditions: str = "",
    ) -> Offer:  # fmt: skip
        """The bank works an offer out; another person binds it."""
        bank = self.take(application, ago, "开票和用电平稳，客户集中度可接受。")
        product, need = application.product, application.need
        amount = wan * WAN if wan else min(need.amount_fen, product.max_fen)
        terms = OfferTerms(
            amount_fen=amount, months=need.months, annual_rate=Decimal(rate), method=product.methods[0],
            fee_fen=fee_of(amount, product.fee_rate), collateral=need.collateral, conditions=conditions, valid_days=15,
        )  # fmt: skip
        with clock.at(self.now - ago * DAY + 3 * HOUR):
            offer = propose_offer(bank.officer, application, terms)
        if approve:
            with clock.at(self.now - ago * DAY + 5 * HOUR):
                approve_offer(bank.manager, offer)
        return offer

    def accept(self, who: Actor, offer: Offer, ago: float) -> Contract:
        """The firm accepts."""
        with clock.at(self.now - ago * DAY):
            return accept_offer(who, offer)

    def loan(
        self, who: Actor, ago: int, wan: int, months: int, purpose: str, text: str, name: str, rate: str
    ) -> Contract:
        """The whole way to the money, in a week."""
        product = self.products[name]
        need = self.need(who, ago, wan, months, purpose, text, collateral=product.collaterals[0])
        offer = self.offer(self.ask(who, need, ago - 0.1, name)[0], ago - 1, rate)
        contract = self.accept(who, offer, ago - 2)
        with clock.at(self.now - (ago - 2) * DAY + HOUR):
            confirm_contract(who, contract)
        with clock.at(self.now - (ago - 3) * DAY):
            reference = f"PAY{contract.number[-8:]}"
            disburse(self.bank_of(product).officer, contract, paid_out=clock.today(), reference=reference)
        return Contract.objects.get(pk=contract.pk)

    def pay(self, contract: Contract, *, most: int | None = None, late: int = 0) -> None:
        """Pay what has fallen due (at most so many instalments), on the day or some days late."""
        officer = next(bank.officer for bank in self.players.banks if bank.row.pk == contract.bank_id)
        today = self.now.astimezone(clock.SHANGHAI).date()
        for line in lines_of(contract)[:most]:
            day = line.due + late * DAY
            if day > today:
                return
            with clock.at(dt.datetime.combine(day, dt.time(15), clock.SHANGHAI)):
                request = f"{contract.number}-{line.number}"
                record_payment(officer, contract, request_id=request, amount_fen=line.total_fen, paid_on=day)


def play(players: Players) -> None:
    """All scenes, in the order of time where one needs another."""
    director = Director(players)
    _owner(director)
    _others(director)
    with clock.at(director.now):
        age_loans()


def _owner(d: Director) -> None:
    """The demo's firm: one loan repaid, one running, one need with offers to compare, one just stated."""
    who = d.players.owner
    d.pay(d.loan(who, 400, 50, 12, "materials", "复工后采购原材料", "Minjiang Quick Loan", "0.0435"))
    d.pay(d.loan(who, 160, 80, 24, "equipment", "更新两台数控机床", "Haixia Equipment Loan", "0.0410"))
    taken_back = d.need(who, 90, 30, 6, "wages", "发放工资")
    d.ask(who, taken_back, 89.9, "Haixia Tax Loan")
    with clock.at(d.now - 88 * DAY):
        withdraw_need(who, taken_back)
    need = d.need(who, 2.5, 120, 12, "working_capital", "三季度订单备货，预计十月回款")
    asked = d.ask(who, need, 2.4, "Haixia Tax Loan", "Minjiang Quick Loan", "Wuyi Technology Loan")
    d.offer(asked[0], 1.5, "0.0420", wan=120)
    d.offer(asked[1], 1, "0.0398", wan=100, conditions="放款前补充一份主要客户合同")
    bank = d.take(asked[2], 1.2)
    with clock.at(d.now - 0.8 * DAY):
        refuse_application(
            bank.officer, asked[2], codes=["industry_limit", "capacity"], text="本产品优先支持研发投入。"
        )
    d.need(who, 0.2, 260, 36, "expansion", "扩建仓库")


def _others(d: Director) -> None:
    """Other firms: new, under review, to be approved, cooling off, to be paid out, late, restructured, written off."""
    firms = d.players.others
    quick, tax, guarantee = "Minjiang Quick Loan", "Haixia Tax Loan", "Wuyi Guaranteed Loan"
    scenes = [_new, _reviewed, _to_approve, _cooling_off, _to_pay_out, _late, _new_plan, _written_off, _objected]
    for number, scene in enumerate(scenes):
        if firms:
            scene(d, firms[number % len(firms)], (quick, tax, guarantee))


def _new(d: Director, who: Actor, names: tuple[str, str, str]) -> None:
    need = d.need(who, 0.5, 60, 12, "materials", "采购棉纱")
    d.ask(who, need, 0.4, names[0], names[1])
    invoice = Invoice("35001900-0482", "福州船舶配件有限公司", clock.today() - 20 * DAY, 48 * WAN)
    borrowed = d.need(who, 0.3, 40, 3, "receivables", "发票融资", collateral="invoices", invoices=[invoice])
    d.ask(who, borrowed, 0.2, "Minjiang Invoice Finance")


def _reviewed(d: Director, who: Actor, names: tuple[str, str, str]) -> None:
    need = d.need(who, 2.2, 35, 12, "wages", "节前工资")
    for application in d.ask(who, need, 2.1, names[1], names[2]):
        d.take(application, 1.6, "已查看授权数据，等待补充订单。")


def _to_approve(d: Director, who: Actor, names: tuple[str, str, str]) -> None:
    need = d.need(who, 1.8, 45, 18, "working_capital", "夏季备货")
    d.offer(d.ask(who, need, 1.7, names[1])[0], 0.9, "0.0455", approve=False)


def _cooling_off(d: Director, who: Actor, names: tuple[str, str, str]) -> None:
    need = d.need(who, 4, 70, 24, "research", "新产品试制")
    d.accept(who, d.offer(d.ask(who, need, 3.9, names[1])[0], 2, "0.0440"), 0.6)


def _to_pay_out(d: Director, who: Actor, names: tuple[str, str, str]) -> None:
    need = d.need(who, 6, 90, 12, "materials", "采购钢材")
    contract = d.accept(who, d.offer(d.ask(who, need, 5.9, names[1])[0], 4, "0.0430"), 2)
    with clock.at(d.now - 1 * DAY):
        confirm_contract(who, contract)


def _late(d: Director, who: Actor, names: tuple[str, str, str]) -> None:
    d.pay(d.loan(who, 260, 40, 12, "working_capital", "周转", names[1], "0.0480"), most=6)


def _new_plan(d: Director, who: Actor, names: tuple[str, str, str]) -> None:
    contract = d.loan(who, 230, 65, 12, "working_capital", "周转", names[1], "0.0495")
    d.pay(contract, most=5, late=4)
    with clock.at(d.now - 3 * DAY):
        age_loans()
        contract.refresh_from_db()
        officer = d.players.banks[0].officer
        propose_plan(officer, contract, months=18, method="equal_instalments", reason="订单延期，申请延长还款期")


def _written_off(d: Director, who: Actor, names: tuple[str, str, str]) -> None:
    contract = d.loan(who, 500, 25, 12, "working_capital", "周转", names[1], "0.0560")
    d.pay(contract, most=3)
    bank = d.players.banks[0]
    with clock.at(d.now - 30 * DAY):
        age_loans()
        contract.refresh_from_db()
        propose_write_off(bank.officer, contract, reason="企业已停止经营，无可执行财产")
        decide_write_off(bank.manager, contract, agree=True)


def _objected(d: Director, who: Actor, names: tuple[str, str, str]) -> None:
    need = d.need(who, 8, 55, 12, "expansion", "开设门店")
    for application in d.ask(who, need, 7.9, names[1], names[2]):
        bank = d.take(application, 7)
        with clock.at(d.now - 6 * DAY):
            refuse_application(bank.officer, application, codes=["turnover_falling", "debt_heavy"])
        with clock.at(d.now - 5 * DAY):
            object_to_refusal(who, application, text="去年三季度因搬迁停产，今年已恢复，请复核。")
