"""Claiming, running, finishing, failing and reviving tasks. All times come from the clock of the house."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.module_loading import import_string
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from tulou.platform import clock
from tulou.platform.tasks.job import POLICIES, Policy, policy_of
from tulou.platform.tasks.models import Lease, Schedule

logger = logging.getLogger("tulou.tasks")


class Fenced(Exception):  # noqa: N818 - reads as the outcome that it is
    """Somebody else holds the task by now: whatever was done under the old lease is rolled back."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A task in a worker's hands."""

    task: DBTaskResult[..., Any]
    token: int
    attempt: int
    policy: Policy


def claim_task(worker: str) -> Claim | None:
    """Take the next task that is due: highest priority, then longest waiting. None where nothing is due."""
    now = clock.now()
    with transaction.atomic():
        ready = DBTaskResult.objects.filter(status=TaskResultStatus.READY).exclude(
            run_after__gt=now, run_after__lt=get_date_max()
        )
        if connection.features.has_select_for_update_skip_locked:
            ready = ready.select_for_update(skip_locked=True, of=("self",))
        task = ready.order_by("-priority", "run_after", "enqueued_at").first()
        if task is None:
            return None
        policy = policy_of(task.task_path)
        lease, _ = Lease.objects.get_or_create(task=task, defaults={"worker": worker, "token": 0})
        lease.worker, lease.token, lease.attempts = worker, lease.token + 1, lease.attempts + 1
        lease.until = now + policy.lease
        lease.save()
        task.claim(worker)
    return Claim(task, lease.token, lease.attempts, policy)


def run_claim(claim: Claim) -> bool:
    """Run a claimed task to its end; whether it succeeded. A failure is noted and tried again later, or given up."""
    try:
        if claim.policy.together:
            with transaction.atomic():
                _call(claim.task)
                finish_task(claim)
        else:
            _call(claim.task)
            with transaction.atomic():
                finish_task(claim)
    except Fenced:
        logger.warning("task.fenced", extra={"task": claim.task.task_path, "task_id": str(claim.task.pk)})
        return False
    except Exception as error:  # noqa: BLE001 - whatever a task raises is its failure, never the worker's
        fail_task(claim, error)
        return False
    return True


def _call(task: DBTaskResult[..., Any]) -> None:
    arguments = task.args_kwargs
    task.task.call(*arguments["args"], **arguments["kwargs"])


def finish_task(claim: Claim) -> None:
    """Note that a task is done. Raises Fenced where its lease went to another worker meanwhile."""
    _fence(claim)
    DBTaskResult.objects.filter(pk=claim.task.pk).update(
        status=TaskResultStatus.SUCCESSFUL, finished_at=clock.now(), exception_class_path="", traceback=""
    )


def _fence(claim: Claim) -> None:
    held = Lease.objects.filter(task=claim.task, token=claim.token, task__status=TaskResultStatus.RUNNING)
    if held.update(until=None) == 0:
        raise Fenced


def fail_task(claim: Claim, error: BaseException) -> None:
    """Note a failure: ready again after a while, or FAILED for good when all attempts are used up.

    Only the kind of the error and its place are kept, not its text: that may hold somebody's data.
    """
    place = _place(error)
    last = claim.attempt >= claim.policy.attempts
    with transaction.atomic():
        try:
            _fence(claim)
        except Fenced:
            return
        Lease.objects.filter(task=claim.task).update(failure=place[:300])
        DBTaskResult.objects.filter(pk=claim.task.pk).update(
            status=TaskResultStatus.FAILED if last else TaskResultStatus.READY,
            run_after=clock.now() + claim.policy.back_off(claim.attempt),
            finished_at=clock.now() if last else None,
            exception_class_path=f"{type(error).__module__}.{type(error).__qualname__}",
            traceback=place,
        )
    logger.warning("task.failed", extra={"task": claim.task.task_path, "attempt": claim.attempt, "failure": place})


def _place(error: BaseException) -> str:
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{code.co_qualname}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} in {place}"


def extend_lease(claim: Claim) -> bool:
    """Heartbeat: keep the lease for another while; False where it is lost."""
    held = Lease.objects.filter(task=claim.task, token=claim.token, until__isnull=False)
    return held.update(until=clock.now() + claim.policy.lease) == 1


def revive_tasks() -> int:
    """The reaper: tasks whose lease ran out are ready again (or failed, where their attempts are used up)."""
    now, revived = clock.now(), 0
    with transaction.atomic():
        lost = Lease.objects.filter(until__lt=now, task__status=TaskResultStatus.RUNNING).select_related("task")
        if connection.features.has_select_for_update_skip_locked:
            lost = lost.select_for_update(skip_locked=True)
        for lease in lost:
            last = lease.attempts >= policy_of(lease.task.task_path).attempts
            lease.token, lease.until, lease.failure = lease.token + 1, None, "worker lost"
            lease.save()
            DBTaskResult.objects.filter(pk=lease.task_id).update(
                status=TaskResultStatus.FAILED if last else TaskResultStatus.READY,
                run_after=now,
                finished_at=now if last else None,
                traceback="worker lost" if last else "",
            )
            revived += 1
    return revived


def retry_task(task: DBTaskResult[..., Any]) -> bool:
    """Give a failed task all its attempts again; False where it is not failed."""
    with transaction.atomic():
        changed = DBTaskResult.objects.filter(pk=task.pk, status=TaskResultStatus.FAILED).update(
            status=TaskResultStatus.READY, run_after=clock.now(), finished_at=None
        )
        Lease.objects.filter(task_id=task.pk).update(attempts=0)
    return changed == 1


def plan_schedules() -> None:
    """Bring the schedule table in line with the code; new rows are due at once."""
    with transaction.atomic():
        for path, policy in POLICIES.items():
            if policy.every is not None:
                Schedule.objects.update_or_create(
                    task_path=path,
                    defaults={"every_seconds": int(policy.every.total_seconds())},
                    create_defaults={
                        "every_seconds": int(policy.every.total_seconds()),
                        "next_at": clock.now(),
                    },
                )
        known = [path for path, policy in POLICIES.items() if policy.every is not None]
        Schedule.objects.exclude(task_path__in=known).delete()


def enqueue_due() -> int:
    """Enqueue what is due, each once: the worker that moves `next_at` on is the one that enqueues."""
    now, count = clock.now(), 0
    for due in Schedule.objects.filter(next_at__lte=now, paused=False):
        with transaction.atomic():
            later = now + (clock.moment_of(due.every_seconds * 1_000_000) - clock.EPOCH)
            moved = Schedule.objects.filter(pk=due.pk, next_at=due.next_at).update(next_at=later, last_at=now)
            if moved:
                import_string(due.task_path).enqueue()
                count += 1
    return count
