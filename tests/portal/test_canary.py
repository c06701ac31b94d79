"""The canary crawl: every address, as everybody, with every id there is: nobody sees or moves what is another's.

No list of permissions is needed. Firm B's rows carry a marker; a marker of B in an answer to anybody who has nothing to
do with B is a leak, and a row of B that changed through anybody else is a foreign write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tulou.kernel.errors import Text
from tulou.platform.actor import SYSTEM
from tulou.platform.outbox.notice import Notice
from tulou.platform.records import Record
from tulou.platform.story import story
from tulou.policies.models import Application, Declaration, Mark, Material
from tulou.policies.services.applications import add_material
from tulou.pool.models import Consent, Dispute, ReadDecision
from tulou.pool.services.access import install_purposes, open_items
from tulou.pool.services.consent import grant_consent, request_consent
from tulou.pool.services.disputes import raise_dispute
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = [pytest.mark.django_db]
MARKER = "canary4b7"
BOTH = {"zh": MARKER, "en": MARKER}
OTHERS = ("account/", "api/", "__debug__")
"""Parts of the resolver that other packages own; the API is crawled by its schema."""

OWNER = "the owner herself"

WORDS = {"action": "revoke", "account": "owner", "step": "accept", "item": "03-0001-0001", "name": "market_register"}


@dataclass
class Address:
    """One pattern of the resolver, and the parameters that it takes."""

    route: str
    parameters: dict[str, Any] = field(default_factory=dict)


def addresses(resolver: Any = None, prefix: str = "", parameters: dict[str, Any] | None = None) -> Iterator[Address]:
    """Every pattern of the house's own resolver."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        known = {**(parameters or {}), **entry.pattern.converters}
        if route.startswith(OTHERS):
            continue
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route, known)
        elif isinstance(entry, URLPattern):
            yield Address(route, known)


def fillings(address: Address, ids: list[str]) -> Iterator[str]:
    """The pattern with every id that there is in each of its places."""
    import re

    choices = []
    for name, converter in address.parameters.items():
        kind = type(converter).__name__
        if kind == "PublicIdConverter":
            choices.append(ids)
        elif kind == "UUIDConverter":
            choices.append(["7c9e6679-7425-40de-944b-e07fc1f90ae7"])
        elif kind == "IntConverter":
            choices.append(["1"])
        else:
            choices.append([WORDS.get(name, "market")])
    pieces = re.split(r"<[^>]+>", address.route)
    for values in product(*choices):
        yield "/" + "".join(piece + value for piece, value in zip(pieces, [*values, ""], strict=True))


def all_ids() -> list[str]:
    """The public ids of every record of the house."""
    found: list[str] = []
    for model in apps.get_models():
        if issubclass(model, Record) or hasattr(model, "public_id"):
            found += list(model._default_manager.values_list("public_id", flat=True)[:2])
    return sorted(set(found))


def rows_of(firm: Organisation) -> str:
    """Everything that stands in the database about a firm, as text to be compared; the log of readings is not of it."""
    rows = [
        *Organisation.objects.filter(pk=firm.pk),
        *Consent.objects.filter(subject=firm),
        *Dispute.objects.filter(subject=firm),
        *Declaration.objects.filter(firm=firm),
        *Mark.objects.filter(firm=firm),
        *Application.objects.filter(firm=firm),
        *Material.objects.filter(application__firm=firm),
    ]
    return serializers.serialize("json", rows)


@pytest.fixture
def crowd(
    courtyard: Callable[..., list[str]], organisation: Callable[..., Organisation], enter: Callable[..., Any]
) -> tuple[Organisation, dict[str, Client]]:
    """Firm B with its rows, and everybody who has nothing to do with it."""
    from tests.pool.portal.test_consent_pages import DATASET

    install_purposes()
    victim = organisation(Kind.ENTERPRISE, code=f"{MARKER.upper()}", name_zh=f"{MARKER}公司", name_en=f"{MARKER} Ltd")
    stranger = organisation(Kind.ENTERPRISE)
    items = courtyard([victim, stranger], DATASET)
    bank_of_b = enter(Role.BANK_OFFICER)
    owner_b = enter(Role.ENTERPRISE_LEGAL, victim)
    open_items(enter(Role.DEPARTMENT_OFFICER).actor, department="market", dataset=DATASET, reader_kind="bank")
    raise_dispute(owner_b.actor, item=items[0], value=f"{MARKER} value", explanation=f"{MARKER} explanation")
    fill_consents(victim, owner_b.actor, bank_of_b.actor)
    fill_policies(victim, owner_b.actor, organisation(Kind.DEPARTMENT, code="HRSS"))
    with story(SYSTEM) as told:
        told.send(
            Notice(
                code="canary.note",
                key="1",
                title=Text(zh=MARKER, en=MARKER),
                body=Text(zh=MARKER, en=MARKER),
                people=(owner_b.person.pk,),
            )
        )
    others = {
        "nobody": Client(headers={"Accept-Language": "en"}),
        "job seeker": enter(None),
        "owner of another firm": enter(Role.ENTERPRISE_LEGAL, stranger),
        "clerk of another firm": enter(Role.ENTERPRISE_CLERK, stranger),
        "another bank": enter(Role.BANK_MANAGER),
        "another department": enter(Role.DEPARTMENT_OFFICER, organisation(Kind.DEPARTMENT, code="TAX")),
        "provider": enter(Role.PROVIDER_MANAGER),
        "decision-maker": enter(Role.GOVERNMENT_DECIDER),
    }
    others[OWNER] = owner_b
    return victim, others


def fill_consents(victim: Organisation, owner: Any, bank: Any) -> None:
    """A waiting and a granted consent of firm B."""
    import datetime as dt

    from tulou.platform import clock
    from tulou.pool.core.consent import Granularity, Wish
    from tulou.pool.courtyard import item_terms, items_of_dataset

    codes = [
        c
        for c in items_of_dataset()["market_register"]
        if item_terms()[c].sensitivity <= 3 and item_terms()[c].sharing != 3
    ]
    today = clock.today()
    wish = Wish(
        frozenset(codes[:3]), Granularity.RAW, dt.date(today.year - 1, 1, 1), dt.date(today.year, 1, 1), 30, 5, 5, 30
    )
    for reason in ("one", "two"):
        made = request_consent(bank, victim, purpose="LOAN_APPLY", wish=wish, reason=f"{MARKER} {reason}")
    grant_consent(owner, made)


def fill_policies(victim: Organisation, owner: Any, department: Organisation) -> None:
    """What firm B does with policies: an answer, a saved policy, an application with a file, something offered."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from tests.policies.portal.laying import in_region, publish

    asked = publish(department, "canary-apply", in_region("350000"))
    given = publish(department, "canary-given", in_region("350000"), no_application=True)
    told = {"contact_name": f"{MARKER} contact", "statement": f"{MARKER} statement", "person_id": owner.person_key}
    evaluation = {"criteria": [{"truth": "T", "text": {"zh": "条件", "en": "condition"}, "value": BOTH, "source": BOTH,
                                "as_of": None, "verified": True}]}  # fmt: skip
    made = Application.objects.create(firm=victim, policy=asked.policy, version=asked, evaluation=evaluation, **told)
    Application.objects.create(
        firm=victim, policy=given.policy, version=given, state="offered", no_application=True, evaluation=evaluation
    )
    add_material(owner, made, SimpleUploadedFile(f"{MARKER}.pdf", f"%PDF-1.4 {MARKER}".encode()), None)
    Declaration.objects.create(firm=victim, fact="project.cost", answer="4242", declared_by_id=owner.person_key)
    Mark.objects.create(firm=victim, policy=asked.policy, kind="saved", person_id=owner.person_key)


def page_of(client: Client, path: str) -> str:
    """A page of the courtyard, in lower case."""
    return client.get(f"/pool/{path}/").content.decode().casefold()


def test_nobody_sees_or_moves_what_belongs_to_another_firm(crowd: tuple[Organisation, dict[str, Client]]) -> None:
    victim, others = crowd
    owner = others.pop(OWNER)
    seen = [path for path in ("consents", "disputes", "own/market_register") if MARKER in page_of(owner, path)]
    assert seen == ["consents", "disputes", "own/market_register"], "the canary must sing for its owner"
    for row in Application.objects.filter(firm=victim):
        assert MARKER in owner.get(f"/policies/applications/{row.public_id}/").content.decode()
    ids, known = all_ids(), list(addresses())
    before, visited, leaks, faults = rows_of(victim), set(), [], []
    for who, client in others.items():
        client.raise_request_exception = False
        for address in known:
            for url in fillings(address, ids):
                for method in ("get", "post"):
                    answer = getattr(client, method)(url)
                    visited.add(address.route)
                    body = b"" if answer.streaming else answer.content
                    if MARKER in body.decode(errors="replace").casefold():
                        leaks.append(f"{who}: {method} {url}")
                    if answer.status_code >= 500 and answer.status_code != 503:
                        faults.append(f"{who}: {method} {url}: {answer.status_code}")
    assert leaks == []
    assert faults == []
    assert rows_of(victim) == before
    assert visited == {address.route for address in known}
    assert not ReadDecision.objects.filter(subject=victim, code="allowed", own=False).exists()
