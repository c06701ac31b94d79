"""Peers beside a score: published cuts of groups that are large enough, and one consented firm's place among them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from tests.finance.portal.conftest import Scored
from tests.finance.portal.stage import Market
from tests.policies.portal.profiles import write_pool

from tulou.finance.core.peers import on_grid
from tulou.finance.models import PeerEdition, ScoreArtefact
from tulou.finance.queries.scores import shown_score
from tulou.finance.services.peers import PURPOSE, publish_peers
from tulou.finance.services.scoring import install_artefact, score_application
from tulou.finance.tasks import publish_peer_figures
from tulou.kernel.uscc import make_uscc
from tulou.platform.audit.models import AuditEvent
from tulou.pool.models import PurposeVersion, ReadDecision

pytestmark = pytest.mark.django_db
ODD = 7_654_321
"""A capital that no grid has: it must not be told anywhere."""


def values(heads: int, capital: float) -> dict[str, Any]:
    return {
        "market_register__industry_code": "C1530",
        "market_register__district_code": "350102",
        "market_register__headcount": heads,
        "market_register__capital": capital,
        "invoice_monthly__out_total_amount__sum12": 4_000_000.0,
    }


def lay_pool(market: Market, firms: int = 60) -> None:
    """A pool of tea makers in Fuzhou, the market's firm (42 people) among them."""
    if not (settings.POOL / "pool.json").exists():
        shutil.rmtree(settings.POOL)  # The courtyard of a bare serving copy makes room for a whole pool.
    others = {make_uscc("9", "1", "350203", f"MA{n:06d}"): values(20 + n, 10_000 + n) for n in range(firms - 1)}
    write_pool({market.firm.code: values(42, ODD), **others})


@pytest.fixture
def published(market: Market, card: bytes) -> PeerEdition:
    lay_pool(market)
    install_artefact(market.banks[0].manager.actor, card)
    publish_peer_figures.func()
    return PeerEdition.objects.get()


def test_the_desk_shows_where_the_firm_stands_and_no_value_of_anybody(market: Market, published: PeerEdition) -> None:
    application = market.asked()[0]
    score = score_application(market.banks[0].officer.actor, application)
    shown = {row.title.en: row for row in shown_score(score).peers}
    assert set(shown) >= {"Score", "firm__headcount"}
    heads = shown["firm__headcount"]
    assert heads.group is not None
    assert ("Manufacturing" in heads.group.en, heads.firms, heads.quarter) == (True, 60, 2)
    page = market.banks[0].officer.get(f"/finance/desk/{application.public_id}/").content.decode()
    assert "Beside its peers" in page
    assert "second quarter" in page
    assert "about 60 firms" in page
    assert str(ODD) not in page.replace(",", "")


def test_what_is_published_are_points_of_a_grid_and_no_firms_own(market: Market, published: PeerEdition) -> None:
    assert str(ODD) not in json.dumps(published.groups)
    cuts = [cut for row in published.groups for name in row["cuts"] if name != "score" for cut in row["cuts"][name]]
    assert cuts
    assert all(on_grid(cut) == cut for cut in cuts)
    assert sum(row["group"] == ["", "", ""] for row in published.groups) == 1
    (line,) = AuditEvent.objects.filter(action="pool.duty.read")
    assert (line.facts["purpose"], line.facts["firms"]) == (PURPOSE.code, 60)
    assert not ReadDecision.objects.exists(), "figures of peers are no reading of a firm"


def test_too_few_peers_are_not_shown(market: Market, card: bytes) -> None:
    lay_pool(market, firms=19)
    install_artefact(market.banks[0].manager.actor, card)
    publish_peer_figures.func()
    assert PeerEdition.objects.get().groups == []
    application = market.asked()[0]
    score = score_application(market.banks[0].officer.actor, application)
    assert all(row.quarter is None for row in shown_score(score).peers)
    assert (
        "too few peers to show"
        in market.banks[0].officer.get(f"/finance/desk/{application.public_id}/").content.decode()
    )


def test_without_figures_there_is_a_score_and_no_peers(market: Market, scored: Scored) -> None:
    score = scored(market)
    assert score.peers == {}
    assert shown_score(score).peers == []


def test_figures_are_made_once_a_build_and_not_after_their_purpose_has_ended(
    market: Market, published: PeerEdition
) -> None:
    artefact = ScoreArtefact.objects.get()
    assert publish_peers(artefact) == published
    PurposeVersion.objects.filter(code=PURPOSE.code).update(ended_at=published.created_at)
    lay_pool(market, firms=61)
    assert publish_peers(artefact) is None
    assert PeerEdition.objects.count() == 1


def test_no_pool_no_figures(market: Market, card: bytes, tmp_path: Path) -> None:
    artefact = install_artefact(market.banks[0].manager.actor, card)
    with override_settings(POOL=tmp_path / "none"):
        assert publish_peers(artefact) is None
