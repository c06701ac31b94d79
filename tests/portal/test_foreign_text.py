"""Text that comes from outside is shown as text: no payload of the list stands unescaped in any page that shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tulou.kernel.errors import Text
from tulou.platform.actor import SYSTEM
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import story
from tulou.pool.services.disputes import raise_dispute
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="session")
def payloads(shared_data: Path) -> list[str]:
    found = json.loads((shared_data / "security" / "xss_payloads.json").read_text())
    return [row if isinstance(row, str) else str(next(iter(row.values()))) for row in found]


def test_no_payload_stands_unescaped_in_a_page(
    payloads: list[str],
    courtyard: Callable[..., list[str]],
    organisation: Callable[..., Organisation],
    enter: Callable[..., Any],
    drain: Callable[[], int],
) -> None:
    firm = organisation(Kind.ENTERPRISE)
    items = courtyard([firm])
    owner = enter(Role.ENTERPRISE_LEGAL, firm)
    shown = 0
    for number, payload in enumerate(payloads):
        Organisation.objects.filter(pk=firm.pk).update(name_zh=payload[:200], name_en=payload[:200])
        raise_dispute(owner.actor, item=items[0], value=payload, explanation=payload, period=str(number))
        with story(SYSTEM) as told:
            text = Text(zh=payload, en=payload)
            told.send(Notice(code="test.foreign", key=str(number), title=text, body=text, people=(owner.person.pk,)))
        drain()
        for path in (
            "/pool/disputes/",
            "/inbox/",
            "/workspace/",
            "/pool/own/",
            f"/search/?q={number}",
            "/registry/members/",
        ):
            page = owner.get(path).content.decode()
            shown += "&lt;" in page
            if "<" in payload:
                assert payload not in page, f"{path} shows {payload!r} as it is"
    assert shown > len(payloads)
