"""What a verdict on each odd or hostile file costs: a CPU second and 100 MiB at most are asked for.

Each file is delivered by a process of its own that has loaded Tulou and nothing else; the cost is that of the ingest.
The files are those that `tests/pool/core/hostile_files.py` writes and, where the folder is there, those of
`../shared/data/security/hostile`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.pool.core.hostile_files import HOSTILE, SHARED

from benchmarks._measuring import options, show

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT.parent / "shared" / "data" / "security" / "hostile"


def verdicts(folder: str) -> list[dict[str, Any]]:
    """What was said of every file."""
    command = [sys.executable, "-m", "tests.pool.core.verdicts", folder]
    if FOLDER.is_dir():
        command += ["--shared", str(FOLDER)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return list(json.loads(done.stdout))


def is_right(told: dict[str, Any]) -> bool:
    """Whether the verdict is the one that was asked for, and nothing of the file or of the pool is lost."""
    name = told["name"]
    if name in HOSTILE:
        asked = HOSTILE[name]
        expected, codes = (asked.accepted, asked.rejected), asked.codes
    else:
        accepted, found = SHARED[name]
        expected, codes = (accepted, 0), frozenset(found)
    whole = told["records"] == told["accepted"] + told["rejected"] and told["visible"] == told["accepted"]
    return (
        (told["accepted"], told["rejected"]) == expected
        and codes <= set(told["codes"])
        and whole
        and told["first_visible"] == 3
    )


def main() -> None:
    """Print a row for each file."""
    given = options(__doc__ or "")
    with tempfile.TemporaryDirectory() as folder:
        told = verdicts(folder)
    rows = [
        {
            "file": one["name"],
            "verdict": one["verdict"],
            "accepted": one["accepted"],
            "rejected": one["rejected"],
            "why": ", ".join(dict.fromkeys(one["codes"])),
            "cpu_s": one["cpu_s"],
            "mib": round(one["grown_mib"]),
            "right": is_right(one),
        }
        for one in told
    ]
    figures = {
        "files": len(rows),
        "verdicts as asked for, nothing lost, the last good data visible": sum(row["right"] for row in rows),
        "dearest verdict, CPU s (asked: <= 1)": max(row["cpu_s"] for row in rows),
        "largest verdict, MiB (asked: <= 100)": max(row["mib"] for row in rows),
    }
    show("hostile", rows, figures, as_json=given.json)


if __name__ == "__main__":
    main()
