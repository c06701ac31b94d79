"""A delivery dies before its write-side calls: nothing is half visible, nothing that was acknowledged is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.faults.disk import build_shim

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.faults,
    pytest.mark.xdist_group("faults"),
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or shutil.which("gcc") is None, reason="needs Linux and gcc"
    ),
]


def enumerated(folder: Path, *options: str) -> Any:
    shim = build_shim(folder)
    command = [sys.executable, "-m", "tests.faults.enumerate", str(folder / "work"), *options]
    environment = os.environ | {"LD_PRELOAD": str(shim)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_wherever_a_delivery_dies_the_pool_is_as_before_or_as_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stories = ("merge", "first", "wider", "refusal", "rollback")
    told = enumerated(tmp_path, "--every", "42", *(word for name in stories for word in ("--story", name)))
    with capsys.disabled():
        sys.stdout.write(f"\n{told['points']} crash points: {told['by_kind']}, {len(told['wrong'])} wrong\n")
    assert told["points"] >= 200
    assert min(told["by_kind"].values()) >= 35
    assert told["wrong"] == []


def test_a_delivery_that_syncs_nothing_is_found_out(tmp_path: Path) -> None:
    told = enumerated(tmp_path, "--story", "careless", "--kind", "power cut", "--every", "29")
    assert any("FileNotFoundError" in line or "lost" in line for line in told["wrong"])
