"""From an application to the money, and what is given without one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from tests.policies.portal.laying import at_most, in_region, publish, row
from tests.policies.portal.profiles import write_pool
from tests.policies.portal.test_firm import FIRM

from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.audit.models import AuditEvent
from tulou.platform.outbox.models import Message
from tulou.policies.models import Application, Declaration, PolicyVersion
from tulou.policies.services.applications import period_start
from tulou.policies.services.entitled import by_data_alone, find_entitled_firms, find_entitled_firms_daily
from tulou.policies.services.grants import confirm_grant
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
MATERIALS = [{"zh": "申请表", "en": "Form"}, {"zh": "发票", "en": "Invoice"}]
WORDS = {"contact_name": "Lin", "contact_phone": "0591-87654321", "amount": "20000", "statement": "please"}


@pytest.fixture
def department(organisation: Callable[..., Organisation]) -> Organisation:
    return organisation(Kind.DEPARTMENT, code="INDUSTRY")


@pytest.fixture
def firm(organisation: Callable[..., Organisation]) -> Organisation:
    return organisation(Kind.ENTERPRISE)


@pytest.fixture
def owner(firm: Organisation, enter: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    with override_settings(POOL=tmp_path / "pool"):
        write_pool({firm.code: FIRM, "ELSEWHERE": {**FIRM, "market_register__district_code": "350203"}})
        yield enter(Role.ENTERPRISE_LEGAL, firm)


@pytest.fixture
def officer(department: Organisation, enter: Callable[..., Any]) -> Any:
    return enter(Role.DEPARTMENT_OFFICER, department)


@pytest.fixture
def version(department: Organisation) -> PolicyVersion:
    return publish(
        department, "aid", in_region("350500"), materials=MATERIALS, benefit_ceiling_fen=3_000_000,
        recurrence="yearly", deadline=clock.today() + dt.timedelta(days=2),
    )  # fmt: skip


def begin(owner: Any, version: PolicyVersion) -> Application:
    assert owner.post(f"/policies/mine/{version.policy.public_id}/apply/").status_code == 302
    return Application.objects.get(policy=version.policy)


def upload(
    owner: Any, application: Application, place: int, name: str = "a.pdf", content: bytes = b"%PDF-1.4 x"
) -> Any:
    told = {"place": str(place), "file": SimpleUploadedFile(name, content)}
    return owner.post(f"/policies/applications/{application.public_id}/materials/", told)


def submit(owner: Any, application: Application, **words: str) -> Any:
    return owner.post(f"/policies/applications/{application.public_id}/edit/", {**WORDS, "submit": "1", **words})


def decide(officer: Any, application: Application, step: str, **words: str) -> Any:
    return officer.post(f"/policies/applications/{application.public_id}/decide/", {"step": step, **words})


def handed_in(owner: Any, version: PolicyVersion) -> Application:
    made = begin(owner, version)
    for place in range(len(version.materials)):
        upload(owner, made, place)
    assert submit(owner, made).status_code == 302
    made.refresh_from_db()
    return made


def test_from_the_first_line_to_the_money(owner: Any, officer: Any, version: PolicyVersion) -> None:
    made = handed_in(owner, version)
    assert (made.state, made.amount_fen) == ("submitted", 2_000_000)
    assert decide(officer, made, "return", answer="The invoice cannot be read").status_code == 302
    assert "The invoice cannot be read" in owner.get(f"/policies/applications/{made.public_id}/").content.decode()
    upload(owner, made, 1, "better.pdf")
    assert submit(owner, made).status_code == 302
    decide(officer, made, "accept", granted="15000.50")
    decide(officer, made, "pay")
    made.refresh_from_db()
    assert (made.state, made.granted_fen, made.paid_at is not None) == ("paid", 1_500_050, True)
    told = [m.code for m in Message.objects.filter(code__startswith="policies.application").order_by("pk")]
    assert told == [f"policies.application.{s}" for s in ("submitted", "returned", "submitted", "accepted", "paid")]
    moves = (
        AuditEvent.objects.filter(action__startswith="policies.application.")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert list(moves)[-2:] == ["policies.application.accepted", "policies.application.paid"]


def test_the_department_sees_the_values_that_the_rule_asks_for_and_nothing_else(
    owner: Any, officer: Any, version: PolicyVersion
) -> None:
    made = handed_in(owner, version)
    rows = made.evaluation["criteria"]
    assert [(row["truth"], row["verified"]) for row in rows] == [("T", True)]
    body = officer.get(f"/policies/applications/{made.public_id}/").content.decode()
    assert "Jinjiang" in body
    assert "1530" not in body
    answer = officer.get(f"/policies/materials/{made.materials.first().public_id}/")
    assert b"".join(answer.streaming_content) == b"%PDF-1.4 x"


def test_nothing_is_handed_in_while_a_paper_or_a_word_is_missing(owner: Any, version: PolicyVersion) -> None:
    made = begin(owner, version)
    upload(owner, made, 0)
    answer = submit(owner, made)
    assert answer.status_code == 422
    assert "Still missing: Invoice" in answer.content.decode()
    answer = submit(owner, made, contact_phone="no number")
    assert "Only digits" in answer.content.decode()
    made.refresh_from_db()
    assert (made.state, made.contact_phone) == ("draft", "0591-87654321")


def test_a_file_that_is_not_what_it_says_is_refused(owner: Any, version: PolicyVersion) -> None:
    made = begin(owner, version)
    answer = upload(owner, made, 0, "a.pdf", b"MZ not a paper")
    assert answer.status_code == 422
    assert not made.materials.exists()


def test_a_file_can_be_taken_away_until_it_is_handed_in(owner: Any, version: PolicyVersion) -> None:
    made = begin(owner, version)
    upload(owner, made, 0)
    kept = made.materials.get()
    owner.post(f"/policies/materials/{kept.public_id}/remove/")
    assert not made.materials.exists()
    made = handed_in(owner, version)
    answer = owner.post(f"/policies/materials/{made.materials.first().public_id}/remove/")
    assert answer.status_code == 409
    assert made.materials.count() == 2


def test_who_does_not_meet_the_conditions_cannot_apply(owner: Any, department: Organisation) -> None:
    never = publish(department, "never", {"all": [in_region("350500"), at_most("headcount", 3)]})
    answer = owner.post(f"/policies/mine/{never.policy.public_id}/apply/")
    assert answer.status_code == 422
    assert "dispute" in answer.content.decode()
    assert not Application.objects.exists()


def test_after_the_deadline_nobody_begins_but_a_returned_one_comes_back(
    owner: Any, officer: Any, version: PolicyVersion
) -> None:
    made = handed_in(owner, version)
    decide(officer, made, "return", answer="again")
    with clock.at(clock.now() + dt.timedelta(days=5)):
        owner.sign_in()
        assert submit(owner, made).status_code == 302
        made.refresh_from_db()
        assert made.state == "submitted"
        owner.post(f"/policies/applications/{made.public_id}/withdraw/")
        assert owner.post(f"/policies/mine/{version.policy.public_id}/apply/").status_code == 422


def test_one_application_at_a_time_and_one_a_period(owner: Any, officer: Any, version: PolicyVersion) -> None:
    made = handed_in(owner, version)
    assert begin(owner, version).pk == made.pk
    decide(officer, made, "accept", granted="10")
    decide(officer, made, "pay")
    assert owner.post(f"/policies/mine/{version.policy.public_id}/apply/").status_code == 422
    assert period_start("yearly", dt.date(2026, 11, 25)) == dt.date(2026, 1, 1)
    assert (period_start("once", dt.date(2026, 1, 2)), period_start("ongoing", dt.date(2026, 1, 2))) == (
        dt.date.min,
        None,
    )


@pytest.mark.parametrize(
    ("step", "words", "status"),
    [
        ("return", {}, 422),
        ("refuse", {"answer": " "}, 422),
        ("accept", {"granted": "30000.01"}, 422),
        ("pay", {}, 422),
        ("nonsense", {}, 422),
        ("accept", {"granted": "much"}, 200),
        ("accept", {"granted": "30000"}, 302),
    ],
)
def test_a_decision_needs_its_reason_and_keeps_within_the_policy(
    owner: Any, officer: Any, version: PolicyVersion, step: str, words: dict[str, str], status: int
) -> None:
    made = handed_in(owner, version)
    assert decide(officer, made, step, **words).status_code == status
    made.refresh_from_db()
    assert made.state == ("accepted" if status == 302 else "submitted")


def test_nobody_else_sees_or_decides_it(
    owner: Any, version: PolicyVersion, enter: Callable[..., Any], organisation: Callable[..., Organisation]
) -> None:
    made = handed_in(owner, version)
    strangers = [enter(Role.ENTERPRISE_LEGAL), enter(Role.DEPARTMENT_OFFICER, organisation(Kind.DEPARTMENT))]
    for other in strangers:
        assert other.get(f"/policies/applications/{made.public_id}/").status_code == 404
        assert other.get(f"/policies/materials/{made.materials.first().public_id}/").status_code == 404
        assert other.get("/policies/applications/").context["page"].paginator.count == 0
    assert decide(strangers[1], made, "accept").status_code == 404
    other_one = publish(version.policy.department, "b", in_region("350000"))
    draft = Application.objects.create(firm=made.firm, policy=other_one.policy, version=other_one)
    officer = enter(Role.DEPARTMENT_OFFICER, version.policy.department)
    assert officer.get(f"/policies/applications/{draft.public_id}/").status_code == 404


@pytest.fixture
def given(department: Organisation) -> PolicyVersion:
    return publish(department, "given", in_region("350500"), no_application=True, recurrence="yearly")


def test_the_department_finds_the_firms_and_one_tap_says_yes(
    owner: Any, officer: Any, firm: Organisation, given: PolicyVersion, drain: Callable[[], int]
) -> None:
    address = f"/policies/grants/{given.policy.public_id}/"
    assert officer.post(f"{address}find/").status_code == 302
    drain()
    offered = Application.objects.get()
    assert (offered.state, offered.firm) == ("offered", firm)
    assert "Yes, we want it" in owner.get(f"/policies/applications/{offered.public_id}/").content.decode()
    owner.post(f"/policies/mine/{given.policy.public_id}/confirm/", {"say": "yes"})
    offered.refresh_from_db()
    assert (offered.state, offered.evaluation["verified"]) == ("accepted", True)
    assert officer.get(address).context["ready"] == 1
    officer.post(f"{address}pay/")
    offered.refresh_from_db()
    assert offered.state == "paid"
    assert "Paid" in officer.get("/policies/grants/").content.decode()
    find_entitled_firms.func(given.policy.pk)
    assert Application.objects.count() == 1


def test_a_firm_may_say_yes_before_it_is_found_or_no_after(owner: Any, given: PolicyVersion) -> None:
    find_entitled_firms_daily.func()
    find_entitled_firms_daily.func()
    address = f"/policies/mine/{given.policy.public_id}/confirm/"
    owner.post(address, {"say": "no"})
    assert Application.objects.get().state == "declined"
    find_entitled_firms_daily.func()
    assert Application.objects.count() == 1
    owner.post(address)
    assert Application.objects.filter(state="accepted").count() == 1


def test_the_firms_own_word_is_not_enough_for_what_needs_no_application(
    owner: Any, firm: Organisation, department: Organisation
) -> None:
    rule = {"all": [in_region("350500"), row(op="range", attr="revenue", ge=100)]}
    version = publish(department, "word", rule, no_application=True)
    Declaration.objects.create(firm=firm, fact="revenue", answer="200")
    find_entitled_firms.func(version.policy.pk)
    assert not Application.objects.exists()
    with pytest.raises(Refused, match="confirmed by departments"):
        confirm_grant(owner.actor, version.policy)


def test_a_rule_that_asks_the_applicant_is_not_decided_by_data_alone(department: Organisation) -> None:
    asked = publish(department, "asked", {"all": [in_region("350000"), row(op="range", attr="project.cost", ge=1)]})
    person = publish(department, "person", {"all": [in_region("350000"), row(op="attested", key="visit")]})
    known = publish(department, "known", {"all": [in_region("350000"), at_most("headcount", 5)]})
    assert [by_data_alone(each) for each in (asked, person, known)] == [False, False, True]
