"""The decision table is good enough: every condition of the gate, broken on purpose, is noticed by it."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from tests.pool.core.consent.test_decision import TABLE

import tulou.pool.core.consent.decision as original

MUTANTS = {
    "the reader may be inactive": ("if not facts.reader_active:", "if False:"),
    "anybody may act": ("if not facts.person_authorised:", "if False:"),
    "a changed grant is taken": ("if not facts.grant_intact:", "if False:"),
    "any bank may use the grant": ("if grant.reader != request.reader:", "if False:"),
    "any firm's grant will do": ("if grant.subject != request.subject:", "if False:"),
    "any purpose will do": ("if grant.purpose != request.purpose:", "if False:"),
    "the state does not matter": ("if facts.state is not GrantState.ACTIVE:", "if False:"),
    "a paused grant is taken for active": ("GrantState.PAUSED: Code.PAUSED", "GrantState.PAUSED: Code.ALLOWED"),
    "it begins a tick late": ("facts.at < grant.terms.valid_from", "facts.at <= grant.terms.valid_from"),
    "it ends a tick late": ("facts.at >= grant.terms.valid_until", "facts.at > grant.terms.valid_until"),
    "the ceiling is not looked at": ("or deviations(purpose, terms, grant.reader_kind)", "or False"),
    "items are not compared": ("missing := request.items - terms.items", "missing := frozenset()"),
    "the granted items are checked, not those asked": ("for item in sorted(request.items)", "for item in ()"),
    "any sharing type will do": ("item.sharing in purpose.sharing_types", "True"),
    "any sensitivity will do": ("item.sensitivity <= purpose.max_sensitivity", "True"),
    "sensitivity is off by one": ("item.sensitivity <= purpose", "item.sensitivity < purpose"),
    "the department is not asked": ("unopened := request.items - facts.rights", "unopened := frozenset()"),
    "the period may begin early": ("request.data_from < terms.data_from", "False"),
    "the period may end late": ("request.data_until > terms.data_until", "False"),
    "the end of the period is off by one": ("request.data_until > terms", "request.data_until >= terms"),
    "any granularity will do": ("if request.granularity.finer_than(terms.granularity):", "if False:"),
    "one reading too many": ("facts.reads_total >= terms.max_reads", "facts.reads_total > terms.max_reads"),
    "one too many in a day": ("facts.reads_last_day >= min", "facts.reads_last_day > min"),
    "the day is not counted": ("if facts.reads_last_day >= min", "if False and min"),
}


def survives(old: str, new: str) -> bool:
    """Whether the decision table finds nothing wrong with the mutant."""
    source = Path(original.__file__).read_text()
    assert source.count(old) == 1, f"the mutant no longer fits the source: {old}"
    module = types.ModuleType("mutant")
    sys.modules["mutant"] = module
    exec(compile(source.replace(old, new), "mutant", "exec"), module.__dict__)
    del sys.modules["mutant"]
    try:
        return all(module.decide(*case).code.value == expected.value for _, case, expected in TABLE)
    except (TypeError, AttributeError):
        return False


@pytest.mark.parametrize("name", MUTANTS)
def test_the_table_notices_when(name: str) -> None:
    assert not survives(*MUTANTS[name])


def test_the_unchanged_gate_passes_its_table() -> None:
    assert survives("Decide one reading", "Decide one reading")
