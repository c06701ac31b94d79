"""The whole portal on a simulated province: `tulou serve --demo DIR`, where DIR is what `tulou demo DIR` made."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

from tulou.kernel.errors import Text, wrong_use


def place(folder: Path) -> None:
    """Point the portal's settings at a demo's folder. Must run before Django wakes up.

    Raises WrongUse where `tulou demo` has not made a pool there.
    """
    pool = folder / "pool"
    if not (pool / "pool.json").exists():
        raise wrong_use(
            "demo.no_pool",
            f"{folder} 中没有演示数据池",
            f"There is no demo pool in {folder}",
            remedy=Text(zh=f"请先运行 tulou demo {folder}", en=f"Run: tulou demo {folder}"),
        )
    os.environ["TULOU_MODE"] = "demo"
    os.environ.setdefault("TULOU_HOME", str((folder / "portal").resolve()))
    os.environ.setdefault("TULOU_POOL", str(pool.resolve()))
    os.environ.setdefault("TULOU_TIME_SHIFT", str(time_shift(folder)))


def time_shift(folder: Path) -> int:
    """How many seconds the demo lives beside the machine's time: its first day is the day of its profiles.

    Kept in the folder, so that time goes on when the demo is served again.
    """
    kept = folder / "portal" / "time_shift"
    if not kept.exists():
        told = json.loads((folder / "demo.json").read_text()) if (folder / "demo.json").exists() else {}
        as_of = told.get("profiles", {}).get("as_of")
        if as_of is None:
            return 0
        day = dt.datetime.combine(dt.date.fromisoformat(as_of), dt.time(9), ZoneInfo("Asia/Shanghai"))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(str(int((day - dt.datetime.now(dt.UTC)).total_seconds())))
    return int(kept.read_text())


def furnish() -> list[str]:
    """Bring the database up to date and let every room lay out its demonstration; answers what each room made.

    A room takes part by a `demo.py` with a function `make_demo() -> str`; each does its work once.
    """
    from django.conf import settings
    from django.core.management import call_command

    from tulou.platform.search.synonyms import install_synonyms
    from tulou.portal.demo import make_demo_people

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    told = [f"portal: {make_demo_people()}", f"synonyms: {install_synonyms()}"]
    for room in settings.HOUSE:
        name = f"tulou.{room}.demo"
        if find_spec(name):
            told.append(f"{room}: {import_module(name).make_demo()}")
    return told


@contextmanager
def working() -> Iterator[None]:
    """A worker beside the server, for as long as the server runs."""
    worker = subprocess.Popen([sys.executable, "-m", "tulou", "worker"])
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(timeout=30)
