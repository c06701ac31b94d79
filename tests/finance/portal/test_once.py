"""Once and only once: one accepted offer a need, one financing an invoice, however many press at the same time."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from tests.finance.portal.stage import NOW, Market

from tulou.finance.models import Application, Contract, Need, Offer, PledgedInvoice
from tulou.finance.services.needs import Invoice, withdraw_need
from tulou.finance.services.offers import accept_offer
from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

CROWD = 40
COPIED = [
    "amount_fen", "months", "annual_rate", "method", "collateral", "valid_until", "cooling_off_days", "apr",
    "interest_fen", "total_fen", "highest_fen", "terms", "terms_sha256", "proposed_by",
]  # fmt: skip
OnDisk = Callable[[], AbstractContextManager[None]]


def at_once(work: Callable[[int], Any]) -> Counter[str]:
    """What `work` answers to forty threads that begin together: `ok`, or the code of the refusal."""
    gate, answers = threading.Barrier(CROWD), []

    def one(number: int) -> None:
        try:
            gate.wait()
            with clock.at(NOW + dt.timedelta(hours=1)):
                answers.append(str(work(number)))
        except Refused as refused:
            answers.append(refused.finding.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(answers)


@pytest.mark.django_db(transaction=True)
def test_of_forty_who_accept_at_once_one_wins(market: Market, on_disk: OnDisk) -> None:
    offers = [market.offered(application) for application in market.asked()]
    owner = market.owner.actor
    with on_disk():
        answers = at_once(lambda n: accept_offer(owner, Offer.objects.get(pk=offers[n % 2].pk)).offer_id)
        winner = str(Contract.objects.get().offer_id)
        assert Offer.objects.filter(state="accepted").count() == 1
        assert Need.objects.get().state == "accepted"
        assert Counter(Application.objects.values_list("state", flat=True)) == {"won": 1, "lost": 1}
    # Whoever presses for the offer that won is told of the same contract; the others that they came second.
    assert answers == {winner: CROWD // 2, "finance.need.accepted_already": CROWD // 2}


@pytest.mark.django_db(transaction=True)
def test_of_forty_offers_accepted_at_once_by_forty_banks_one_wins(
    market: Market, on_disk: OnDisk, organisation: Callable[..., Organisation], enter: Callable[..., Any]
) -> None:
    need = market.need()
    first = market.offered(market.asked(need)[0])
    same = {name: getattr(first, name) for name in COPIED}
    rivals = []
    for _ in range(CROWD - 1):
        bank = organisation(Kind.BANK)
        application = Application.objects.create(
            need=need, bank=bank, product=first.application.product, state="offered", answer_until=first.valid_until
        )
        rivals.append(Offer.objects.create(application=application, need=need, bank=bank, state="binding", **same))
    keys = [first.pk, *(offer.pk for offer in rivals)]
    owner = market.owner.actor
    with on_disk():
        answers = at_once(lambda n: accept_offer(owner, Offer.objects.get(pk=keys[n])).offer_id)
        winner = str(Contract.objects.get().offer_id)
        assert Offer.objects.filter(state="accepted").count() == 1
        assert Offer.objects.filter(state="passed_over").count() == CROWD - 1
    assert answers == {winner: 1, "finance.need.accepted_already": CROWD - 1}


@pytest.mark.django_db(transaction=True)
def test_of_forty_needs_on_one_invoice_one_is_stated(market: Market, on_disk: OnDisk) -> None:
    def one(number: int) -> str:
        invoice = Invoice(" no. 0123 " if number % 2 else "NO.0123", "Fuzhou Steel", dt.date(2021, 6, 1), 50_000_00)
        market.need(request_id=f"crowd{number}", collateral="invoices", invoices=[invoice])
        return "ok"

    with on_disk():
        answers = at_once(one)
        assert PledgedInvoice.objects.count() == Need.objects.count() == 1
    assert answers == {"ok": 1, "finance.invoice.pledged": CROWD - 1}


@pytest.mark.django_db
def test_an_invoice_is_free_again_when_its_need_is_taken_back(market: Market) -> None:
    invoice = Invoice("A1", "Debtor", dt.date(2021, 6, 1), 100_00)
    first = market.need(invoices=[invoice])
    with pytest.raises(Refused, match=r"finance\.invoice\.pledged"):
        market.need(invoices=[invoice])
    withdraw_need(market.owner.actor, first)
    assert market.need(invoices=[invoice]).invoices.count() == 1
