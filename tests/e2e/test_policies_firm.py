"""Policies in the browser: search and self-check, a firm's lists, an application there and back, a tap for a grant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from tests.policies.portal.laying import in_region, publish, row
from tests.policies.portal.profiles import write_pool
from tests.policies.portal.test_firm import FIRM

from tulou.platform import clock
from tulou.policies.models import Application, PolicyVersion
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
LOOKS = [("small", "zh", "light"), ("phone", "en", "dark"), ("desk", "zh", "dark"), ("desk", "en", "light")]
COST = row(
    op="range", attr="project.cost", ge=100_000, label={"zh": "投资10万元以上", "en": "costs CNY 100,000 or more"}
)


@pytest.fixture
def shelf(house: Any, tmp_path: Path) -> Iterator[dict[str, PolicyVersion]]:
    """Three policies of the demo's tax bureau; the pool knows the demo's firm."""
    tax = Organisation.objects.get(kind=Kind.DEPARTMENT, code="TAX")
    owner = Organisation.objects.get(kind=Kind.ENTERPRISE)
    soon = clock.today() + dt.timedelta(days=12)
    with override_settings(POOL=tmp_path / "pool"):
        write_pool({owner.code: FIRM})
        yield {
            "machines": publish(
                tax, "machines", {"all": [in_region("350000"), COST]}, title_zh="设备更新补助", title_en="New machines",
                summary_zh="给买新设备的企业。", summary_en="For firms that buy machines.", deadline=soon,
                benefit_zh="按投资额的10%补助，最高20万元", benefit_en="10 per cent of the cost", theme="investment",
                benefit_ceiling_fen=20_000_000, materials=[{"zh": "设备发票", "en": "Invoice of the machine"}],
            ),
            "relief": publish(
                tax, "relief", in_region("350500"), title_zh="房产税减免", title_en="Relief of the property tax",
                benefit_zh="减免当年房产税", benefit_en="This year's tax is waived", no_application=True,
            ),
            "far": publish(
                tax, "far", in_region("350200"), title_zh="厦门用电补贴", title_en="Power aid in Xiamen",
                benefit_ceiling_fen=1_000_000, theme="power_price",
            ),
        }  # fmt: skip


def public(version: PolicyVersion, tail: str = "") -> str:
    return f"/policies/{version.policy.public_id}/{tail}"


def mine(version: PolicyVersion) -> str:
    return f"/policies/mine/{version.policy.public_id}/"


def turn(page: Any, selector: str) -> None:
    """Click what opens another page, and wait for it."""
    with page.expect_navigation(wait_until="networkidle"):
        page.click(selector)


def paper(folder: Path) -> str:
    place = folder / "invoice.pdf"
    place.write_bytes(b"%PDF-1.4\nan invoice")
    return str(place)


def test_a_shop_owner_finds_a_policy_on_her_phone_and_checks_it_herself(
    house: Any, shelf: dict[str, PolicyVersion]
) -> None:
    page = house.open(size="phone", language="zh").go("/policies/").page
    house.look()
    house.picture("policies-home")
    page.fill("#policy-q", "设备")
    page.press("#policy-q", "Enter")
    page.wait_for_url("**/policies/?q=*")
    assert page.locator(".offer").count() == 1
    turn(page, ".offer a")
    page.wait_for_selector(".gift .get:has-text('20 万元')")
    house.look()
    house.picture("policies-one")
    turn(page, "text=适合我吗")
    house.look()
    page.click(".answers button:has-text('福建省')")
    page.wait_for_selector(".ask h2:has-text('总投资')")
    house.look()
    house.picture("policies-question")
    page.click(".answers button:has-text('不满10万元')")
    page.wait_for_selector(".verdict:has-text('目前不符合')")
    house.look()
    assert "需为 10万元" in page.locator("main").inner_text()
    page.click(".told li:has-text('总投资') button")
    page.click(".answers button:has-text('10万元以上')")
    page.wait_for_selector(".verdict:has-text('这项政策适合您')")
    house.look()
    house.picture("policies-yes")


def test_an_answer_makes_a_policy_certain_and_an_application_goes_there_and_back(
    house: Any, shelf: dict[str, PolicyVersion], tmp_path: Path
) -> None:
    page = house.open(size="phone", language="zh").enter("owner").go("/policies/mine/?list=possible").page
    house.look()
    house.picture("policies-possible")
    assert page.locator(".offer").inner_text().startswith("最高 20 万元")
    page.fill(".ask input[name=answer]", "500000")
    page.click(".ask button:has-text('保存')")
    page.wait_for_selector(".alert:has-text('已记下')")
    house.go("/policies/mine/?list=eligible")
    house.look()
    house.picture("policies-eligible")
    turn(page, ".offer a:has-text('设备更新补助')")
    house.look()
    house.picture("policies-mine-one")
    turn(page, "button:has-text('申请')")
    page.wait_for_selector("h1:has-text('设备更新补助')")
    page.set_input_files("input[type=file]", paper(tmp_path))
    page.click("button:has-text('上传')")
    page.wait_for_selector("text=invoice.pdf")
    page.fill("#id_contact_phone", "0591-87654321")
    house.look()
    house.picture("policies-application")
    page.click("button:has-text('提交申请')")
    page.wait_for_selector(".badge:has-text('部门审核中')")
    address = page.url.removeprefix(house.address)

    desk = house.open(size="desk", language="zh").enter("officer").go("/policies/applications/").page
    house.look()
    turn(desk, "table a:has-text('设备更新补助')")
    house.look()
    house.picture("policies-desk")
    desk.fill("#id_answer", "发票不清楚，请重新上传")
    desk.click("button:has-text('退回补正')")
    desk.wait_for_selector(".badge:has-text('退回补正')")

    page = house.open(size="phone", language="zh").enter("owner").go(address).page
    page.wait_for_selector("text=发票不清楚")
    house.look()
    page.set_input_files("input[type=file]", paper(tmp_path))
    page.click("button:has-text('上传')")
    page.wait_for_selector(".alert:has-text('文件已上传')")
    page.click("button:has-text('提交申请')")
    page.wait_for_selector(".badge:has-text('部门审核中')")

    desk = house.open(size="desk", language="zh").enter("officer").go(address).page
    desk.fill("#id_granted", "50000")
    desk.click("button[value=accept]")
    desk.wait_for_selector(".page-head .badge.tone-green")
    house.look()
    made = Application.objects.get()
    assert (made.state, made.granted_fen, made.materials.count()) == ("accepted", 5_000_000, 2)


def test_what_needs_no_application_takes_one_tap(house: Any, shelf: dict[str, PolicyVersion]) -> None:
    page = house.open(size="phone", language="en").enter("owner").go("/policies/mine/").page
    assert page.locator(".offer").count() == 1
    turn(page, ".offer a:has-text('Relief of the property tax')")
    page.wait_for_load_state("networkidle")
    assert shelf["relief"].policy.sightings.count() == 1
    house.look()
    turn(page, "button:has-text('Yes, we want it')")
    page.wait_for_selector(".badge:has-text('Approved')")
    house.look()
    house.picture("policies-grant")
    desk = house.open(size="desk", language="en").enter("officer").go("/policies/grants/").page
    house.look()
    turn(desk, "table a:has-text('Relief of the property tax')")
    house.look()
    desk.click("button:has-text('Note 1 as paid')")
    desk.click("dialog[open] button[value=yes]")
    desk.wait_for_selector(".alert:has-text('1 firm noted as paid')")
    assert Application.objects.get().state == "paid"


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_the_public_pages_keep_the_rules(
    house: Any, shelf: dict[str, PolicyVersion], size: str, language: str, theme: str
) -> None:
    house.open(size=size, language=language, theme=theme)
    one = shelf["machines"]
    for path in ("/policies/?theme=investment", public(one), public(one, "check/"), "/policies/check/",
                 "/policies/widget/?theme=investment", "/policies/embed/?size=micro", "/policies/?q=zzz"):  # fmt: skip
        house.go(path).look()


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_a_firms_pages_keep_the_rules(
    house: Any, shelf: dict[str, PolicyVersion], size: str, language: str, theme: str
) -> None:
    house.open(size=size, language=language, theme=theme).enter("owner")
    paths = [f"/policies/mine/?list={tab}" for tab in ("eligible", "possible", "not", "saved")]
    paths += [mine(version) for version in shelf.values()]
    for path in [*paths, "/policies/mine/answers/", "/policies/mine/calendar/", "/policies/applications/"]:
        house.go(path).look()


def test_without_javascript_the_self_check_works_too(house: Any, shelf: dict[str, PolicyVersion]) -> None:
    context = house.browser.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()
    page.goto(house.address + public(shelf["machines"], "check/"))
    page.click(".answers button:has-text('Fujian')")
    page.click(".answers button:has-text('at least CNY 100,000')")
    assert page.locator(".verdict h2").inner_text() == "Yes, this is for you"
    context.close()
