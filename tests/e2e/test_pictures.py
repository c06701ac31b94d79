"""The pictures of the README: eight moments of the furnished portal; `make screenshots` keeps them in docs/images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import PICTURES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
HEAVIEST = 300 * 1024


def follow(page: Any, selector: str) -> None:
    """Click what leads to another page."""
    with page.expect_navigation(wait_until="networkidle"):
        page.locator(selector).first.click()


def consent(page: Any) -> None:
    follow(page, "main a[href^='/pool/consents/']:has-text('海峡银行')")


def policy(page: Any) -> None:
    follow(page, ".offer a")


def criterion(page: Any) -> None:
    follow(page, "main table a[href^='/policies/department/']")
    follow(page, 'form[action$="/do/amend/"] button')
    page.goto(page.url.rstrip("/").removesuffix("/rule") + "/rule/")
    page.locator("[id^=edit-]").first.click()
    page.wait_for_selector("#row-quote")
    page.wait_for_load_state("networkidle")


def application(page: Any) -> None:
    follow(page, "#list tbody a")


def offers(page: Any) -> None:
    follow(page, "#list tbody tr:has-text('等待银行答复') a")
    page.locator(".side-by-side").first.scroll_into_view_if_needed()


def stay(page: Any) -> None:
    page.wait_for_load_state("networkidle")


MOMENTS: dict[str, tuple[str, str, str, Callable[[Any], None]]] = {
    "home": ("", "desk", "/", stay),
    "own-data": ("owner", "phone", "/pool/own/", stay),
    "consent": ("owner", "phone", "/pool/consents/", consent),
    "policy": ("", "phone", "/policies/", policy),
    "criteria": ("officer", "desk", "/policies/department/", criterion),
    "bank-desk": ("bank", "desk", "/finance/desk/", application),
    "offers": ("owner", "phone", "/finance/needs/", offers),
    "province": ("", "desk", "/finance/figures/", stay),
}


def take_pictures(house: Any) -> None:
    """Go to each moment, hold it against the rules of the house, and picture it."""
    for name, (account, size, path, reach) in MOMENTS.items():
        house.open(size=size, language="zh")
        if account:
            house.enter(account)
        house.go(path)
        reach(house.page)
        house.look()
        house.picture(name)
        house.page.context.close()
        house.page = None


@pytest.mark.skipif(not PICTURES, reason="TULOU_PICTURES says where to; `make screenshots` does")
def test_the_pictures_of_the_readme_are_taken_and_light(furnished: Any) -> None:
    take_pictures(furnished)
    made = {name: (Path(PICTURES) / f"{name}.png").stat().st_size for name in MOMENTS}
    assert {name: size for name, size in made.items() if size > HEAVIEST} == {}
