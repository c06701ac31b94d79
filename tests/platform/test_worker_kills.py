"""Forty workers are killed in the middle of their work: each effect happens exactly once, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
KILLS, TASKS = 40, 120
PROGRAM = """
import os, sys
sys.path.insert(0, {root!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "tulou.portal.settings"
import django
django.setup()
from tests.platform import crash
crash.{what}
"""


def program(what: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(root=str(ROOT), what=what)]


def run(what: str, environment: dict[str, str]) -> str:
    answer = subprocess.run(program(what), env=environment, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty database of its own, on the kind of database under test."""
    environment = {**os.environ, "TULOU_MODE": "demo", "TULOU_HOME": str(tmp_path), "TULOU_SECRET_KEY": "k" * 50}
    environment.pop("TULOU_DATABASE_URL", None)
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        name = f"tulou_kills_{os.getpid()}"
        server = os.environ["TULOU_TEST_POSTGRES"].rpartition("/")[0]
        import psycopg

        with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as server_connection:
            server_connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server_connection.execute(f'CREATE DATABASE "{name}"')
        environment["TULOU_DATABASE_URL"] = f"{server}/{name}"
    return environment


@pytest.mark.faults
@pytest.mark.xdist_group("kills")
def test_forty_kills_and_each_effect_exactly_once(surroundings: dict[str, str]) -> None:
    assert connection.vendor
    run(f"prepare({TASKS})", surroundings)
    kills = int(run(f"kill_workers({KILLS}, at_once=2)", surroundings))
    run("finish()", surroundings)
    assert kills == KILLS
    assert run("count()", surroundings) == f"again=True tasks={TASKS} done={TASKS} effects={TASKS} distinct={TASKS}"
