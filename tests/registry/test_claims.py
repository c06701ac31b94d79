"""Claiming a firm, letting others act for it, and keys for its systems, through HTTP."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile

from tulou.kernel.uscc import make_uscc
from tulou.platform import clock
from tulou.registry.models import Claim, Membership, Organisation, Token
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
CODE = make_uscc("9", "1", "350100", "MA2XN6K3")


@pytest.fixture
def firm(organisation: Callable[..., Organisation]) -> Organisation:
    return organisation(Kind.ENTERPRISE, code=CODE, contact_email="office@firm.example")


@pytest.fixture
def claimed(
    firm: Organisation, enter: Callable[..., Any], django_capture_on_commit_callbacks: Any
) -> Callable[[], Any]:
    def claim() -> Any:
        client = enter(None)
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/registry/claims/new/", {"code": CODE.lower(), "proof": "code"})
        return client

    return claim


def sent_code() -> str:
    match = re.search(r"\d{8}", mail.outbox[-1].body)
    assert match
    return match.group()


def test_the_code_goes_to_the_address_on_register_and_opens_the_firm(
    claimed: Callable[[], Any], firm: Organisation
) -> None:
    client = claimed()
    assert mail.outbox[-1].to == ["office@firm.example"]
    client.post(f"/registry/claims/{Claim.objects.get().public_id}/", {"code": sent_code()})
    membership = Membership.objects.get(person=client.person)
    assert (membership.role, membership.organisation, membership.proof) == (Role.ENTERPRISE_LEGAL, firm, "code")


def test_five_wrong_codes_lock_the_claim(claimed: Callable[[], Any]) -> None:
    client = claimed()
    path = f"/registry/claims/{Claim.objects.get().public_id}/"
    for _ in range(5):
        client.post(path, {"code": "00000000"})
    client.post(path, {"code": sent_code()})
    assert Claim.objects.get().state == "refused"
    assert not Membership.objects.exists()


def test_an_old_code_opens_nothing(claimed: Callable[[], Any]) -> None:
    client = claimed()
    with clock.at(clock.now() + dt.timedelta(minutes=30)):
        client.sign_in()
        assert (
            client.post(f"/registry/claims/{Claim.objects.get().public_id}/", {"code": sent_code()}).status_code == 422
        )
    assert not Membership.objects.exists()


def test_nobody_else_answers_the_claim(claimed: Callable[[], Any], enter: Callable[..., Any]) -> None:
    claimed()
    assert (
        enter(None).post(f"/registry/claims/{Claim.objects.get().public_id}/", {"code": sent_code()}).status_code == 404
    )


@pytest.mark.parametrize("code", ["123", CODE[:-1] + ("0" if CODE[-1] != "0" else "1")])
def test_a_code_whose_check_digits_do_not_fit_is_refused_beside_its_field(enter: Callable[..., Any], code: str) -> None:
    assert (
        "not a valid code"
        in enter(None).post("/registry/claims/new/", {"code": code, "proof": "code"}).content.decode()
    )


def test_the_operator_accepts_a_licence(firm: Organisation, enter: Callable[..., Any]) -> None:
    client = enter(None)
    licence = SimpleUploadedFile("licence.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    client.post("/registry/claims/new/", {"code": CODE, "proof": "document", "licence": licence})
    claim = Claim.objects.get()
    operator = enter(Role.OPERATOR_STAFF)
    file = operator.get(f"/registry/claims/{claim.public_id}/licence/")
    assert file.getvalue().startswith(b"%PDF")
    operator.post(f"/registry/claims/{claim.public_id}/", {"decision": "accept"})
    assert Membership.objects.filter(person=client.person, organisation=firm).exists()


def test_a_claim_is_not_refused_without_a_reason(firm: Organisation, enter: Callable[..., Any]) -> None:
    client = enter(None)
    licence = SimpleUploadedFile("licence.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    client.post("/registry/claims/new/", {"code": CODE, "proof": "document", "licence": licence})
    path = f"/registry/claims/{Claim.objects.get().public_id}/"
    operator = enter(Role.OPERATOR_STAFF)
    assert operator.post(path, {"decision": "refuse"}).status_code == 409
    operator.post(path, {"decision": "refuse", "reason": "The licence is of another firm."})
    assert Claim.objects.get().state == "refused"


def test_a_legal_representative_lets_an_accountant_act_and_ends_it(
    firm: Organisation, enter: Callable[..., Any]
) -> None:
    owner, accountant = enter(Role.ENTERPRISE_LEGAL, firm), enter(None)
    day = clock.today() + dt.timedelta(days=30)
    owner.post(
        "/registry/members/",
        {"email": accountant.person.email, "role": Role.ENTERPRISE_DELEGATE, "valid_to": day.isoformat()},
    )
    membership = Membership.objects.get(person=accountant.person)
    assert "Delegate" in owner.get("/registry/members/").content.decode()
    owner.post(f"/registry/members/{membership.public_id}/end/")
    membership.refresh_from_db()
    assert membership.ended_at is not None


def test_a_key_is_shown_once_and_ends_at_once(firm: Organisation, enter: Callable[..., Any]) -> None:
    owner = enter(Role.ENTERPRISE_LEGAL, firm)
    page = owner.post("/registry/tokens/", {"name": "ERP", "scopes": ["registry:read"], "days": 30}).content.decode()
    secret = re.search(r"tulou_[\w-]+", page)
    assert secret
    assert secret.group() not in owner.get("/registry/tokens/").content.decode()
    owner.post(f"/registry/tokens/{Token.objects.get().public_id}/end/")
    assert Token.objects.get().ended_at is not None


@pytest.mark.parametrize("path", ["claims/", "claims/new/", "members/", "tokens/"])
def test_every_page_of_the_registry_opens_for_an_owner(
    firm: Organisation, enter: Callable[..., Any], path: str
) -> None:
    assert enter(Role.ENTERPRISE_LEGAL, firm).get(f"/registry/{path}").status_code == 200
