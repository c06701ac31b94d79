"""Which policies hold for which firms, kept up with every change of a policy, of a firm's facts and of the day.

`keep_up` brings what was told in line with what is: one *run* after the other. A run is planned into a file (which firm
is told what), told in chunks, each one transaction that also moves the run's cursor, and finished by noting the answers
that were told. Whatever dies when, the next worker goes on at the cursor. One worker at a time holds the matching; its
fence number is checked in every transaction, so one that was thought dead changes nothing any more.

The answers of the day are for pages: `count`, `population` and `results_of` read the facts beside the lake.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import Q

from tulou.platform import clock
from tulou.platform.actor import SYSTEM
from tulou.platform.story import Story, story
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.engine.changes import TRUTHS
from tulou.policies.core.engine.kleene import answers
from tulou.policies.core.firms.facts import Fact
from tulou.policies.core.firms.table import FirmTable, facts_at
from tulou.policies.core.rule.folding import folded
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.tree import Node
from tulou.policies.core.rule.truth import Verdict
from tulou.policies.models import (
    Declaration,
    MatchEvent,
    Matching,
    Policy,
    PolicyVersion,
    Run,
    Told,
)
from tulou.policies.queries.documents import as_core, as_set, catalogue_of
from tulou.policies.queries.policies import published
from tulou.policies.services.after import PolicyChange, on_change
from tulou.policies.services.facts import all_facts, declared_facts, with_declared
from tulou.policies.services.planning import (
    KINDS,
    NOTHING,
    aligned,
    all_answers,
    but_applied,
    closing_left,
    firms_of,
    kinds_between,
    part_of,
    saved_by,
)
from tulou.policies.services.sources import catalogue
from tulou.policies.services.store import (
    Answers,
    StoredFacts,
    StoredTable,
    as_answers,
    load_facts,
    load_plan,
    save_answers,
    save_facts,
    save_plan,
    sweep,
)
from tulou.pool.services.duty import profile_version
from tulou.registry.models import Organisation

HOLD, LONG_HOLD = dt.timedelta(seconds=60), dt.timedelta(minutes=15)
"""How long a hold lasts without a sign of life: while telling, and while the facts of all firms are being read."""


class Overtaken(Exception):  # noqa: N818 - reads as the outcome that it is
    """Another worker holds the matching by now."""


# What pages ask ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """For how many firms a rule holds surely, possibly, and not; and how old the facts are."""

    sure: int
    possible: int
    never: int
    as_of: dt.date


@dataclass(frozen=True, slots=True)
class Population:
    """Every firm in columns, as of a day."""

    table: FirmTable
    as_of: dt.date
    codes: npt.NDArray[np.str_]


def population() -> Population | None:
    """The facts of all firms; None where the worker has not read them yet."""
    facts = _facts_now()
    return None if facts is None else Population(_table(facts), facts.as_of, facts.codes)


def count(rule: Node, day: dt.date, known: Catalogue | None = None) -> Counts | None:
    """For how many firms a rule holds on a day; None where the worker has not read the facts yet."""
    facts = _facts_now()
    if facts is None:
        return None
    table = _table(facts) if known is None else facts.table(known)
    found = as_answers(answers(folded(rule, day, table.catalogue), table))
    never, possible, sure = np.bincount(found, minlength=3).tolist()
    return Counts(sure, possible, never, facts.as_of)


def results_of(firm: Organisation, day: dt.date) -> dict[str, Verdict]:
    """What every policy in force says of a firm on a day, by the policy's public id; declared facts count at once."""
    versions = list(published())
    policies = as_set(versions)
    facts = firm_facts(firm)
    return {policy.id: evaluate(policy.rule, facts, day, policies.catalogue) for policy in policies}


def firm_facts(firm: Organisation) -> dict[str, Fact]:
    """A firm's facts as the matching knows them, with what it declared."""
    facts = _facts_now()
    row = None if facts is None else facts.row_of(firm.code)
    held = {} if facts is None or row is None else facts_at(_table(facts).whole(), row)
    return with_declared(held, declared_facts(firm.pk))


def _facts_now() -> StoredFacts | None:
    return load_facts(Matching.objects.filter(pk=1).values_list("facts", flat=True).first() or "")


@lru_cache(maxsize=2)
def _stored(place: Path, size: int) -> StoredTable:
    return StoredTable(place, size, catalogue())


def _table(facts: StoredFacts) -> StoredTable:
    """The facts for rules with the standard attributes; the mapped files are kept at hand."""
    return _stored(facts.place, facts.size)


# Hearing of changes --------------------------------------------------------------------------------------------------


@on_change
def hear(_told: Story, _change: PolicyChange) -> None:
    """A policy changed: the worker tells whom it concerns."""
    from tulou.policies.tasks import keep_matching

    keep_matching.enqueue()


def firm_declared() -> None:
    """A firm declared a fact or took one back (call it inside the story)."""
    from tulou.policies.tasks import keep_matching

    keep_matching.enqueue()


# Holding it ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hold:
    """One worker's hold on the matching; `check` inside a transaction keeps it, or raises Overtaken."""

    fence: int

    def check(self, lasting: dt.timedelta = HOLD) -> None:
        """Keep the hold for another while."""
        if not Matching.objects.filter(pk=1, fence=self.fence).update(until=clock.now() + lasting):
            raise Overtaken


@contextmanager
def holding() -> Iterator[Hold | None]:
    """Hold the matching; None where another worker does."""
    Matching.objects.get_or_create(pk=1)
    now = clock.now()
    with transaction.atomic():
        row = Matching.objects.select_for_update().get(pk=1)
        free = row.until is None or row.until < now or _is_dead(row.holder)
        if free:
            row.fence, row.until, row.holder = row.fence + 1, now + HOLD, f"{socket.gethostname()}:{os.getpid()}"[-80:]
            row.save(update_fields=["fence", "until", "holder"])
    if not free:
        yield None
        return
    try:
        yield Hold(row.fence)
    finally:
        Matching.objects.filter(pk=1, fence=row.fence).update(until=None)


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that is there no more; its hold need not be waited for."""
    host, _, number = holder.rpartition(":")
    if not number or not f"{socket.gethostname()}:{number}".endswith(f"{host}:{number}"):
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def keep_up(tell: Callable[[Hold, Run, Mapping[str, npt.NDArray[np.int64]]], None] | None = None) -> int:
    """Tell everything that changed since the last time; how many runs were finished here."""
    from tulou.policies.services.telling import tell_run

    done = 0
    with holding() as hold:
        if hold is None:
            return 0
        while (run := _next_run(hold)) is not None:
            (tell or tell_run)(hold, run, _plan_of(hold, run))
            _finish(hold, run)
            done += 1
        if done:
            _sweep()
    return done


def _plan_of(hold: Hold, run: Run) -> Mapping[str, npt.NDArray[np.int64]]:
    """The run's plan; made again, and told from its beginning, where its file is gone: events are told once anyhow."""
    plan = load_plan(run.plan)
    if plan is not None:
        return plan
    with transaction.atomic():
        hold.check()
        Run.objects.filter(pk=run.pk).delete()
    again = _next_run(hold)
    if again is None:
        return {name: np.zeros(0, np.int64) for name in ("firm", "version", "kind", "cause")}
    run.__dict__.update(again.__dict__)
    return load_plan(run.plan) or {}


def _next_run(hold: Hold) -> Run | None:
    """What is to be told next: an unfinished run, a new day or new facts, a changed policy, a firm's own word."""
    open_run = Run.objects.filter(finished_at=None).order_by("id").first()
    if open_run is not None:
        return open_run
    state, today = Matching.objects.get(pk=1), clock.today()
    facts = load_facts(state.facts)
    newest = profile_version()
    if not newest:
        return None
    if facts is None:
        _begin(hold, state)
        return _next_run(hold)
    if facts.version != newest:
        return _plan_day(hold, state, _read_facts(hold), today)
    if state.day is None or state.day < today:
        return _plan_day(hold, state, facts, today)
    return _plan_policy(hold, facts, today) or _plan_firm(hold, state, facts, today)


def _read_facts(hold: Hold) -> StoredFacts:
    hold.check(LONG_HOLD)
    found = all_facts(SYSTEM)
    return save_facts(found.firm_ids, found.table, found.as_of, found.version)


def _begin(hold: Hold, state: Matching) -> None:
    """The first facts, or new ones where the files are gone: what holds now counts as told, with two exceptions.

    A policy that was told before the files went and has changed since is told; at the very beginning every policy is
    stock, not news.
    """
    facts, today = _read_facts(hold), clock.today()
    heard = set(Told.objects.values_list("policy_id", "version_id"))
    quiet = [v for v in published() if not heard or (v.policy_id, v.pk) in heard]
    held = all_answers(quiet, facts, today)
    with transaction.atomic():
        hold.check()
        for version in quiet:
            _note_told(version, facts.name, save_answers(held[version.pk]), held[version.pk], in_force=True)
        Matching.objects.filter(pk=1).update(facts=facts.name, day=state.day or today, heard_at=clock.now())


# Planning ------------------------------------------------------------------------------------------------------------


def _plan_policy(hold: Hold, facts: StoredFacts, today: dt.date) -> Run | None:
    """The next policy whose state or version is not what was told."""
    told = {row.policy_id: row for row in Told.objects.all()}
    current = Policy.objects.exclude(current=None).select_related("current__policy__department")
    for policy in current.order_by("changed_at", "pk"):
        row, in_force = told.get(policy.pk), policy.state == Policy.State.PUBLISHED
        if row is None and not in_force:
            continue
        if row is not None and (row.version_id, row.in_force) == (policy.current_id, in_force):
            continue
        if policy.current is not None:
            return _plan_one(hold, policy.current, row, facts, today, in_force=in_force)
    return None


def _plan_one(
    hold: Hold, version: PolicyVersion, row: Told | None, facts: StoredFacts, today: dt.date, *, in_force: bool
) -> Run:
    policy = version.policy
    nobody = np.zeros(facts.size, np.int8)
    before = nobody if row is None else aligned(row, facts)
    after = nobody
    if in_force:
        known = catalogue_of(version)
        after = as_answers(answers(folded(as_core(version).rule, today, known), facts.table(known)))
    amended = row is not None and row.in_force and row.version_id != version.pk
    kinds = kinds_between(before, after, amended=amended)
    rows = np.flatnonzero(kinds != NOTHING)
    cause = f"p{int(policy.changed_at.timestamp() * 1000)}"
    firms = firms_of(facts, rows)
    plan = {
        "firm": firms,
        "version": np.full(len(rows), version.pk, np.int64),
        "kind": kinds[rows].astype(np.int64),
        "cause": np.zeros(len(rows), np.int64),
    }
    return _save_run(
        hold,
        Run(
            kind=Run.Kind.POLICY,
            cause=f"{policy.public_id}.{version.public_id}.{cause}",
            policy=policy,
            facts=facts.name,
            day=today,
        ),
        plan,
        [cause],
        {version.pk: (after, in_force)},
    )


def _plan_day(hold: Hold, state: Matching, facts: StoredFacts, today: dt.date) -> Run:
    """All policies that were told, on a new day or with new facts; and those that close soon."""
    told = {row.policy_id: row for row in Told.objects.select_related("version")}
    versions = [v for v in published() if v.policy_id in told and told[v.policy_id].version_id == v.pk]
    held = all_answers(versions, facts, today)
    causes = [f"d{today:%Y%m%d}" if facts.name == state.facts else f"f{facts.name.split('-')[1]}"[:40]]
    parts: list[dict[str, npt.NDArray[np.int64]]] = []
    for version in versions:
        before, after = aligned(told[version.policy_id], facts, unknown=held[version.pk]), held[version.pk]
        kinds = kinds_between(before, after, amended=False)
        parts.append(part_of(facts, version, kinds, 0))
        left = closing_left(version, state.day or today, today)
        if left is not None and version.deadline is not None:
            causes.append(f"c{version.deadline:%Y%m%d}.{left}")
            closing = np.full(facts.size, NOTHING, np.int8)
            closing[(after == 2) & (kinds == NOTHING)] = KINDS.index(MatchEvent.Kind.CLOSING)
            parts.append(
                but_applied(part_of(facts, version, closing, len(causes) - 1, also=saved_by(version)), version)
            )
    names = ("firm", "version", "kind", "cause")
    plan = {name: np.concatenate([part[name] for part in parts] or [np.zeros(0, np.int64)]) for name in names}
    changed = {v.pk: (held[v.pk], True) for v in versions}
    run = Run(kind=Run.Kind.DAY, cause=f"{today.isoformat()}.{facts.name}", facts=facts.name, day=today)
    return _save_run(hold, run, plan, causes, changed)


def _plan_firm(hold: Hold, state: Matching, facts: StoredFacts, today: dt.date) -> Run | None:
    """The next firm that declared something since it was last heard."""
    since = state.heard_at or clock.EPOCH
    fresh = Declaration.objects.filter(Q(created_at__gt=since) | Q(ended_at__gt=since)).select_related("firm")
    moments = (
        sorted((max(each.created_at, each.ended_at or each.created_at), each.firm_id, each.firm) for each in fresh)
        if fresh.exists()
        else []
    )
    if not moments:
        return None
    at, _, firm = moments[0]
    told = {row.policy_id: row for row in Told.objects.all()}
    versions = [v for v in published() if v.policy_id in told and told[v.policy_id].version_id == v.pk]
    row = facts.row_of(firm.code)
    changed: dict[int, tuple[Answers, bool]] = {}
    kinds: list[tuple[int, int]] = []
    if row is not None:
        results = results_of(firm, today)
        for version in versions:
            before = aligned(told[version.policy_id], facts)
            after = before.copy()
            after[row] = TRUTHS.index(results[version.policy.public_id].truth)
            kind = int(kinds_between(before[row : row + 1], after[row : row + 1], amended=False)[0])
            if after[row] != before[row]:
                changed[version.pk] = (after, True)
            if kind != NOTHING:
                kinds.append((version.pk, kind))
    cause = f"w{int(at.timestamp() * 1000)}"
    plan = {
        "firm": np.full(len(kinds), firm.pk, np.int64),
        "version": np.array([pk for pk, _ in kinds], np.int64),
        "kind": np.array([kind for _, kind in kinds], np.int64),
        "cause": np.zeros(len(kinds), np.int64),
    }
    run = Run(kind=Run.Kind.FIRM, cause=f"{firm.public_id}.{cause}", firm=firm, facts=facts.name, day=today)
    return _save_run(hold, run, plan, [cause], changed, heard_at=at)


def _save_run(
    hold: Hold,
    run: Run,
    plan: dict[str, npt.NDArray[np.int64]],
    causes: list[str],
    answered: Mapping[int, tuple[Answers, bool]],
    heard_at: dt.datetime | None = None,
) -> Run:
    """Keep what a run will tell, in the order of the firms, and the answers that hold when it is told."""
    told = plan["firm"] > 0
    order = np.argsort(plan["firm"][told], kind="stable")
    arrays = {name: array[told][order] for name, array in plan.items()}
    run.plan, run.size = save_plan(**arrays), len(order)
    run.answers = {
        "causes": causes,
        "heard_at": heard_at and heard_at.isoformat(),
        "told": [
            [pk, save_answers(found), in_force, *np.bincount(found, minlength=3).tolist()[:0:-1]]
            for pk, (found, in_force) in answered.items()
        ],
    }
    with transaction.atomic():
        hold.check()
        run.save()
    return run


def _finish(hold: Hold, run: Run) -> None:
    """Everything of a run is told: from now on its answers are what firms know."""
    with story(SYSTEM) as told:
        hold.check()
        versions = PolicyVersion.objects.in_bulk([row[0] for row in run.answers["told"]])
        for pk, name, in_force, sure, possible in run.answers["told"]:
            _put_told(versions[pk], run.facts, name, sure, possible, in_force=in_force)
        changes: dict[str, object] = {"facts": run.facts, "day": run.day}
        if run.answers["heard_at"]:
            changes["heard_at"] = dt.datetime.fromisoformat(run.answers["heard_at"])
        Matching.objects.filter(pk=1).update(**changes)
        Run.objects.filter(pk=run.pk).update(finished_at=clock.now())
        told.record("policies.run.finished", run, kind=run.kind, events=run.size)


def _note_told(version: PolicyVersion, facts: str, name: str, found: Answers, *, in_force: bool) -> None:
    _, possible, sure = np.bincount(found, minlength=3).tolist()
    _put_told(version, facts, name, sure, possible, in_force=in_force)


def _put_told(version: PolicyVersion, facts: str, name: str, sure: int, possible: int, *, in_force: bool) -> None:
    Told.objects.update_or_create(
        policy_id=version.policy_id,
        defaults={
            "version": version,
            "in_force": in_force,
            "answers": name,
            "facts": facts,
            "sure": sure,
            "possible": possible,
            "changed_at": clock.now(),
        },
    )


def _sweep() -> None:
    """Take away what nobody needs any more."""
    state = Matching.objects.get(pk=1)
    facts = {state.facts, *Told.objects.values_list("facts", flat=True)}
    sweep(facts, Told.objects.values_list("answers", flat=True), [])
