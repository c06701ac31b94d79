"""A policy is published and reaches the owner: inbox, why, settings, leaving; and saved policies without a net."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import override_settings
from tests.policies.portal.laying import at_most, in_region, publish
from tests.policies.portal.profiles import write_pool

from tulou.platform import clock
from tulou.policies.models import Mark, MatchEvent, PolicyVersion, Wish
from tulou.policies.services.digests import send_due, unsubscribe_token
from tulou.policies.services.matching import keep_up
from tulou.portal.demo import demo_person
from tulou.registry.models import Membership, Organisation
from tulou.registry.roles import Kind

SMALL = {"all": [in_region("350100"), at_most("headcount", 100)]}

ALL_KEPT = """caches.open('saved').then(async (saved) =>
  (await Promise.all((await saved.keys()).map(async (key) => (await saved.match(key)).text()))).join(' '))"""
"""Everything that is kept of saved policies, as one text."""


class News:
    """The demo's owner, her firm in the pool, and a policy of the tax office that is for it."""

    def __init__(self) -> None:
        self.owner = demo_person("owner")
        self.firm = Membership.objects.get(person=self.owner).organisation
        facts = {"market_register__district_code": "350102", "market_register__headcount": 10}
        write_pool({self.firm.code: facts})
        keep_up()
        tax = Organisation.objects.filter(kind=Kind.DEPARTMENT).order_by("pk")[0]
        self.version: PolicyVersion = publish(
            tax,
            "e2e",
            SMALL,
            title_zh="小微企业春风补贴",
            title_en="Spring aid for small firms",
            deadline=clock.today() + dt.timedelta(days=20),
        )
        keep_up()


@pytest.fixture
def news(house: Any, tmp_path: Path) -> Iterator[News]:
    """The news are out."""
    with override_settings(POOL=tmp_path / "pool", BASE_URL=house.address):
        yield News()


@pytest.mark.parametrize(
    ("language", "size", "eligible", "why", "quiet", "saved"),
    [
        (
            "zh",
            "phone",
            "您符合条件：小微企业春风补贴",
            "为什么收到这条消息",
            "不发邮件",
            "已保存，今后按此接收政策消息",
        ),
        ("en", "desk", "You are eligible: Spring aid", "Why did I get this?", "No e-mail", "That is how you will hear"),
    ],
)
def test_from_publishing_to_the_inbox_to_why_to_the_settings(
    house: Any, news: News, language: str, size: str, eligible: str, why: str, quiet: str, saved: str
) -> None:
    """She opens the inbox, reads the news, sees why, and chooses to get no e-mail."""
    house.open(size=size, language=language).enter("owner").go("/inbox/")
    page = house.page
    page.locator("li", has_text=eligible).locator("form button").first.click()
    page.wait_for_url("**/policies/news/*/")
    assert page.get_by_text(why).count() == 1
    assert page.locator(".rule > li").count() >= 2
    house.look()
    house.picture(f"policies-news-why-{language}-{size}")
    house.go("/policies/news/").look()
    house.picture(f"policies-news-{language}-{size}")
    house.go("/policies/news/settings/").look()
    house.picture(f"policies-news-settings-{language}-{size}")
    page.get_by_label(quiet, exact=True).check()
    page.locator("form .btn-primary").first.click()
    page.get_by_text(saved).wait_for()
    assert Wish.objects.get(person=news.owner).email == "never"


def test_an_e_mail_is_left_with_one_tap_and_no_session(house: Any, news: News) -> None:
    """The link in the mail opens a page with one button; only the button does it."""
    with clock.at(dt.datetime.combine(clock.today(), dt.time(12), clock.SHANGHAI)):
        assert send_due() >= 1
    sent = next(each for each in mail.outbox if each.to == [news.owner.email])
    address = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert unsubscribe_token(news.owner).partition(":")[0] in address
    house.open(size="phone", language="zh").go(address.removeprefix(house.address))
    house.look()
    assert Wish.objects.get(person=news.owner).email == "daily"
    house.picture("policies-unsubscribe-zh-phone")
    house.page.locator("main button").click()
    house.page.get_by_text("您不会再收到政策邮件").wait_for()
    assert Wish.objects.get(person=news.owner).email == "never"


def test_saved_policies_open_without_a_net_until_she_signs_out(house: Any, news: News, browser: Any) -> None:
    """Installed worker, net off: the saved policy and the page that lists it; another page: no connection. After
    signing out: nothing is left of what she saved.
    """
    Mark.objects.create(firm=news.firm, policy=news.version.policy, kind="saved")
    context = browser.new_context(locale="en-US", viewport={"width": 390, "height": 844})
    house.page = page = context.new_page()
    house.go("/account/login/")
    page.click('form[action="/demo/enter/owner/"] button')
    page.wait_for_url("**/workspace/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    house.go("/policies/mine/")
    address = f"/policies/{news.version.policy.public_id}/"
    page.wait_for_function(f"caches.open('saved').then((s) => s.match('{address}')).then(Boolean)")
    kept = page.evaluate(ALL_KEPT)
    assert "Spring aid for small firms" in kept
    assert news.owner.name not in kept
    assert news.firm.name_zh not in kept
    context.set_offline(True)
    page.goto(house.address + address)
    assert page.get_by_role("heading", name="Spring aid for small firms").count() == 1
    page.goto(house.address + "/policies/news/")
    page.get_by_text("Spring aid for small firms").wait_for()
    house.picture("policies-offline-en-phone")
    context.set_offline(False)
    house.go("/workspace/")
    page.locator("details.menu summary").last.click()
    page.locator('form[action="/account/logout/"] button').first.click()
    page.wait_for_url(house.address + "/")
    assert page.evaluate("caches.has('saved')") is False
    context.set_offline(True)
    page.goto(house.address + address)
    assert page.get_by_text("Spring aid for small firms").count() == 0
    assert MatchEvent.objects.count() == 1
