"""The operator decides a doubtful match in a browser; the worker tells the pool; she takes it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings
from tests.identity_fixtures import firm, links
from tests.pool.core.identity.test_review import doubtful

from tulou.pool.core.lake import Lake
from tulou.pool.models import MatchReview
from tulou.pool.services.matches import gather_matches

__all__ = ["doubtful"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_the_operator_decides_and_takes_back(house: Any, doubtful: Lake, drain: Callable[[], int]) -> None:
    with override_settings(POOL=doubtful.root):
        gather_matches()
        pair = MatchReview.objects.get(subject_key="loc:P7")
        page = house.open(language="en", size="phone").enter("operator").go("/pool/matches/").page
        house.look()
        page.click(f'a[href="/pool/matches/{pair.public_id}/"]')
        page.wait_for_selector("h1")
        house.look()
        house.picture("match")
        page.fill("#id_reason", "asked the owner on the telephone")
        page.click('button[value="same"]')
        page.wait_for_load_state("networkidle")
        drain()
        assert links(doubtful, "power")["loc:P7"][2] == firm(7)["uscc"]
        house.go(f"/pool/matches/{pair.public_id}/")
        assert "asked the owner on the telephone" in page.inner_text(".timeline-line")
        house.look()
        page.fill("#id_reason", "the telephone is the accountant's")
        page.click('button[value="undo"]')
        page.wait_for_load_state("networkidle")
        drain()
        assert links(doubtful, "power")["loc:P7"][2] is None
        house.go(f"/pool/matches/{pair.public_id}/")
        assert page.locator('button[value="different"]').count() == 1
