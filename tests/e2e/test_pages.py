"""Every page of the portal's own, in both languages, light and dark, on a phone and on a desk."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
PUBLIC = ["/", "/design/", "/account/login/", "/account/signup/", "/search/?q=x", "/api/", "/offline/", "/nothing/"]
INSIDE = {
    "system": ["/workspace/", "/operation/tasks/", "/inbox/", "/account/2fa/", "/account/sessions/"],
    "audit": ["/operation/audit/", "/operation/tasks/"],
}
LOOKS = [("small", "zh", "light"), ("phone", "en", "dark"), ("desk", "en", "light"), ("desk", "zh", "dark")]


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_public_pages_keep_the_rules(house: Any, size: str, language: str, theme: str) -> None:
    house.open(size=size, language=language, theme=theme)
    for path in PUBLIC:
        house.go(path).look()


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_pages_behind_the_sign_in_keep_the_rules(house: Any, size: str, language: str, theme: str) -> None:
    for account, paths in INSIDE.items():
        house.open(size=size, language=language, theme=theme).enter(account)
        for path in paths:
            house.go(path).look()


def test_the_language_and_the_theme_are_one_click_away(house: Any) -> None:
    page = house.open(language="zh").go("/").page
    page.click("button[name=language]")
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").inner_text() == "What government knows, working for your firm"
    page.click("[data-do=theme]")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_a_list_is_searched_without_leaving_it(house: Any) -> None:
    page = house.open(language="en").enter("audit").go("/operation/audit/").page
    page.fill("#list-q", "nothing that was ever done")
    page.wait_for_selector("#list .empty")
    assert "q=nothing" in page.url
    assert page.locator("#list-q").input_value() == "nothing that was ever done"


def test_the_error_summary_leads_to_the_field(house: Any) -> None:
    page = house.open(language="en").go("/design/#form").page
    page.click("main form[method=post] button.btn-primary")
    page.wait_for_selector(".summary")
    house.look()
    page.click(".summary a >> nth=0")
    assert page.url.endswith("#id_show-name")


def test_the_charts_are_drawn_and_have_their_tables(house: Any) -> None:
    page = house.open(language="en").go("/design/").page
    page.wait_for_selector(".chart canvas")
    assert page.locator(".chart").count() == page.locator(".chart-card table").count() == 2
