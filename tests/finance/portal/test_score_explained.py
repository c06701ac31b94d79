"""What a firm reads of a bank's score: each reason with its data items, and the way to dispute one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.finance.portal.conftest import Scored
from tests.finance.portal.stage import Market

from tulou.finance.models import Score
from tulou.finance.queries.scores import shown_score
from tulou.finance.queries.sources import places_of
from tulou.pool.models import Dispute
from tulou.pool.services.disputes import answer_dispute, raise_dispute
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db


def test_the_firm_reads_the_item_the_department_and_the_day_behind_each_reason(market: Market, scored: Scored) -> None:
    score = scored(market)
    shown = shown_score(score)
    source = next(s for reason in shown.reasons for s in reason.sources if s.told)
    assert (str(source.value), source.received, source.delivery) == ("42", "2020-07-05", "delivery-1")
    page = market.owner.get(f"/finance/applications/{score.application.public_id}/score/").content.decode()
    for words in (source.department.en, "2020-07-05", "Dispute this", "Probability of default", "A score decides"):
        assert words in page
    assert (
        f"/finance/applications/{score.application.public_id}/score/"
        in market.owner.get(f"/finance/needs/{score.application.need.public_id}/").content.decode()
    )


def test_one_tap_opens_the_dispute_with_the_item_filled_in(market: Market, scored: Scored) -> None:
    score = scored(market)
    page = market.owner.get(f"/finance/applications/{score.application.public_id}/score/").content.decode()
    action = re.search(r'action="(/pool/own/items/[^"]+/dispute/)"', page)
    assert action is not None
    sent = dict(re.findall(r'name="(value|period|delivery|open)" value="([^"]*)"', page[action.start() :])[:4])
    sent |= dict(re.findall(r'<button[^>]*name="(open)" value="(1)"', page[action.start() :])[:1])
    form = market.owner.post(action[1], sent).content.decode()
    assert "Dispute a value" in form
    assert f'name="value" value="{sent["value"]}"' in form
    market.owner.post(action[1], {**sent, "explanation": "We have 60 people", "proposed": "60"})
    made = Dispute.objects.get()
    assert (made.subject, made.value, made.delivery) == (market.firm, sent["value"], sent["delivery"])
    assert made.item in action[1]


def test_a_disputed_item_is_marked_for_the_firm_and_for_the_bank_that_may_read_it(
    market: Market, scored: Scored, enter: Callable[..., Any]
) -> None:
    score = scored(market)
    item = next(s for reason in shown_score(score).reasons for s in reason.sources)
    dispute = raise_dispute(market.owner.actor, item=item.item, value=item.told, explanation="wrong")
    own, desk = (
        f"/finance/applications/{score.application.public_id}/score/",
        f"/finance/desk/{score.application.public_id}/",
    )
    assert "Disputed" in market.owner.get(own).content.decode()
    assert "The firm disputes it" in market.banks[0].officer.get(desk).content.decode()
    department = Organisation.objects.get(kind=Kind.DEPARTMENT, code="MARKET")
    officer = enter(Role.DEPARTMENT_OFFICER, department)
    answer_dispute(officer.actor, dispute, "decline", answer="It is right")
    assert "The firm disputes it" not in market.banks[0].officer.get(desk).content.decode()


def test_the_bank_sees_items_and_departments_but_no_value_beside_a_reason(market: Market, scored: Scored) -> None:
    score = scored(market)
    shown = shown_score(score)
    item = next(s for reason in shown.reasons for s in reason.sources if s.told)
    page = market.banks[0].officer.get(f"/finance/desk/{score.application.public_id}/").content.decode()
    assert item.department.en in page
    assert f"<strong>{item.shown}</strong>" not in page


def test_a_score_of_a_time_without_sources_still_leads_to_its_items(market: Market, scored: Scored) -> None:
    score = scored(market)
    told = [s.item for reason in shown_score(score).reasons for s in reason.sources]
    Score.objects.filter(pk=score.pk).update(sources={})
    older = shown_score(Score.objects.select_related("artefact").get(pk=score.pk))
    assert [s.item for reason in older.reasons for s in reason.sources] == told
    assert all(s.value is None for reason in older.reasons for s in reason.sources)


def test_nobody_but_the_firm_reads_it(market: Market, scored: Scored, enter: Callable[..., Any]) -> None:
    path = f"/finance/applications/{scored(market).application.public_id}/score/"
    assert enter(Role.ENTERPRISE_LEGAL).get(path).status_code == 404
    assert market.banks[0].officer.get(path).status_code == 403
    other = market.asked(market.need())[1]
    assert "Not scored yet" in market.owner.get(f"/finance/applications/{other.public_id}/score/").content.decode()


def test_what_the_firm_states_itself_is_no_item_and_growth_is_made_of_two_sums() -> None:
    assert places_of("loan__amount") == (("loan", "amount", "latest"),)
    assert [kind for _dataset, _column, kind in places_of("firm__power_growth")] == ["sum12", "prior12"]
    assert places_of("plain") == ()
