"""What every bench needs: CPU and wall time of a piece of work in a process of its own, and one way to print."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds (user and system, children too), wall seconds, peak memory in MiB, and what was answered."""

    cpu: float
    wall: float
    peak_mib: float
    answer: Any = None


def measured(work: Callable[..., Any], *arguments: Any, repeat: int = 1) -> Cost:
    """The cheapest of `repeat` runs of `work(*arguments)`, each in a fresh process, so that peaks do not mix."""
    context = multiprocessing.get_context("spawn")
    best: Cost | None = None
    for _ in range(repeat):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(sender, work, arguments))
        process.start()
        sender.close()
        cost: Cost | Exception = receiver.recv()
        process.join()
        if isinstance(cost, Exception):
            raise cost
        if best is None or cost.cpu < best.cpu:
            best = cost
    assert best is not None
    return best


def _run(sender: Any, work: Callable[..., Any], arguments: Sequence[Any]) -> None:
    start, before = time.perf_counter(), _cpu()
    try:
        answer = work(*arguments)
    except Exception as error:  # noqa: BLE001 - handed over to the process that measures
        sender.send(error)
        return
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sender.send(Cost(_cpu() - before, time.perf_counter() - start, peak, answer))


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def options(description: str, **defaults: int | str) -> argparse.Namespace:
    """The command line of a bench: `--json` and one option for each default."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true")
    for name, value in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    return parser.parse_args()


def show(title: str, rows: Sequence[Mapping[str, Any]], notes: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the rows and the figures that the bench is for."""
    if as_json:
        document = {"bench": title, "rows": list(rows), "figures": dict(notes)}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=_plain) + "\n")
        return
    print(f"\n{title}")
    if rows:
        names = list(rows[0])
        shown = [[_text(row.get(name)) for name in names] for row in rows]
        widths = [max(len(name), *(len(row[i]) for row in shown)) for i, name in enumerate(names)]
        print("  ".join(name.ljust(width) for name, width in zip(names, widths, strict=True)))
        for row in shown:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    for name, value in notes.items():
        print(f"{name}: {_text(value)}")


def _plain(value: Any) -> Any:
    return asdict(value) if isinstance(value, Cost) else str(value)


def _text(value: Any) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else str(value)
