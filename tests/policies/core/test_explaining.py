"""Why an answer is what it is, what would change it, and what to ask first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policies.core.random_rules import CATALOGUE, DAYS, atoms, days, entries, facts, limits

from tulou.kernel.errors import Text
from tulou.policies.core.asking import matched, questions, tally
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.policy import Policy, PolicySet
from tulou.policies.core.document.reading import read_policies
from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.explaining import Criterion, Explanation, explain, failing, question_for
from tulou.policies.core.firms.facts import Fact, Firm, LedgerEntry, Provenance, SetFact, facts_from
from tulou.policies.core.flipping import Flipping, flips
from tulou.policies.core.rule.scalar import Walker
from tulou.policies.core.rule.tree import Age, Attested, In, Intersects, Is, Limits, Node, Range, Window

DAY = dt.date(2026, 6, 12)
TEXT = {"zh": "文字", "en": "words"}


def policies_of(*rules: dict[str, Any], **more: Any) -> PolicySet:
    rows = [{"id": f"P{i}", "title": TEXT, "eligibility": rule, **more} for i, rule in enumerate(rules)]
    return read_policies({"policies": rows})


def firm_of(found: PolicySet, provenance: dict[str, Provenance] | None = None, **known: Any) -> Firm:
    return Firm("F", facts_from(known, found.catalogue)[0], provenance or {})


def explained(rule: dict[str, Any], day: dt.date = DAY, **known: Any) -> Explanation:
    found = policies_of(rule)
    return explain(firm_of(found, **known), found.policies[0], found.catalogue, day)


def rows_of(criterion: Criterion) -> list[Criterion]:
    return [criterion, *(row for part in criterion.parts for row in rows_of(part))]


RULE = {
    "all": [
        {
            "op": "range",
            "attr": "headcount",
            "le": 300,
            "citation": {"document": TEXT, "article": "第三条", "quote": "从业人员300人以下"},
        },
        {"op": "in", "attr": "industry", "include": ["C"], "exclude": ["C16"]},
        {"any": [{"op": "is", "attr": "tax_arrears", "value": False}, {"op": "attested", "key": "x"}]},
        {"op": "range", "attr": "revenue", "lt": 10, "hard": False},
        {"op": "age", "attr": "registered_on", "ge": 3, "effective_to": "2025-12-31"},
    ]
}


def test_each_criterion_has_the_value_the_limit_and_the_citation() -> None:
    found = explained(RULE, headcount=301, industry="C3311", tax_arrears=False, revenue=20)
    head, industry, either, soft, old = found.criterion.parts
    assert (found.truth, head.truth, industry.truth, either.truth) == ("F", "F", "T", "T")
    assert (head.limit.zh, head.limit.en) == ("从业人数300人以下", "headcount: at most 300 persons")
    assert head.value is not None
    assert (head.value.zh, head.value.en) == ("301人", "301 persons")
    assert head.citation is not None
    assert head.citation.article == "第三条"
    assert head.source is not None
    assert (soft.truth, soft.counts, soft.hard) == ("F", False, False)
    assert old.counts is False
    assert old.value == Text(zh="当日不生效", en="not in effect on that day")
    assert [row.attr for row in failing(found.criterion)] == ["headcount"]


def test_a_false_answer_names_the_nearest_change() -> None:
    found = explained(RULE, headcount=301, industry="A0111", tax_arrears=False)
    assert [change.attr for change in found.changes] == ["headcount", "industry"]
    assert found.changes[0].target == 300
    assert found.changes[0].text.en == "headcount: is 301 persons, would have to be 300 persons"
    assert "需为制造业" in found.changes[1].text.zh


def test_an_unknown_answer_asks_its_questions() -> None:
    found = explained(RULE, headcount=5, industry="C")
    assert found.truth == "U"
    assert found.missing == ("attested.x", "industry", "tax_arrears")
    assert found.questions[1].zh.startswith("贵单位的主营业务")
    assert found.changes == ()


def test_a_row_s_own_question_comes_first() -> None:
    asked = {"zh": "开工了吗？", "en": "Has it begun?"}
    found = policies_of({"op": "declared", "attr": "project.started", "value": False, "question": asked})
    assert question_for("project.started", found.catalogue, found.policies[0]).en == "Has it begun?"
    assert question_for("tags.high_tech", found.catalogue).en.startswith("Is this true of you: qualifications")
    assert question_for("attested.x", found.catalogue).zh == "是否符合: attested.x？"


def test_only_what_departments_vouch_for_is_verified() -> None:
    found = policies_of({"op": "range", "attr": "headcount", "ge": 1})
    word = {"headcount": Provenance(verified=False)}
    firm, said = firm_of(found, headcount=3), firm_of(found, word, headcount=3)
    assert explain(firm, found.policies[0], found.catalogue, DAY).verified
    assert not explain(said, found.policies[0], found.catalogue, DAY).verified
    declared = policies_of({"op": "range", "attr": "project.cost", "ge": 1})
    own = firm_of(declared, **{"project.cost": 5})
    assert not explain(own, declared.policies[0], declared.catalogue, DAY).verified


@pytest.mark.parametrize(("day", "until"), [(dt.date(2025, 12, 1), dt.date(2026, 1, 1)), (dt.date(2027, 1, 1), None)])
def test_a_policy_that_has_not_begun_is_waited_for_and_one_that_has_ended_is_not(
    day: dt.date, until: dt.date | None
) -> None:
    found = policies_of({"const": True}, valid_from="2026-01-01", valid_to="2026-12-31")
    answer = explain(Firm("F", {}), found.policies[0], found.catalogue, day)
    assert answer.truth == "F"
    assert [change.wait_until for change in answer.changes] == ([until] if until else [])


def test_of_alternatives_the_cheapest_is_named() -> None:
    rule = {
        "any": [
            {"op": "in", "attr": "region", "include": ["350200"]},
            {"op": "range", "attr": "headcount", "ge": 10},
            {"op": "range", "attr": "headcount", "ge": 100},
        ]
    }
    found = explained(rule, region="350100", headcount=9)
    assert [change.target for change in found.changes] == [10]
    both = explained({"at_least": 2, "of": rule["any"]}, region="350100", headcount=9)
    assert [change.target for change in both.changes] == [10, 100]


def test_what_must_not_hold_has_to_stop_holding() -> None:
    rule = {
        "not": {
            "any": [
                {"op": "range", "attr": "headcount", "ge": 10},
                {"op": "intersects", "attr": "tags", "any_of": ["gazelle"]},
            ]
        }
    }
    found = explained(rule, headcount=12, tags=["gazelle"])
    assert sorted(change.text.en for change in found.changes) == [
        "headcount: is 12 persons, would have to be 9 persons",
        "qualifications and lists: is gazelle enterprise, would have to be without: gazelle enterprise",
    ]
    either = explained(
        {"not": {"when": {"const": True}, "then": {"op": "is", "attr": "zombie", "value": True}}}, zombie=True
    )
    assert [change.target for change in either.changes] == [False]


def test_aid_that_leaves_the_window_is_waited_for() -> None:
    rule = Window("aid", "sum", 3, "years", Limits(le=100))
    ledger = tuple(LedgerEntry(dt.date(2024, month, 1).toordinal(), 80, "") for month in (1, 2))
    walker = Walker({"aid": ledger}, DAY, CATALOGUE)
    flip = flips(rule, walker)
    assert flip is not None
    assert flip.changes[0].wait_until == dt.date(2027, 1, 1)


single = st.one_of(
    st.builds(Range, st.sampled_from(["heads", "money", "ratio"]), limits()),
    st.builds(Is, st.just("good"), st.booleans()),
    st.builds(Intersects, st.just("marks"), st.frozensets(st.sampled_from(["one", "two"]), min_size=1)),
)


@given(single, facts)
def test_the_nearest_change_of_a_row_makes_it_true(rule: Node, known: dict[str, Fact]) -> None:
    walker = Walker(known, DAY, CATALOGUE)
    flip = flips(rule, walker)
    if walker.verdict(rule).truth != "F":
        assert flip is not None
        assert flip.changes == ()
        return
    if flip is None:
        assert isinstance(rule, Range), "a range may be empty"
        return
    (change,) = flip.changes
    target: Any = change.target
    if isinstance(rule, Intersects):
        target = SetFact({str(change.target): True})
    assert Walker({**known, change.attr: target}, DAY, CATALOGUE).verdict(rule).truth == "T"


@given(
    st.one_of(
        st.builds(Age, st.just("born"), st.sampled_from(["years", "months", "days"]), limits()),
        st.builds(Window, st.just("aid"), st.just("count"), st.integers(1, 3), st.just("years"), limits()),
    ),
    days,
    st.lists(entries, max_size=3),
    st.booleans(),
)
def test_the_day_to_wait_for_is_the_first_on_which_the_row_is_as_wished(
    rule: Age | Window, born: dt.date, ledger: list[LedgerEntry], wish: bool
) -> None:
    day = DAYS[-1]
    walker = Walker({"born": born.toordinal(), "aid": tuple(sorted(ledger))}, day, CATALOGUE)
    if walker.verdict(rule).truth == ("T" if wish else "F"):
        return
    flip = Flipping(walker).leaf(rule, wish=wish)
    if flip is None:
        return
    until = flip.changes[0].wait_until
    assert until is not None
    assert until > day
    assert Walker(walker.facts, until, CATALOGUE).verdict(rule).truth == ("T" if wish else "F")


@given(atoms, facts)
def test_any_row_can_be_explained(rule: Node, known: dict[str, Fact]) -> None:
    policy = Policy(id="P", title=Text(zh="名", en="name"), eligibility=rule)
    found = explain(Firm("F", known), policy, CATALOGUE, DAY)
    for row in rows_of(found.criterion):
        assert row.limit.zh
        assert row.limit.en


def test_questions_are_ordered_by_what_they_decide() -> None:
    found = policies_of(
        {"op": "range", "attr": "headcount", "ge": 10},
        {"op": "range", "attr": "headcount", "ge": 100},
        {"all": [{"op": "is", "attr": "zombie", "value": False}, {"op": "range", "attr": "headcount", "ge": 5}]},
        {"op": "intersects", "attr": "tags", "any_of": ["gazelle"]},
        {"op": "attested", "key": "x"},
        {"op": "window", "attr": "aid", "measure": "sum", "length": 1, "schemes": ["a"], "le": 5},
        {
            "all": [
                {"op": "in", "attr": "region", "include": ["350000"]},
                {"op": "is", "attr": "zombie", "value": False},
            ]
        },
    )
    asked = questions(firm_of(found), found, DAY)
    assert [each.fact for each in asked] == ["headcount", "zombie", "aid", "tags.gazelle", "region"]
    first = asked[0]
    assert (first.at_most, first.policies) == (3, ("P0", "P1", "P2"))
    assert 2 <= first.decides <= 3
    assert [each.decides for each in asked[1:4]] == [1.0, 1.0, 1.0]
    assert asked[2].eligible == 1


def test_a_firm_of_which_all_is_known_is_asked_nothing() -> None:
    found = policies_of({"op": "range", "attr": "headcount", "ge": 10})
    assert questions(firm_of(found, headcount=3), found, DAY) == []


def test_a_firm_s_three_lists() -> None:
    found = policies_of(
        {"op": "range", "attr": "headcount", "ge": 1},
        {"op": "range", "attr": "headcount", "ge": 9},
        {"op": "attested", "key": "x"},
    )
    program = compile_policies({each.id: each.rule for each in found}, found.catalogue, DAY)
    assert tally(matched(firm_of(found, headcount=3), program), program) == {"T": ["P0"], "U": ["P2"], "F": ["P1"]}
    assert questions(firm_of(found), found, DAY, program)[0].fact == "headcount"


def test_an_open_catalogue_speaks_in_names() -> None:
    assert Catalogue({}).label("heads").en == "heads"
    assert In("place", frozenset({"A"})) != In("place", frozenset({"B"}))
    assert Attested("x") == Attested("x", Text(zh="问", en="q"))
