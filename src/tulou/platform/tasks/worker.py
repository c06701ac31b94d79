"""The worker: claims, runs, keeps its lease, revives what others lost, and enqueues what is due."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from importlib import import_module
from importlib.util import find_spec
from types import FrameType

from django.apps import apps
from django.db import OperationalError, close_old_connections, connection, connections

from tulou.platform.tasks.services import (
    Claim,
    claim_task,
    enqueue_due,
    extend_lease,
    plan_schedules,
    revive_tasks,
    run_claim,
)

TASK_MODULES = ("tasks", "housekeeping")
logger = logging.getLogger("tulou.tasks")


def find_tasks() -> None:
    """Import every room's tasks, so that their policies and schedules are known."""
    for config in apps.get_app_configs():
        if config.name.startswith("tulou."):
            for module in TASK_MODULES:
                if find_spec(f"{config.name}.{module}"):
                    import_module(f"{config.name}.{module}")


class Worker:
    """One process that works through the queue until it is told to stop (SIGTERM, SIGINT: after the task in hand)."""

    def __init__(self, *, pause: float = 0.5, housekeeping: float = 5.0) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}"[-64:]
        self.pause = pause
        self.housekeeping = housekeeping
        self.stopping = threading.Event()

    def stop(self, signal_number: int = 0, frame: FrameType | None = None) -> None:
        """Finish the task in hand, then end."""
        self.stopping.set()

    def run(self, *, until_empty: bool = False) -> int:
        """Work until told to stop, or until nothing is due; how many tasks succeeded."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.stop)
            signal.signal(signal.SIGINT, self.stop)
        done, waited = 0, self.housekeeping
        plan_schedules()
        while not self.stopping.is_set():
            try:
                if waited >= self.housekeeping:
                    waited = 0.0
                    revive_tasks()
                    if not until_empty:
                        enqueue_due()
                claim = claim_task(self.name)
                if claim is not None:
                    done += self.work(claim)
                    continue
            except OperationalError:
                logger.warning("worker.database_away")
                connections.close_all()
            if until_empty:
                return done
            close_old_connections()
            self.stopping.wait(self.pause)
            waited += self.pause
        return done

    def work(self, claim: Claim) -> bool:
        """Run one task; a heartbeat keeps its lease where that can be seen by others.

        On SQLite a task that is one transaction holds the only write lock: nobody can take it away, and a heartbeat
        would only wait for that lock.
        """
        if claim.policy.together and connection.vendor == "sqlite":
            return run_claim(claim)
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=(claim, ended), daemon=True)
        beat.start()
        try:
            return run_claim(claim)
        finally:
            ended.set()
            beat.join()

    def _beat(self, claim: Claim, ended: threading.Event) -> None:
        try:
            while not ended.wait(claim.policy.lease.total_seconds() / 3):
                if not extend_lease(claim):
                    return
        finally:
            connections.close_all()
