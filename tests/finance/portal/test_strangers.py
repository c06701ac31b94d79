"""The market's own canary: every address and operation, as everybody, with every id: nobody sees or moves another's."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.core import serializers
from django.test import Client
from tests.finance.portal.stage import Market
from tests.portal.test_canary import addresses

from tulou.finance.models import Application, Contract, Instalment, Need, Note, Offer, Payment, Product
from tulou.finance.services.desk import write_note
from tulou.finance.services.repayment import record_payment
from tulou.platform import clock
from tulou.pool.models import ReadDecision
from tulou.portal.api_urls import api
from tulou.registry.models import Organisation
from tulou.registry.roles import Role
from tulou.registry.services import make_token

pytestmark = pytest.mark.django_db
MARKER = "canary9f3"
STEPS = ["take", "note", "reopen", "approve", "rescind", "agree", "payment"]
BODY = {"text": MARKER[::-1], "codes": "debt_heavy", "amount": "1", "paid_on": "2021-07-01", "request_id": "x",
        "paid_out": "2021-07-01", "reference": "x", "months": "12", "method": "equal_instalments"}  # fmt: skip


@pytest.fixture
def laid(market: Market) -> Market:
    """A market in which the first firm stands at every station, with words that only it and its banks may see."""
    Organisation.objects.filter(pk=market.firm.pk).update(name_zh=MARKER, name_en=MARKER)
    need = market.need(purpose_text=f"{MARKER} purpose")
    first, second = market.asked(need)
    market.offered(first, conditions=f"{MARKER} conditions")
    write_note(market.banks[1].officer.actor, second, f"{MARKER} note")
    contract = market.running()
    record_payment(market.banks[0].officer.actor, contract, request_id="R1", amount_fen=100_00, paid_on=clock.today())
    market.contract()
    market.need()
    return market


def rows(market: Market) -> str:
    """All that the market holds about everybody, as text."""
    kinds = (Need, Application, Offer, Contract, Instalment, Payment, Note, Product)
    return "".join(serializers.serialize("json", kind.objects.order_by("pk")) for kind in kinds)  # type: ignore[attr-defined]


def urls() -> list[str]:
    """Every address of the market with every id and step in its places."""
    found: list[str] = []
    kinds = (Need, Application, Offer, Contract, Product)
    ids = [str(row.public_id) for kind in kinds for row in kind.objects.order_by("pk")[:2]]  # type: ignore[attr-defined]
    for address in addresses():
        if not address.route.startswith("finance/"):
            continue
        choices = [
            ids if type(converter).__name__ == "PublicIdConverter" else STEPS
            for converter in address.parameters.values()
        ]
        pieces = re.split(r"<[^>]+>", address.route)
        for values in product(*choices):
            found.append("/" + "".join(a + b for a, b in zip(pieces, [*values, ""], strict=True)))
    return found


def test_nobody_sees_or_moves_what_belongs_to_others(laid: Market, enter: Callable[..., Any]) -> None:
    owner, bank = laid.owner, laid.banks[0]
    application = Application.objects.filter(bank=bank.row).first()
    assert application is not None
    for client, path in ((owner, "/finance/needs/"), (bank.officer, f"/finance/desk/{application.public_id}/")):
        client.get(path)
    assert MARKER in bank.officer.get(f"/finance/desk/{application.public_id}/").content.decode()
    strangers: dict[str, Any] = {
        "nobody": Client(),
        "owner of another firm": enter(Role.ENTERPRISE_LEGAL),
        "another bank": enter(Role.BANK_MANAGER),
        "decision-maker": enter(Role.GOVERNMENT_DECIDER),
    }
    before, places, leaks, faults = rows(laid), urls(), [], []
    assert len(places) > 200
    for who, client in strangers.items():
        client.raise_request_exception = False
        for url in places:
            for answer in (client.get(url), client.post(url, BODY)):
                body = b"" if answer.streaming else answer.content
                if MARKER in body.decode(errors="replace"):
                    leaks.append(f"{who}: {url}")
                if answer.status_code >= 500 and answer.status_code != 503:
                    faults.append(f"{who}: {url}: {answer.status_code}")
    assert leaks == []
    assert faults == []
    assert rows(laid) == before
    assert not ReadDecision.objects.filter(subject=laid.firm, code="allowed", own=False).exists()


def test_no_operation_of_the_api_answers_about_others(laid: Market, enter: Callable[..., Any]) -> None:
    stranger = enter(Role.BANK_MANAGER)
    bank = Organisation.objects.get(pk=stranger.actor.organisation_key)
    _token, secret = make_token(stranger.actor, bank, name="x", scopes=["finance:read", "finance:write"])
    ids = [
        *Application.objects.values_list("public_id", flat=True),
        *Contract.objects.values_list("public_id", flat=True),
    ]
    before, answers = rows(laid), []
    paths = {path: set(found) for path, found in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items()}
    for path, methods in paths.items():
        if "/finance/" not in path:
            continue
        for key in ids if "{key}" in path else [""]:
            url = path.replace("{key}", key)
            for method in methods:
                headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": f"{method}{len(answers)}"}
                more = {"data": {}, "content_type": "application/json"} if method == "post" else {}
                answer = getattr(Client(), method)(url, headers=headers, **more)
                answers.append(answer.status_code)
                assert MARKER not in answer.content.decode(), url
                if "{key}" in path:
                    assert answer.status_code in {404, 422}, url
    assert len(answers) > 20
    assert rows(laid) == before


def test_another_bank_of_the_same_need_sees_neither_the_rivals_offer_nor_its_notes(laid: Market) -> None:
    rival = laid.banks[1].officer
    offer = Offer.objects.filter(bank=laid.banks[0].row, state="binding").first()
    assert offer is not None
    mine = Application.objects.get(need=offer.need, bank=laid.banks[1].row)
    page = rival.get(f"/finance/desk/{mine.public_id}/").content.decode()
    assert f"{MARKER} conditions" not in page
    assert rival.get(f"/finance/desk/{offer.application.public_id}/").status_code == 404
    assert f"{MARKER} note" not in laid.owner.get(f"/finance/needs/{offer.need.public_id}/").content.decode()
