"""How a firm stands to the policies: its three lists, and why. Its facts are read through the pool's gate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.policies.core.asking import Question, matched, questions, tally
from tulou.policies.core.engine.program import Bits
from tulou.policies.core.explaining import Explanation, explain
from tulou.policies.core.firms.facts import Fact, Firm, Provenance
from tulou.policies.models import PolicyVersion
from tulou.policies.queries.documents import as_core, catalogue_of
from tulou.policies.queries.public import Card, Shelf, shelf
from tulou.policies.services.facts import DECLARED, Origin, declared_facts, facts_of
from tulou.pool.courtyard import pool_folder
from tulou.registry.models import Organisation
from tulou.registry.queries import organisation_for


@dataclass(frozen=True)
class Known:
    """What is known of a firm, and where each fact comes from."""

    firm: Firm
    origins: Mapping[str, Origin]


@dataclass(frozen=True)
class Standing:
    """A firm against all policies that can be had."""

    known: Known
    stock: Shelf

    @cached_property
    def bits(self) -> Bits:
        """What every policy says of the firm."""
        return matched(self.known.firm, self.stock.program)

    @cached_property
    def lists(self) -> dict[str, list[Card]]:
        """The policies that are true, unknown and false for the firm, the nearest deadline first."""
        found = tally(self.bits, self.stock.program)
        return {truth: by_deadline([self.stock.by_id[key] for key in keys]) for truth, keys in found.items()}

    @cached_property
    def questions(self) -> list[Question]:
        """The questions that would decide the most policies, best first."""
        return questions(self.known.firm, self.stock.policies, self.stock.day, self.stock.program, self.bits)

    def explanation(self, card: Card) -> Explanation:
        """Why one of the policies is in its list."""
        return explain(self.known.firm, card.core, self.stock.policies.catalogue, self.stock.day)


def by_deadline(cards: Sequence[Card]) -> list[Card]:
    """What can still be had first, the nearest deadline first, then the largest amount."""
    return sorted(cards, key=lambda c: (c.over, c.deadline or dt.date.max, -(c.ceiling or 0), c.version.pk))


def known_of(actor: Actor) -> Known:
    """What is known of the actor's firm. The reading is on the pool's record; without a pool, what she declared."""
    firm = organisation_for(actor, actor.organisation_id)
    if not (pool_folder() / "pool.json").exists():
        return Known(_declared_only(firm), {})
    try:
        found = facts_of(actor, firm)
    except Refused as refused:
        if refused.finding.code != "policies.facts.none":
            raise
        return Known(_declared_only(firm), {})
    return Known(found.firm, found.origins)


def _declared_only(firm: Organisation) -> Firm:
    declared = declared_facts(firm.pk)
    return Firm(firm.code, declared, dict.fromkeys(declared, Provenance(DECLARED, clock.today(), verified=False)))


def standing_of(actor: Actor) -> Standing:
    """The actor's firm against all policies of today."""
    return Standing(known_of(actor), shelf())


def explained(actor: Actor, version: PolicyVersion, known: Known | None = None) -> Explanation:
    """How one version stands for the actor's firm today."""
    there = known or known_of(actor)
    return explain(there.firm, as_core(version), catalogue_of(version), clock.today())


def amount_for(version: PolicyVersion, facts: Mapping[str, Fact]) -> int | None:
    """What the firm would get, in fen, where the benefit follows from a fact that is known; within the ceiling."""
    fact = facts.get(version.benefit_of) if version.benefit_of else None
    if isinstance(fact, bool) or not isinstance(fact, (int, float)) or fact < 0:
        return None
    if version.benefit_rate is not None:
        amount = int(fact * float(version.benefit_rate))
    elif version.benefit_each_fen is not None:
        amount = int(fact * version.benefit_each_fen)
    else:
        return None
    return amount if version.benefit_ceiling_fen is None else min(amount, version.benefit_ceiling_fen)
