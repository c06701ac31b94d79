"""What a run is planned from: answers before and after over the same firms, and what each firm is told of them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from tulou.policies.core.engine.program import compile_policies
from tulou.policies.models import Application, Mark, MatchEvent, PolicyVersion, Told
from tulou.policies.queries.documents import as_set
from tulou.policies.services.store import Answers, StoredFacts, load_answers, load_facts
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

CLOSING = (14, 7, 1)
KINDS = [kind.value for kind in MatchEvent.Kind]
NOTHING = -1
FEW = 2_000
"""Fewer firms than this are looked up one by one; more in one pass over all."""


def kinds_between(before: Answers, after: Answers, *, amended: bool) -> npt.NDArray[np.int8]:
    """What each firm is told when its answer goes from one to another; NOTHING where it is told nothing.

    >>> kinds_between(np.array([0, 0, 2, 2, 2, 1], np.int8), np.array([2, 1, 0, 1, 2, 0], np.int8), amended=True)
    array([ 0,  1,  2,  1,  3, -1], dtype=int8)
    """
    found = np.full(len(after), NOTHING, np.int8)
    found[(after == 2) & (before != 2)] = KINDS.index(MatchEvent.Kind.ELIGIBLE)
    found[(after == 1) & (before != 1)] = KINDS.index(MatchEvent.Kind.POSSIBLE)
    found[(after == 0) & (before == 2)] = KINDS.index(MatchEvent.Kind.LOST)
    if amended:
        found[(after == before) & (after > 0)] = KINDS.index(MatchEvent.Kind.CHANGED)
    return found


def closing_left(version: PolicyVersion, since: dt.date, today: dt.date) -> int | None:
    """The tightest of CLOSING that was reached after `since` until `today`; None where none was, or it is over."""
    if version.deadline is None or version.deadline < today:
        return None
    days = [(version.deadline - day).days for day in (since, today)]
    return min((left for left in CLOSING if days[1] <= left < days[0]), default=None)


def saved_by(version: PolicyVersion) -> list[int]:
    """The firms that saved the policy."""
    return list(Mark.objects.filter(policy_id=version.policy_id, kind="saved").values_list("firm_id", flat=True))


def but_applied(part: dict[str, npt.NDArray[np.int64]], version: PolicyVersion) -> dict[str, npt.NDArray[np.int64]]:
    """Who has handed in an application needs no reminder."""
    done = Application.objects.filter(policy_id=version.policy_id).exclude(state__in=["draft", "withdrawn"])
    keep = ~np.isin(part["firm"], np.array(list(done.values_list("firm_id", flat=True)), np.int64))
    return {name: array[keep] for name, array in part.items()}


def part_of(
    facts: StoredFacts, version: PolicyVersion, kinds: npt.NDArray[np.int8], cause: int, also: list[int] | None = None
) -> dict[str, npt.NDArray[np.int64]]:
    """A part of a plan: what one version tells, for one cause; `also` are told that it closes."""
    rows = np.flatnonzero(kinds != NOTHING)
    firms, found = firms_of(facts, rows), kinds[rows].astype(np.int64)
    if also:
        more = np.setdiff1d(np.array(also, np.int64), firms)
        firms = np.concatenate([firms, more])
        found = np.concatenate([found, np.full(len(more), KINDS.index(MatchEvent.Kind.CLOSING), np.int64)])
    size = len(firms)
    return {
        "firm": firms,
        "version": np.full(size, version.pk, np.int64),
        "kind": found,
        "cause": np.full(size, cause, np.int64),
    }


def all_answers(versions: list[PolicyVersion], facts: StoredFacts, day: dt.date) -> dict[int, Answers]:
    """Every version's answers of all firms, from one compiled program."""
    if not versions:
        return {}
    policies = as_set(versions)
    program = compile_policies({policy.id: policy.rule for policy in policies}, policies.catalogue, day)
    bits = program.match(facts.table(policies.catalogue))
    found: dict[int, Answers] = {}
    for slot, version in enumerate(versions):
        word, bit = slot // 64, np.uint64(slot % 64)
        halves = (half[:, word] >> bit & np.uint64(1) for half in (bits.sure, bits.possible))
        found[version.pk] = sum((half.astype(np.int8) for half in halves), np.zeros(facts.size, np.int8))
    return found


def aligned(row: Told, facts: StoredFacts, unknown: Answers | None = None) -> Answers:
    """What was told of a policy, over the firms of `facts`. A firm that is new has `unknown`: it is told nothing."""
    nobody = np.zeros(facts.size, np.int8) if unknown is None else unknown.copy()
    if not row.in_force:
        return np.zeros(facts.size, np.int8)
    old = facts if row.facts == facts.name else load_facts(row.facts)
    answered = None if old is None else load_answers(row.answers, old.size)
    if old is None or answered is None:
        return nobody
    if old is facts or row.facts == facts.name:
        return answered
    if not old.size:
        return nobody
    at = np.minimum(np.searchsorted(old.codes, facts.codes), old.size - 1)
    same = np.asarray(old.codes)[at] == facts.codes
    found: Answers = np.where(same, answered[at], nobody)
    return found


def firms_of(facts: StoredFacts, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """The keys of the organisations in some rows; 0 where a firm has no account here (or may not act)."""
    known = Organisation.objects.filter(kind=Kind.ENTERPRISE, state=Organisation.State.ACTIVE)
    codes = np.asarray(facts.codes[rows])
    found = np.zeros(len(rows), np.int64)
    if len(rows) <= FEW:
        keys = dict(known.filter(code__in=codes.tolist()).values_list("code", "pk"))
        for i, code in enumerate(codes.tolist()):
            found[i] = keys.get(code, 0)
        return found
    pairs = list(known.order_by("code").values_list("code", "pk").iterator(chunk_size=20_000))
    if not pairs:
        return found
    theirs = np.array([code for code, _ in pairs])
    keys_of = np.array([pk for _, pk in pairs], np.int64)
    order = np.argsort(theirs)
    at = np.minimum(np.searchsorted(theirs, codes, sorter=order), len(theirs) - 1)
    same = theirs[order[at]] == codes
    keyed: npt.NDArray[np.int64] = np.where(same, keys_of[order[at]], 0)
    return keyed
