"""Lets a delivery die before each of its write-side calls, and checks what is left. Run with the shim in LD_PRELOAD.

    python -m tests.faults.enumerate FOLDER [--every N] [--story NAME]

Prints one JSON document: the points, and every one of them at which something was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Everything that a delivery needs is loaded before the first fork, and no thread is started.
import pyarrow.compute
import pyarrow.parquet  # noqa: F401
import pyiceberg.avro.file  # noqa: F401
from tests.faults.disk import Disk, Mode, Shim
from tests.faults.story import STORIES, State, Story, sound, state

LOST, NAMES = "power cut", "power cut, names kept"
KINDS: dict[str, Mode] = {
    "kill": Mode.KILL,
    LOST: Mode.POWER,
    NAMES: Mode.POWER,
    "disk full": Mode.DISK_FULL,
    "I/O error once": Mode.IO_ERROR,
}
DIED = "died"


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` answers, done in a fork; DIED where the fork did not live to answer."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            answer: Any = ("answer", work())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            answer = ("error", f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}")
        with os.fdopen(writer, "wb") as stream:
            pickle.dump(answer, stream)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        told = stream.read()
    os.waitpid(child, 0)
    return pickle.loads(told) if told else (DIED, None)


class Enumeration:
    """One story, told again and again."""

    def __init__(self, folder: Path, story: Story, shim: Shim) -> None:
        self.story, self.shim = story, shim
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir(parents=True)
        self.root = folder / "pool"
        self.base = folder / "base"
        self.disk = Disk(self.root, folder / "kept")
        self.wrong: list[str] = []
        in_child(lambda: story.prepare(self.root, self.files))
        shutil.copytree(self.root, self.base)
        self.before = self._seen()
        self.calls = self._calls()
        self.after = self._seen()

    def _calls(self) -> int:
        def act() -> int:
            self.shim.arm(self.root, self.folder, Mode.COUNT, 0)
            self.story.act(self.root, self.files)
            return self.shim.disarm()

        kind, calls = in_child(act)
        if kind != "answer":
            raise AssertionError(calls)
        return int(calls)

    def _seen(self) -> State:
        kind, seen = in_child(lambda: state(self.root))
        if kind != "answer":
            raise AssertionError(seen)
        return seen  # type: ignore[no-any-return]

    def point(self, kind: str, call: int) -> str:
        """Die (or fail) before one call; answers what became of the sender: acked, failed or died."""
        shutil.rmtree(self.root)
        shutil.copytree(self.base, self.root)
        self.disk.start()

        def act() -> None:
            self.shim.arm(self.root, self.disk.kept, KINDS[kind], call)
            try:
                self.story.act(self.root, self.files)
            finally:
                self.shim.disarm()

        outcome, _ = in_child(act)
        outcome = {"answer": "acked", "error": "failed"}.get(outcome, outcome)
        if KINDS[kind] is Mode.POWER:  # also right after the sender has been answered
            self.disk.cut(names_survive=kind == NAMES)
        self._check(f"{self.story.name}, {kind}, call {call} ({outcome})", outcome)
        return outcome

    def _check(self, where: str, outcome: str) -> None:
        def look() -> tuple[State, list[str], State]:
            seen, faults = state(self.root), sound(self.root)
            self.story.act(self.root, self.files)
            return seen, faults, state(self.root)

        kind, told = in_child(look)
        if kind != "answer":
            self.wrong.append(f"{where}: {told}")
            return
        seen, faults, again = told
        if seen.records not in (self.before.records, self.after.records):
            self.wrong.append(f"{where}: half visible, {len(seen.records)} records")
        if outcome == "acked" and (seen.records != self.after.records or seen.deliveries != self.after.deliveries):
            self.wrong.append(f"{where}: acknowledged and lost")
        if faults:
            self.wrong.append(f"{where}: damaged, {faults}")
        if again != self.after:
            self.wrong.append(f"{where}: the resend was not exact, {again.deliveries}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only each N-th point")
    parser.add_argument("--story", action="append", choices=list(STORIES))
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    given = parser.parse_args()
    shim = Shim()
    points: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    calls = {}
    number = 0
    for name in given.story or list(STORIES):
        told = Enumeration(given.folder / name, STORIES[name], shim)
        calls[name] = told.calls
        for kind in given.kind or list(KINDS):
            for call in range(1, told.calls + 2):
                number += 1
                if number % given.every:
                    continue
                outcomes[told.point(kind, call)] += 1
                points[kind] += 1
        wrong += told.wrong
    document = {"points": sum(points.values()), "by_kind": points, "calls": calls, "outcomes": outcomes, "wrong": wrong}
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
