"""The portal as an app: what its service worker keeps, and that nothing of anybody's account is kept."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.test import Client
from tests.policies.portal.laying import in_region, publish

from tulou.policies.models import Mark
from tulou.registry.roles import Kind, Role


def test_the_manifest_makes_the_portal_installable_in_both_languages(db: None) -> None:
    """A name, a start, icons of the sizes that they say they have, one that may be cut to a circle."""
    chinese, english = (
        Client(headers={"Accept-Language": language}).get("/manifest.webmanifest") for language in ("zh-CN", "en")
    )
    assert chinese.headers["Content-Type"] == "application/manifest+json"
    body = json.loads(chinese.content)
    assert (body["short_name"], json.loads(english.content)["short_name"]) == ("土楼", "Tulou")
    assert (body["start_url"], body["scope"], body["display"]) == ("/", "/", "standalone")
    assert {icon["purpose"] for icon in body["icons"]} == {"any", "maskable"}
    for icon in body["icons"]:
        found = finders.find(icon["src"].removeprefix("/static/"))
        assert found is not None
        width, height = struct.unpack(">II", Path(str(found)).read_bytes()[16:24])
        assert icon["sizes"] == f"{width}x{height}"
    page = Client().get("/").content.decode()
    assert 'rel="manifest"' in page


def test_the_worker_is_the_same_for_everybody_and_holds_no_name(enter: Callable[..., Any]) -> None:
    """It is fetched with a session; if it named anybody, it would go on naming her."""
    owner = enter(Role.ENTERPRISE_LEGAL)
    mine, strangers = owner.get("/sw.js"), Client(headers={"Accept-Language": "en"}).get("/sw.js")
    assert mine.content == strangers.content
    assert mine.headers["Service-Worker-Allowed"] == "/"
    text = mine.content.decode()
    assert 'credentials: "omit"' in text
    assert '"/account/logout/"' in text
    assert "/policies/saved.json" in text


def test_the_app_is_told_what_the_firm_saved_and_nothing_else(
    enter: Callable[..., Any], organisation: Callable[..., Any]
) -> None:
    """Saved and published ones; hidden ones, drafts and other firms' are not in it; who is not signed in gets none."""
    owner, other = enter(Role.ENTERPRISE_LEGAL), enter(Role.ENTERPRISE_LEGAL)
    department = organisation(Kind.DEPARTMENT)
    policies = [publish(department, name, in_region("350000")).policy for name in "abc"]
    firm = owner.person.memberships.get().organisation
    for policy, kind in zip(policies, ("saved", "hidden", "saved"), strict=True):
        Mark.objects.create(firm=firm, policy=policy, kind=kind)
    policies[2].__class__.objects.filter(pk=policies[2].pk).update(state="withdrawn")
    body = json.loads(owner.get("/policies/saved.json").content)
    assert body == {
        "language": "en",
        "policies": [{"url": f"/policies/{policies[0].public_id}/", "title": "Policy a"}],
    }
    assert json.loads(other.get("/policies/saved.json").content)["policies"] == []
    assert Client().get("/policies/saved.json").status_code == 302


def test_a_kept_page_shows_nothing_of_an_account(enter: Callable[..., Any], organisation: Callable[..., Any]) -> None:
    """As a stranger sees it: no name, no firm, no menu of an account."""
    owner = enter(Role.ENTERPRISE_LEGAL, name="MARKER-NAME")
    policy = publish(organisation(Kind.DEPARTMENT), "a", in_region("350000")).policy
    address = f"/policies/{policy.public_id}/"
    assert "MARKER-NAME" in owner.get(address).content.decode()
    stranger = Client().get(address)
    assert stranger.status_code == 200
    assert "MARKER-NAME" not in stranger.content.decode()
