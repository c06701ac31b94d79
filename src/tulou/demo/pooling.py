"""Every delivery of a simulated province into a pool, in the order in which they would have come."""

from __future__ import annotations

import csv
import datetime as dt
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tulou.kernel.periods import parse_period
from tulou.pool.core.contract import Contract
from tulou.pool.core.ingest import ControlTotals, ingest
from tulou.pool.core.lake import Lake, Receipt
from tulou.simulate.deliveries.contracts import read_contract

Report = Callable[[str, int, int], None]
"""Told of a step's name, how much of it is done, and of how much."""

_ZONE = ZoneInfo("Asia/Shanghai")


class Line(NamedTuple):
    """A line of a province's manifest."""

    department: str
    dataset: str
    period: str
    file: str
    rows: int
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Pooled:
    """What became of one file: its receipt, and the CPU seconds that it took."""

    line: Line
    receipt: Receipt
    seconds: float


def manifest(province: Path) -> list[Line]:
    """The files of a province, as its manifest names them."""
    with (province / "deliveries" / "manifest.csv").open(encoding="utf-8") as stream:
        return [
            Line(
                row["department"],
                row["dataset"],
                row["period"],
                row["file"],
                int(row["rows"]),
                row["sha256"],
                int(row["bytes"]),
            )
            for row in csv.DictReader(stream)
        ]


def received_at(line: Line, contract: Contract) -> dt.datetime:
    """When the file of a period comes: as late after the period's end as the contract allows."""
    last = parse_period(line.period.rpartition("_")[2]).last_day
    day = last + dt.timedelta(days=contract.max_delay_days or 10)
    return dt.datetime.combine(day, dt.time(9, 30), _ZONE)


def pool_deliveries(province: Path, pool: Path, *, workers: int = 1, report: Report = lambda *_: None) -> list[Pooled]:
    """Ingest every file of a province; files that the pool has already are answered from its memory.

    Datasets are worked on side by side, the files of one dataset in the order of their periods, so that corrections
    come after what they correct.
    """
    lines = manifest(province)
    datasets: dict[str, list[Line]] = {}
    for line in sorted(lines, key=lambda line: line.period.rpartition("_")[2]):
        datasets.setdefault(line.dataset, []).append(line)
    tasks = sorted(datasets.values(), key=lambda group: -sum(line.bytes for line in group))
    done: list[Pooled] = []
    report("pool", 0, len(lines))
    for pooled in _answers(partial(_pool_dataset, province, pool), tasks, workers):
        done += pooled
        report("pool", len(done), len(lines))
    return sorted(done, key=lambda each: each.line.file)


def _answers(
    work: Callable[[Sequence[Line]], list[Pooled]], tasks: Sequence[Sequence[Line]], workers: int
) -> Iterator[list[Pooled]]:
    if workers <= 1:
        yield from map(work, tasks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as crew:
        for future in as_completed([crew.submit(work, task) for task in tasks]):
            yield future.result()


def _pool_dataset(province: Path, pool: Path, lines: Sequence[Line]) -> list[Pooled]:
    contract = read_contract(province / "contracts", lines[0].dataset)
    done = []
    with closing(Lake.open(pool)) as lake:
        for line in lines:
            before = time.process_time()
            receipt = ingest(
                lake,
                province / "deliveries" / line.file,
                contract,
                received_at=received_at(line, contract),
                delivery_id=delivery_id(line),
                totals=ControlTotals(line.rows, line.sha256),
            )
            done.append(Pooled(line, receipt, time.process_time() - before))
    return done


def delivery_id(line: Line) -> str:
    """The id under which a file of the province is delivered: its dataset and period."""
    return f"{line.dataset}-{line.period}"


def by_department(pooled: Sequence[Pooled]) -> list[dict[str, Any]]:
    """Datasets, files, records, what was accepted and rejected, and CPU seconds, one row a department."""
    rows = []
    for department in dict.fromkeys(each.line.department for each in pooled):
        own = [each for each in pooled if each.line.department == department]
        rows.append(
            {
                "department": department,
                "datasets": len({each.line.dataset for each in own}),
                "files": len(own),
                "records": sum(each.receipt.records_in for each in own),
                "accepted": sum(each.receipt.accepted for each in own),
                "rejected": sum(each.receipt.rejected for each in own),
                "cpu_s": round(sum(each.seconds for each in own), 1),
            }
        )
    return rows
