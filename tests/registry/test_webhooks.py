"""Webhooks of an organisation: only its head makes them, only public addresses, signed, paused at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tulou.platform.outbox.models import Message, Webhook
from tulou.registry.roles import Role

pytestmark = pytest.mark.django_db
PAGE = "/registry/webhooks/"
URL = "https://hooks.example.com/tulou"


def added(client: Any, url: str = URL) -> Any:
    return client.post(PAGE, {"url": url, "codes": ["consent.", "pool.dispute."]})


def test_the_head_adds_an_address_and_sees_its_secret_once(enter: Callable[..., Any]) -> None:
    owner = enter(Role.ENTERPRISE_LEGAL)
    page = added(owner).content.decode()
    hook = Webhook.objects.get(organisation=owner.actor.organisation_key)
    assert hook.secret in page
    assert hook.codes == ["consent.", "pool.dispute."]
    again = owner.get(PAGE).content.decode()
    assert hook.secret not in again
    assert URL in again


def test_it_is_tried_paused_and_heard_again(enter: Callable[..., Any]) -> None:
    owner = enter(Role.ENTERPRISE_LEGAL)
    added(owner)
    hook = Webhook.objects.get()
    owner.post(f"{PAGE}{hook.public_id}/try/")
    message = Message.objects.get(webhook=hook)
    assert message.code == "consent.tried"
    assert "consent.tried" in owner.get(PAGE).content.decode()
    for step, active in (("pause", False), ("resume", True)):
        owner.post(f"{PAGE}{hook.public_id}/{step}/")
        hook.refresh_from_db()
        assert hook.active is active
    assert owner.post(f"{PAGE}{hook.public_id}/explode/").status_code == 404


def test_nobody_but_the_head_and_nobody_elses(enter: Callable[..., Any]) -> None:
    owner = enter(Role.ENTERPRISE_LEGAL)
    added(owner)
    hook = Webhook.objects.get()
    assert enter(Role.ENTERPRISE_CLERK).get(PAGE).status_code == 403
    other = enter(Role.BANK_MANAGER)
    assert other.post(f"{PAGE}{hook.public_id}/pause/").status_code == 404
    assert URL not in other.get(PAGE).content.decode()


def test_an_organisation_has_at_most_five(enter: Callable[..., Any]) -> None:
    owner = enter(Role.ENTERPRISE_LEGAL)
    for number in range(6):
        page = added(owner, f"{URL}/{number}").content.decode()
    assert "at most five" in page
    assert Webhook.objects.count() == 5


def test_no_address_of_the_list_of_forbidden_ones_is_taken(enter: Callable[..., Any], shared_data: Path) -> None:
    listed = next((shared_data / "security").glob("*ssrf*"), None)
    if listed is None:
        pytest.skip("the list of forbidden addresses is not there")
    urls = re.findall(r"https?://[^\s,\"]+", listed.read_text(encoding="utf-8"))
    owner = enter(Role.ENTERPRISE_LEGAL)
    for url in [*urls, "http://example.com/", "https://127.0.0.1/", "https://user@example.com/", "https://a.internal/"]:
        added(owner, url)
    assert len(urls) >= 10
    assert not Webhook.objects.exists()
