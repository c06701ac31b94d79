"""What the process of test_push_kills.py runs: workers that die at a random statement while they tell firms."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from typing import Any

from benchmarks._push_work import count, lay_out, publish, revive
from django.db import connection, connections

from tulou.platform.tasks.worker import Worker, find_tasks
from tulou.policies.services import telling


def work_until_killed(seed: int) -> None:
    """Tell; before a random one of the next statements, die as by `kill -9`."""
    left = random.Random(seed).randrange(1, 160)

    def die(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(die):
        Worker().run(until_empty=True)
    os._exit(0)


def main(firms: int, kills: int) -> None:
    """Lay out, publish, kill, finish, count."""
    find_tasks()
    telling.CHUNK = 25
    lay_out(firms)
    publish(0)
    killed, stood = 0, []
    for seed in range(20 * kills):
        connections.close_all()
        child = os.fork()
        if child == 0:
            work_until_killed(seed)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        stood.append(revive(0)["told"])
        if killed >= kills:
            break
    connections.close_all()
    Worker().run(until_empty=True)
    sys.stdout.write(json.dumps({"killed": killed, "stood": sorted(set(stood)), **count(0)}) + "\n")
