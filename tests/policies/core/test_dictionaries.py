"""Dictionaries of codes: hierarchies, spellings, and lists longer than 65,536."""

from __future__ import annotations

import numpy as np
import pytest

from tulou.kernel.errors import Refused, Text
from tulou.policies.core.attributes import Attribute, Catalogue, Kind
from tulou.policies.core.dictionaries import Dictionary
from tulou.policies.core.engine.answering import letters
from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.firms.facts import Firm
from tulou.policies.core.firms.table import table_of
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.tree import In, Node
from tulou.policies.core.standards import divisions, industry_classes

LONG = 200_000


@pytest.fixture(scope="module")
def long_catalogue() -> Catalogue:
    """Villages numbered from 0, each in one of 1,000 towns."""
    towns = [f"T{i}" for i in range(1_000)]
    villages = [f"V{i}" for i in range(LONG)]
    parents = [None] * 1_000 + [f"T{i % 1_000}" for i in range(LONG)]
    dictionary = Dictionary("village", "1", towns + villages, parents)
    label = Text(zh="村", en="village")
    return Catalogue({"village": Attribute("village", Kind.CODE, label, dictionary="village")}, {"village": dictionary})


def test_codes_past_65_536_are_told_apart_by_every_engine(long_catalogue: Catalogue) -> None:
    near = [0, 1, 65_534, 65_535, 65_536, 65_537, 131_071, 131_072, LONG - 1]
    rules: dict[str, Node] = {f"P{i}": In("village", frozenset({f"V{i}"})) for i in near}
    rules["towns"] = In("village", frozenset({"T0", "T7"}), frozenset({"V65007"}))
    firms = [Firm(f"F{i}", {"village": f"V{i}"}) for i in [*near, 65_000, 65_007, 65_008]]
    firms.append(Firm("town", {"village": "T7"}))
    program = compile_policies(rules, long_catalogue, None)
    table = table_of(firms, long_catalogue)
    bits = program.match(table)
    found = letters(bits.sure, len(rules)) + letters(bits.possible, len(rules))
    expected = [
        ["FUT".index(evaluate(rule, firm.facts, None, long_catalogue).truth) for rule in rules.values()]
        for firm in firms
    ]
    assert found.tolist() == expected
    assert np.array_equal(np.diag(found[: len(near)]), np.full(len(near), 2))
    assert "FUT"[found[-1, -1]] == "U", "a town of which one village is excluded"


def test_manufacturing_without_tobacco_is_unknown_for_a_firm_known_as_manufacturing_only() -> None:
    industry = industry_classes()
    states = industry.states(frozenset({"C"}), frozenset({"C16"}))
    assert [int(states[industry.position(code)]) for code in ("C", "C16", "C1610", "C13", "1311", "A")] == [
        1, 0, 0, 2, 2, 0,
    ]  # fmt: skip


def test_divisions_know_short_past_and_finer_codes() -> None:
    region = divisions()
    assert region.codes[region.position("3501")] == "350100"
    assert region.codes[region.position("350402")] == "350404", "Meilie is part of Sanyuan today"
    assert region.position("350203001") == -1, "a rule for a town must not widen to its district"
    assert region.codes[region.position_of_fact("350203001000")] == "350203"
    assert region.lineage("350203") == ("350203", "350200", "350000")
    assert region.label("350200").en == "Xiamen"


@pytest.mark.parametrize(
    ("codes", "parents", "code"),
    [
        (["a", "a"], [None, None], "policies.dictionary.twice"),
        (["a"], ["b"], "policies.dictionary.parent"),
        (["a", "b"], ["b", "a"], "policies.dictionary.circle"),
    ],
)
def test_a_dictionary_that_cannot_be_is_refused(codes: list[str], parents: list[str | None], code: str) -> None:
    with pytest.raises(Refused) as refused:
        Dictionary("d", "1", codes, parents).states(frozenset({"a"}))
    assert refused.value.finding.code == code


def test_a_label_falls_back_to_the_code() -> None:
    assert Dictionary("d", "1", ["a"], [None]).label("zz").en == "zz"
