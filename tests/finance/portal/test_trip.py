"""The whole trip over HTTP: a need, banks, consent, offers side by side, one accepted, the money, the schedule."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from tests.finance.portal.stage import MILLION, NOW, Market

from tulou.finance.models import Application, Contract, Instalment, Need, Offer, Outcome
from tulou.finance.services.repayment import age_loans
from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.audit.models import AuditEvent
from tulou.pool.models import Consent
from tulou.registry.roles import Role

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    return answer.content.decode()


def test_the_whole_trip_from_a_need_to_a_repaid_loan(market: Market, enter: Any) -> None:
    owner, (first, second) = market.owner, market.banks
    form = {"amount": "100", "months": "12", "purpose": "materials", "collateral": "none", "needed_by": "2021-07-20"}
    answer = owner.post("/finance/needs/new/", form)
    need = Need.objects.get()
    assert answer.headers["Location"] == f"/finance/needs/{need.public_id}/banks/"
    page = text(owner.get(f"/finance/needs/{need.public_id}/banks/"))
    assert page.count("Conditions met") == 2
    chosen = {"product": [b.product.product.public_id for b in market.banks]}
    chosen |= {f"data-{b.product.product.public_id}": b.product.datasets for b in market.banks}
    owner.post(f"/finance/needs/{need.public_id}/banks/", chosen)
    assert Consent.objects.filter(state="active", purpose__code="LOAN_APPLY").count() == 2
    for bank, rate in ((first, "5"), (second, "4.5")):
        application = Application.objects.get(bank=bank.row)
        assert market.firm.name_en in text(bank.officer.get("/finance/desk/"))
        path = f"/finance/desk/{application.public_id}/"
        bank.officer.post(f"{path}take/")
        profile = bank.officer.get(f"/pool/consents/{application.consent.public_id}/profile/")
        assert f"{market.firm.code}-" in text(profile)
        offered = {"amount": "100", "months": "12", "annual_rate": rate, "method": "equal_instalments", "fee": "0",
                   "collateral": "none", "valid_days": "10", "conditions": ""}  # fmt: skip
        assert bank.officer.post(f"{path}offer/", offered).status_code == 302
        offer = Offer.objects.get(bank=bank.row)
        assert bank.officer.post(f"/finance/desk/offers/{offer.public_id}/approve/").status_code == 403
        bank.manager.post(f"/finance/desk/offers/{offer.public_id}/approve/")
    page = text(owner.get(f"/finance/needs/{need.public_id}/"))
    assert "2 binding offers" in page
    best = Offer.objects.get(bank=second.row)
    assert owner.post(f"/finance/offers/{best.public_id}/accept/").status_code == 302
    contract = Contract.objects.get()
    assert contract.terms_sha256 == best.terms_sha256
    assert Application.objects.get(bank=first.row).state == "lost"
    assert Consent.objects.get(reader=first.row).state == "revoked"
    owner.post(f"/finance/contracts/{contract.public_id}/firm/confirm/")
    paid = {"paid_out": "2021-07-01", "reference": "PAY-1"}
    assert second.officer.post(f"/finance/contracts/{contract.public_id}/bank/disburse/", paid).status_code == 302
    lines = Instalment.objects.filter(contract=contract)
    assert sum(line.principal_fen for line in lines) == MILLION
    with clock.at(NOW + dt.timedelta(days=366)):
        officer, owner = enter(Role.BANK_OFFICER, second.row), enter(Role.ENTERPRISE_LEGAL, market.firm)
        for number, line in enumerate(lines):
            sent = {"amount": f"{line.total_fen / 100:.2f}", "paid_on": line.due.isoformat(), "request_id": str(number)}
            answer = officer.post(f"/finance/contracts/{contract.public_id}/bank/payment/", sent)
            assert answer.headers["Location"] == f"/finance/contracts/{contract.public_id}/"
        contract.refresh_from_db()
        assert contract.state == "repaid"
        assert Outcome.objects.filter(contract=contract, bad=False).count() == 1
        assert "Repaid" in text(owner.get("/finance/loans/"))
    need.refresh_from_db()
    assert need.state == "financed"
    told = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"finance.need.stated", "finance.application.sent", "finance.offer.approved", "finance.offer.accepted",
            "finance.contract.made", "finance.contract.disbursed", "finance.payment.received"} <= told  # fmt: skip


def test_the_desk_shows_what_was_opened_through_the_gate_and_counts_it_once_an_hour(market: Market) -> None:
    application, officer = market.asked()[0], market.banks[0].officer
    path = f"/finance/desk/{application.public_id}/profile/"
    pages = [officer.get(path) for _ in range(3)]
    assert [page.status_code for page in pages] == [200] * 3
    assert "headcount" in text(pages[0])
    assert application.consent is not None
    assert application.consent.decisions.filter(counted=True).count() == 1
    market.owner.post(f"/pool/consents/{application.consent.public_id}/revoke/")
    denied = officer.get(path)
    assert denied.status_code == 403
    assert "42" not in text(denied).split("Nothing can be read")[1]


def test_the_same_request_is_the_same_need(market: Market) -> None:
    first = market.need(request_id="same")
    assert market.need(request_id="same") == first
    assert Need.objects.count() == 1


def test_an_offer_is_bound_by_another_manager_only_and_its_terms_never_change(market: Market) -> None:
    from tulou.finance.services.desk import take_application
    from tulou.finance.services.offers import OfferTerms, approve_offer, propose_offer

    application, bank = market.asked()[0], market.banks[0]
    take_application(bank.manager.actor, application)
    terms = OfferTerms(amount_fen=MILLION, months=12, annual_rate=Decimal("0.05"), method="equal_instalments")
    offer = propose_offer(bank.manager.actor, application, terms)
    with pytest.raises(Refused, match=r"finance\.four_eyes"):
        approve_offer(bank.manager.actor, offer)
    with pytest.raises(Refused, match=r"finance\.role_missing"):
        approve_offer(bank.officer.actor, offer)
    with pytest.raises(Refused, match=r"alive|illegal"):
        propose_offer(bank.officer.actor, application, terms)


def test_the_apr_is_the_platforms_and_holds_the_fee(market: Market) -> None:
    offer = market.offered(market.asked()[0], fee_fen=10_000_00, annual_rate=Decimal("0.05"))
    without = market.offered(market.asked(market.need())[0], annual_rate=Decimal("0.05"))
    assert offer.apr > without.apr > Decimal("0.05")
    assert json.loads(offer.terms)["apr"] == f"{offer.apr:.6f}"


@pytest.mark.parametrize(
    "changes",
    [{"annual_rate": Decimal("0.0801")}, {"amount_fen": 4 * MILLION}, {"months": 37}, {"fee_fen": 20_000_00},
     {"method": "equal_principal"}, {"valid_days": 31}],
)  # fmt: skip
def test_no_offer_is_worse_than_what_the_shelf_promises(market: Market, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"finance\.offer\.terms"):
        market.offered(market.asked()[0], **changes)


def test_only_the_legal_representative_accepts(market: Market, enter: Any) -> None:
    offer = market.offered(market.asked()[0])
    delegate = enter(Role.ENTERPRISE_DELEGATE, market.firm)
    assert delegate.post(f"/finance/offers/{offer.public_id}/accept/").status_code == 403
    offer.refresh_from_db()
    assert offer.state == "binding"


def test_an_offer_after_its_last_moment_is_not_accepted(market: Market) -> None:
    from tulou.finance.services.offers import accept_offer, expire_offers

    application = market.asked()[0]
    offer = market.offered(application, valid_days=2)
    with clock.at(NOW + dt.timedelta(days=2)):
        with pytest.raises(Refused, match=r"finance\.offer\.expired"):
            accept_offer(market.owner.actor, offer)
        assert expire_offers() == 1
    application.refresh_from_db()
    assert application.state == "review"


def test_within_the_cooling_off_time_the_firm_steps_back_and_later_not(market: Market) -> None:
    from tulou.finance.services.contracts import end_cooling_off, rescind_contract

    contract = market.contract()
    with clock.at(contract.cooling_off_until):
        with pytest.raises(Refused, match="cooled_off"):
            rescind_contract(market.owner.actor, contract)
        assert end_cooling_off() == 1
    other = market.contract()
    rescind_contract(market.owner.actor, other)
    assert other.state == "rescinded"
    assert Need.objects.get(pk=other.need_id).state == "ended"


def test_a_loan_falls_overdue_is_cured_by_a_payment_and_a_payment_counts_once(market: Market) -> None:
    from tulou.finance.services.repayment import record_payment

    contract, officer = market.running(), market.banks[0].officer.actor
    first = contract.instalments.get(number=1)
    with clock.at(NOW + dt.timedelta(days=40)):
        age_loans()
        contract.refresh_from_db()
        assert contract.state == "overdue"
        for _ in range(3):
            record_payment(officer, contract, request_id="P1", amount_fen=first.total_fen, paid_on=clock.today())
        with pytest.raises(Refused, match="request_reused"):
            record_payment(officer, contract, request_id="P1", amount_fen=5, paid_on=clock.today())
        contract.refresh_from_db()
        assert contract.state == "running"
        assert contract.payments.count() == 1
        with pytest.raises(Refused, match="too_much"):
            record_payment(officer, contract, request_id="P2", amount_fen=2 * MILLION, paid_on=clock.today())


def test_a_new_plan_needs_the_firm_and_a_write_off_two_people(market: Market) -> None:
    from tulou.finance.services.repayment import (
        agree_plan,
        decide_write_off,
        owed,
        propose_plan,
        propose_write_off,
    )

    contract, bank = market.running(), market.banks[0]
    with clock.at(NOW + dt.timedelta(days=70)):
        age_loans()
        contract.refresh_from_db()
        due = owed(contract, clock.today())
        propose_plan(bank.officer.actor, contract, months=24, method="equal_instalments", reason="slow season")
        agree_plan(market.owner.actor, contract)
        lines = contract.instalments.filter(plan=2)
        assert sum(line.principal_fen for line in lines) == due
        assert contract.instalments.filter(plan=1).count() == 12
    with clock.at(NOW + dt.timedelta(days=200)):
        age_loans()
        contract.refresh_from_db()
        propose_write_off(bank.manager.actor, contract, reason="insolvent")
        with pytest.raises(Refused, match="four_eyes"):
            decide_write_off(bank.manager.actor, contract, agree=True)
        contract.write_off_by = "somebody-else"
        decide_write_off(bank.manager.actor, contract, agree=True)
        assert contract.state == "written_off"
        assert Outcome.objects.filter(contract=contract, bad=True).exists()


def test_an_illegal_event_is_an_error(market: Market) -> None:
    from tulou.finance.services.contracts import disburse

    contract = market.contract()
    with pytest.raises(Refused, match=r"transition\.illegal"):
        disburse(market.banks[0].officer.actor, contract, paid_out=clock.today(), reference="X")


def test_the_data_that_a_bank_may_read_end_with_the_newest_month_that_departments_told_of(market: Market) -> None:
    from tulou.finance.queries.shelf import wish_of
    from tulou.finance.services.facts import facts_of

    row = {"dataset": "invoice_monthly", "column": "out_total_amount", "value": "5"}
    read = {"x": [{**row, "kind": "sum12", "period": "2020-12-01"}, {**row, "kind": "latest", "period": "2021-03-01"}]}
    until = facts_of(read).until
    assert until == "2021-01-01"
    wish = wish_of(market.banks[0].product, until=until)
    assert wish is not None
    assert (wish.data_from, wish.data_until) == (dt.date(2019, 1, 1), dt.date(2021, 1, 1))
    now = wish_of(market.banks[0].product)
    assert now is not None
    assert (now.data_from, now.data_until) == (dt.date(2019, 8, 1), dt.date(2021, 8, 1))
