"""The language of criteria for every room: the policies' engine behind `tulou.platform.criteria`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

from tulou.kernel.errors import Text
from tulou.platform.criteria import Judgement, Known, Question, Reason
from tulou.policies.core.attributes import Catalogue, standard_attributes
from tulou.policies.core.document.nodes import NodeReader
from tulou.policies.core.document.pointing import Place
from tulou.policies.core.document.policy import Policy
from tulou.policies.core.explaining import Criterion, explain
from tulou.policies.core.firms.facts import Fact, Firm, facts_from
from tulou.policies.core.rule.tree import Node, leaves
from tulou.policies.core.rule.wording import fact_in_words, worded
from tulou.policies.core.standards import short_lists, standard_dictionaries

TITLE = Text(zh="准入条件", en="conditions")


@cache
def _catalogue() -> Catalogue:
    return Catalogue(standard_attributes(), standard_dictionaries())


def _read(rule: Mapping[str, Any]) -> Node:
    return NodeReader(_catalogue()).read(Place(rule))


class PolicyLanguage:
    """`CriteriaEngine` in the policies' language."""

    def judge(self, rule: Mapping[str, Any], facts: Mapping[str, Any], as_of: dt.date) -> Judgement:
        """What `rule` says; a fact that cannot be read is a fact that is missing."""
        policy = Policy(id="rule", title=TITLE, eligibility=_read(rule))
        found = explain(Firm("firm", _facts(facts), as_of=as_of), policy, _catalogue())
        rows = tuple(
            Reason(row.truth, row.label or row.limit, row.value, row.attr or "") for row in _rows(found.criterion)
        )
        return Judgement(found.truth, rows, found.missing)

    def check(self, rule: Mapping[str, Any]) -> None:
        """Raise Refused with the path of what is wrong."""
        _read(rule)

    def words(self, rule: Mapping[str, Any]) -> Sequence[Text]:
        """The rows of a rule, groups taken apart."""
        return [leaf.about.label or worded(cast("Node", leaf), _catalogue()) for leaf in leaves(_read(rule))]

    def tell(self, facts: Mapping[str, Any]) -> Sequence[Known]:
        """The facts of a firm in words, in the order in which they are given."""
        known = _facts(facts)
        return [
            Known(name, _catalogue().label(name), fact_in_words(name, known[name], _catalogue()))
            for name in facts
            if name in known
        ]

    def questions(self, attributes: Sequence[str]) -> Sequence[Question]:
        """How to ask; codes of short lists come with their choices."""
        known = _catalogue().attributes
        return [
            Question(name, known[name].asked(), known[name].kind.value, _choices(known[name].dictionary))
            for name in attributes
            if name in known
        ]


def _facts(row: Mapping[str, Any]) -> Mapping[str, Fact]:
    rest = dict(row)
    while True:
        known, attribute, _complaint = facts_from(rest, _catalogue())
        if attribute is None:
            return known
        del rest[attribute]


def _choices(dictionary: str | None) -> tuple[tuple[str, Text], ...]:
    found = short_lists().get(dictionary or "")
    return tuple((code, found.label(code)) for code in found.codes) if found else ()


def _rows(criterion: Criterion) -> Iterator[Criterion]:
    """The rows of a criterion that count, without the groups around them."""
    if criterion.parts:
        for part in criterion.parts:
            yield from _rows(part)
    elif criterion.counts:
        yield criterion


LANGUAGE = PolicyLanguage()
