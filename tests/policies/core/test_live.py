"""Matches kept live: after any change they are what a fresh matching gives, and the changes told are all of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policies.core.random_rules import CATALOGUE, DAYS, facts, firms, rules

from tulou.kernel.errors import Text
from tulou.policies.core.document.policy import Policy
from tulou.policies.core.engine import live
from tulou.policies.core.engine.changes import Change, Snapshot, change_of
from tulou.policies.core.engine.live import MatchTable
from tulou.policies.core.firms.facts import Fact, Firm
from tulou.policies.core.firms.table import table_of
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.tree import Limits, Node, Range

NAME = Text(zh="政策", en="policy")
Day = dt.date | None


def policy(policy_id: str, rule: Node) -> Policy:
    return Policy(id=policy_id, title=NAME, eligibility=rule)


def match_table(rule_list: list[Node], every: list[Firm], day: Day = DAYS[0]) -> MatchTable:
    policies = [policy(f"P{i}", rule) for i, rule in enumerate(rule_list)]
    return MatchTable(policies, [firm.firm_id for firm in every], table_of(every, CATALOGUE), day)


def answers_of(matches: MatchTable) -> dict[tuple[str, str], str]:
    return {(f, p): matches.truth(f, p) for f in matches.firm_ids for p in matches.policies}


def fresh(matches: MatchTable, known: dict[str, dict[str, Fact]]) -> dict[tuple[str, str], str]:
    return {
        (firm, each.id): evaluate(each.rule, known[firm], matches.as_of, CATALOGUE).truth
        for firm in matches.firm_ids
        for each in matches.policies.values()
    }


steps = st.lists(
    st.one_of(
        st.tuples(st.just("policy"), st.integers(0, 5), rules),
        st.tuples(st.just("firm"), st.integers(0, 4), facts),
        st.tuples(st.just("drop"), st.integers(0, 5), st.none()),
        st.tuples(st.just("day"), st.sampled_from(DAYS), st.none()),
        st.tuples(st.just("new"), st.just(0), facts),
        st.tuples(st.just("compact"), st.just(0), st.none()),
    ),
    max_size=6,
)


@settings(max_examples=60)
@given(st.lists(rules, min_size=1, max_size=4), firms, steps)
def test_after_any_change_the_answers_are_those_of_a_fresh_matching(
    rule_list: list[Node], every: list[Firm], changes: list[tuple[str, object, object]]
) -> None:
    matches = match_table(rule_list, every)
    known = {firm.firm_id: dict(firm.facts) for firm in every}
    for kind, what, value in changes:
        before = answers_of(matches)
        told = apply(matches, known, kind, what, value)
        after = answers_of(matches)
        assert after == fresh(matches, known)
        if told is not None:
            keys = before.keys() | after.keys()
            differ = {key for key in keys if before.get(key, "F") != after.get(key, "F")}
            assert {(firm, each) for firm, each, _ in told} == differ


def apply(
    matches: MatchTable, known: dict[str, dict[str, Fact]], kind: str, what: object, value: object
) -> list[tuple[str, str, Change]] | None:
    if kind == "policy":
        return list(matches.put_policy(policy(f"P{what}", value)).events())  # type: ignore[arg-type]
    if kind == "drop":
        if f"P{what}" not in matches.policies:
            return []
        return list(matches.drop_policy(f"P{what}").events())
    if kind == "day":
        return list(matches.roll(what).events())  # type: ignore[arg-type]
    if kind == "compact":
        matches.compact()
        return []
    given_facts: dict[str, Fact] = dict(value)  # type: ignore[call-overload]
    if kind == "new":
        firm = Firm(f"N{len(matches.firm_ids)}", given_facts)
        known[firm.firm_id] = given_facts
        return list(matches.add_firms([firm]).events())
    firm_id = matches.firm_ids[int(what) % len(matches.firm_ids)]  # type: ignore[call-overload]
    gone = {name: None for name in known[firm_id] if name not in given_facts}
    known[firm_id] = given_facts
    return list(matches.put_firm(firm_id, {**gone, **given_facts}).events())


FIRMS = [Firm(f"F{i}", {"heads": i}) for i in range(5)] + [Firm("F5", {})]


def test_lists_and_counts_of_policies_and_firms() -> None:
    matches = match_table([Range("heads", Limits(ge=i)) for i in (1, 3)], FIRMS)
    assert matches.firms_of("P1") == ["F3", "F4"]
    assert matches.firms_of("P1", "U") == ["F5"]
    assert matches.policies_of("F2") == ["P0"]
    assert matches.policies_of("F2", "F") == ["P1"]
    assert matches.counts("P0") == {"F": 1, "U": 1, "T": 4}


def test_a_changed_policy_tells_who_gains_and_who_loses() -> None:
    matches = match_table([Range("heads", Limits(ge=1, le=2))], FIRMS)
    told = matches.put_policy(policy("P0", Range("heads", Limits(ge=2, le=3))))
    assert sorted(told.events()) == [("F1", "P0", Change.LOST), ("F3", "P0", Change.ELIGIBLE)]
    assert told.count() == {Change.ELIGIBLE: 1, Change.POSSIBLE: 0, Change.DOUBTFUL: 0, Change.LOST: 1}
    assert len(told) == 2


def test_a_fact_that_is_lost_makes_a_match_doubtful_and_one_found_makes_it_possible() -> None:
    matches = match_table([Range("heads", Limits(ge=3))], FIRMS)
    assert list(matches.put_firm("F4", {"heads": None}).events()) == [("F4", "P0", Change.DOUBTFUL)]
    assert list(matches.put_firm("F0", {"heads": None}).events()) == [("F0", "P0", Change.POSSIBLE)]
    assert change_of(1, 0) is Change.LOST


def test_a_table_grows_past_a_word_of_policies_and_uses_freed_slots_again() -> None:
    matches = match_table([Range("heads", Limits(ge=1))], FIRMS)
    for i in range(1, 70):
        matches.put_policy(policy(f"P{i}", Range("heads", Limits(ge=i))))
    assert matches.firms_of("P4") == ["F4"]
    matches.drop_policy("P4")
    matches.put_policy(policy("P99", Range("heads", Limits(le=0))))
    assert matches.slots.index("P99") == 4
    assert matches.firms_of("P99") == ["F0"]


def test_many_changed_policies_are_compiled_into_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_STALE", 2)
    matches = match_table([Range("heads", Limits(ge=1))], FIRMS)
    for i in range(5):
        matches.put_policy(policy(f"P{i}", Range("heads", Limits(ge=i))))
    matches.put_firm("F0", {"heads": 4})
    assert matches.policies_of("F0") == [f"P{i}" for i in range(5)]


def test_a_firm_that_is_there_is_not_added_twice() -> None:
    with pytest.raises(ValueError, match="F1 is here already"):
        match_table([Range("heads", Limits(ge=1))], FIRMS).add_firms([Firm("F1", {})])


def test_a_saved_state_tells_later_what_changed_since(tmp_path: Path) -> None:
    matches = match_table([Range("heads", Limits(ge=i)) for i in (1, 3)], FIRMS)
    matches.snapshot().save(tmp_path / "matches.npz")
    matches.put_firm("F0", {"heads": 9})
    matches.drop_policy("P1")
    matches.put_policy(policy("Q", Range("heads", Limits(ge=4))))
    matches.add_firms([Firm("N", {"heads": 2})])
    earlier = Snapshot.load(tmp_path / "matches.npz")
    assert earlier.as_of == DAYS[0]
    told = set(earlier.until(matches.snapshot()).events())
    assert told == {
        ("F0", "P0", Change.ELIGIBLE),
        ("N", "P0", Change.ELIGIBLE),
        ("F0", "Q", Change.ELIGIBLE),
        ("F4", "Q", Change.ELIGIBLE),
        ("F5", "Q", Change.POSSIBLE),
        ("F3", "P1", Change.LOST),
        ("F4", "P1", Change.LOST),
        ("F5", "P1", Change.LOST),
    }
    assert len(matches.snapshot().until(matches.snapshot())) == 0


def test_a_snapshot_of_nobody_is_a_beginning() -> None:
    nobody = MatchTable([], [], table_of([], CATALOGUE), None).snapshot()
    later = match_table([Range("heads", Limits(ge=4))], FIRMS).snapshot()
    assert set(nobody.until(later).events()) == {("F4", "P0", Change.ELIGIBLE), ("F5", "P0", Change.POSSIBLE)}
