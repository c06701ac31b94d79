"""Scores with a memory, and the outcomes that models learn from."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.finance.portal.stage import NOW, Market

from tulou.finance.models import Outcome, Score, ScoreArtefact
from tulou.finance.services.needs import withdraw_need
from tulou.finance.services.scoring import install_artefact, reproduce, score_application
from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.pool.core.consent import ReadDenied
from tulou.pool.models import ReadDecision

pytestmark = pytest.mark.django_db


def scored(market: Market, card: bytes) -> Score:
    install_artefact(market.banks[0].manager.actor, card)
    return score_application(market.banks[0].officer.actor, market.asked()[0])


def test_a_score_is_one_reading_and_keeps_what_it_was_made_of(market: Market, card: bytes) -> None:
    score = scored(market, card)
    answer = json.loads(score.answer)
    assert 0 < answer["probability"] < 1
    assert json.loads(score.inputs)["firm__headcount"] == 42.0
    assert set(json.loads(score.inputs)) <= {"firm__headcount", "market_register__capital"}
    reading = ReadDecision.objects.get(public_id=score.reading)
    assert (reading.code, reading.subject) == ("allowed", market.firm)


def test_any_past_score_is_made_again_bit_for_bit_and_a_changed_one_is_found_out(market: Market, card: bytes) -> None:
    score = Score.objects.get(pk=scored(market, card).pk)
    newer = json.loads(card)
    assert reproduce(score)
    install_artefact(market.banks[0].manager.actor, json.dumps(newer, indent=2).encode())
    assert reproduce(Score.objects.get(pk=score.pk)), "the card of the time counts, not the one in force"
    for name, value in (("inputs", score.inputs.replace("42", "43")), ("answer", score.answer.replace(":", " :", 1))):
        Score.objects.filter(pk=score.pk).update(**{name: value})
        assert not reproduce(Score.objects.get(pk=score.pk))
        Score.objects.filter(pk=score.pk).update(**{name: getattr(score, name)})
    ScoreArtefact.objects.filter(pk=score.artefact_id).update(content=card + b" ")
    assert not reproduce(Score.objects.get(pk=score.pk))


def test_without_a_live_consent_there_is_no_score(market: Market, card: bytes) -> None:
    install_artefact(market.banks[0].manager.actor, card)
    application = market.asked()[0]
    withdraw_need(market.owner.actor, application.need)
    with pytest.raises(ReadDenied):
        score_application(market.banks[0].officer.actor, application)
    assert not Score.objects.exists()


def test_what_is_no_scorecard_is_not_installed(market: Market) -> None:
    file = SimpleUploadedFile("card.json", b"{}")
    answer = market.banks[0].manager.post("/finance/scoring/card/", {"file": file})
    assert answer.status_code == 422
    assert not ScoreArtefact.objects.exists()
    assert market.banks[0].officer.post("/finance/scoring/card/", {"file": file}).status_code == 403


def test_a_bank_uploads_outcomes_of_its_own_loans_all_or_none(market: Market) -> None:
    contract, officer = market.running(), market.banks[0].officer
    with clock.at(NOW + dt.timedelta(days=130)):
        number = contract.number
        good = f"contract,observed_on,days_past_due,bad\n{number},2021-10-31,95,\n{number},2021-11-01,0,0\n"
        odd = f"contract,observed_on,days_past_due\n{number},2021-10-30,3\nTL0,2021-10-31,0\n"
        for text, status, kept in ((odd, 422, 0), ("a,b\n1,2\n", 422, 0), (good, 302, 2)):
            file = SimpleUploadedFile("outcomes.csv", text.encode())
            assert officer.post("/finance/scoring/outcomes/", {"file": file}).status_code == status
            assert Outcome.objects.filter(source="upload").count() == kept
        assert list(Outcome.objects.filter(source="upload").values_list("bucket", "bad")) == [
            ("91-180", True),
            ("current", False),
        ]
        other = market.banks[1].officer.post(
            "/finance/scoring/outcomes/", {"file": SimpleUploadedFile("o.csv", good.encode())}
        )
        assert other.status_code == 422


def test_the_page_shows_and_checks_past_scores(market: Market, card: bytes) -> None:
    score = scored(market, card)
    officer = market.banks[0].officer
    assert market.firm.name_en in officer.get("/finance/scoring/").content.decode()
    page = officer.post(f"/finance/scoring/{score.public_id}/again/", follow=True).content.decode()
    assert "to the last bit" in page
    file = officer.get(f"/finance/desk/{score.application.public_id}/").content.decode()
    assert "Probability of default" in file
    assert market.banks[1].officer.post(f"/finance/scoring/{score.public_id}/again/").status_code == 404


def test_a_score_without_a_card_or_without_data_says_so(market: Market, card: bytes) -> None:
    application = market.asked()[0]
    with pytest.raises(Refused, match=r"finance\.artefact\.none"):
        score_application(market.banks[0].officer.actor, application)
