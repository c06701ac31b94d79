"""A firm's own policies: three lists from departments' data and its answers, each condition with its source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from icalendar import Calendar
from tests.policies.portal.laying import at_most, in_region, publish, row
from tests.policies.portal.profiles import write_pool

from tulou.platform import clock
from tulou.policies.models import Declaration, Mark, PolicyVersion, Sighting
from tulou.pool.models import ReadDecision
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
FIRM = {
    "market_register__district_code": "350582",
    "market_register__industry_code": "1530",
    "market_register__headcount": 12,
    "market_register__registration_status": "1",
    "market_register__established_on": dt.date(2015, 3, 1),
}
DECLARED = row(op="range", attr="project.cost", ge=100_000, label={"zh": "投资10万元以上", "en": "costs CNY 100,000"})


@pytest.fixture
def firm(organisation: Callable[..., Organisation]) -> Organisation:
    return organisation(Kind.ENTERPRISE)


@pytest.fixture
def owner(firm: Organisation, enter: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """The firm's owner; the pool knows the firm."""
    with override_settings(POOL=tmp_path / "pool"):
        write_pool({firm.code: FIRM})
        yield enter(Role.ENTERPRISE_LEGAL, firm)


@pytest.fixture
def shelf(organisation: Callable[..., Organisation]) -> dict[str, PolicyVersion]:
    department = organisation(Kind.DEPARTMENT, code="INDUSTRY")
    today = clock.today()
    return {
        "sure": publish(department, "sure", in_region("350500"), deadline=today + dt.timedelta(days=9)),
        "open": publish(department, "open", {"all": [in_region("350000"), DECLARED]}),
        "first": publish(department, "first", in_region("350000"), deadline=today + dt.timedelta(days=3)),
        "never": publish(department, "never", {"all": [in_region("350000"), at_most("headcount", 10)]}),
    }


def listed(client: Any, tab: str) -> list[str]:
    return [row["card"].version.policy.code for row in client.get(f"/policies/mine/?list={tab}").context["rows"]]


def page_of(client: Any, version: PolicyVersion) -> str:
    return str(client.get(f"/policies/mine/{version.policy.public_id}/").content.decode())


def test_policies_stand_in_three_lists_the_nearest_deadline_first(owner: Any, shelf: dict[str, PolicyVersion]) -> None:
    assert {tab: listed(owner, tab) for tab in ("eligible", "possible", "not")} == {
        "eligible": ["first", "sure"],
        "possible": ["open"],
        "not": ["never"],
    }


def test_each_condition_shows_the_firms_value_its_source_and_day_and_how_to_dispute_it(
    owner: Any, shelf: dict[str, PolicyVersion]
) -> None:
    body = page_of(owner, shelf["never"])
    for words in ("12 persons", "1 May 2026", "/pool/own/items/", "This is wrong", "would have to be 10 persons"):
        assert words in body
    dispute = body.split('href="/pool/own/items/')[-1].split('"')[0]
    form = owner.get(f"/pool/own/items/{dispute}".replace("&amp;", "&"))
    assert form.status_code == 200


def test_a_look_at_the_lists_is_on_the_pools_record(owner: Any, shelf: dict[str, PolicyVersion]) -> None:
    owner.get("/policies/mine/")
    assert ReadDecision.objects.filter(own=True, code="allowed").exists()


def test_an_answer_moves_a_policy_and_is_kept_with_day_and_person(owner: Any, shelf: dict[str, PolicyVersion]) -> None:
    (asked,) = owner.get("/policies/mine/?list=possible").context["asked"]
    assert (asked.fact, asked.choices) == ("project.cost", ())
    sent = owner.post(
        "/policies/mine/answers/give/", {"fact": "project.cost", "answer": "250000", "next": "/policies/mine/"}
    )
    assert sent.headers["Location"] == "/policies/mine/"
    assert listed(owner, "eligible") == ["first", "sure", "open"]
    (kept,) = Declaration.objects.filter(ended_at=None)
    assert (kept.answer, kept.declared_by) == ("250000", owner.person)
    assert "CNY 250,000" in owner.get("/policies/mine/answers/").content.decode()


def test_an_answer_can_be_changed_and_taken_back(owner: Any, shelf: dict[str, PolicyVersion]) -> None:
    for amount in ("250000", "50000"):
        owner.post("/policies/mine/answers/give/", {"fact": "project.cost", "answer": amount})
    assert listed(owner, "not") == ["open", "never"]
    assert Declaration.objects.count() == 2
    owner.post(f"/policies/mine/answers/{Declaration.objects.get(ended_at=None).public_id}/retract/")
    assert listed(owner, "possible") == ["open"]


def test_a_departments_word_stands_against_the_firms_answer(owner: Any, shelf: dict[str, PolicyVersion]) -> None:
    owner.post("/policies/mine/answers/give/", {"fact": "headcount", "answer": "5"})
    assert listed(owner, "not") == ["never"]


@pytest.mark.parametrize(
    "sent",
    [
        {"fact": "project.cost", "answer": "much"},
        {"fact": "as_of_date", "answer": "2020-01-01"},
        {"fact": "x", "answer": "1"},
    ],
)
def test_what_is_no_answer_is_refused(owner: Any, shelf: dict[str, PolicyVersion], sent: dict[str, str]) -> None:
    assert owner.post("/policies/mine/answers/give/", sent).status_code == 422
    assert not Declaration.objects.exists()


def test_an_answer_never_leads_out_of_the_house(owner: Any, shelf: dict[str, PolicyVersion]) -> None:
    told = {"fact": "project.cost", "answer": "1", "next": "https://evil.example/"}
    assert owner.post("/policies/mine/answers/give/", told).headers["Location"] == "/policies/mine/"


def test_aid_that_was_received_is_entered_as_a_ledger(owner: Any, organisation: Callable[..., Organisation]) -> None:
    rule = row(op="window", attr="aid", measure="sum", length=1, unit="years", schemes=["cloud_voucher"], lt=30_000)
    publish(organisation(Kind.DEPARTMENT, code="CLOUD"), "voucher", {"all": [in_region("350000"), rule]})
    (asked,) = owner.get("/policies/mine/?list=possible").context["asked"]
    assert [choice.answer for choice in asked.choices] == ["none"]
    entry = {"fact": "aid", "on": clock.today().isoformat(), "scheme": "cloud_voucher", "entry": "1"}
    owner.post("/policies/mine/answers/give/", {**entry, "amount": "20000"})
    assert listed(owner, "eligible") == ["voucher"]
    owner.post("/policies/mine/answers/give/", {**entry, "amount": "15000"})
    assert listed(owner, "not") == ["voucher"]
    assert "2 entries" in owner.get("/policies/mine/answers/").content.decode()


def test_what_is_hidden_or_saved_has_a_list_of_its_own(owner: Any, shelf: dict[str, PolicyVersion]) -> None:
    for code, kind in (("first", "hidden"), ("never", "saved")):
        owner.post(f"/policies/mine/{shelf[code].policy.public_id}/mark/", {"kind": kind})
    assert (listed(owner, "eligible"), listed(owner, "hidden"), listed(owner, "saved")) == (
        ["sure"],
        ["first"],
        ["never"],
    )
    owner.post(f"/policies/mine/{shelf['first'].policy.public_id}/mark/", {"kind": ""})
    assert listed(owner, "eligible") == ["first", "sure"]
    assert Mark.objects.count() == 1


def test_a_firm_has_seen_a_policy_once_and_only_when_the_page_says_so(
    owner: Any, shelf: dict[str, PolicyVersion]
) -> None:
    address = f"/policies/mine/{shelf['sure'].policy.public_id}/"
    assert f'hx-post="{address}seen/"' in owner.get(address).content.decode()
    assert not Sighting.objects.exists()
    for _ in range(3):
        assert owner.post(f"{address}seen/").status_code == 204
    assert Sighting.objects.count() == 1
    assert owner.get(f"{address}seen/").status_code == 405


def test_the_calendar_holds_the_deadlines_that_concern_the_firm(owner: Any, shelf: dict[str, PolicyVersion]) -> None:
    body = owner.get("/policies/mine/calendar/").content.decode()
    assert "Policy first" in body
    assert "Policy never" not in body
    events = Calendar.from_ical(owner.get("/policies/mine/calendar.ics").content).walk("VEVENT")
    assert [event.decoded("dtstart") for event in events] == [shelf["first"].deadline, shelf["sure"].deadline]


@pytest.mark.parametrize("role", [Role.ENTERPRISE_CLERK, Role.BANK_OFFICER, Role.DEPARTMENT_OFFICER])
def test_who_may_not_speak_for_the_firm_sees_no_lists(
    owner: Any, firm: Organisation, enter: Callable[..., Any], role: Role
) -> None:
    other = enter(role, firm if role == Role.ENTERPRISE_CLERK else None)
    for address in ("/policies/mine/", "/policies/mine/answers/", "/policies/mine/calendar.ics"):
        assert other.get(address).status_code == 403


def test_without_a_pool_the_firms_own_answers_count(
    shelf: dict[str, PolicyVersion], firm: Organisation, enter: Callable[..., Any], tmp_path: Path
) -> None:
    with override_settings(POOL=tmp_path / "nothing"):
        client = enter(Role.ENTERPRISE_LEGAL, firm)
        client.post("/policies/mine/answers/give/", {"fact": "region", "answer": "350500"})
        assert listed(client, "eligible") == ["first", "sure"]
