"""Background work: each effect exactly once, whatever dies when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult
from tests.platform import work

from tulou.platform import clock
from tulou.platform.tasks.job import POLICIES
from tulou.platform.tasks.models import Lease, Schedule
from tulou.platform.tasks.services import (
    claim_task,
    enqueue_due,
    extend_lease,
    plan_schedules,
    retry_task,
    revive_tasks,
    run_claim,
)
from tulou.registry.models import Organisation
from tulou.registry.roles import Role

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def effects() -> int:
    return Organisation.objects.filter(code__startswith="EFFECT").count()


def test_a_task_runs_once_and_is_done(drain: Callable[[], int]) -> None:
    work.leave_a_mark.enqueue("EFFECT1")
    assert drain() == 1
    assert drain() == 0
    assert effects() == 1
    assert DBTaskResult.objects.get().status == "SUCCESSFUL"


def test_a_failure_leaves_no_effect_and_is_tried_again_later_and_at_last_given_up() -> None:
    work.fail_after_its_effect.enqueue("EFFECT1")
    waits = []
    moment = NOW
    for attempt in range(1, 4):
        with clock.at(moment):
            claim = claim_task("a")
            assert claim is not None
            assert claim.attempt == attempt
            assert not run_claim(claim)
            assert claim_task("a") is None
        task = DBTaskResult.objects.get()
        waits.append((task.run_after - moment).total_seconds())
        moment = task.run_after
    assert waits[:2] == [4, 16]
    assert effects() == 0
    task = DBTaskResult.objects.get()
    assert task.status == "FAILED"
    assert "personal" not in task.traceback + Lease.objects.get().failure
    assert retry_task(task)
    assert not retry_task(DBTaskResult.objects.get())
    assert Lease.objects.get().attempts == 0


def test_a_lost_worker_is_noticed_and_its_work_done_by_another() -> None:
    work.leave_a_mark.enqueue("EFFECT1")
    with clock.at(NOW):
        lost = claim_task("lost")
        assert lost is not None
    with clock.at(NOW + dt.timedelta(seconds=29)):
        assert revive_tasks() == 0
    with clock.at(NOW + dt.timedelta(seconds=31)):
        assert revive_tasks() == 1
        second = claim_task("second")
        assert second is not None
        assert second.attempt == 2
        assert run_claim(second)
    assert not run_claim(lost), "a worker that comes back from the dead may not finish"
    assert effects() == 1


def test_a_heartbeat_keeps_the_lease_and_tells_when_it_is_lost() -> None:
    work.leave_a_mark.enqueue("EFFECT1")
    with clock.at(NOW):
        claim = claim_task("a")
        assert claim is not None
    with clock.at(NOW + dt.timedelta(seconds=20)):
        assert extend_lease(claim)
    with clock.at(NOW + dt.timedelta(seconds=45)):
        assert revive_tasks() == 0
    with clock.at(NOW + dt.timedelta(seconds=60)):
        assert revive_tasks() == 1
        assert not extend_lease(claim)


def test_the_more_urgent_task_goes_first(drain: Callable[[], int]) -> None:
    work.leave_a_mark.enqueue("EFFECT1")
    work.leave_a_mark.using(priority=10).enqueue("EFFECT2")
    claim = claim_task("a")
    assert claim is not None
    assert claim.task.args_kwargs["args"] == ["EFFECT2"]


def test_what_is_due_is_enqueued_once_and_then_waits_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    path = work.leave_a_mark_hourly.module_path
    for other in [p for p in POLICIES if p != path]:
        monkeypatch.delitem(POLICIES, other)
    with clock.at(NOW):
        plan_schedules()
        plan_schedules()
        assert (enqueue_due(), enqueue_due()) == (1, 0)
    with clock.at(NOW + dt.timedelta(hours=1)):
        assert enqueue_due() == 1
    Schedule.objects.update(paused=True)
    with clock.at(NOW + dt.timedelta(hours=9)):
        assert enqueue_due() == 0
    assert DBTaskResult.objects.count() == 2


def test_the_operator_sees_the_queue_and_revives_a_failed_task(enter: Callable[..., Any]) -> None:
    client = enter(Role.OPERATOR_SYSTEM)
    task = DBTaskResult.objects.get(pk=work.fail_after_its_effect.enqueue("EFFECT1").id)
    DBTaskResult.objects.filter(pk=task.pk).update(status="FAILED")
    page = client.get("/operation/tasks/", {"state": "FAILED"})
    assert b"fail_after_its_effect" in page.content
    answer = client.post(f"/operation/tasks/{task.pk}/retry/")
    assert answer.status_code == 302
    task.refresh_from_db()
    assert task.status == "READY"
