"""Crash points: a delivery dies before its write-side calls, by kill, power cut, full disk and I/O error.

`tests/faults/enumerate.py` does it, for merging, first, widening, refused and rolled-back deliveries. After each death
the pool is opened and checked, and the delivery is sent again. `--every 1` takes every call, which takes hours.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.faults.disk import build_shim

from benchmarks._measuring import options, show

ROOT = Path(__file__).resolve().parents[1]
STORIES = ("merge", "first", "wider", "refusal", "rollback")
FOUND = {
    "half visible": "half visible",
    "acknowledged and lost": "acknowledged and lost",
    "old data damaged": "damaged",
    "resend not exact": "the resend was not exact",
}
"""What may be wrong at a point, and the words in which the enumerator says so."""


def enumerated(folder: Path, every: int) -> dict[str, Any]:
    """What the enumerator prints."""
    shim = build_shim(folder)
    stories = [word for name in STORIES for word in ("--story", name)]
    command = [sys.executable, "-m", "tests.faults.enumerate", str(folder / "work"), "--every", str(every), *stories]
    environment = os.environ | {"LD_PRELOAD": str(shim)}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    """Print the number of points and what became of them."""
    given = options(__doc__ or "", every=42)
    if not sys.platform.startswith("linux") or shutil.which("gcc") is None:
        sys.exit("The bench of faults needs Linux and gcc.")
    with tempfile.TemporaryDirectory() as folder:
        told = enumerated(Path(folder), given.every)
    rows = [{"death": kind, "points": points} for kind, points in told["by_kind"].items()]
    wrong = told["wrong"]
    counts = {name: sum(f": {words}" in line for line in wrong) for name, words in FOUND.items()}
    figures = {
        "crash points (asked: >= 200)": told["points"],
        "write-side calls of each story": ", ".join(f"{name} {calls}" for name, calls in told["calls"].items()),
        "what the sender saw": ", ".join(f"{name} {times}" for name, times in told["outcomes"].items()),
        **counts,
        "points at which anything was wrong": len(wrong),
    }
    show("faults", rows, figures, as_json=given.json)
    if not given.json:
        print("\n".join(wrong))


if __name__ == "__main__":
    main()
