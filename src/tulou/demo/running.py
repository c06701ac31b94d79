"""The demo as one function: what the command calls, and what a portal may call."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tulou.demo.examples import examples
from tulou.demo.pooling import Pooled, Report, by_department, pool_deliveries
from tulou.demo.scoring import score_identities
from tulou.kernel.errors import Text, wrong_use
from tulou.pool.core.catalogue.store import install_reference
from tulou.pool.core.identity.resolution import Resolved, resolve
from tulou.pool.core.lake import Lake
from tulou.pool.core.profile import FILE, ServingCopy, build_profiles
from tulou.simulate.province import Province, Wish, read_province, simulate_province

FIRMS, MONTHS, SEED = 2000, 24, 20200922
OUTCOME = "demo.json"
_OWN = {"province", "pool", "portal", OUTCOME}
_ZONE = ZoneInfo("Asia/Shanghai")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo did. `repeated` says that it had been done before, and nothing happened now.

    departments: one row each (datasets, files, records, accepted, rejected, CPU seconds); identities: one row a rung
    (keys, precision, recall); profiles: what was built; examples: three firms' values with where they come from;
    warnings: what the pool noticed about files that it took; seconds: wall time by step.
    """

    folder: Path
    province: dict[str, Any]
    departments: list[dict[str, Any]]
    identities: list[dict[str, Any]]
    profiles: dict[str, Any]
    examples: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    seconds: dict[str, float] = field(default_factory=dict)
    repeated: bool = False


def demo_wish(firms: int = FIRMS, months: int = MONTHS, seed: int = SEED) -> Wish:
    """The province of the demo, made by as many processes as there are processors, four at most."""
    return Wish(firms, months, seed, workers=min(os.cpu_count() or 1, 4))


def run_demo(folder: Path, wish: Wish | None = None, *, report: Report = lambda *_: None) -> Outcome:
    """Simulate a province in `folder`, pool it, resolve it, build its profiles; once.

    Where it was done before, the first outcome is answered, with `repeated` set. Where it was broken off, what is
    whole is kept: a province that was finished, and every file that is in the pool. `report` is told how far it is.

    Raises WrongUse where `folder` holds something else.
    """
    _check(folder)
    if (folder / OUTCOME).exists():
        return _remembered(folder)
    clock = _Clock()
    province = clock.time("simulate", lambda: _province(folder / "province", wish or demo_wish(), report))
    pool = new_pool(folder / "pool")
    workers = (wish or demo_wish()).workers
    pooled = clock.time("pool", lambda: pool_deliveries(folder / "province", pool, workers=workers, report=report))
    with closing(Lake.open(pool)) as lake:
        now = day_after(lake)
        clock.time("resolve", lambda: resolve_pool(lake, now, report))
        identities = clock.time("score", lambda: score_identities(lake, folder / "province"))
        profiles = clock.time("profile", lambda: profile_pool(lake, now, report))
    with closing(ServingCopy(pool / FILE)) as copy:
        shown = clock.time("examples", lambda: examples(copy, folder / "province"))
    outcome = Outcome(
        folder=folder,
        province={name: value for name, value in asdict(province).items() if name != "folder"},
        departments=by_department(pooled),
        identities=identities,
        profiles=profiles,
        examples=shown,
        warnings=_warnings(pooled),
        seconds=clock.seconds,
    )
    (folder / OUTCOME).write_text(json.dumps(asdict(outcome), ensure_ascii=False, indent=2, default=str), "utf-8")
    return outcome


def new_pool(folder: Path) -> Path:
    """An empty pool with the reference catalogue, as `tulou pool init` makes it; one that is there is left as it is."""
    with closing(Lake.create(folder)) as lake:
        install_reference(lake.root)
        return lake.root


def day_after(lake: Lake) -> dt.datetime:
    """The day after the last delivery came in: the demo's today."""
    last = max(receipt.received_at for receipt, _state in lake.receipts())
    return (last + dt.timedelta(days=1)).astimezone(dt.UTC)


def resolve_pool(lake: Lake, now: dt.datetime, report: Report = lambda *_: None) -> Resolved:
    """Find out whose every record of the pool is; `report` is told of each dataset that is read."""
    return resolve(lake, now=now, report=lambda _dataset, done, total: report("resolve", done, total))


def profile_pool(lake: Lake, now: dt.datetime, report: Report = lambda *_: None) -> dict[str, Any]:
    """Build the table of all firms and the serving copy as of a moment; answers what was built."""
    built = build_profiles(
        lake,
        now.astimezone(_ZONE).date(),
        built_at=now,
        report=lambda _step, done, total: report("profile", done, total),
    )
    return {**asdict(built), "as_of": built.as_of.isoformat()}


class _Clock:
    """Takes the wall time of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, step: str, work: Callable[[], _Answer]) -> _Answer:
        """The answer of `work`."""
        start = time.perf_counter()
        answer = work()
        self.seconds[step] = round(time.perf_counter() - start, 1)
        return answer


def _check(folder: Path) -> None:
    if folder.exists() and not {path.name for path in folder.iterdir()} <= _OWN:
        raise wrong_use(
            "demo.not_empty",
            f"文件夹 {folder} 中有其他内容",
            f"The folder {folder} holds something else",
            remedy=Text(
                zh="请指定一个空文件夹或不存在的文件夹", en="Name an empty folder, or one that is not there yet"
            ),
        )


def _province(folder: Path, wish: Wish, report: Report) -> Province:
    """The province, simulated now, or found whole."""
    if (found := read_province(folder)) is not None:
        return found
    shutil.rmtree(folder, ignore_errors=True)
    return simulate_province(folder, wish, report)


def _warnings(pooled: list[Pooled]) -> list[dict[str, Any]]:
    """What the pool noticed about the files, by kind: how often, and one of them in full."""
    found: dict[str, dict[str, Any]] = {}
    for each in pooled:
        for finding in each.receipt.findings:
            if finding.code == "header.absent":
                continue
            row = found.setdefault(finding.code, {"code": finding.code, "files": 0, "example": finding.as_dict()})
            row["files"] += 1
    return sorted(found.values(), key=lambda row: -int(row["files"]))


def _remembered(folder: Path) -> Outcome:
    body = json.loads((folder / OUTCOME).read_text("utf-8"))
    return replace(Outcome(**{**body, "folder": folder}), repeated=True)
