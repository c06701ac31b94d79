"""What the processes of test_worker_kills.py run: each forks workers that die at a random step of their work."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import sys

from django.core.management import call_command
from django.db import connection, connections
from django_tasks_db.models import DBTaskResult
from tests.platform import work

from tulou.platform import clock
from tulou.platform.tasks.models import Lease
from tulou.platform.tasks.services import claim_task, revive_tasks, run_claim
from tulou.registry.models import Organisation


def prepare(tasks: int) -> None:
    call_command("migrate", verbosity=0)
    for number in range(tasks):
        work.leave_a_mark.enqueue(f"EFFECT{number}")


def work_until_killed(seed: int) -> None:
    """Work; before a random one of the next statements that this process runs, die as by `kill -9`."""
    left = random.Random(seed).randrange(1, 60)

    def die(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    late = clock.system_time() + dt.timedelta(seconds=random.Random(seed).randrange(0, 90))
    with clock.at(late), connection.execute_wrapper(die):
        revive_tasks()
        while (claim := claim_task(f"worker-{os.getpid()}")) is not None:
            run_claim(claim)
    os.kill(os.getpid(), signal.SIGKILL)


def kill_workers(kills: int, *, at_once: int) -> None:
    """Fork workers, `at_once` side by side, until so many were killed; print how many."""
    killed = 0
    while killed < kills:
        connections.close_all()
        born = []
        for number in range(min(at_once, kills - killed)):
            child = os.fork()
            if child == 0:
                work_until_killed(killed * 31 + number)
            born.append(child)
        for child in born:
            _, status = os.waitpid(child, 0)
            killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    sys.stdout.write(f"{killed}\n")


def finish() -> None:
    """A worker that lives, much later."""
    for days in range(1, 8):
        with clock.at(clock.system_time() + dt.timedelta(days=days)):
            revive_tasks()
            while (claim := claim_task("last")) is not None:
                run_claim(claim)


def count() -> None:
    done = DBTaskResult.objects.filter(status="SUCCESSFUL").count()
    effects = Organisation.objects.filter(code__startswith="EFFECT").values_list("code", flat=True)
    again = Lease.objects.filter(attempts__gt=1).count()
    tasks = DBTaskResult.objects.count()
    said = f"again={again > 0} tasks={tasks} done={done} effects={len(effects)} distinct={len(set(effects))}"
    sys.stdout.write(f"{said}\n")
