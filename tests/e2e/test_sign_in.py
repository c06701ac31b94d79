"""A firm's owner comes in with a passkey, in a real browser, under the strict content policy."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from tulou.registry.models import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def code_in_mail() -> str:
    words = str(mail.outbox[-1].body).split()
    return next(w for w in words if len(w) in range(6, 10) and w.replace("-", "").isalnum() and w.isupper())


def test_an_owner_signs_up_with_a_passkey_and_comes_back_with_it(house: Any) -> None:
    page = house.open(size="phone", language="en").go("/account/signup/").page
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    house.look()
    page.click("text=Sign up with a passkey")
    page.fill("input[name=email]", "owner@example.com")
    page.fill("input[name=name]", "Lin Xiuzhen")
    page.click("main form button[type=submit]")
    page.fill("input[name=code]", code_in_mail())
    page.click("main form button[type=submit] >> nth=0")
    page.wait_for_url("**/webauthn/signup/")
    house.look()
    page.fill("input[name=name]", "Phone")
    page.click("#mfa_webauthn_signup")
    page.wait_for_url("**/workspace/")
    assert "Lin Xiuzhen" in page.locator("h1").inner_text()
    page.click("details.menu:not(.phone-menu) summary")
    page.click("text=Sign out")
    page.wait_for_url(house.address + "/")
    house.go("/account/login/")
    page.click("#passkey_login")
    page.wait_for_url("**/workspace/")
    assert not Person.objects.get(email="owner@example.com").has_usable_password()
    assert house.complaints == []
