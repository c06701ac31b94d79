"""What a version does to the firms of the province, and what its policy has done so far."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tulou.kernel.errors import Text
from tulou.policies.core.effect import DropOut, Moves, Part, Tally, answer, drop_outs, moves, overlaps, parts, tally
from tulou.policies.models import Policy, PolicyVersion
from tulou.policies.queries.documents import as_core, as_set, catalogue_of
from tulou.policies.queries.editor import reading
from tulou.policies.queries.policies import published
from tulou.policies.services.matching import population

MOST_PARTS, MOST_OVERLAPS = 24, 12
BY = (
    (Text(zh="按设区市", en="By city"), "region", 1),
    (Text(zh="按企业规模", en="By size"), "size", 0),
    (Text(zh="按行业门类", en="By sector"), "industry", 0),
)


@dataclass(frozen=True, slots=True)
class Effect:
    """A version against the one in force, on the facts of a day."""

    as_of: dt.date
    firms: int
    before: Tally
    after: Tally
    moves: Moves
    by: tuple[tuple[Text, tuple[Part, ...]], ...]
    drop_outs: tuple[DropOut, ...]
    first: bool


def effect_of(version: PolicyVersion, day: dt.date) -> Effect | None:
    """What putting a version in force changes; None where no facts are at hand or its rule cannot be read."""
    firms = population()
    if firms is None or version.attributes or version.dictionaries:
        return None
    rule = reading(version.eligibility, catalogue_of(version)).rule
    if rule is None:
        return None
    current = _in_force_beside(version)
    table = firms.table
    after = answer(rule, table, day)
    before = answer(as_core(current).eligibility if current else None, table, day)
    return Effect(
        as_of=firms.as_of,
        firms=len(table),
        before=tally(before),
        after=tally(after),
        moves=moves(before, after),
        by=tuple((title, _concerned(parts(before, after, table, attr, depth))) for title, attr, depth in BY),
        drop_outs=tuple(drop_outs(rule, table, day)),
        first=current is None,
    )


def _concerned(found: list[Part]) -> tuple[Part, ...]:
    """The parts in which somebody is eligible or may be, before or after."""
    return tuple(
        each for each in found if each.before.sure + each.before.possible + each.after.sure + each.after.possible
    )[:MOST_PARTS]


def _in_force_beside(version: PolicyVersion) -> PolicyVersion | None:
    current = version.policy.current
    return current if current is not None and current.pk != version.pk and not current.attributes else None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another policy that some of the same firms get."""

    policy: Policy
    version: PolicyVersion
    firms: int
    share: float


def overlaps_of(version: PolicyVersion, day: dt.date) -> list[Overlap]:
    """The published policies that share the most firms with a version."""
    firms = population()
    if firms is None or version.attributes or version.dictionaries:
        return []
    others = {
        each.policy.public_id: each for each in published().exclude(policy=version.policy_id) if not each.attributes
    }
    rules = {policy.id: policy.rule for policy in as_set(others.values())}
    found = answer(as_core(version).rule, firms.table, day)
    mine = tally(found).sure
    shared = overlaps(found, rules, firms.table, day)
    return [
        Overlap(others[key].policy, others[key], number, number / mine)
        for key, number in list(shared.items())[:MOST_OVERLAPS]
    ]
