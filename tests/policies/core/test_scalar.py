"""The logic of a rule, row by row."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from tests.policies.core.random_rules import CATALOGUE

from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.firms.facts import EVERY, Fact, Firm, LedgerEntry, SetFact
from tulou.policies.core.firms.table import table_of
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.tree import (
    About,
    Age,
    All,
    Any,
    AtLeast,
    Attested,
    Const,
    In,
    Intersects,
    Is,
    Limits,
    Node,
    Not,
    Range,
    When,
    Window,
    attributes_of,
)
from tulou.policies.core.rule.truth import Verdict

DAY = dt.date(2026, 6, 12)
TRUE, FALSE = Const(True), Const(False)
UNKNOWN_A, UNKNOWN_B = Is("good", True), Range("heads", Limits(ge=1))
NOT_APPLICABLE = When(FALSE, TRUE)


def verdict(rule: Node, day: dt.date | None = DAY, **facts: Fact) -> Verdict:
    return evaluate(rule, facts, day, CATALOGUE)


def days(day: dt.date) -> int:
    return day.toordinal()


@pytest.mark.parametrize("operator", ["all", "any"])
def test_all_and_any_follow_the_measured_truth_table(shared_data: Path, operator: str) -> None:
    table = json.loads((shared_data / "policies" / "publicodes_truth_table.json").read_text())
    nodes = {"T": TRUE, "F": FALSE, "N": NOT_APPLICABLE}
    rows = [row for row in table["rows"] if row["op"] == operator]
    assert len(rows) == 16
    for row in rows:
        parts = (nodes.get(row["a"], UNKNOWN_A), nodes.get(row["b"], UNKNOWN_B))
        found = verdict(All(parts) if operator == "all" else Any(parts))
        names = {"a": "good", "b": "heads"}
        assert found.truth == row["result"], row
        assert found.missing == {names[each] for each in row["missing"]}, row


@pytest.mark.parametrize(
    ("condition", "then", "expected"),
    [
        (TRUE, TRUE, Verdict("T")),
        (TRUE, FALSE, Verdict("F")),
        (FALSE, TRUE, Verdict("F")),
        (FALSE, UNKNOWN_B, Verdict("F")),
        (TRUE, UNKNOWN_B, Verdict("U", frozenset({"heads"}))),
        (UNKNOWN_A, TRUE, Verdict("U", frozenset({"good"}))),
        (UNKNOWN_A, FALSE, Verdict("U", frozenset({"good"}))),
        (UNKNOWN_A, UNKNOWN_B, Verdict("U", frozenset({"good", "heads"}))),
    ],
)
def test_when_is_false_where_it_does_not_apply_and_waits_for_both_branches(
    condition: Node, then: Node, expected: Verdict
) -> None:
    assert verdict(When(condition, then)) == expected


def test_not_swaps_true_and_false_and_keeps_unknown() -> None:
    assert verdict(Not(TRUE)).truth == "F"
    assert verdict(Not(NOT_APPLICABLE)).truth == "T"
    assert verdict(Not(UNKNOWN_A)) == Verdict("U", frozenset({"good"}))


@pytest.mark.parametrize(("count", "expected"), [(1, "T"), (2, "U"), (3, "F")])
def test_at_least_counts_what_is_sure_and_what_is_possible(count: int, expected: str) -> None:
    assert verdict(AtLeast(count, (TRUE, UNKNOWN_A, FALSE))).truth == expected


@pytest.mark.parametrize(
    ("limits", "inside", "outside"),
    [
        (Limits(ge=3), 3, 2),
        (Limits(gt=3), 4, 3),
        (Limits(le=3), 3, 4),
        (Limits(lt=3), 2, 3),
        (Limits(ge=1, lt=3), 1, 3),
    ],
)
def test_the_ends_of_a_range_are_open_or_closed(limits: Limits, inside: int, outside: int) -> None:
    assert verdict(Range("heads", limits), heads=inside).truth == "T"
    assert verdict(Range("heads", limits), heads=outside).truth == "F"


def test_the_last_day_of_a_validity_is_included() -> None:
    window = Range("as_of_date", Limits(ge=days(dt.date(2026, 1, 1)), le=days(dt.date(2026, 6, 30))))
    answers = [verdict(window, dt.date(2026, 6, 30)), verdict(window, dt.date(2026, 7, 1)), verdict(window, None)]
    assert [each.truth for each in answers] == ["T", "F", "U"]
    assert answers[2].missing == {"as_of_date"}


@pytest.mark.parametrize(
    ("born", "day", "ge", "gt", "le", "lt"),
    [
        (dt.date(2023, 6, 12), dt.date(2026, 6, 12), "T", "F", "T", "F"),
        (dt.date(2023, 6, 12), dt.date(2026, 6, 13), "T", "T", "F", "F"),
        (dt.date(2023, 6, 12), dt.date(2026, 6, 11), "F", "F", "T", "T"),
        (dt.date(2020, 2, 29), dt.date(2023, 2, 28), "T", "F", "T", "F"),
        (dt.date(2020, 2, 29), dt.date(2023, 2, 27), "F", "F", "T", "T"),
    ],
)
def test_three_years_are_full_on_the_anniversary_and_passed_the_day_after(
    born: dt.date, day: dt.date, ge: str, gt: str, le: str, lt: str
) -> None:
    found = [
        verdict(Age("born", "years", Limits(**{end: 3})), day, born=days(born)).truth
        for end in ("ge", "gt", "le", "lt")
    ]
    assert found == [ge, gt, le, lt]


def test_an_age_waits_for_the_date_and_for_the_day() -> None:
    rule = Age("born", "years", Limits(ge=1))
    assert verdict(rule).missing == {"born"}
    assert verdict(rule, None).missing == {"born", "as_of_date"}
    assert verdict(rule, None, born=days(DAY)).missing == {"as_of_date"}


def test_a_window_forgets_what_lies_before_it_and_counts_the_day_itself() -> None:
    ledger = (
        LedgerEntry(days(dt.date(2023, 6, 12)), 100, "s"),
        LedgerEntry(days(dt.date(2023, 6, 13)), 200, "s"),
        LedgerEntry(days(DAY), 400, "t"),
        LedgerEntry(days(dt.date(2026, 6, 13)), 800, "s"),
    )
    total = Window("aid", "sum", 3, "years", Limits(le=600))
    assert verdict(total, aid=ledger).truth == "T"
    assert verdict(Window("aid", "sum", 3, "years", Limits(lt=600)), aid=ledger).truth == "F"
    assert verdict(Window("aid", "count", 3, "years", Limits(ge=1, le=1), frozenset({"s"})), aid=ledger).truth == "T"
    assert verdict(total, aid=()).truth == "T"
    assert verdict(total).missing == {"aid"}


def test_a_window_longer_than_the_calendar_counts_everything() -> None:
    ledger = (LedgerEntry(1, 100, ""),)
    assert verdict(Window("aid", "count", 9000, "years", Limits(ge=1)), aid=ledger).truth == "T"


def test_an_attested_fact_is_always_unknown_to_the_machine() -> None:
    assert verdict(Attested("seen")) == Verdict("U", frozenset({"attested.seen"}))


def test_a_set_is_asked_member_by_member() -> None:
    rule = Intersects("marks", frozenset({"one", "two"}))
    assert verdict(rule, marks=SetFact({"one": True})).truth == "T"
    assert verdict(rule, marks=SetFact({"one": False})).missing == {"marks.two"}
    assert verdict(rule, marks=SetFact({"three": True}, rest=False)).truth == "F"
    assert verdict(rule).missing == {"marks.one", "marks.two"}


@pytest.mark.parametrize(
    ("code", "expected"), [("A12", "T"), ("A1", "U"), ("A11", "F"), ("A2", "F"), ("nowhere", "U"), (EVERY, "T")]
)
def test_a_code_is_judged_by_the_nearest_of_its_ancestors_that_is_named(code: str, expected: str) -> None:
    rule = In("place", frozenset({"A1"}), frozenset({"A11"}))
    assert verdict(rule, place=code).truth == expected
    opposite = {"T": "F", "F": "T", "U": "U"}[expected]
    assert verdict(In("place", frozenset({"A1"}), frozenset({"A11"}), negated=True), place=code).truth == opposite


def test_a_row_out_of_effect_drops_out_of_its_group() -> None:
    until = About(effective_to=dt.date(2026, 1, 31))
    row = Is("good", True, about=until)
    assert verdict(All((row,)), good=False).truth == "T"
    assert verdict(Any((row,)), good=True).truth == "F"
    assert verdict(AtLeast(1, (row,)), good=True).truth == "F"
    assert verdict(All((row,)), dt.date(2026, 1, 31), good=False).truth == "F"


def test_a_row_of_uncertain_effect_matters_only_where_it_could() -> None:
    row = Is("good", True, about=About(effective_from=DAY))
    assert verdict(All((row,)), None, good=True).truth == "T"
    assert verdict(All((row,)), None, good=False) == Verdict("U", frozenset({"as_of_date"}))
    assert verdict(Any((row,)), None, good=False).truth == "F"


def test_a_soft_row_decides_nothing() -> None:
    assert verdict(All((Is("good", True, about=About(hard=False)),)), good=False).truth == "T"


def test_a_rule_names_the_attributes_that_it_reads() -> None:
    rule = All((Age("born", "years", Limits(ge=1)), Intersects("marks", frozenset({"one"})), Attested("seen")))
    assert attributes_of(rule) == {"born", "marks", "as_of_date"}


def test_more_policies_than_a_word_has_bits_and_none_at_all() -> None:
    firms = table_of([Firm("F", {"heads": 70}), Firm("G", {})], CATALOGUE)
    rules: dict[str, Node] = {f"P{i}": Range("heads", Limits(ge=i)) for i in range(130)}
    bits = compile_policies(rules, CATALOGUE, DAY).match(firms)
    assert bits.sure.shape == (2, 3)
    assert np.bitwise_count(bits.sure).sum(axis=1).tolist() == [71, 0]
    assert np.bitwise_count(bits.unknown).sum(axis=1).tolist() == [0, 130]
    assert compile_policies({}, CATALOGUE, DAY).match(firms).sure.tolist() == [[0], [0]]
