"""Every page as everybody: how long does the server need for it, at the size of the demonstration?

Signs in as each of the demo's people, follows every link of the house (two pages of each address pattern), and measures
each page some times in this process. Asked: p50 <= 50 ms of server time for every page. CPU time is printed beside the
wall time, because other work on the machine makes the latter longer. `--demo` is a folder that `tulou serve --demo` has
laid out; without one, a small demonstration is made first.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measuring import options, show

LINK = re.compile(r'href="(/[^"#]*)"')
KEY = re.compile(r"(?<=/)([2-9a-hjkmnp-z]{20}|[0-9]{2}-[0-9]{4}-[0-9]{4}|[a-z]+(?:_[a-z]+)+)(?=/)")
LEFT_OUT = ("/static/", "/account/logout", "/demo/", "/api/v1", "/metrics")
OF_A_PATTERN, SLOWEST, ASKED_MS = 2, 12, 50.0


@dataclass(frozen=True, slots=True)
class Timed:
    """A page as somebody: the median of its wall and its CPU milliseconds."""

    who: str
    path: str
    status: int
    wall: float
    cpu: float


def pages_of(client: Any) -> Iterator[str]:
    """Every address that can be reached by links from the workspace, at the most two of each pattern."""
    seen: set[str] = set()
    patterns: Counter[str] = Counter()
    waiting = deque(["/workspace/", "/"])
    while waiting:
        path = waiting.popleft()
        if path in seen or path.startswith(LEFT_OUT) or "export=" in path or "sort=" in path:
            continue
        seen.add(path)
        pattern = KEY.sub("*", path.partition("?")[0])
        patterns[pattern] += 1
        if patterns[pattern] > OF_A_PATTERN:
            continue
        answer = client.get(path)
        if answer.streaming or "html" not in answer.headers.get("Content-Type", ""):
            continue
        yield path
        waiting.extend(link.replace("&amp;", "&") for link in LINK.findall(answer.content.decode()))


def timed(client: Any, who: str, path: str, repeat: int) -> Timed:
    """Ask for a page some times."""
    walls, cpus, status = [], [], 0
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        status = client.get(path).status_code
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    return Timed(who, path, status, float(np.median(walls)), float(np.median(cpus)))


def measure(folder: Path, repeat: int) -> list[Timed]:
    """Every page of every account."""
    from tulou.portal.cli import set_up
    from tulou.portal.demonstration import furnish, place

    place(folder)
    set_up()
    furnish()
    from django.test import Client

    from tulou.portal.demo import ACCOUNTS

    found: list[Timed] = []
    for account in ACCOUNTS:
        client = Client(headers={"Accept-Language": "zh"})
        client.post(f"/demo/enter/{account.key}/")
        paths = list(pages_of(client))
        found += [timed(client, account.key, path, repeat) for path in paths]
    return found


def main() -> None:
    """Measure and print."""
    given = options(__doc__ or "", demo="", firms=300, repeat=5)
    with tempfile.TemporaryDirectory(prefix="tulou-pages-") as home:
        folder = Path(given.demo or home)
        if not given.demo:
            command = [sys.executable, "-m", "tulou", "demo", home, "--firms", str(given.firms), "--months", "6"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rows = measure(folder, given.repeat)
    slow = sorted(rows, key=lambda row: -row.cpu)[:SLOWEST]
    walls, cpus = [row.wall for row in rows], [row.cpu for row in rows]
    figures = {
        "pages": len(rows),
        "people": len({row.who for row in rows}),
        "answers other than 200": sum(row.status != 200 for row in rows),
        "p50 of all pages, wall ms (asked: <= 50)": float(np.median(walls)),
        "p50 of all pages, CPU ms": float(np.median(cpus)),
        "p95 of all pages, CPU ms": float(np.percentile(cpus, 95)),
        "pages over 50 ms of CPU": sum(cpu > ASKED_MS for cpu in cpus),
        "pages over 50 ms of wall": sum(wall > ASKED_MS for wall in walls),
    }
    shown = [
        {"who": r.who, "page": r.path[:60], "status": r.status, "CPU ms": round(r.cpu, 1), "wall ms": round(r.wall, 1)}
        for r in slow
    ]
    show("pages", shown, figures, as_json=given.json)


if __name__ == "__main__":
    main()
