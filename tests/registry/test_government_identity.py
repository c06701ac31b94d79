"""Signing in and claiming a firm with a government identity provider: a real one, on loopback."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.test import Client, override_settings
from tests.registry.identity_provider import CLIENT, SECRET, Provider, serving

from tulou.kernel.uscc import make_uscc
from tulou.platform import clock
from tulou.platform.audit.models import AuditEvent
from tulou.registry.models import Claim, Membership, Organisation, Person
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
CODE = make_uscc("9", "1", "350100", "MA2XN6K3")
OTHER = make_uscc("9", "1", "350100", "MA2XN6K4")
LOGIN = "/account/oidc/government/login/"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving() as running:
        running.person = {
            "sub": "3501-0001",
            "name": "林秀珍",
            "email": "lin@firm.example",
            "email_verified": True,
            "enterprises": [{"uscc": CODE, "role": "legal_representative"}, {"uscc": OTHER, "role": "agent"}],
        }
        app = {
            "provider_id": "government",
            "name": "Government identity",
            "client_id": CLIENT,
            "secret": SECRET,
            "settings": {"server_url": running.issuer, "oauth_pkce_enabled": True},
        }
        with override_settings(SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": [app]}}):
            yield running


@pytest.fixture
def firm(organisation: Callable[..., Organisation]) -> Organisation:
    return organisation(Kind.ENTERPRISE, code=CODE)


def through(client: Client, start: str = LOGIN) -> Any:
    """Go to the provider and come back, as a browser does; answers the portal's last page."""
    gone = client.post(start)
    assert gone.status_code == 302, gone.content.decode()[:500]
    back = requests.get(gone.headers["Location"], allow_redirects=False, timeout=5)
    assert back.status_code == 302
    parts = urlsplit(back.headers["Location"])
    return client.get(f"{parts.path}?{parts.query}", follow=True)


def test_who_signs_in_acts_at_once_for_the_firms_that_the_provider_names(
    provider: Provider, firm: Organisation, organisation: Callable[..., Organisation]
) -> None:
    other = organisation(Kind.ENTERPRISE, code=OTHER)
    client = Client(headers={"Accept-Language": "en"})
    assert through(client).status_code == 200
    person = Person.objects.get(email="lin@firm.example")
    assert person.name == "林秀珍"
    roles = {m.organisation: m for m in Membership.objects.filter(person=person)}
    assert (roles[firm].role, roles[firm].valid_to) == (Role.ENTERPRISE_LEGAL, None)
    assert roles[other].role == Role.ENTERPRISE_DELEGATE
    assert dt.timedelta(days=89) < roles[other].valid_to - clock.now() <= dt.timedelta(days=90)
    assert set(Claim.objects.values_list("proof", "state")) == {("oidc", "accepted")}
    assert firm.name_en in client.get("/workspace/").content.decode()
    assert {"/.well-known/openid-configuration", "/jwks", "/token", "/userinfo", "/authorize"} <= set(provider.asked)
    through(Client())
    assert Membership.objects.filter(person=person).count() == 2


def test_a_claim_is_proved_by_the_provider(provider: Provider, firm: Organisation, enter: Callable[..., Any]) -> None:
    client = enter(None)
    gone = client.post("/registry/claims/new/", {"code": CODE, "proof": "oidc"})
    assert urlsplit(gone.headers["Location"]).path == LOGIN
    assert parse_qs(urlsplit(gone.headers["Location"]).query)["process"] == ["connect"]
    through(client, gone.headers["Location"])
    answer = client.post("/registry/claims/new/", {"code": CODE, "proof": "oidc"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/workspace/"
    membership = Membership.objects.get(person=client.person, organisation=firm)
    assert (membership.role, membership.proof) == (Role.ENTERPRISE_LEGAL, "oidc")
    assert SocialAccount.objects.get().user == client.person


def test_a_firm_that_the_provider_does_not_name_is_not_opened(
    provider: Provider, firm: Organisation, enter: Callable[..., Any]
) -> None:
    provider.person["enterprises"] = [{"uscc": OTHER, "role": "legal_representative"}, {"uscc": CODE, "role": "cook"}]
    client = enter(None)
    start = client.post("/registry/claims/new/", {"code": CODE, "proof": "oidc"}).headers["Location"]
    through(client, start)
    page = client.post("/registry/claims/new/", {"code": CODE, "proof": "oidc"})
    assert "does not name you" in page.content.decode()
    assert not Membership.objects.exists()
    assert AuditEvent.objects.filter(action="registry.claim.not_named").count() == 1


def test_what_the_provider_said_is_good_for_ten_minutes(
    provider: Provider, firm: Organisation, enter: Callable[..., Any]
) -> None:
    client = enter(None)
    start = client.post("/registry/claims/new/", {"code": CODE, "proof": "oidc"}).headers["Location"]
    through(client, start)
    SocialAccount.objects.update(last_login=clock.now() - dt.timedelta(minutes=10))
    again = client.post("/registry/claims/new/", {"code": CODE, "proof": "oidc"})
    assert urlsplit(again.headers["Location"]).path == LOGIN
    assert not Membership.objects.filter(organisation=firm).exists()


@pytest.mark.parametrize("fault", ["key", "unsigned", "audience", "issuer", "expired", "state"])
def test_a_token_that_is_not_the_providers_opens_nothing(provider: Provider, firm: Organisation, fault: str) -> None:
    provider.fault = fault
    client = Client(headers={"Accept-Language": "en"})
    through(client)
    assert "_auth_user_id" not in client.session
    assert not Person.objects.exists()
    assert not Membership.objects.exists()


def test_a_code_that_was_stolen_is_worthless_without_the_verifier(provider: Provider, firm: Organisation) -> None:
    victim, thief = Client(), Client()
    gone = victim.post(LOGIN)
    back = requests.get(gone.headers["Location"], allow_redirects=False, timeout=5)
    stolen = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    own = parse_qs(urlsplit(thief.post(LOGIN).headers["Location"]).query)["state"][0]
    thief.get(f"{LOGIN}callback/", {"code": stolen, "state": own}, follow=True)
    assert "_auth_user_id" not in thief.session
    assert not Person.objects.exists()


def test_the_provider_is_on_the_sign_in_page_and_the_pages_may_lead_there(provider: Provider) -> None:
    assert LOGIN in Client().get("/account/login/").content.decode()
    with override_settings(SOCIALACCOUNT_PROVIDERS={}):
        assert LOGIN not in Client().get("/account/login/").content.decode()
        assert Client().get(LOGIN).status_code == 404
