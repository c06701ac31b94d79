"""Workers are killed while they tell firms of a policy: no firm misses it, none gets it twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FIRMS, KILLS = 400, 8
PROGRAM = "import django; django.setup(); from tests.policies.portal import crash; crash.main({firms}, {kills})"


@pytest.mark.faults
def test_no_firm_misses_a_policy_and_none_gets_it_twice_over_eight_kills(tmp_path: Path) -> None:
    """Real processes, `kill -9` before a random statement each; most die in the middle of the telling."""
    surroundings = {
        **os.environ,
        "TULOU_MODE": "demo",
        "TULOU_HOME": str(tmp_path),
        "TULOU_POOL": str(tmp_path / "pool"),
        "DJANGO_SETTINGS_MODULE": "tulou.portal.settings",
        "PYTHONPATH": str(ROOT),
    }
    surroundings.pop("TULOU_DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(firms=FIRMS, kills=KILLS)],
        env=surroundings,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["killed"] == KILLS
    assert any(0 < told < found["eligible"] + found["possible"] for told in found["stood"]), found["stood"]
    assert (found["missed"], found["wrong"], found["twice"], found["undelivered"]) == (0, 0, 0, 0)
    assert found["inbox"] == found["messages"] == found["eligible"] + found["possible"] > 300
