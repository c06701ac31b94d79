"""Who may be what, for whom, and until when."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.http import Http404
from django.test import Client
from typer.testing import CliRunner

from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.actor import SYSTEM
from tulou.platform.audit.models import AuditEvent
from tulou.portal.cli import admin_app
from tulou.registry import passwords
from tulou.registry.models import Membership, Organisation, Person
from tulou.registry.queries import current_memberships, organisation_for
from tulou.registry.roles import ADMINISTRATORS, Kind, Role
from tulou.registry.services import delegate, end_membership, give_role, register_organisation

pytestmark = pytest.mark.django_db
SOON = dt.timedelta(days=30)


def code_of(refused: Any) -> str:
    return str(refused.value.finding.code)


def home_of(client: Any) -> Organisation:
    return Organisation.objects.get(pk=client.actor.organisation_key)


def test_a_firm_is_on_the_register_once(db: None) -> None:
    register_organisation(SYSTEM, kind=Kind.ENTERPRISE, code=" 91350100ma2xn6k31a ", name_zh="甲")
    with pytest.raises(Refused) as refused:
        register_organisation(SYSTEM, kind=Kind.ENTERPRISE, code="91350100MA2XN6K31A", name_zh="乙")
    assert code_of(refused) == "registry.organisation.taken"


@pytest.mark.parametrize("first", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("second", sorted(ADMINISTRATORS))
def test_nobody_is_two_of_the_three_administrators(
    person: Callable[..., Person], organisation: Callable[..., Organisation], first: Role, second: Role
) -> None:
    operator = organisation(Kind.OPERATOR)
    somebody = person(first, operator)
    with pytest.raises(Refused) as refused:
        give_role(SYSTEM, somebody, operator, second)
    assert code_of(refused) in {"registry.administrators.apart", "registry.role.taken"}


def test_a_role_belongs_to_its_kind_of_organisation(
    person: Callable[..., Person], organisation: Callable[..., Organisation]
) -> None:
    with pytest.raises(Refused) as refused:
        give_role(SYSTEM, person(), organisation(Kind.ENTERPRISE), Role.BANK_OFFICER)
    assert code_of(refused) == "registry.role.wrong_kind"


def test_an_accountant_acts_for_a_firm_until_the_last_day_and_not_after(
    enter: Callable[..., Any], person: Callable[..., Person]
) -> None:
    owner, accountant = enter(Role.ENTERPRISE_LEGAL), person()
    until = clock.now() + SOON
    made = delegate(owner.actor, accountant.email, home_of(owner), role=Role.ENTERPRISE_DELEGATE, valid_to=until)
    assert made.proof == "delegation"
    with clock.at(until - dt.timedelta(microseconds=1)):
        assert [m.role for m in current_memberships(accountant)] == [Role.ENTERPRISE_DELEGATE]
    with clock.at(until):
        assert not current_memberships(accountant)


@pytest.mark.parametrize(
    ("days", "role", "email", "code"),
    [
        (0, Role.ENTERPRISE_DELEGATE, "", "registry.delegation.period"),
        (367, Role.ENTERPRISE_DELEGATE, "", "registry.delegation.period"),
        (30, Role.ENTERPRISE_LEGAL, "", "registry.delegation.too_high"),
        (30, Role.ENTERPRISE_DELEGATE, "nobody@example.com", "registry.delegation.person"),
    ],
)
def test_what_may_not_be_delegated_is_refused(
    enter: Callable[..., Any], person: Callable[..., Person], days: int, role: Role, email: str, code: str
) -> None:
    owner, other = enter(Role.ENTERPRISE_LEGAL), person()
    until = clock.now() + dt.timedelta(days=days)
    with pytest.raises(Refused) as refused:
        delegate(owner.actor, email or other.email, home_of(owner), role=role, valid_to=until)
    assert code_of(refused) == code


def test_only_who_heads_a_firm_delegates_and_a_last_head_stays(
    enter: Callable[..., Any], person: Callable[..., Person]
) -> None:
    owner = enter(Role.ENTERPRISE_LEGAL)
    firm = home_of(owner)
    clerk = enter(Role.ENTERPRISE_CLERK, firm)
    with pytest.raises(Refused) as refused:
        delegate(clerk.actor, person().email, firm, role=Role.ENTERPRISE_CLERK, valid_to=clock.now() + SOON)
    assert code_of(refused) == "registry.role_missing"
    with pytest.raises(Refused) as refused:
        end_membership(owner.actor, Membership.objects.get(person=owner.person))
    assert code_of(refused) == "registry.role.last_head"
    end_membership(owner.actor, Membership.objects.get(person=clerk.person))
    assert not current_memberships(clerk.person)


def test_a_suspended_organisation_lends_nobody_a_role(enter: Callable[..., Any]) -> None:
    client = enter(Role.BANK_OFFICER)
    Organisation.objects.update(state="suspended")
    assert not current_memberships(client.person)


def test_an_organisation_opens_to_its_own_people_and_the_operator(enter: Callable[..., Any]) -> None:
    firm, bank, operator = enter(Role.ENTERPRISE_LEGAL), enter(Role.BANK_OFFICER), enter(Role.OPERATOR_STAFF)
    key = firm.actor.organisation_id
    assert organisation_for(firm.actor, key) == organisation_for(operator.actor, key)
    with pytest.raises(Http404):
        organisation_for(bank.actor, key)


def test_one_acts_for_one_of_ones_own_organisations_only(enter: Callable[..., Any], organisation: Any) -> None:
    client = enter(Role.ENTERPRISE_DELEGATE)
    second = organisation(Kind.ENTERPRISE)
    give_role(SYSTEM, client.person, second, Role.ENTERPRISE_CLERK)
    client.post("/workspace/acting-for/", {"organisation": second.public_id})
    assert second.name_en in client.get("/workspace/").content.decode()
    assert client.post("/workspace/acting-for/", {"organisation": organisation().public_id}).status_code == 404


def test_the_operator_is_entered_by_a_command(db: None) -> None:
    done = CliRunner().invoke(admin_app, ["create-operator", "Ye@Example.com", "叶明", "--role", "audit_administrator"])
    assert done.exit_code == 0
    assert Membership.objects.get(person__email="ye@example.com").role == Role.OPERATOR_AUDIT
    again = CliRunner().invoke(admin_app, ["create-operator", "a@b.cn", "x", "--role", "king"])
    assert again.exit_code == 1


def sign_up(client: Client, email: str) -> Any:
    return client.post("/account/signup/", {"email": email, "name": "林秀珍"})


def code_in_mail() -> str:
    words = str(mail.outbox[-1].body).split()
    return next(
        word for word in words if len(word) in range(6, 10) and word.replace("-", "").isalnum() and word.isupper()
    )


def test_somebody_signs_up_and_in_with_codes_by_email_and_it_is_on_record() -> None:
    client = Client(headers={"Accept-Language": "en"})
    assert sign_up(client, "lin@example.com").status_code == 302
    answer = client.post("/account/confirm-email/", {"code": code_in_mail()})
    assert answer.headers["Location"] == "/workspace/"
    person = Person.objects.get(email="lin@example.com")
    assert (person.name, person.language, person.has_usable_password()) == ("林秀珍", "en", False)
    client.post("/account/logout/")
    assert client.get("/workspace/").status_code == 302
    assert client.post("/account/login/code/", {"email": "lin@example.com"}).status_code == 302
    assert client.post("/account/login/code/confirm/", {"code": code_in_mail()}).headers["Location"] == "/workspace/"
    actions = list(AuditEvent.objects.filter(person=person.public_id).order_by("seq").values_list("action", flat=True))
    assert actions == [f"registry.person.signed_{way}" for way in ("in", "out", "in")]


def test_an_address_that_is_known_and_one_that_is_not_get_the_same_answer(person: Callable[..., Person]) -> None:
    known = person().email
    answers = [sign_up(Client(), email) for email in (known, "new@example.com")]
    assert len({(a.status_code, a.headers["Location"]) for a in answers}) == 1
    answers = [Client().post("/account/login/code/", {"email": email}) for email in (known, "nobody@example.com")]
    assert len({(a.status_code, a.headers["Location"]) for a in answers}) == 1


def test_where_the_queue_for_hashing_is_full_one_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    places = threading.BoundedSemaphore(1)
    places.acquire()
    monkeypatch.setattr(passwords, "_places", places)
    answer = Client(headers={"Accept-Language": "en"}).post(
        "/account/login/", {"login": "a@example.com", "password": "a long enough password"}
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert b"passkey" in answer.content


def test_a_password_is_kept_as_argon2id_with_the_minimum_of_owasp(person: Callable[..., Person]) -> None:
    somebody = person()
    somebody.set_password("a long enough password")
    assert somebody.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert somebody.check_password("a long enough password")


def test_who_set_a_password_signs_in_with_it_and_who_gives_a_wrong_one_does_not(person: Callable[..., Person]) -> None:
    somebody = person()
    somebody.set_password("a long enough password")
    somebody.save()
    EmailAddress.objects.create(user=somebody, email=somebody.email, verified=True, primary=True)
    wrong = Client().post("/account/login/", {"login": somebody.email, "password": "another long password"})
    assert wrong.status_code == 200
    good = Client().post("/account/login/", {"login": somebody.email, "password": "a long enough password"})
    assert good.headers["Location"] == "/workspace/"
