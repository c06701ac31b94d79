"""A revocation in the middle of a long reading: no page that begins after it is delivered."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.db import connection

from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.pool.core.consent import Granularity, Page, ReadDenied, Wish
from tulou.pool.courtyard import catalogue, item_terms
from tulou.pool.models import Consent, ConsentEvent, ReadDecision
from tulou.pool.services.access import install_purposes, open_items
from tulou.pool.services.consent import grant_consent, pause_consent, request_consent, revoke_consent
from tulou.pool.services.reading import Asked, read_pages
from tulou.pool.store import PAGE_ITEMS
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db(transaction=True)
ITEMS = 1000
PAGES = ITEMS // PAGE_ITEMS
FROM, UNTIL = dt.date(2019, 1, 1), dt.date(2020, 12, 1)
NOW = dt.datetime(2020, 7, 10, 2, tzinfo=dt.UTC)


@dataclass
class Reading:
    """A bank that reads a thousand items, a page whenever it is told to, in a thread of its own."""

    banker: Actor
    owner: Actor
    consent: Consent
    delivered: list[Page] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)

    def read(self, turn: threading.Semaphore, done: threading.Semaphore) -> None:
        try:
            with clock.at(NOW):
                pages = read_pages(self.banker, self.consent, Asked(self.items, FROM, UNTIL), key="long reading")
                for _ in range(PAGES):
                    turn.acquire()
                    self.delivered.append(next(pages))
                    done.release()
        except ReadDenied as denied:
            self.denied.append(denied.decision.code.value)
            done.release()
        finally:
            connection.close()

    @property
    def items(self) -> frozenset[str]:
        return frozenset(self.consent.terms["items"])


@pytest.fixture
def reading(
    courtyard: Callable[..., list[str]], organisation: Callable[..., Organisation], enter: Callable[..., object]
) -> Iterator[Reading]:
    install_purposes()
    firm = organisation(Kind.ENTERPRISE)
    courtyard([firm], "market_register")
    terms = item_terms()
    known = [
        item
        for item in catalogue().items.values()
        if item.code in terms and terms[item.code].sharing != 3 and terms[item.code].sensitivity <= 3
    ]
    chosen = [item.code for item in known if item.dataset == "market_register"]
    chosen += [item.code for item in known if item.dataset != "market_register"][: ITEMS - len(chosen)]
    owners = {catalogue().items[code].dataset: catalogue().items[code].department for code in chosen}
    for dataset, department in owners.items():
        officer = enter(Role.DEPARTMENT_OFFICER).actor
        open_items(officer, department=department, dataset=dataset, reader_kind="bank")
    banker, owner = enter(Role.BANK_OFFICER).actor, enter(Role.ENTERPRISE_LEGAL, firm).actor
    wish = Wish(frozenset(chosen), Granularity.RAW, FROM, UNTIL, 30, 5, 5, 30)
    with clock.at(NOW):
        asked = request_consent(banker, firm, purpose="LOAN_APPLY", wish=wish, reason="a thousand items")
        yield Reading(banker, owner, grant_consent(owner, asked))


def run(reading: Reading, before: int, stop: Callable[[Actor, Consent], None] | None) -> None:
    """Read `before` pages, stop the consent, and let the bank go on."""
    turn, done = threading.Semaphore(0), threading.Semaphore(0)
    connection.inc_thread_sharing()
    thread = threading.Thread(target=reading.read, args=(turn, done))
    thread.start()
    for number in range(PAGES):
        if number == before and stop is not None:
            stop(reading.owner, reading.consent)
        turn.release()
        assert done.acquire(timeout=60)
        if reading.denied:
            break
    for _ in range(PAGES):
        turn.release()
    thread.join(timeout=60)
    connection.dec_thread_sharing()


@pytest.mark.parametrize("before", range(PAGES))
def test_no_page_that_begins_after_the_revocation_is_delivered(reading: Reading, before: int) -> None:
    run(reading, before, revoke_consent)
    assert len(reading.delivered) == before
    assert reading.denied == ["revoked"]
    codes = list(ReadDecision.objects.order_by("id").values_list("code", "cursor"))
    assert codes == [
        *(("allowed", str(page * PAGE_ITEMS) if page else "") for page in range(before)),
        ("revoked", str(before * PAGE_ITEMS) if before else ""),
    ]
    assert ReadDecision.objects.filter(counted=True).count() == min(before, 1)
    assert ConsentEvent.objects.filter(consent=reading.consent, kind="revoked").count() == 1


def test_a_pause_stops_it_as_well_and_without_either_all_pages_come(reading: Reading) -> None:
    run(reading, PAGES, None)
    assert (len(reading.delivered), reading.denied) == (PAGES, [])
    assert sum(len(page.values) for page in reading.delivered) >= 20
    reading.delivered.clear()
    run(reading, 0, pause_consent)
    assert (reading.delivered, reading.denied) == ([], ["paused"])
