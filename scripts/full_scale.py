"""The real scale, once: simulate a whole province, pool it, resolve it, profile it; time, memory and disk of each.

    python scripts/full_scale.py FOLDER [--firms 437000] [--months 1] [--items all] [--workers 2] [--steps pool,resolve]

Each step runs in a process of its own, whose tree is watched: CPU seconds of all its processes, the greatest sum of
their resident memory, and the bytes that it left in FOLDER. Prints one JSON line a step and, at the end, rows for the
table in docs/benchmarks.md. FOLDER keeps what was made (`--clean` takes it away when all is done). The run stops by
itself when less than `--leave` GB of the disk would be free.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STEPS = ("simulate", "pool", "resolve", "profile", "lookup")


def simulate(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """The province: firms, departments' files, truth."""
    from tulou.simulate import Wish, simulate_province

    wish = Wish(given.firms, given.months, given.seed, given.items, workers=given.workers)
    made = simulate_province(folder / "province", wish)
    return {"files": made.files, "records": made.records, "items": made.items, "input_bytes": made.bytes}


def pool(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Every file, validated, into the lake."""
    from tulou.demo.pooling import pool_deliveries
    from tulou.demo.running import new_pool

    done = pool_deliveries(folder / "province", new_pool(folder / "pool"), workers=given.workers)
    receipts = [each.receipt for each in done]
    return {
        "records": sum(each.records_in for each in receipts),
        "accepted": sum(each.accepted for each in receipts),
        "rejected": sum(each.rejected for each in receipts),
        "refused_files": sum(each.verdict == "refused" for each in receipts),
    }


def resolve(folder: Path, _given: argparse.Namespace) -> dict[str, Any]:
    """Who is who, and how much of it is right."""
    from tulou.demo.running import day_after, resolve_pool
    from tulou.demo.scoring import score_identities
    from tulou.pool.core.lake import Lake

    lake = Lake.open(folder / "pool")
    before = time.perf_counter()
    resolved = resolve_pool(lake, day_after(lake))
    seconds = time.perf_counter() - before
    answer = {"resolve_wall_s": round(seconds, 1), "subjects": resolved.subjects, "enterprises": resolved.enterprises}
    return {**answer, "reviews": resolved.reviews, "rungs": score_identities(lake, folder / "province")}


def profile(folder: Path, _given: argparse.Namespace) -> dict[str, Any]:
    """The wide table of all firms and the serving copy."""
    from tulou.demo.running import day_after, profile_pool
    from tulou.pool.core.lake import Lake

    lake = Lake.open(folder / "pool")
    built = profile_pool(lake, day_after(lake))
    names = {"firms": "profiles", "datasets": "datasets", "columns": "columns", "serving_bytes": "serving_bytes"}
    return {told: built[name] for name, told in names.items()}


def lookup(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Five hundred firms by their credit code, one after another."""
    import polars as pl

    from tulou.pool.core.profile.serving import FILE, ServingCopy

    firms = pl.read_parquet(folder / "province" / "truth" / "firms.parquet", columns=["uscc", "registered"])
    keys = firms.filter("registered")["uscc"].sample(min(500, given.firms // 2), seed=1).to_list()
    copy = ServingCopy(folder / "pool" / FILE)
    times, found = [], 0
    for key in keys:
        before = time.perf_counter()
        found += len(copy.record(key).values) > 0
        times.append((time.perf_counter() - before) * 1000)
    slow = sorted(times)[int(0.95 * len(times))]
    return {"p50_ms": round(statistics.median(times), 2), "p95_ms": round(slow, 2), "found": found}


def watched(command: list[str], folder: Path, leave: float) -> tuple[dict[str, float], str]:
    """Run a command; answers its CPU and wall seconds and peak memory (all processes), and what it printed."""
    before, start = disk(folder), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603
    peak = 0
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        peak = max(peak, resident(process.pid))
        if shutil.disk_usage(folder).free < leave * 2**30:
            os.killpg(process.pid, signal.SIGTERM)
            sys.exit(f"stopped: less than {leave} GB of the disk were free")
        time.sleep(0.25)
    printed = process.stdout.read() if process.stdout else ""
    if status:
        sys.exit(f"{' '.join(command)} failed with status {status}")
    cost = {
        "wall_s": round(time.perf_counter() - start, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_gb": round(peak / 2**30, 2),
        "disk_gb": round((disk(folder) - before) / 2**30, 2),
    }
    return cost, printed


def resident(root: int) -> int:
    """Bytes of resident memory of a process and all its descendants."""
    page, children = os.sysconf("SC_PAGE_SIZE"), {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
        except OSError:
            continue
    return total


def disk(folder: Path) -> int:
    """Bytes of all files under a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--firms", type=int, default=437_000)
    parser.add_argument("--months", type=int, default=1)
    parser.add_argument("--items", choices=("core", "all"), default="all")
    parser.add_argument("--seed", type=int, default=437)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--leave", type=float, default=40.0, help="GB of the disk that stay free")
    parser.add_argument("--clean", action="store_true", help="take FOLDER away at the end")
    parser.add_argument("--alone", choices=STEPS, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """All steps, or the one that this process is for."""
    given = arguments()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    works: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {
        "simulate": simulate,
        "pool": pool,
        "resolve": resolve,
        "profile": profile,
        "lookup": lookup,
    }
    if given.alone:
        say(json.dumps(works[given.alone](folder, given), ensure_ascii=False, default=str))
        return
    rows = []
    for step in given.steps.split(","):
        command = [sys.executable, __file__, *sys.argv[1:], "--alone", step]
        cost, printed = watched(command, folder, given.leave)
        answer = json.loads(printed.strip().splitlines()[-1])
        say(json.dumps({"step": step, "firms": given.firms, "months": given.months, **cost, **answer}))
        figures = " | ".join(f"{value:,}" for value in cost.values())
        rows.append(f"| {step} | {figures} | {told(answer)} |")
    say(f"\n{given.firms:,} firms, {given.months} months, items: {given.items}, {given.workers} workers\n")
    say("| step | wall s | CPU s | peak GB | disk GB | what |\n|---|---|---|---|---|---|")
    say("\n".join(rows))
    if given.clean:
        shutil.rmtree(folder)


def say(line: str) -> None:
    """One line on standard output, now."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def told(answer: dict[str, Any]) -> str:
    """The figures of a step in a few words."""
    plain = {name: value for name, value in answer.items() if not isinstance(value, (list, dict))}
    parts = [
        f"{name.replace('_', ' ')} {value:,}" if isinstance(value, (int, float)) else f"{name} {value}"
        for name, value in plain.items()
    ]
    for row in answer.get("rungs", []):
        if row["rung"] == "all":
            parts.append(f"precision {row['precision']}, recall {row['recall']}")
    return "; ".join(parts)


if __name__ == "__main__":
    main()
