"""What becomes of each hostile file, and what that costs: each in a process of its own, which has loaded all it needs.

    python -m tests.pool.core.verdicts FOLDER [--shared FOLDER] [--only NAME]

Prints one JSON document. CPU seconds are of the ingest, memory is what the process grew by while it lasted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

# Everything that a delivery needs is loaded before the first fork, and no thread is started.
import fastexcel  # noqa: F401
import pyarrow.compute  # noqa: F401
import pyiceberg.avro.file  # noqa: F401
from tests.pool.core.hostile_files import HOSTILE, METERS, ROW, SHARED, lines, write

from tulou.pool.core.ingest import ingest
from tulou.pool.core.lake import Lake

NOW = dt.datetime(2020, 4, 1, 9, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Verdict:
    """One file's: what was said of it, what of it and of the first delivery can be seen, and the cost."""

    name: str
    verdict: str
    records: int
    accepted: int
    rejected: int
    codes: list[str]
    sentences: list[tuple[str, str, str, str]]
    visible: int
    first_visible: int
    left_over: int
    cpu_s: float
    grown_mib: float


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def verdict_of(root: Path, name: str, file: Path) -> Verdict:
    """Deliver a file and look at what can be seen afterwards."""
    lake = Lake.open(root)
    before, start = _peak(), time.process_time()
    receipt = ingest(lake, file, METERS, received_at=NOW, delivery_id=name)
    cpu, grown = time.process_time() - start, _peak() - before
    with duckdb.connect(config={"threads": 1}) as connection:
        counted = (
            f"SELECT count_if(_delivery_id = 'first'), count_if(_delivery_id = ?) FROM {lake.relation(METERS.dataset)}"
        )
        first, visible = connection.execute(counted, [name]).fetchone() or (0, 0)
    sentences = [
        (one.text.zh, one.text.en, one.remedy.zh if one.remedy else "", one.remedy.en if one.remedy else "")
        for one in receipt.findings
    ]
    return Verdict(
        name=name,
        verdict=receipt.verdict,
        records=receipt.records_in,
        accepted=receipt.accepted,
        rejected=receipt.rejected,
        codes=[one.code for one in receipt.findings],
        sentences=sentences,
        visible=visible,
        first_visible=first,
        left_over=len(list((root / "staging").iterdir())),
        cpu_s=cpu,
        grown_mib=grown,
    )


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` answers, done in a fork."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        try:
            with os.fdopen(writer, "w") as stream:
                json.dump(work(), stream)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        told = stream.read()
    os.wait()
    return json.loads(told)


def prepare(folder: Path) -> Path:
    """A pool with one good delivery."""
    root = folder / "pool"
    lake = Lake.create(root)
    file = folder / "first.csv"
    file.write_bytes(lines(ROW, ROW, ROW))
    ingest(lake, file, METERS, received_at=NOW, delivery_id="first")
    return root


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--only", action="append")
    given = parser.parse_args()
    root = Path(in_child(lambda: str(prepare(given.folder))))
    Lake.open(root).close()  # What opening a first lake costs is paid here, once.
    gc.freeze()
    told = []
    for name in given.only or HOSTILE:
        file = Path(in_child(lambda name=name: str(write(name, given.folder))))  # type: ignore[misc]
        told.append(in_child(lambda name=name, file=file: asdict(verdict_of(root, name, file))))  # type: ignore[misc]
        file.unlink()
    for name in SHARED if given.shared else ():
        file = given.shared / name
        told.append(in_child(lambda name=name, file=file: asdict(verdict_of(root, name, file))))  # type: ignore[misc]
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
