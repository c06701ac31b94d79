"""The demonstration is laid out around a small pool, once, and nothing in it is empty."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import override_settings

from tulou.demo import run_demo
from tulou.pool.demo import demo_firm, make_demo
from tulou.pool.models import Consent, Delivery, Dispute, ReadDecision
from tulou.portal.demo import demo_person, make_demo_people
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind
from tulou.simulate import Wish

pytestmark = pytest.mark.django_db
WISH = Wish(120, 2, seed=11, departments=("market", "power", "tax", "hrss"))


def test_the_demonstration_is_laid_out_once_around_one_of_the_pools_own_firms(
    tmp_path: Path, drain: Callable[[], int]
) -> None:
    folder = run_demo(tmp_path / "demo", WISH).folder
    with override_settings(POOL=folder / "pool"):
        make_demo_people()
        make_demo()
        drain()
        firm = demo_firm()
        assert firm is not None
        owner = demo_person("owner")
        assert owner is not None
        assert owner.memberships.get().organisation.code == firm.uscc
        assert Organisation.objects.filter(kind=Kind.ENTERPRISE).count() >= 0.9 * WISH.firms
        assert Organisation.objects.filter(kind=Kind.DEPARTMENT).count() == 17
        states = set(Consent.objects.values_list("state", flat=True))
        assert states >= {"requested", "active", "paused", "revoked", "rejected", "lapsed", "superseded"}
        assert {"allowed", "revoked", "paused"} <= set(ReadDecision.objects.values_list("code", flat=True))
        assert Dispute.objects.exists()
        assert Delivery.objects.filter(rejected__gt=0).exists()
        before = [model.objects.count() for model in (Organisation, Consent, ReadDecision, Dispute, Delivery)]
        make_demo_people()
        make_demo()
        assert before == [model.objects.count() for model in (Organisation, Consent, ReadDecision, Dispute, Delivery)]
