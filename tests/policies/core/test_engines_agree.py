"""One rule, four ways to answer it: they never differ, neither in the answer nor in the missing facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import ibis
import numpy as np
import pytest
from hypothesis import given, settings
from tests.policies.core.random_rules import CATALOGUE, facts, firms, maybe_days, rule_sets, rules

from tulou.policies.core.engine.answering import letters
from tulou.policies.core.engine.kernel import fused, in_steps
from tulou.policies.core.engine.kleene import MissingFacts, answers, facts_of, names_in
from tulou.policies.core.engine.missing import MissingSets
from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.engine.sql import compile_sql, ledger_of, members_of, relation_of
from tulou.policies.core.firms.facts import Fact, Firm
from tulou.policies.core.firms.table import facts_at, table_of
from tulou.policies.core.rule.folding import folded
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.tree import About, Any, Is, Limits, Node, Range

Day = dt.date | None


def walked(rule_set: Mapping[str, Node], every: Sequence[Firm], day: Day) -> list[list[tuple[str, frozenset[str]]]]:
    """The reference: a walk over each rule as it is written."""
    verdicts = [[evaluate(rule, firm.facts, day, CATALOGUE) for rule in rule_set.values()] for firm in every]
    return [[(each.truth, each.missing) for each in row] for row in verdicts]


@given(rules, facts, maybe_days)
def test_folding_changes_neither_answer_nor_missing_facts(rule: Node, known: Mapping[str, Fact], day: Day) -> None:
    fold = folded(rule, day, CATALOGUE)
    assert evaluate(fold, known, day, CATALOGUE) == evaluate(rule, known, day, CATALOGUE)


def test_dates_of_effect_are_worked_in_once() -> None:
    on_one_day = About(effective_from=dt.date(2024, 2, 28), effective_to=dt.date(2024, 2, 28))
    row = Range("heads", Limits(le=0), about=on_one_day)
    fold = folded(Any((Is("good", True), row)), dt.date(2024, 2, 28), CATALOGUE)
    assert evaluate(fold, {"good": False, "heads": 0}, None, CATALOGUE).truth == "T"


@given(rules, firms, maybe_days)
def test_arrays_answer_as_the_walk_does(rule: Node, every: list[Firm], day: Day) -> None:
    fold, table = folded(rule, day, CATALOGUE), table_of(every, CATALOGUE)
    names = facts_of(fold)
    answer, masks = MissingFacts(names, table).of(fold)
    plain = answers(fold, table)
    assert np.array_equal(plain.sure, answer.sure)
    assert np.array_equal(plain.possible, answer.possible)
    found = [
        ("T" if sure else "U" if possible else "F", names_in(names, mask))
        for sure, possible, mask in zip(answer.sure, answer.possible, masks, strict=True)
    ]
    assert found == [row[0] for row in walked({"P": rule}, every, day)]


@given(rule_sets, firms, maybe_days)
def test_bitset_tables_answer_as_the_walk_does(rule_set: dict[str, Node], every: list[Firm], day: Day) -> None:
    program, table = compile_policies(rule_set, CATALOGUE, day), table_of(every, CATALOGUE)
    bits = program.match(table)
    sure, possible = letters(bits.sure, len(rule_set)), letters(bits.possible, len(rule_set))
    missing = MissingSets(program)
    numbers = missing.numbers(table, bits)
    found = [
        [("FUT"[sure[i, j] + possible[i, j]], missing.known.sets[numbers[i, j]]) for j in range(len(rule_set))]
        for i in range(len(every))
    ]
    assert found == walked(rule_set, every, day)


@settings(max_examples=30)
@given(rule_sets, firms, maybe_days)
def test_duckdb_answers_as_the_walk_does(rule_set: dict[str, Node], every: list[Firm], day: Day) -> None:
    table = table_of(every, CATALOGUE)
    ids = [firm.firm_id for firm in every]
    compiled = compile_sql(
        rule_set,
        CATALOGUE,
        day,
        ibis.memtable(relation_of(ids, table, members_of(rule_set))),
        ibis.memtable(ledger_of(ids, table)),
    )
    rows = {row["firm_id"]: row for row in ibis.duckdb.connect().to_pyarrow(compiled.expression).to_pylist()}
    found = [
        ["U" if rows[firm][f"p{j}"] is None else "T" if rows[firm][f"p{j}"] else "F" for j in range(len(rule_set))]
        for firm in ids
    ]
    assert found == [[truth for truth, _ in row] for row in walked(rule_set, every, day)]


@given(firms)
def test_a_firm_comes_out_of_a_table_with_the_facts_that_it_went_in_with(every: list[Firm]) -> None:
    table = table_of(every, CATALOGUE)
    for row, firm in enumerate(every):
        known = {name: fact for name, fact in facts_at(table, row).items() if name != "marks"}
        expected = {name: fact for name, fact in firm.facts.items() if name != "marks"}
        if expected.get("place") == "nowhere":
            del expected["place"]
        if expected.get("grade") == "other":
            del expected["grade"]
        assert known == expected


@pytest.mark.parametrize("columns", [0, 1, 3])
def test_the_compiled_loop_and_the_numpy_loop_are_one(columns: int) -> None:
    rng = np.random.default_rng(7)
    rows = rng.integers(0, 2**63, (50, 6)).astype(np.uint64)
    codes = rng.integers(0, 50, (1000, columns)).astype(np.int32)
    start = rng.integers(0, 2**63, 6).astype(np.uint64)
    one, two = np.empty((1000, 6), np.uint64), np.empty((1000, 6), np.uint64)
    fused()(codes, rows, start, one)
    in_steps(codes, rows, start, two, step=128)
    assert np.array_equal(one, two)
