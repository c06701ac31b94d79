"""The self-check: one question after the other, the most deciding one first. Nothing of it is kept anywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tulou.kernel.errors import Text, refuse
from tulou.policies.core.asking import Question, matched, questions, tally
from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.choices import Choice, answered, choices
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.program import Program
from tulou.policies.core.explaining import Explanation, explain
from tulou.policies.core.firms.facts import Fact, Firm, Provenance, Unreadable
from tulou.policies.core.rule.tree import Window, walk
from tulou.policies.core.rule.wording import UNITS, fact_in_words

MOST_GIVEN, LONGEST_ANSWER = 60, 300
NOBODY = "nobody"
DECLARED = Provenance(Text(zh="自行填写", en="your own answer"), None, verified=False)
PLAIN: Mapping[str, tuple[Text, Text]] = {
    "region": (
        Text(zh="贵单位注册在哪里？", en="Where are you registered?"),
        Text(zh="具体在哪里？", en="Where exactly?"),
    ),
    "industry": (
        Text(zh="贵单位主要做哪一行？", en="What is your line of business?"),
        Text(zh="再具体一点，是哪一类？", en="A little closer: which kind?"),
    ),
}
"""Attributes that are asked level by level: the first question, and the next ones."""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given: the fact, the answer as the form writes it, and both as a person reads them."""

    fact: str
    answer: str
    question: Text
    label: Text

    @property
    def line(self) -> str:
        """As the form carries it."""
        return f"{self.fact}={self.answer}"


@dataclass(frozen=True, slots=True)
class Asked:
    """The question that comes next."""

    fact: str
    text: Text
    kind: Kind
    choices: tuple[Choice, ...]
    unit: Text | None = None
    decides: float = 0.0
    waiting: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()

    @property
    def policies(self) -> int:
        """How many policies wait for the answer."""
        return len(self.waiting)


@dataclass(frozen=True)
class Check:
    """Where a self-check stands: what was answered, what comes next, and what follows so far.

    `explanation` is there where one policy is checked; `lists` always.
    """

    given: tuple[Given, ...]
    skipped: tuple[str, ...]
    asked: Asked | None
    lists: Mapping[str, Sequence[str]]
    firm: Firm
    explanation: Explanation | None = None
    left: int = 0
    labels: Mapping[str, Text] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """The number of the question that comes next."""
        return len(self.given) + len(self.skipped) + 1


def check(
    policies: PolicySet,
    program: Program,
    day: dt.date,
    lines: Sequence[str] = (),
    skipped: Sequence[str] = (),
) -> Check:
    """Where a check stands after the answers `lines` (`fact=answer`). Raises Refused for what cannot be an answer."""
    given, firm = replayed(lines, policies, day)
    bits = matched(firm, program)
    ranked = questions(firm, policies, day, program, bits)
    open_questions = [each for each in ranked if each.fact not in skipped]
    asked = asked_of(open_questions[0], policies, firm.facts, day) if open_questions else None
    one = policies.policies[0] if len(policies) == 1 else None
    return Check(
        given,
        tuple(skipped),
        asked,
        tally(bits, program),
        firm,
        explain(firm, one, policies.catalogue, day) if one else None,
        len(open_questions),
        {each.fact: each.label for each in given},
    )


def replayed(lines: Sequence[str], policies: PolicySet, day: dt.date) -> tuple[tuple[Given, ...], Firm]:
    """The answers with their words, and the firm that they describe. A later answer replaces the one before it."""
    facts: dict[str, Fact] = {}
    found: dict[str, Given] = {}
    for line in lines[:MOST_GIVEN]:
        fact, _, answer = line[:LONGEST_ANSWER].partition("=")
        try:
            after = answered(facts, fact, answer, policies.catalogue)
        except Unreadable as error:
            raise refuse(
                "policies.answer", f"答案应为{error.expected.zh}", f"The answer should be {error.expected.en}"
            ) from error
        rules = [policy.rule for policy in policies]
        offered = choices(fact, rules, facts, policies.catalogue, day)
        label = next((each.label for each in offered if each.answer == answer), None)
        name = policies.catalogue.label(fact)
        found[fact] = Given(fact, answer, name, label or in_words(fact, after, policies.catalogue))
        facts = after
    known = dict.fromkeys(facts, DECLARED)
    return tuple(found.values()), Firm(NOBODY, facts, known, day)


def in_words(fact: str, facts: Mapping[str, Fact], catalogue: Catalogue) -> Text:
    """A fact, or a member of a set, as a person reads it."""
    if fact in catalogue:
        return fact_in_words(fact, facts.get(fact), catalogue)
    head, _, member = fact.rpartition(".")
    known = facts.get(head)
    has = known.has(member) if known is not None and hasattr(known, "has") else None
    return Text(zh="未知", en="unknown") if has is None else Text(zh="是", en="yes") if has else Text(zh="否", en="no")


def asked_of(
    question: Question, policies: PolicySet, facts: Mapping[str, Fact], day: dt.date, *, exact: bool = False
) -> Asked:
    """A question with its answers, in plain words."""
    rules = [policies.by_id[each].rule for each in question.policies]
    attribute = policies.catalogue.attributes.get(question.fact)
    offered = choices(question.fact, rules, facts, policies.catalogue, day, exact=exact)
    text = question.text
    windows = [item for rule in rules for item in walk(rule) if isinstance(item, Window) and item.attr == question.fact]
    if windows:
        text = received(windows)
    elif question.fact in PLAIN and attribute is not None and attribute.dictionary in ("gbt2260", "gbt4754"):
        text = PLAIN[question.fact][1 if question.fact in facts else 0]
    asked = Asked(
        question.fact,
        text,
        question.kind,
        offered,
        attribute.unit if attribute else None,
        question.decides,
        question.policies,
        tuple(sorted({scheme for each in windows for scheme in each.schemes})),
    )
    return replace(asked, kind=Kind.FLAG) if attribute is None else asked


def received(windows: Sequence[Window]) -> Text:
    """The question for the ledger of aid, over the longest of the windows that wait for it."""
    longest = max(windows, key=lambda each: (each.unit == "years", each.length))
    unit = UNITS[longest.unit]
    en = unit.en.removesuffix("s") if longest.length == 1 else f"{longest.length} {unit.en}"
    return Text(
        zh=f"近{longest.length}{unit.zh}，贵单位领取过这类补助吗？",
        en=f"Have you had aid of this kind in the last {en}?",
    )
