"""What everybody sees of policies: search, one policy, feeds, the widget, the open API."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from django.test import Client, override_settings
from icalendar import Calendar
from tests.policies.portal.laying import HOUSE, amend, at_most, in_region, publish, row

from tulou.platform import clock
from tulou.platform.attachments.models import Attachment
from tulou.policies.models import PolicyVersion
from tulou.policies.services.publishing import suspend
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

pytestmark = pytest.mark.django_db
EN, ZH = {"Accept-Language": "en"}, {"Accept-Language": "zh-CN"}
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def department(organisation: Callable[..., Organisation]) -> Organisation:
    return organisation(Kind.DEPARTMENT, code="INDUSTRY", name_zh="工信厅", name_en="Department of Industry")


@pytest.fixture
def shelf(department: Organisation) -> dict[str, PolicyVersion]:
    """A tax policy of all Fujian, a machine policy of Quanzhou's manufacturers, a policy for micro firms."""
    soon = clock.today() + dt.timedelta(days=5)
    return {
        "tax": publish(department, "tax", in_region("350000"), title_zh="增值税减免", title_en="VAT relief",
                       theme="tax_relief", no_application=True),
        "machines": publish(
            department, "machines",
            {"all": [in_region("350500"), row(op="in", attr="industry", include=["C"])]},
            title_zh="设备更新补助", title_en="New machines", theme="investment", deadline=soon,
            benefit_ceiling_fen=500_000_000, benefit_zh="按10%补助", benefit_en="10 per cent of it",
        ),
        "micro": publish(
            department, "micro", {"all": [in_region("350000"), row(op="in", attr="size", include=["micro"])]},
            title_zh="小微房租补贴", title_en="Rent aid", theme="rent", benefit_ceiling_fen=2_000_000,
        ),
    }  # fmt: skip


def titles(address: str, headers: dict[str, str] = EN) -> list[str]:
    answer = Client(headers=headers).get(address)
    assert answer.status_code == 200
    return [card.version.title for card in answer.context["page"]]


def test_words_of_both_languages_find_a_policy(shelf: dict[str, PolicyVersion]) -> None:
    assert titles("/policies/?q=房租", ZH) == ["小微房租补贴"]
    assert titles("/policies/?q=machines") == ["New machines"]
    assert titles("/policies/?q=nothingofthesort") == []


def test_the_nearest_deadline_stands_first_then_the_largest_amount(shelf: dict[str, PolicyVersion]) -> None:
    assert titles("/policies/") == ["New machines", "Rent aid", "VAT relief"]
    assert titles("/policies/?sort=new") == ["Rent aid", "New machines", "VAT relief"]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("region=350200", ["Rent aid", "VAT relief"]),
        ("sector=I", ["Rent aid", "VAT relief"]),
        ("size=medium", ["New machines", "VAT relief"]),
        ("theme=rent", ["Rent aid"]),
        ("deadline=7", ["New machines"]),
        ("deadline=none", ["Rent aid", "VAT relief"]),
        ("amount=100", ["New machines"]),
        ("way=none", ["VAT relief"]),
        ("theme=nonsense", ["New machines", "Rent aid", "VAT relief"]),
        ("region=350500&size=micro&theme=rent", ["Rent aid"]),
    ],
)
def test_a_facet_leaves_what_it_does_not_rule_out(shelf: dict[str, PolicyVersion], query: str, left: list[str]) -> None:
    assert titles(f"/policies/?{query}") == left


def test_a_facet_counts_what_it_would_leave_beside_the_others(shelf: dict[str, PolicyVersion]) -> None:
    answer = Client(headers=EN).get("/policies/?theme=investment")
    facets = {facet.key: facet for facet in answer.context["found"].facets}
    assert [(o.label, o.count) for o in facets["region"].options] == [("Quanzhou", 1)]
    assert {o.value: o.count for o in facets["theme"].options} == {"tax_relief": 1, "rent": 1, "investment": 1}


def test_a_policy_says_the_benefit_first_and_each_condition_with_its_source(shelf: dict[str, PolicyVersion]) -> None:
    for headers, benefit, condition in ((EN, "up to CNY 5 m", "industry is one of: Manufacturing"),
                                        (ZH, "最高 500 万元", "所属行业属于: 制造业")):  # fmt: skip
        body = Client(headers=headers).get(f"/policies/{shelf['machines'].policy.public_id}/").content.decode()
        assert body.index(benefit) < body.index(condition)
        assert "测试</q>" in body


def test_the_page_tells_what_changed_between_versions(shelf: dict[str, PolicyVersion]) -> None:
    policy = shelf["micro"].policy
    amend(policy, benefit_ceiling_fen=3_000_000, change_en="More money", change_zh="提高标准",
          eligibility={"all": [in_region("350000"), at_most("headcount", 20)]})  # fmt: skip
    body = Client(headers=EN).get(f"/policies/{policy.public_id}/").content.decode()
    for words in ("Version 2", "More money", "<del>CNY 20,000</del>", "<ins>CNY 30,000</ins>", "headcount"):
        assert words in body
    assert titles("/policies/?amount=1") == ["New machines", "Rent aid"]


def test_a_suspended_policy_tells_why_and_leaves_the_list(
    shelf: dict[str, PolicyVersion], department: Organisation
) -> None:
    from dataclasses import replace

    policy = shelf["micro"].policy
    suspend(replace(HOUSE, organisation_key=department.pk), policy, reason_zh="预算用完", reason_en="No money left")
    assert "No money left" in Client(headers=EN).get(f"/policies/{policy.public_id}/").content.decode()
    assert "Rent aid" not in titles("/policies/")
    assert titles("/policies/?q=rent") == []


def test_the_list_can_be_taken_along_as_csv(shelf: dict[str, PolicyVersion]) -> None:
    answer = Client(headers=EN).get("/policies/?export=csv&theme=rent")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert [line.split(",")[0] for line in text.splitlines()] == ["Title", "Rent aid"]


def test_feeds_hold_what_the_filters_leave(shelf: dict[str, PolicyVersion]) -> None:
    found = Client(headers=EN).get("/policies/feed.json?theme=rent")
    assert found.headers["Content-Type"] == "application/feed+json"
    body = json.loads(found.content)
    assert [(item["title"], item["_tulou"]["ceiling_fen"]) for item in body["items"]] == [("Rent aid", 2_000_000)]
    tree = ElementTree.fromstring(Client(headers=ZH).get("/policies/feed.atom?q=设备").content)
    assert [entry.findtext("a:title", namespaces=ATOM) for entry in tree.findall("a:entry", ATOM)] == ["设备更新补助"]


def test_deadlines_go_into_a_calendar_as_whole_days(shelf: dict[str, PolicyVersion]) -> None:
    version = shelf["machines"]
    for address in ("/policies/deadlines.ics", f"/policies/{version.policy.public_id}/deadline.ics"):
        made = Calendar.from_ical(Client(headers=EN).get(address).content)
        (event,) = made.walk("VEVENT")
        assert event.decoded("dtstart") == version.deadline
        assert "New machines" in str(event["summary"])
    assert Client().get(f"/policies/{shelf['tax'].policy.public_id}/deadline.ics").status_code == 404


@pytest.mark.parametrize(("frames", "policy"), [((), "'none'"), (("https://park.example",), "https://park.example")])
def test_only_the_widget_may_be_framed_and_only_by_whom_the_operator_names(
    shelf: dict[str, PolicyVersion], frames: tuple[str, ...], policy: str
) -> None:
    with override_settings(FRAMES=frames):
        framed = Client(headers=EN).get("/policies/widget/?theme=rent&lang=zh")
        other = Client(headers=EN).get("/policies/")
    assert f"frame-ancestors {policy}" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    assert "script-src 'self'" in framed.headers["Content-Security-Policy"]
    assert "小微房租补贴" in framed.content.decode()
    assert framed.cookies == {}
    assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]
    assert other.headers["X-Frame-Options"] == "DENY"


def test_the_api_pages_through_all_policies_without_a_token(shelf: dict[str, PolicyVersion]) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        body = Client().get(f"/api/v1/policies?limit=2&cursor={cursor}").json()
        seen += [row["title"]["en"] for row in body["items"]]
        cursor = body["next"]
    assert seen == ["VAT relief", "New machines", "Rent aid"]
    one = Client().get(f"/api/v1/policies/{shelf['machines'].policy.public_id}").json()
    assert one["document"]["eligibility"]["all"][1]["include"] == ["C"]
    assert Client().get("/api/v1/policies/23456789abcdefghjkmn").status_code == 404


@pytest.mark.parametrize(
    ("facts", "result", "missing", "changed"),
    [
        (["region:350502", "industry:1530"], "T", [], []),
        (["region:350502"], "U", ["industry"], []),
        (["region:350200", "industry:C"], "F", [], ["region"]),
    ],
)
def test_the_api_checks_facts_and_says_what_would_change_the_answer(
    shelf: dict[str, PolicyVersion], facts: list[str], result: str, missing: list[str], changed: list[str]
) -> None:
    address = f"/api/v1/policies/{shelf['machines'].policy.public_id}/check"
    body = Client().get(address, {"fact": facts}).json()
    assert (body["result"], body["missing"], [each["fact"] for each in body["changes"]]) == (result, missing, changed)
    assert body["criterion"]["parts"]


@pytest.mark.parametrize("fact", ["headcount:many", "nonsense:1", "region:999999", "region", "aid:1,2"])
def test_the_api_refuses_what_is_no_fact(shelf: dict[str, PolicyVersion], fact: str) -> None:
    answer = Client().get(f"/api/v1/policies/{shelf['tax'].policy.public_id}/check", {"fact": [fact]})
    assert answer.status_code == 422
    assert answer.json()["code"] == "policies.fact.unreadable"


def test_a_file_of_a_policy_in_force_can_be_had_by_everybody(shelf: dict[str, PolicyVersion]) -> None:
    from django.core.files.base import ContentFile

    kept = Attachment(
        purpose="policies.version", name="form.pdf", media_type="application/pdf", size=4, sha256="0" * 64
    )
    kept.file.save("form.pdf", ContentFile(b"%PDF"), save=False)
    kept.save()
    made = shelf["tax"].files.create(attachment=kept, title_zh="申请表", title_en="Form")
    answer = Client().get(f"/policies/files/{made.public_id}/")
    assert b"".join(answer.streaming_content) == b"%PDF"  # type: ignore[attr-defined]
    assert "Form" in Client(headers=EN).get(f"/policies/{shelf['tax'].policy.public_id}/").content.decode()
