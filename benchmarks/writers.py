"""Do writes get lost? Sixteen writers on SQLite; PostgreSQL restarted and killed under the portal while people sign up.

Asked: no 'database is locked', no acknowledged write lost, no answer 500 for stalls up to 10 s. PostgreSQL runs in a
cluster of the bench's own (it is killed); where its programs are not installed that part says so and is left out.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks._measuring import options, show
from benchmarks.surge import Log, free_port, sign_up, wait_until_up

FAULTS = ("fast restart", "kill -9")


def write_stories(home: str, writer: int, stories: int) -> tuple[int, list[str]]:
    """One writer: read, then write, in one transaction, as services do; how many stood, and what went wrong."""
    os.environ.update({"TULOU_MODE": "demo", "TULOU_HOME": home, "DJANGO_SETTINGS_MODULE": "tulou.portal.settings"})
    import django

    django.setup()
    from django.db import OperationalError

    from tulou.platform.actor import SYSTEM
    from tulou.platform.story import story
    from tulou.registry.models import Organisation

    done, errors = 0, []
    for number in range(stories):
        try:
            with story(SYSTEM) as told:
                seen = Organisation.objects.count()
                firm = Organisation.objects.create(kind="enterprise", code=f"W{writer}N{number}", name_zh=f"{seen}")
                told.record("bench.firm.entered", firm, writer=writer)
            done += 1
        except OperationalError as error:
            errors.append(str(error))
    return done, errors


def sqlite_part(writers: int, stories: int) -> dict[str, Any]:
    """Sixteen processes write to one file."""
    with tempfile.TemporaryDirectory() as home:
        surroundings = {**os.environ, "TULOU_MODE": "demo", "TULOU_HOME": home}
        subprocess.run([sys.executable, "-m", "tulou", "migrate"], env=surroundings, check=True, capture_output=True)
        with multiprocessing.get_context("spawn").Pool(writers) as pool:
            answers = pool.starmap(write_stories, [(home, n, stories) for n in range(writers)])
        proof = subprocess.run(
            [sys.executable, "-m", "tulou", "audit", "verify", "--json"],
            env=surroundings,
            check=False,
            capture_output=True,
            text=True,
        )
        import sqlite3

        with sqlite3.connect(Path(home) / "tulou.sqlite3") as connection:
            there = connection.execute("SELECT count(*) FROM registry_organisation").fetchone()[0]
    return {
        "what": f"SQLite, {writers} writers",
        "acknowledged": sum(done for done, _ in answers),
        "there": there,
        "locked": sum("locked" in text for _, errors in answers for text in errors),
        "other errors": sum("locked" not in text for _, errors in answers for text in errors),
        "answers": {"audit holds": proof.returncode == 0},
    }


class Cluster:
    """A PostgreSQL cluster of the bench's own."""

    def __init__(self, folder: Path) -> None:
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path())
        self.data, self.port = folder / "data", free_port()
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_user:
            shutil.chown(folder, "postgres")
        folder.chmod(0o755)
        self._run("initdb", "--auth=trust", "--username=tulou", "-D", str(self.data))
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tulou", "tulou")

    @property
    def url(self) -> str:
        """How the portal reaches it."""
        return f"postgresql://tulou@127.0.0.1:{self.port}/tulou"

    def start(self) -> None:
        """Start it."""
        settings = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.data} -c max_connections=60"
        )
        self._run("pg_ctl", "-w", "-D", str(self.data), "-l", str(self.data / "log"), "-o", settings, "start")

    def break_down(self, fault: str) -> None:
        """Stop it the hard way, and start it again."""
        if fault == "kill -9":
            os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            time.sleep(2)
        else:
            self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self.data), "stop")
        self.start()

    def stop(self) -> None:
        """Stop it."""
        self._run("pg_ctl", "-w", "-m", "immediate", "-D", str(self.data), "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([*self.as_user, str(self.programs / program), *arguments], check=True, capture_output=True)


def postgres_part(seconds: int) -> list[dict[str, Any]]:
    """People sign up all the time while the database goes down and comes back, twice."""
    if not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "pg").mkdir()
        cluster = Cluster(folder / "pg")
        try:
            return _under_faults(cluster, folder / "home", seconds)
        finally:
            cluster.stop()


def _under_faults(cluster: Cluster, home: Path, seconds: int) -> list[dict[str, Any]]:
    port = free_port()
    surroundings = {
        **os.environ,
        "TULOU_MODE": "demo",
        "TULOU_HOME": str(home),
        "TULOU_DATABASE_URL": cluster.url,
        "TULOU_BASE_URL": f"http://127.0.0.1:{port}",
    }
    tulou = [sys.executable, "-m", "tulou"]
    subprocess.run([*tulou, "migrate"], env=surroundings, check=True, capture_output=True)
    server = subprocess.Popen(
        [*tulou, "serve", "--port", str(port)], env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_up(port)
        logs = [(fault, _sign_up_while(port, cluster, fault, seconds)) for fault in FAULTS]
    finally:
        server.terminate()
        server.wait(timeout=30)
    there = Counter(_people(cluster))
    return [
        {
            "what": f"PostgreSQL, {fault}",
            "acknowledged": len(log.accepted),
            "there": sum(email in there for email in log.accepted),
            "locked": 0,
            "other errors": log.statuses[500],
            "answers": dict(sorted(log.statuses.items())),
        }
        for fault, log in logs
    ]


def _sign_up_while(port: int, cluster: Cluster, fault: str, seconds: int) -> Log:
    log, until, number = Log(), time.monotonic() + seconds, iter(range(100_000))
    lock = threading.Lock()

    def people() -> None:
        while time.monotonic() < until:
            with lock:
                mine = next(number)
            sign_up(port, mine, log, fault.replace(" ", ""))

    threads = [threading.Thread(target=people) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 3)
    cluster.break_down(fault)
    for thread in threads:
        thread.join()
    return log


def _people(cluster: Cluster) -> list[str]:
    import psycopg

    with psycopg.connect(cluster.url) as connection:
        return [row[0] for row in connection.execute("SELECT email FROM registry_person")]


def main() -> None:
    given = options(__doc__ or "", writers=16, stories=60, seconds=15)
    rows = [sqlite_part(given.writers, given.stories), *postgres_part(given.seconds)]
    figures = {
        "database is locked (asked: 0)": sum(row["locked"] for row in rows),
        "acknowledged and lost (asked: 0)": sum(row["acknowledged"] - row["there"] for row in rows),
        "answers 500 (asked: 0)": sum(row["other errors"] for row in rows),
    }
    show("writers", rows, figures, as_json=given.json)


if __name__ == "__main__":
    main()
