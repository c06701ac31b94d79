"""`@job`: a function of a room's tasks.py that the worker runs, and the policy under which it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django_tasks import task
from django_tasks.base import Task

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Policy:
    """How a task is run.

    `together`: its effects on the database and the note that it is done are one transaction, so each effect happens
    exactly once whatever dies when. Work that is longer than some seconds, or that acts outside the database, says
    `together=False`: it is run at least once, must be idempotent, and a heartbeat keeps its lease.
    """

    attempts: int = 5
    together: bool = True
    lease: timedelta = timedelta(seconds=30)
    every: timedelta | None = None

    def back_off(self, attempt: int) -> timedelta:
        """How long to wait after the failure of `attempt` (from 1): 4 s, 16 s, 64 s … at most an hour.

        >>> Policy().back_off(2).seconds
        16
        """
        return timedelta(seconds=min(4**attempt, 3600))


POLICIES: dict[str, Policy] = {}
"""Module path of a task -> how it is run."""


def job(
    *,
    attempts: int = 5,
    together: bool = True,
    lease: timedelta = timedelta(seconds=30),
    every: timedelta | None = None,
    priority: int = 0,
    queue: str = "default",
) -> Callable[[Callable[..., Any]], Task[..., Any]]:
    """Make a module-level function a task: `name.enqueue(…)` inside a story runs it after the commit.

    Arguments must be JSON: numbers and ids, never records, never personal data.
    """

    def decorate(function: Callable[..., Any]) -> Task[..., Any]:
        made = task(priority=priority, queue_name=queue)(function)
        POLICIES[made.module_path] = Policy(attempts=attempts, together=together, lease=lease, every=every)
        return made

    return decorate


def policy_of(task_path: str) -> Policy:
    """The policy of a task; the usual one for tasks that other packages declare."""
    return POLICIES.get(task_path, Policy())
