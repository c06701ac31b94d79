"""Which questions to ask a firm first: the facts that would decide the most policies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.changes import TRUTHS
from tulou.policies.core.engine.dimensions import dimension_for
from tulou.policies.core.engine.program import Bits, Program, compile_policies
from tulou.policies.core.explaining import question_for
from tulou.policies.core.firms.facts import EVERY, Fact, Firm, LedgerEntry, SetFact
from tulou.policies.core.firms.table import facts_at, table_of
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.tree import In, Intersects, Is, Measured, Node, Range, walk

MUCH = 10**13
"""Fen in a ledger that no limit admits: the other answer than *nothing received*."""


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to ask for. `decides` is how many policies its answer decides, on average over the possible answers.

    `at_least` and `at_most` are the fewest and the most, `eligible` the most that can become certain, `policies` those
    that wait for it among other facts.
    """

    fact: str
    text: Text
    kind: Kind
    decides: float
    at_least: int
    at_most: int
    eligible: int
    policies: tuple[str, ...]


def matched(firm: Firm, program: Program) -> Bits:
    """What every policy says of one firm."""
    return program.match(table_of([firm], program.catalogue))


def questions(
    firm: Firm,
    policies: PolicySet,
    as_of: dt.date | None = None,
    program: Program | None = None,
    bits: Bits | None = None,
) -> list[Question]:
    """The facts worth asking a firm for, best first. What only a person can decide is not among them.

    `program` saves compiling the policies again, where the caller has them compiled for the day; `bits` asking them
    again, where it has what they say (`matched`).
    """
    day = as_of or firm.as_of
    compiled = program or compile_policies({each.id: each.rule for each in policies}, policies.catalogue, day)
    waiting = _waiting(firm, compiled, bits or matched(firm, compiled))
    asked: list[tuple[str, Kind, tuple[str, ...], list[Firm]]] = []
    for fact, waiters in waiting.items():
        rules = [compiled.rules[compiled.ids.index(policy)] for policy in waiters]
        kind, answers = _answers(fact, rules, firm, policies.catalogue, day)
        if answers:
            asked.append((fact, kind, waiters, answers))
    rows = [firm, *(answer for _, _, _, answers in asked for answer in answers)]
    under = compiled.match(table_of(rows, policies.catalogue))
    before, found, at = under.unknown[0], [], 1
    for fact, kind, waiters, answers in asked:
        part = slice(at, at + len(answers))
        at += len(answers)
        decided = np.bitwise_count(before & ~under.unknown[part]).sum(axis=1)
        text = question_for(fact, policies.catalogue, policies.by_id.get(waiters[0]))
        found.append(
            Question(
                fact, text, kind, float(decided.mean()), int(decided.min()), int(decided.max()),
                _gained(under, part), waiters,
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (-each.decides, -len(each.policies), each.fact))


def _gained(bits: Bits, part: slice) -> int:
    return int(np.bitwise_count(bits.sure[part] & bits.unknown[0]).sum(axis=1).max())


def _waiting(firm: Firm, program: Program, bits: Bits) -> dict[str, tuple[str, ...]]:
    """Missing fact -> the policies that wait for it."""
    found: dict[str, list[str]] = {}
    unknown = np.unpackbits(np.ascontiguousarray(bits.unknown[0]).view(np.uint8), bitorder="little")
    for slot in np.flatnonzero(unknown):
        for fact in evaluate(program.rules[slot], firm.facts, program.as_of, program.catalogue).missing:
            found.setdefault(fact, []).append(program.ids[slot])
    return {fact: tuple(waiters) for fact, waiters in sorted(found.items())}


def _answers(
    fact: str, rules: Sequence[Node], firm: Firm, catalogue: Catalogue, day: dt.date | None
) -> tuple[Kind, list[Firm]]:
    """The firm as it would be under each answer that the rules tell apart."""
    attribute = catalogue.attributes.get(fact)
    if attribute is None:
        head, _, member = fact.rpartition(".")
        if head in catalogue and catalogue[head].kind is Kind.SET:
            known = firm.facts.get(head)
            old = known if isinstance(known, SetFact) else SetFact({})
            facts = [SetFact({**old.members, member: value}, old.rest) for value in (False, True)]
            return Kind.FLAG, [_with(firm, head, each) for each in facts]
        return Kind.FLAG, []
    if attribute.kind is Kind.LEDGER:
        today = (day or dt.date.min).toordinal()
        measured = [item for rule in rules for item in walk(rule) if isinstance(item, Measured)]
        schemes = {each for item in measured for each in item.measure.schemes}
        spent = tuple(LedgerEntry(today, MUCH, scheme) for scheme in sorted(schemes | {""}))
        return attribute.kind, [_with(firm, fact, ()), _with(firm, fact, spent)]
    atoms = [
        item
        for rule in rules
        for item in walk(rule)
        if isinstance(item, (In, Range, Is, Intersects)) and item.attr == fact
    ]
    dimension = dimension_for(fact, atoms, catalogue) if atoms else None
    if dimension is None:
        return attribute.kind, []
    table = dimension.representatives()
    values = [facts_at(table, row).get(fact) for row in range(dimension.size)]
    return attribute.kind, [_with(firm, fact, value) for value in values if value is not None and value != EVERY]


def _with(firm: Firm, attr: str, fact: Fact) -> Firm:
    facts: Mapping[str, Fact] = {**firm.facts, attr: fact}
    return Firm(firm.firm_id, facts, as_of=firm.as_of)


def tally(bits: Bits, program: Program) -> dict[str, list[str]]:
    """The three lists of a firm, of which `bits` tell: the ids of policies that are true, unknown and false for it."""
    halves = [np.ascontiguousarray(words[0]).view(np.uint8) for words in (bits.sure, bits.possible)]
    sure, possible = (np.unpackbits(half, count=len(program.ids), bitorder="little") for half in halves)
    found: dict[str, list[str]] = {truth: [] for truth in ("T", "U", "F")}
    for policy_id, answer in zip(program.ids, (sure + possible).tolist(), strict=True):
        found[TRUTHS[answer]].append(policy_id)
    return found
