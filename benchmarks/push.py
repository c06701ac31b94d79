"""A policy published at noon: how long until it is in the inbox of every firm that it is or may be for?

One worker, all firms of the province, a person each; on SQLite and, where its programs are installed, on PostgreSQL in
a cluster of the bench's own. Then the same with workers that are killed in the middle, by a random statement each: no
firm may miss it, none may get it twice.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._measuring import options, show
from benchmarks.writers import Cluster

ASKED = 60.0


class Portal:
    """A portal of the bench's own, worked by processes of its own."""

    def __init__(self, home: Path, database: str) -> None:
        self.surroundings = {
            **os.environ,
            "TULOU_MODE": "demo",
            "TULOU_HOME": str(home),
            "TULOU_POOL": str(home / "pool"),
            "DJANGO_SETTINGS_MODULE": "tulou.portal.settings",
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        }
        self.surroundings.pop("TULOU_DATABASE_URL", None)
        if database:
            self.surroundings["TULOU_DATABASE_URL"] = database

    def run(self, what: str, number: int = 0) -> dict[str, Any] | None:
        """What a process answers; None where it was killed."""
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks._push_work", what, str(number)],
            env=self.surroundings,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode == -signal.SIGKILL:
            return None
        if done.returncode:
            raise RuntimeError(done.stderr[-2_000:])
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


def told(portal: Portal, firms: int, kills: int) -> dict[str, Any]:
    """Publish and work; with `kills`, that many workers die first."""
    portal.run("lay_out", firms)
    portal.run("publish")
    killed, stood = 0, []
    while killed < kills:
        answer = portal.run("die", killed)
        killed += answer is None
        revived = portal.run("revive") or {}
        stood.append(revived.get("told", 0))
        if answer is not None:
            break
    work, found = portal.run("work") or {}, portal.run("count") or {}
    return {"seconds": work["seconds"], "cpu": work["cpu"], "killed": killed, "stood at": stood, **found}


def main() -> None:
    given = options(__doc__ or "", firms=437_000, kills=5, kill_firms=60_000, on="sqlite,postgres")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if "sqlite" in given.on:
            rows.append({"what": "SQLite"} | told(Portal(folder / "sqlite", ""), given.firms, 0))
            rows.append({"what": "SQLite, killed"} | told(Portal(folder / "killed", ""), given.kill_firms, given.kills))
        if "postgres" in given.on and any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
            (folder / "pg").mkdir()
            cluster = Cluster(folder / "pg")
            try:
                rows.append({"what": "PostgreSQL"} | told(Portal(folder / "home", cluster.url), given.firms, 0))
            finally:
                cluster.stop()
    whole = [row for row in rows if not row["killed"]]
    figures = {
        f"slowest, seconds of one worker (asked: {ASKED:.0f})": max(row["seconds"] for row in whole),
        "its CPU seconds": max(row["cpu"] for row in whole),
        "firms that missed it (asked: 0)": sum(row["missed"] for row in rows),
        "told twice, or wrongly (asked: 0)": sum(row["twice"] + row["wrong"] for row in rows),
        "rows written": sum(row["eligible"] + row["possible"] + row["messages"] + row["inbox"] for row in whole),
    }
    show("push", rows, figures, as_json=given.json)


if __name__ == "__main__":
    main()
