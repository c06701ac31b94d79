"""A bank's core system: it reads applications, proposes, is told of news, and reports payments and outcomes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.finance.portal.stage import MILLION, Market

from tulou.finance.models import Application, Contract, Offer, Outcome, Payment
from tulou.platform.models import Message, Webhook
from tulou.registry.services import make_token

pytestmark = pytest.mark.django_db
count = itertools.count()


@pytest.fixture
def core(market: Market) -> Callable[..., Any]:
    """`core("get", "/applications")`: an operation as the first bank's system."""
    bank = market.banks[0]
    _token, secret = make_token(
        bank.manager.actor, bank.row, name="core", scopes=["finance:read", "finance:write", "pool:read"]
    )

    def ask(method: str, path: str, body: Any = None, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key or f"k{next(count)}"}
        more = {"data": body or {}, "content_type": "application/json"} if method == "post" else {}
        return getattr(Client(), method)(f"/api/v1/finance{path}", headers=headers, **more)

    return ask


OFFER = {"amount_fen": MILLION, "months": 12, "annual_rate": "0.05", "method": "equal_instalments"}


def test_a_core_system_proposes_and_a_person_approves(market: Market, core: Callable[..., Any]) -> None:
    market.asked()
    [found] = core("get", "/applications").json()["items"]
    assert found["state"] == "sent"
    assert core("post", f"/applications/{found['id']}/take").json()["state"] == "review"
    made = core("post", f"/applications/{found['id']}/offers", OFFER, key="same")
    assert (made.status_code, made.json()["state"]) == (201, "check")
    assert core("post", f"/applications/{found['id']}/offers", OFFER, key="same").json() == made.json()
    assert Offer.objects.count() == 1
    boss = market.banks[0].manager
    boss.post(f"/finance/desk/offers/{made.json()['id']}/approve/")
    assert core("get", "/offers").json()["items"][0]["state"] == "binding"


def test_another_banks_application_is_not_there(market: Market, core: Callable[..., Any]) -> None:
    market.asked()
    other = Application.objects.get(bank=market.banks[1].row)
    assert core("get", f"/applications/{other.public_id}").status_code == 404
    assert core("post", f"/applications/{other.public_id}/take").status_code == 404


def test_a_refusal_needs_reasons_of_the_list(market: Market, core: Callable[..., Any]) -> None:
    application = market.asked()[0]
    core("post", f"/applications/{application.public_id}/take")
    path = f"/applications/{application.public_id}/refusal"
    assert core("post", path, {"codes": ["low_score"]}).status_code == 422
    assert core("post", path, {"codes": ["debt_heavy", "tax_arrears"]}).json()["state"] == "refused"
    page = market.owner.get(f"/finance/needs/{application.need.public_id}/").content.decode()
    assert "Present debts are high against income" in page
    assert "Reduce debts first" in page


CAMT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><Ntfctn><Ntry>
<NtryRef>N1</NtryRef><Amt Ccy="CNY">{yuan}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2021-07-01</Dt></BookgDt><AcctSvcrRef>REF-1</AcctSvcrRef><NtryDtls><TxDtls><Refs>
<EndToEndId>{number}</EndToEndId>
</Refs><Amt Ccy="CNY">{yuan}</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls></NtryDtls></Ntry></Ntfctn>
</BkToCstmrDbtCdtNtfctn>
</Document>"""


def test_payments_come_one_by_one_or_in_a_camt_file_and_each_counts_once(
    market: Market, core: Callable[..., Any]
) -> None:
    contract = market.running()
    whole = core("get", f"/contracts/{contract.public_id}").json()
    assert len(whole["instalments"]) == 12
    paid = {"request_id": "R1", "amount_fen": 100_00, "paid_on": "2021-07-01"}
    for _ in range(2):
        answer = core("post", f"/contracts/{contract.public_id}/payments", paid)
        assert answer.status_code == 201, answer.content
    file = {"camt054": CAMT.format(yuan="250.00", number=contract.number)}
    assert [core("post", "/bookings", file).json() for _ in range(2)] == [{"count": 1}, {"count": 1}]
    assert sorted(Payment.objects.values_list("amount_fen", flat=True)) == [100_00, 250_00]
    odd = {"camt054": CAMT.format(yuan="1.00", number="TL0")}
    assert core("post", "/bookings", odd).status_code == 422
    sent = {"outcomes": [{"contract": contract.number, "observed_on": "2021-07-01", "days_past_due": 0}]}
    assert core("post", "/outcomes", sent).json() == {"count": 1}
    assert Outcome.objects.filter(contract=contract, source="api").count() == 1


def test_a_banks_system_hears_of_applications_by_webhook(market: Market) -> None:
    boss = market.banks[0].manager
    form = {"url": "https://core.example.com/tulou", "codes": ["finance.application.", "finance.offer."]}
    page = boss.post("/finance/system/", form).content.decode()
    hook = Webhook.objects.get()
    assert hook.secret in page
    assert hook.secret not in boss.get("/finance/system/").content.decode()
    application = market.asked()[0]
    [message] = Message.objects.filter(webhook=hook)
    assert (message.code, message.content["data"]["application"]) == ("finance.application.sent", application.public_id)
    boss.post(f"/finance/system/{hook.public_id}/end/")
    market.asked()
    assert Message.objects.filter(webhook=hook).count() == 1


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "https://localhost/x", "https://a.internal/x"])
def test_a_webhook_leads_to_the_public_net_only(market: Market, url: str) -> None:
    answer = market.banks[0].manager.post("/finance/system/", {"url": url, "codes": ["finance.offer."]})
    assert "outbound." in answer.content.decode()
    assert not Webhook.objects.exists()


def test_the_loan_shows_in_the_contracts_of_its_bank_only(market: Market, core: Callable[..., Any]) -> None:
    contract = market.running()
    assert [row["number"] for row in core("get", "/contracts").json()["items"]] == [contract.number]
    Contract.objects.update(bank=market.banks[1].row)
    assert core("get", "/contracts").json()["items"] == []
