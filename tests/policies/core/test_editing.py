"""Editing a rule in its written form: whatever is done, the parts that were not touched stay what they were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policies.core.random_rules import CATALOGUE, rules

from tulou.policies.core.document.dumping import dump_node
from tulou.policies.core.document.editing import (
    GROUPS,
    Kind,
    added,
    at,
    group,
    kind_of,
    moved,
    parts_of,
    path_of,
    pointer_to_path,
    pruned,
    regrouped,
    removed,
    replaced,
    rooted,
    with_parts,
    word_of,
)
from tulou.policies.core.rule.tree import Node

ROW = {"op": "is", "attr": "zombie", "value": False}
OTHER = {"op": "is", "attr": "dishonest", "value": False}


def places(node: dict[str, Any], path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Every place of a rule, the root first."""
    inner = [place for i, part in enumerate(parts_of(node)) for place in places(part, (*path, i))]
    return [path, *inner]


@given(rules)
def test_taking_a_rule_apart_and_together_changes_nothing(rule: Node) -> None:
    written = dump_node(rule, CATALOGUE)
    for place in places(written):
        node = at(written, place)
        again = with_parts(node, parts_of(node))
        assert again == node or kind_of(node) == "none"
        assert parts_of(again) == parts_of(node)
        assert at(replaced(written, place, node), place) == node


@given(rules, st.data())
def test_what_is_added_stands_last_and_taking_it_away_brings_the_old_rule_back(rule: Node, data: st.DataObject) -> None:
    written = rooted(dump_node(rule, CATALOGUE))
    place = data.draw(st.sampled_from([each for each in places(written) if kind_of(at(written, each)) in GROUPS]))
    more = added(written, place, ROW)
    last = (*place, len(parts_of(at(written, place))))
    assert at(more, last) == ROW
    less = removed(more, last)
    assert [at(less, each) for each in places(less)][1:] == [at(written, each) for each in places(written)][1:]


@given(rules, st.data())
def test_a_row_that_is_moved_there_and_back_stands_where_it_stood(rule: Node, data: st.DataObject) -> None:
    written = rooted(dump_node(rule, CATALOGUE))
    place = data.draw(st.sampled_from(places(written)))
    down = moved(written, place, 1)
    if down != written:
        assert moved(down, (*place[:-1], place[-1] + 1), -1) == written
    if place:
        assert len(places(down)) == len(places(written))


@pytest.mark.parametrize("kind", GROUPS)
def test_a_group_changes_its_kind_and_keeps_its_rows(kind: Kind) -> None:
    rule = {"all": [ROW, {"any": [ROW, {**OTHER}], "label": {"zh": "组", "en": "group"}}]}
    changed = regrouped(rule, (1,), kind, 2)
    assert kind_of(changed["all"][1]) == kind
    assert parts_of(changed["all"][1]) == [ROW, OTHER]
    assert changed["all"][1]["label"] == {"zh": "组", "en": "group"}


def test_a_preference_outside_all_becomes_a_condition() -> None:
    rule = {"all": [{**ROW, "hard": False}, OTHER]}
    assert regrouped(rule, (), "any") == {"any": [ROW, OTHER]}


def test_at_least_never_asks_for_more_than_there_is() -> None:
    rule = group("at_least", [ROW, OTHER], 5)
    assert rule["at_least"] == 2
    assert removed(rule, (1,))["at_least"] == 1


def test_none_of_one_and_of_several_is_one_group() -> None:
    one = added(group("none", []), (), ROW)
    assert one == {"not": ROW}
    two = added(one, (), OTHER)
    assert two == {"not": {"any": [ROW, OTHER]}}
    assert removed(two, (0,)) == {"not": OTHER}


def test_a_named_any_inside_a_not_stays_a_group_of_its_own() -> None:
    rule = {"not": {"any": [ROW, OTHER], "label": {"zh": "两者", "en": "both"}}}
    assert len(parts_of(rule)) == 1
    assert with_parts(rule, parts_of(rule)) == rule


def test_a_proviso_that_loses_a_part_is_what_is_left() -> None:
    rule = {"all": [{"when": ROW, "then": OTHER}]}
    assert at(rule, (0, 1)) == OTHER
    assert replaced(rule, (0, 0), OTHER) == {"all": [{"when": OTHER, "then": OTHER}]}
    assert removed(rule, (0, 0)) == {"all": [OTHER]}


def test_empty_groups_are_left_out_of_what_is_read() -> None:
    rule = {"all": [ROW, {"any": []}, {"not": {"any": []}}, {"at_least": 1, "of": [{"all": []}]}]}
    assert pruned(rule) == {"all": [ROW]}
    assert pruned({"all": [{"any": []}]}) is None
    assert pruned(removed(rule, ())) is None


@pytest.mark.parametrize("path", [(3,), (0, 0), (1, 2), (-1,)])
def test_a_place_that_is_not_there_is_an_error(path: tuple[int, ...]) -> None:
    rule = {"all": [ROW, {"any": [ROW, OTHER]}]}
    for doing in (at, removed, lambda r, p: moved(r, p, 1), lambda r, p: replaced(r, p, ROW)):
        with pytest.raises(LookupError):
            doing(rule, path)
    with pytest.raises(LookupError):
        added(rule, (0,), ROW)
    with pytest.raises(LookupError):
        regrouped(rule, (0,), "any")


@given(rules)
def test_what_the_reader_points_at_is_found_in_the_editor(rule: Node) -> None:
    written = rooted(dump_node(rule, CATALOGUE))
    for place in places(written):
        assert path_of(word_of(place)) == place
        assert pointer_to_path(pointer(written, place)) == place


def pointer(node: dict[str, Any], place: tuple[int, ...]) -> str:
    """The path of a place as the reader of documents writes it."""
    found = "eligibility"
    for position in place:
        match kind_of(node):
            case "all" | "any" as key:
                found += f".{key}[{position}]"
            case "at_least":
                found += f".of[{position}]"
            case "when":
                found += (".when", ".then")[position]
            case _:
                single = len(parts_of(node)) == 1 and parts_of(node)[0] is node["not"]
                found += ".not" if single else f".not.any[{position}]"
        node = parts_of(node)[position]
    return found
