"""What a rule does to all firms: every number is what asking each firm one by one gives."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from tests.policies.core.random_rules import CATALOGUE, DAYS, firms, rules

from tulou.policies.core.attributes import Catalogue, standard_attributes
from tulou.policies.core.effect import Tally, answer, drop_outs, moves, overlaps, parts, tally
from tulou.policies.core.firms.facts import Firm
from tulou.policies.core.firms.table import table_of
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.tree import All, In, Is, Limits, Node, Range, When
from tulou.policies.core.standards import standard_dictionaries

KNOWN = Catalogue(standard_attributes(), standard_dictionaries())
DAY = dt.date(2026, 6, 15)
FUJIAN = In("region", frozenset({"350000"}))
SMALL = Range("headcount", Limits(le=100))
HONEST = Is("dishonest", False)


def firm(name: str, **facts: object) -> Firm:
    return Firm(name, facts)  # type: ignore[arg-type]


FIRMS = [
    firm("a", region="350102", headcount=10, dishonest=False, size="micro"),
    firm("b", region="350102", headcount=200, dishonest=False, size="small"),
    firm("c", region="350203", headcount=10, dishonest=True, size="micro"),
    firm("d", region="350203", headcount=200, dishonest=True),
    firm("e", region="350203", dishonest=False, size="micro"),
    firm("f", headcount=10, dishonest=False, size="micro"),
]


@settings(max_examples=60)
@given(rules, rules, firms)
def test_tallies_and_moves_are_what_one_by_one_gives(old: Node, new: Node, every: list[Firm]) -> None:
    table, day = table_of(every, CATALOGUE), DAYS[0]
    before, after = answer(old, table, day), answer(new, table, day)
    told = [
        (evaluate(old, each.facts, day, CATALOGUE).truth, evaluate(new, each.facts, day, CATALOGUE).truth)
        for each in every
    ]
    ones = [one for one, _ in told]
    assert tally(before) == Tally(ones.count("T"), ones.count("U"), ones.count("F"))
    found = moves(before, after)
    assert found.gain == sum(b == "T" != a for a, b in told)
    assert found.lose == sum(a == "T" and b == "F" for a, b in told)
    assert found.become_possible == sum(a == "F" and b == "U" for a, b in told)
    assert found.become_doubtful == sum(a == "T" and b == "U" for a, b in told)
    rest = sum(a == "U" and b == "F" for a, b in told)
    assert found.stay == len(every) - found.gain - found.lose - found.become_possible - found.become_doubtful
    assert found.stay >= rest


def test_without_a_rule_nobody_has_it() -> None:
    assert tally(answer(None, table_of(FIRMS, KNOWN), DAY)) == Tally(0, 0, 6)


def test_the_parts_of_a_province_add_up_to_the_whole() -> None:
    table = table_of(FIRMS, KNOWN)
    before, after = answer(All((FUJIAN, SMALL)), table, DAY), answer(FUJIAN, table, DAY)
    found = {each.label.en: (each.before, each.after, each.change) for each in parts(before, after, table, "region", 1)}
    assert found == {
        "Fuzhou": (Tally(1, 0, 1), Tally(2, 0, 0), 1),
        "Xiamen": (Tally(1, 1, 1), Tally(3, 0, 0), 2),
        "unknown": (Tally(0, 1, 0), Tally(0, 1, 0), 0),
    }
    for attr, depth in (("region", 1), ("region", 0), ("size", 0)):
        whole = parts(before, after, table, attr, depth)
        assert sum(each.after.all for each in whole) == len(FIRMS)
        assert sum(each.before.sure for each in whole) == tally(before).sure
    assert [each.label.en for each in parts(before, after, table, "size", 0)][-1] == "unknown"


def test_a_criterion_is_charged_with_those_it_keeps_out_alone() -> None:
    rule = When(Range("as_of_date", Limits(ge=1)), All((FUJIAN, All((SMALL,)), HONEST)))
    found = {
        each.words.en: (each.keeps_out, each.alone, each.unknown)
        for each in drop_outs(rule, table_of(FIRMS, KNOWN), DAY)
    }
    assert found == {
        "headcount: at most 100 persons": (2, 1, 1),
        next(words for words in found if "dishonest" in words or "blacklist" in words or ": no" in words): (2, 1, 0),
        "place of registration is one of: Fujian": (0, 0, 1),
    }
    assert drop_outs(All(()), table_of(FIRMS, KNOWN), DAY) == []


def test_policies_that_share_firms_are_named_with_how_many() -> None:
    table = table_of(FIRMS, KNOWN)
    mine = answer(SMALL, table, DAY)
    assert overlaps(
        mine, {"honest": HONEST, "big": Range("headcount", Limits(gt=100)), "here": FUJIAN}, table, DAY
    ) == {
        "honest": 2,
        "here": 2,
    }
