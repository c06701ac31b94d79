"""The desk and the shelf: refusals with reasons, human review, objections, clocks, versions, questions that decide."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

import pytest
from tests.finance.portal.stage import MILLION, NOW, TERMS, Market

from tulou.finance.core.market.words import REFUSALS
from tulou.finance.flows import APPLICATION, CONTRACT, NEED, OFFER
from tulou.finance.models import Application, Need, Product, ProductVersion
from tulou.finance.queries.ranking import ranked
from tulou.finance.services.desk import refuse_application, take_application
from tulou.finance.services.needs import declare_facts, lapse_needs
from tulou.finance.services.offers import lapse_applications
from tulou.finance.services.products import publish_product
from tulou.kernel.errors import Refused
from tulou.platform import clock

pytestmark = pytest.mark.django_db


def taken(market: Market) -> Application:
    application = market.asked()[0]
    take_application(market.banks[0].officer.actor, application)
    return application


def refused(market: Market) -> Application:
    application = taken(market)
    refuse_application(market.banks[0].officer.actor, application, codes=["debt_heavy"])
    return application


def test_every_reason_says_what_would_change_it_in_both_languages() -> None:
    assert len(REFUSALS) >= 12
    for reason in REFUSALS.values():
        assert reason.text.zh
        assert reason.text.en
        assert reason.remedy.zh
        assert reason.remedy.en


@pytest.mark.parametrize("codes", [[], ["unknown"], list(REFUSALS)[:5]])
def test_a_refusal_has_one_to_four_reasons_of_the_list(market: Market, codes: list[str]) -> None:
    with pytest.raises(Refused, match=r"finance\.refusal\.reasons"):
        refuse_application(market.banks[0].officer.actor, taken(market), codes=codes)


def test_a_sole_trader_is_refused_by_two_people_and_told_nothing_before(market: Market) -> None:
    application = taken(market)
    Need.objects.update(natural_person=True)
    application.need.refresh_from_db()
    bank, path = market.banks[0], f"/finance/desk/{application.public_id}/"
    bank.officer.post(f"{path}refusal/", {"codes": ["turnover_short"], "text": ""})
    application.refresh_from_db()
    assert application.state == "refusal_check"
    seen = market.owner.get(f"/finance/needs/{application.need.public_id}/").content.decode()
    assert "do not carry the amount" not in seen
    assert "Under review" in seen
    assert bank.officer.post(f"{path}confirm/").status_code == 422
    bank.manager.post(f"{path}confirm/")
    application.refresh_from_db()
    assert application.state == "refused"


def test_an_objection_is_answered_by_somebody_else(market: Market) -> None:
    application = refused(market)
    market.owner.post(f"/finance/applications/{application.public_id}/object/", {"text": "The debt is repaid"})
    bank, path = market.banks[0], f"/finance/desk/{application.public_id}/"
    assert bank.officer.post(f"{path}uphold/", {"text": "no"}).status_code == 422
    bank.manager.post(f"{path}reopen/", {"text": "You are right"})
    application.refresh_from_db()
    assert (application.state, application.objection_answer) == ("review", "You are right")


def test_an_objection_comes_within_thirty_days(market: Market) -> None:
    from tulou.finance.services.desk import object_to_refusal

    application = refused(market)
    with clock.at(NOW + dt.timedelta(days=31)), pytest.raises(Refused, match=r"finance\.objection\.late"):
        object_to_refusal(market.owner.actor, application, text="x")


def test_clocks_run_out(market: Market) -> None:
    applications = market.asked()
    with clock.at(NOW + dt.timedelta(days=5)):
        assert lapse_applications() == 2
    with clock.at(NOW + dt.timedelta(days=30)):
        assert lapse_needs() == 1
    assert {row.state for row in Application.objects.all()} == {"lapsed"}
    assert Need.objects.get(pk=applications[0].need_id).state == "lapsed"


def test_a_change_is_a_new_version_and_what_was_asked_for_stays_under_its_own(market: Market) -> None:
    application, bank = market.asked()[0], market.banks[0]
    product = bank.product.product
    page = bank.manager.get(f"/finance/shelf/{product.public_id}/")
    form: Any = page.context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    changed = {**sent, "rate_to": "7", "documents": "营业执照 | Licence", "min_fen": "1", "max_fen": "300",
               "rate_from": "4", "fee_rate": "1"}  # fmt: skip
    answer = bank.manager.post(f"/finance/shelf/{product.public_id}/", changed)
    assert answer.status_code == 302, answer.context["form"].errors
    versions = ProductVersion.objects.filter(product=product).order_by("version")
    assert [f"{row.rate_to:.2f}" for row in versions] == ["0.08", "0.07"]
    application.refresh_from_db()
    assert application.product == versions[0]
    assert versions[0].ended_at is not None
    bank.manager.post(f"/finance/shelf/{product.public_id}/take-off/")
    assert Product.objects.get(pk=product.pk).state == "taken_off"
    assert market.owner.get(f"/finance/products/{product.public_id}/").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [{"rule": {"op": "nonsense"}}, {"max_fen": 1}, {"rate_to": TERMS.rate_to + 1}, {"methods": ("magic",)},
     {"datasets": ("secrets",)}, {"answer_days": 0}],
)  # fmt: skip
def test_terms_that_cannot_be_are_not_published(market: Market, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        publish_product(market.banks[0].manager.actor, dataclasses.replace(TERMS, **changes))
    assert ProductVersion.objects.count() == 2


def test_products_are_ranked_by_what_is_met_and_what_they_cost_and_a_question_decides(market: Market) -> None:
    rule = {"all": [{"op": "range", "attr": "revenue", "ge": 500000}]}
    boss = market.banks[0].manager.actor
    cheap = publish_product(boss, dataclasses.replace(TERMS, rate_to=TERMS.rate_from, rule=rule, name_en="Cheap"))
    never = publish_product(boss, dataclasses.replace(TERMS, max_fen=MILLION // 2, name_en="Small"))
    need = market.need()
    order = [(row.version.name_en, row.truth) for row in ranked(need)]
    assert order == [("Test loan", "T"), ("Test loan", "T"), ("Cheap", "U"), ("Small", "F")]
    page = market.owner.get(f"/finance/needs/{need.public_id}/banks/").content.decode()
    assert "What is your revenue of last year?" in page
    market.owner.post(f"/finance/needs/{need.public_id}/answers/", {"revenue": "800000"})
    need.refresh_from_db()
    assert next(row.version for row in ranked(need)) == cheap
    declare_facts(market.owner.actor, need, {"revenue": "400000"})
    assert {row.version: row.truth for row in ranked(need)}[cheap] == "F"
    assert {row.version: row.truth for row in ranked(need)}[never] == "F"


def test_what_departments_say_counts_before_what_the_firm_says(market: Market) -> None:
    need = market.need(declared={"headcount": "7"})
    assert need.facts["headcount"] == 42
    assert need.known_facts["headcount"] == 42


def test_the_public_pages_search_compare_and_compute(market: Market) -> None:
    client = market.owner
    key = market.banks[0].product.product.public_id
    assert "Test loan" in client.get("/finance/products/?q=test&amount=50&collateral=none").content.decode()
    assert "Nothing fits" in client.get("/finance/products/?amount=9999").content.decode()
    assert "True yearly cost" in client.get(f"/finance/compare/?p={key}").content.decode()
    query = "amount=100&months=12&rate=4.35&method=equal_instalments"
    rows = client.get(f"/finance/calculator/?{query}").context["cost"].instalments
    assert (rows[0].amount_fen, sum(row.principal_fen for row in rows)) == (8530990, MILLION)


def test_no_table_has_a_dead_end_that_is_not_meant(market: Market) -> None:
    ends = {
        flow.name: {state for state in flow.states if flow.final(state)}
        for flow in (NEED, APPLICATION, OFFER, CONTRACT)
    }
    assert ends == {
        "finance.need": {"financed", "ended", "withdrawn", "lapsed"},
        "finance.application": {"upheld", "won", "lost", "withdrawn", "lapsed"},
        "finance.offer": {"accepted", "declined", "passed_over", "expired"},
        "finance.contract": {"rescinded", "cancelled", "written_off", "repaid"},
    }


def test_the_terms_of_a_contract_are_the_offers_and_can_be_kept_as_a_file(market: Market) -> None:
    contract = market.contract()
    body = json.loads(market.owner.get(f"/finance/contracts/{contract.public_id}/terms/").content)
    assert body["sha256"] == contract.offer.terms_sha256
    assert body["terms"]["amount_fen"] == MILLION
