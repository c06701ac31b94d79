"""Training: what is learned, what is refused, and that the tables are the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.finance.core.invented_firms import PAIRS, card, firms

from tulou.finance.core.batch import probabilities, score
from tulou.finance.core.fitting import fit
from tulou.finance.core.fitting.axes import code, fine_axis
from tulou.finance.core.fitting.boosting import Material, deal, settings
from tulou.finance.core.fitting.compiling import compile_trees
from tulou.finance.core.fitting.tables import purified
from tulou.finance.core.kinds import Reading, features_of, parse_derivation
from tulou.finance.core.metrics import auc
from tulou.finance.core.rejects import train_with_rejects
from tulou.finance.core.training import Wishes, train
from tulou.kernel.errors import Refused, WrongUse

COLUMNS = firms()
BAD = np.array([value == "yes" for value in COLUMNS["late"]], dtype=np.float64)


def material(**more: Any) -> Material:
    given = {name: column for name, column in COLUMNS.items() if name in ("growth", "staff", "sector", "founded")}
    features, _ = features_of(given, Reading())
    axes = [axis for feature in features if (axis := fine_axis(feature, given)) is not None]
    return Material(tuple(axes), code(axes, given), BAD, np.ones(len(BAD)), deal(BAD, 4, 1), **more)


def test_a_boosted_model_becomes_tables_exactly() -> None:
    import lightgbm

    stuff = material()
    places = {axis.feature.name: i for i, axis in enumerate(stuff.axes)}
    pair = [places["growth"], places["sector"]]
    alone = [[i] for i in range(len(stuff.axes)) if i not in pair]
    chosen = settings(stuff, pairs=True) | {"interaction_constraints": [*alone, pair], "seed": 3}
    data = lightgbm.Dataset(
        stuff.floats(), BAD, categorical_feature=[places["sector"]], params=chosen, free_raw_data=False
    )
    model = lightgbm.train(chosen, data, 80)
    tables = compile_trees(model.dump_model()["tree_info"], stuff.axes)
    assert set(tables.two) == {tuple(sorted(pair))}
    assert np.abs(tables.logits(stuff.codes) - model.predict(stuff.floats(), raw_score=True)).max() < 1e-12
    pure = purified(tables, stuff.codes, stuff.axes, stuff.weights)
    assert np.abs(pure.logits(stuff.codes) - tables.logits(stuff.codes)).max() < 1e-12


def test_a_tree_of_three_features_is_no_table() -> None:
    leaf = {"leaf_value": 1.0}
    node: dict[str, Any] = leaf
    for place in range(3):
        split = {"split_feature": place, "decision_type": "<=", "threshold": 0, "default_left": True}
        node = {**split, "missing_type": "None", "left_child": node, "right_child": leaf}
    stuff = material()
    with pytest.raises(ValueError, match="3 features"):
        compile_trees([{"tree_structure": node}], [stuff.axes[0], stuff.axes[2], stuff.axes[2]])


def test_rows_are_dealt_evenly_and_every_fold_has_bad_ones() -> None:
    folds = deal(BAD, 5, 7)
    assert max(np.bincount(folds)) - min(np.bincount(folds)) <= 2
    bad = np.bincount(folds, BAD)
    assert bad.max() - bad.min() <= 1


@pytest.mark.parametrize(("method", "least"), [("boosted", 0.78), ("woe", 0.73)])
def test_a_card_finds_the_risk_that_was_put_in(method: str, least: float) -> None:
    fresh = firms(3000, seed=99)
    bad = np.array([value == "yes" for value in fresh["late"]], dtype=np.float64)
    artefact = card(method)
    chance = probabilities(artefact.calibration, score(artefact, fresh))
    ranking = auc(bad, chance)
    assert ranking is not None
    assert ranking > least
    assert abs(float(chance.mean() - bad.mean())) < 0.03
    strongest = {feature.name for feature in artefact.features[:3]}
    assert {"growth", "arrears"} <= strongest


def test_points_of_training_add_up_to_the_probability_that_was_learned() -> None:
    artefact = card()
    inside = artefact.report["training"]
    assert inside["mean_probability"] == pytest.approx(inside["bad_rate"], abs=0.0005)
    assert artefact.report["validation"]["auc"] <= inside["auc"]
    assert [set(pair.features) for pair in artefact.pairs] == [set(pair) for pair in PAIRS]


def test_bands_rise_in_risk_and_carry_their_limits() -> None:
    rates = [band.rate for band in card().bands]
    assert rates == sorted(rates)
    assert len(rates) >= 3
    assert all(band.low <= band.rate <= band.high for band in card().bands)


def test_a_declared_direction_is_kept_in_every_cell() -> None:
    wishes = Wishes("late", directions={"growth": 1, "arrears": -1})
    artefact = train(COLUMNS, wishes).card
    growth, arrears = artefact.by_name["growth"].points, artefact.by_name["arrears"].points
    assert list(growth) == sorted(growth)
    assert list(arrears) == sorted(arrears, reverse=True)
    assert not {name for pair in artefact.pairs for name in pair.features} & {"growth", "arrears"}
    with pytest.raises(WrongUse, match="direction_of_category"):
        train(COLUMNS, Wishes("late", directions={"sector": 1}))
    classic = train(COLUMNS, replace(wishes, method="woe")).card
    assert list(classic.by_name["growth"].points) == sorted(classic.by_name["growth"].points)


def test_no_pairs_where_none_are_wanted() -> None:
    assert train(COLUMNS, Wishes("late", pairs=0)).card.pairs == ()


def test_a_derived_feature_is_read_from_its_two_columns() -> None:
    reading = Reading(derivations=[parse_derivation("per_head = arrears / staff")], leave_out=["arrears"])
    with pytest.raises(WrongUse, match="no_number"):
        train(COLUMNS, Wishes("late", reading=reading))
    reading = replace(reading, leave_out=())
    artefact = train(COLUMNS, Wishes("late", reading=reading, declared_pairs=[("per_head", "sector")])).card
    assert [item.column for item in artefact.by_name["per_head"].items] == ["arrears", "staff"]
    with pytest.raises(WrongUse, match=r"finance\.derive\.syntax"):
        parse_derivation("a over b")


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        (Wishes("late", pairs=11), "finance.train.too_many_pairs"),
        (
            Wishes("late", declared_pairs=[("growth", "sector")], directions={"growth": 1}),
            "finance.train.direction_in_pair",
        ),
        (Wishes("late", declared_pairs=[("growth", "firm_id")]), "finance.train.pair_not_usable"),
        (Wishes("late", split="2018"), "finance.train.split_without_time"),
        (Wishes("late", time="sector"), "finance.train.time_kind"),
        (Wishes("late", time="year", split="last spring"), "finance.train.split_syntax"),
        (Wishes("late", time="year", split="2050"), "finance.train.nothing_after_split"),
        (Wishes("late", bad="maybe"), "finance.target.no_such_value"),
        (Wishes("sector"), "finance.target.not_two_values"),
        (Wishes("late", leakage="refuse"), "finance.leak.knows_outcome"),
        (Wishes("late", reading=Reading(leave_out=[*COLUMNS])), "finance.train.nothing"),
    ],
)
def test_what_cannot_be_meant_is_told(wishes: Wishes, code: str) -> None:
    with pytest.raises((Refused, WrongUse)) as caught:
        train(COLUMNS, wishes)
    assert caught.value.finding.code == code
    assert caught.value.finding.text.zh


def test_too_few_outcomes_are_refused_and_few_are_told() -> None:
    def with_bad(count: int) -> dict[str, list[Any]]:
        return {**COLUMNS, "late": ["yes"] * count + ["no"] * (len(BAD) - count), "write_off": ["0"] * len(BAD)}

    with pytest.raises(Refused, match=r"finance\.target\.too_few"):
        train(with_bad(5), Wishes("late"))
    trained = train(with_bad(20), Wishes("late", pairs=0, leakage="warn"))
    assert "finance.target.few" in {finding.code for finding in trained.findings}


def test_a_time_in_dates_splits_and_clocks_are_no_features() -> None:
    days = [f"{year}-0{1 + i % 9}-15" for i, year in enumerate(COLUMNS["year"])]
    later = [f"{int(day[:4]) + 1}{day[4:]}" for day in days]
    columns = {**COLUMNS, "granted": days, "closed": later}
    trained = train(columns, Wishes("late", time="granted", split="2018-12-31", pairs=0))
    found = {(finding.code, finding.where.column) for finding in trained.findings}
    assert ("finance.train.clock", "year") in found
    assert ("finance.leak.after_as_of", "closed") in found
    assert trained.card.report["out_of_time"]["count"] == 300
    automatic = train(columns, Wishes("late", time="year", pairs=0)).card
    assert automatic.report["out_of_time"]["count"] == 150
    with pytest.raises(WrongUse, match="one_time"):
        train({**COLUMNS, "year": [2015] * 899 + [None]}, Wishes("late", time="year"))


def test_rows_without_outcome_teach_nothing() -> None:
    unknown = {**COLUMNS, "late": [*COLUMNS["late"][:600], *(["NA"] * 150), *([""] * 150)]}
    assert train(unknown, Wishes("late", pairs=0)).card.report["rows"] == 600


def test_protected_columns_are_compared_and_never_used() -> None:
    random = np.random.default_rng(3)
    growth = np.array([float(value or 0) for value in COLUMNS["growth"]])
    woman = np.where(growth + random.normal(0, 0.02, len(growth)) > 0.1, "yes", "no").tolist()
    columns = {**COLUMNS, "woman_owned": woman, "religion": ["x", "y", "z"] * 300, "gender": ["m", "f", "m"] * 300}
    wishes = Wishes("late", protected=["woman_owned"], segments=["sector"], pairs=0)
    trained = train(columns, wishes)
    assert not {"woman_owned", "religion"} & set(trained.card.columns)
    codes = {finding.code for finding in trained.findings}
    assert {"finance.forbidden.by_law", "finance.sensitive.name", "finance.impact.proxy"} <= codes
    assert "finance.impact.adverse" in codes
    rows = trained.card.report["impact"]
    assert {row["group"] for row in rows} == {"yes", "no"}
    assert max(row["impact_ratio"] for row in rows) == 1.0
    assert {row["feature"] for row in trained.card.report["proxies"]} == {"growth"}
    assert {row["segment"] for row in trained.card.report["segments"]} <= set(COLUMNS["sector"])


def test_weights_count_as_rows_do() -> None:
    weights = np.where(BAD == 1, 3.0, 1.0)
    heavy = train(COLUMNS, Wishes("late", pairs=0), weights=weights).card
    plain = train(COLUMNS, Wishes("late", pairs=0)).card
    assert heavy.base < plain.base


def test_refused_rows_are_learned_from_and_judge_nothing() -> None:
    refused = {name: column for name, column in firms(300, seed=5).items() if name not in ("late", "firm_id")}
    typed = {**COLUMNS, "staff": pa.array([int(value) for value in COLUMNS["staff"]])}
    refused["staff"] = [int(value) for value in refused["staff"]]
    trained = train_with_rejects(typed, refused, Wishes("late", pairs=0))
    report = trained.card.report
    assert report["rows"] == len(BAD)
    assert report["bad"] == BAD.sum()
    assert report["reject_inference"]["rejected"] == 300
    assert sum(band.count for band in trained.card.bands) == len(BAD)
    assert trained.findings[-1].code == "finance.rejects.inferred"


def test_of_very_many_features_pairs_are_looked_for_among_the_strongest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "MOST_IN_SEARCH", 2)
    monkeypatch.setattr(fit, "_harmful", lambda *_: False)
    artefact = train(COLUMNS, Wishes("late")).card
    (pair,) = artefact.pairs
    assert set(pair.features) < {"growth", "arrears", "founded"}
