"""Reasons, changes, drift, recalibration, the model card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.finance.core.invented_firms import card, firms

from tulou.finance.core import score_one, score_rows
from tulou.finance.core.artefact import AsOf, Calibration, Feature, Item, Meaning, Scorecard, Target
from tulou.finance.core.batch import probabilities, score
from tulou.finance.core.calibration import bands, levelled, recalibrated
from tulou.finance.core.drift import drift_findings, monitor, state_of
from tulou.finance.core.evaluation import assess, roc_curve
from tulou.finance.core.metrics import auc, bootstrap, ks, psi, rate_limits
from tulou.finance.core.model_card import page_of, summary_of_card
from tulou.finance.core.outcome import read_outcome_as
from tulou.finance.core.reasons import changes_of, lines_of, reason_rows, reasons_of, sentence
from tulou.finance.core.recalibrating import recalibrate
from tulou.finance.core.serving import unread_findings
from tulou.kernel.errors import Refused, Text, WrongUse


def told_card() -> Scorecard:
    """Two features with meanings: sales that can grow, and a sector."""
    sales = Feature(
        "sales",
        "number",
        (Item("sales"),),
        Meaning(
            Text(zh="销售额", en="sales"), Text(zh="税务局", en="tax bureau"), Text(zh="万元", en="k CNY"), "+", True
        ),
        points=(-30, 0, 25),
        missing=-10,
        cuts=(10.0, 50.0),
        best=25,
        middle=0,
        as_of=AsOf("tax_day", 0),
    )
    sector = Feature(
        "sector", "category", (Item("sector"),), Meaning(Text(zh="行业", en="sector")), (5, -8), 0, -3,
        levels=(("A", "B"), ("C",)), best=5, middle=5,
    )  # fmt: skip
    founded = Feature(
        "founded", "date", (Item("founded", "%Y-%m-%d"),), Meaning(Text(zh="成立日期", en="founding day")), (4, -6), 0,
        cuts=(15_000.0,), best=4, middle=4,
    )  # fmt: skip
    return Scorecard(
        "told", Target("bad", "1", "0"), 500, 40, (sales, sector, founded), (), Calibration(8.6, -0.017), ()
    )


ROW = {"sales": "7", "sector": "C", "founded": "2020-05-01", "tax_day": "2026-06-30"}


def test_reasons_name_item_department_and_day_and_the_greatest_comes_first() -> None:
    reasons = reasons_of(told_card(), ROW, as_of="2026-07-31")
    assert [(reason.code, reason.shortfall) for reason in reasons] == [("sales", 55), ("sector", 13), ("founded", 10)]
    (source,) = reasons[0].sources
    assert (source.column, source.value, source.as_of) == ("sales", "7", "2026-06-30")
    assert source.department == Text(zh="税务局", en="tax bureau")
    assert reasons[1].sources[0].as_of == "2026-07-31"
    assert reasons[0].text == Text(zh="销售额 低于 10 万元", en="sales is below 10 k CNY")
    assert [reason.shortfall for reason in reasons_of(told_card(), ROW, against="middle")] == [30, 13, 10]
    assert reason_rows(reasons)[0]["sources"][0]["department"] == {"zh": "税务局", "en": "tax bureau"}
    assert len(reasons_of(card(), {}, most=2)) <= 2


def test_a_change_is_told_only_where_the_firm_can_act_and_in_its_direction() -> None:
    (change,) = changes_of(told_card(), ROW)
    assert (change.feature, change.gain, change.score) == ("sales", 55, 511)
    assert "50" in change.text.en
    assert changes_of(told_card(), {**ROW, "sales": "70"}) == []
    assert changes_of(told_card(), {**ROW, "sales": None})[0].gain == 35
    down = told_card()
    sales = replace(down.features[0], meaning=replace(down.features[0].meaning, direction="-"))
    assert changes_of(replace(down, features=(sales,)), {"sales": "70"}) == []
    free = replace(down.features[1], meaning=replace(down.features[1].meaning, actionable=True))
    assert changes_of(replace(down, features=(free,)), {"sector": "C"})[0].gain == 13


def test_every_line_of_a_score_adds_up() -> None:
    artefact, columns = card(), firms(5, seed=2)
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        lines = lines_of(artefact, row)
        assert artefact.base + sum(line.points for line in lines) == score_one(artefact, row).score


def test_a_cell_is_a_sentence_in_both_languages() -> None:
    sales, sector, founded = told_card().features
    said = [sentence(sales, cell).en for cell in range(sales.cells)]
    assert said == ["sales is below 10 k CNY", "sales is between 10 and 50 k CNY", "sales is 50 k CNY or more",
                    "sales is not known"]  # fmt: skip
    assert [sentence(sector, cell).zh for cell in range(4)] == [
        "行业 属于 A, B", "行业 属于 C", "行业 属于少见取值", "行业 没有数据"]  # fmt: skip
    assert sentence(founded, 1).en == "founding day is 2011-01-26 or more"
    assert sentence(replace(sales, cuts=(), points=(0,)), 0).en == "sales is known"


def test_drift_is_measured_against_the_rows_of_training() -> None:
    artefact = card()
    assert monitor(artefact, firms())["state"] == "stable"
    later = firms(seed=11, drift=0.6)
    bad = read_outcome_as(later["late"], artefact.target)
    answer = monitor(artefact, later, bad)
    assert answer["state"] == "alarm"
    assert {finding.code for finding in drift_findings(answer)} >= {"finance.drift.score", "finance.drift.level"}
    assert answer["outcomes"]["off_level"]
    assert sum(band["share_now"] for band in answer["bands"]) == pytest.approx(1.0)
    assert state_of({"score": {"psi": 0.15}, "features": []}) == "watch"
    assert state_of({"score": {"psi": 0.0}, "features": [{"psi": 0.4}]}) == "watch"


def test_recalibration_moves_the_level_and_leaves_the_ranking() -> None:
    artefact, later = card(), firms(2000, seed=12, drift=0.5)
    some = {name: column[:60] for name, column in later.items()}
    new = recalibrate(artefact, some)
    assert score(new.card, later).tolist() == score(artefact, later).tolist()
    bad = read_outcome_as(later["late"], artefact.target)
    before, after = (
        assess(bad, probabilities(each.calibration, score(each, later)), seed=1, limits=False)
        for each in (artefact, new.card)
    )
    assert after["log_loss"] < before["log_loss"]
    assert after["auc"] == before["auc"]
    assert new.card.calibration.outcomes == 60
    assert all(b.rate >= a.rate for a, b in zip(artefact.bands, new.card.bands, strict=True))
    with pytest.raises(Refused, match="too_few"):
        recalibrate(artefact, {name: column[:20] for name, column in later.items()})
    with pytest.raises(WrongUse, match="no_outcomes"):
        recalibrate(artefact, {"growth": []})


def test_a_handful_of_outcomes_is_not_trusted_without_limit() -> None:
    old = Calibration(0.0, -0.01)
    new = recalibrated(old, np.zeros(3, dtype=np.int64), np.ones(3))
    assert 0.5 < new.probability(0) < 0.95
    assert levelled(old, np.zeros(10, dtype=np.int64), 3.0).probability(0) == pytest.approx(0.3)


def test_bands_keep_their_order_even_where_scores_say_nothing() -> None:
    random = np.random.default_rng(0)
    scores = random.integers(400, 700, 500)
    found = bands(scores, (random.random(500) < 0.3).astype(float))
    assert [band.rate for band in found] == sorted(band.rate for band in found)
    assert found[-1].lowest is None
    assert len(bands(np.full(50, 500), np.zeros(50))) == 1


def test_figures_hold_at_their_ends() -> None:
    ones = np.ones(4)
    assert auc(ones, [1, 2, 3, 4]) is None
    assert ks(ones, [1, 2, 3, 4]) is None
    assert ks(np.array([1.0, 0.0]), [2, 1]) == 1.0
    assert roc_curve(ones, ones) == []
    assert bootstrap(ones, ones / 2, seed=1) == {}
    assert rate_limits(0, 0) == (0.0, 1.0)
    assert psi([10, 0], [10, 0]) == 0.0


def test_a_column_that_became_unreadable_is_told() -> None:
    later = {**firms(200, seed=4), "arrears": ["about a lot"] * 200}
    found = unread_findings(score_rows(card(), later))
    assert [finding.where.column for finding in found] == ["arrears"]
    assert unread_findings(score_rows(card(), firms(200, seed=4))) == []


@pytest.mark.parametrize("subject", ["legal", "natural"])
def test_a_model_card_says_everything_in_both_languages(subject: str) -> None:
    artefact = replace(card(), subject="natural" if subject == "natural" else "legal", name="<b>card</b>")
    page, facts = page_of(artefact), summary_of_card(artefact)
    assert "<b>card" not in page
    assert ("人工复核" in page) == (subject == "natural") == facts["human_review"]
    for feature in artefact.features:
        assert feature.name in page
    assert len(facts["features"]) == len(artefact.features)
    assert sum(cell["count"] for cell in facts["features"][0]["cells"]) == artefact.report["rows"]
    assert page.count("<svg") >= 4 + len(artefact.features)


def test_a_model_card_shows_time_groups_and_leaks_where_there_are_any() -> None:
    artefact = card()
    validation = artefact.report["validation"]
    impact = {"column": "woman_owned", "group": "yes", "count": 300, "selection_rate": 0.5, "impact_ratio": 0.7}
    impact |= {"adverse": True, "bad_rate": 0.2, "mean_probability": 0.21, "auc": 0.8}
    leak = {"feature": "paid", "certain": True, "code": "x", "text": {"zh": "知道", "en": "it knows"}, "dropped": True}
    more = {
        "out_of_time": {**validation, "psi": 0.41, "feature_psi": {"growth": 0.3}, "split": "2018-12-31"},
        "impact": [impact],
        "proxies": [{"feature": "growth", "column": "woman_owned", "group": "yes", "auc": 0.9}],
        "leakage": [leak],
        "segments": [
            {"column": "sector", "segment": "餐饮", "count": 90, "bad_rate": 0.4, "bad_rate_low": 0.3,
             "bad_rate_high": 0.5, "foretold": 0.2, "off_level": True, "auc": None}
        ],
    }  # fmt: skip
    page = page_of(replace(artefact, report={**artefact.report, **more}, bands=()))
    for word in (
        "PSI of the score 0.41",
        "above the alarm",
        "70%",
        "woman_owned = yes",
        "it knows",
        "off level",
        "餐饮",
    ):
        assert word in page
    plain = page_of(replace(artefact, report={**artefact.report, "segments": [], "leakage": []}, pairs=()))
    assert "No feature seemed to know the outcome" in plain
    assert "No protected attribute was named" in plain
