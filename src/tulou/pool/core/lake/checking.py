"""Whether a pool is what it says: every file there and whole, the ledger equal to history, nothing left over."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyiceberg.table import Table

from tulou.kernel.errors import Finding, Text, Where
from tulou.pool.core.lake.durable import digest, local, sync_folder
from tulou.pool.core.lake.receipt import Receipt

if TYPE_CHECKING:
    from tulou.pool.core.lake.lake import Lake

LEASE = dt.timedelta(hours=24)
"""A file that no version names is left alone as long as the delivery that wrote it may still be under way."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a check has found. The pool is sound where no finding rejects; orphans are only space.

    `cleaned` says whether the orphans (files and folders that no version names, older than the lease) were removed.
    """

    tables: int
    versions: int
    files: int
    bytes: int
    deliveries: int
    findings: tuple[Finding, ...]
    orphans: tuple[Path, ...]
    orphan_bytes: int
    cleaned: bool

    @property
    def sound(self) -> bool:
        """Whether nothing is missing or damaged."""
        return not any(finding.severity == "reject" for finding in self.findings)


def check(
    lake: Lake,
    *,
    now: dt.datetime,
    apply: bool = False,
    lease: dt.timedelta = LEASE,
    report: Callable[[int], None] = lambda _: None,
) -> Health:
    """Check every file of every version of every table, and the ledger against the tables' own history.

    With `apply` the ledger is written anew where it differs, and orphans older than `lease` are removed. `report` is
    told of each file that was checked.
    """
    findings: list[Finding] = []
    named: dict[Path, int] = {}
    metadata: set[Path] = set()
    versions = 0
    tables = lake.tables()
    for name in tables:
        table = lake.table(name)
        versions += len(table.snapshots())
        metadata |= _metadata(table)
        for path, size in _data(table):
            if path not in named:
                named[path] = size
                findings += _faults(path, size, name)
                report(1)
        findings += [_missing(path, name) for path in _metadata(table) if not path.exists()]
    expected = lake.standing_by_history()
    findings += _ledger(lake, expected, apply=apply)
    orphans = [path for path in _left_over(lake, set(named) | metadata, expected) if _age(path, now) > lease]
    size = sum(_size(path) for path in orphans)
    if apply:
        for path in orphans:
            _remove(path)
    return Health(
        tables=len(tables),
        versions=versions,
        files=len(named),
        bytes=sum(named.values()),
        deliveries=len(expected),
        findings=tuple(findings),
        orphans=tuple(orphans),
        orphan_bytes=size,
        cleaned=apply and bool(orphans),
    )


def _data(table: Table) -> Iterator[tuple[Path, int]]:
    for snapshot in table.snapshots():
        for manifest in snapshot.manifests(table.io) if local(snapshot.manifest_list).exists() else []:
            if local(manifest.manifest_path).exists():
                for entry in manifest.fetch_manifest_entry(table.io):
                    yield local(entry.data_file.file_path), entry.data_file.file_size_in_bytes


def _metadata(table: Table) -> set[Path]:
    """The files that tell of a table: its current description, those before it, and the lists of files."""
    found = {local(table.metadata_location), *(local(entry.metadata_file) for entry in table.metadata.metadata_log)}
    for snapshot in table.snapshots():
        path = local(snapshot.manifest_list)
        found.add(path)
        if path.exists():
            found |= {local(manifest.manifest_path) for manifest in snapshot.manifests(table.io)}
    return found


def _faults(path: Path, size: int, table: str) -> list[Finding]:
    if not path.exists():
        return [_missing(path, table)]
    if path.stat().st_size != size:
        return [_damaged(path, table, f"{path.stat().st_size:,} bytes, {size:,} expected")]
    found = digest(path)
    if not path.name.startswith(found):
        return [_damaged(path, table, f"its content has the SHA-256 {found}")]
    return []


def _missing(path: Path, table: str) -> Finding:
    return Finding(
        "lake.file_missing",
        Text(zh=f"数据集 {table} 的文件不见了", en=f"A file of {table} is not there"),
        Where(file=str(path)),
        Text(zh="请从备份中恢复该文件", en="Restore it from the backup"),
    )


def _damaged(path: Path, table: str, reason: str) -> Finding:
    return Finding(
        "lake.file_damaged",
        Text(zh=f"数据集 {table} 的文件已损坏: {reason}", en=f"A file of {table} is damaged: {reason}"),
        Where(file=str(path)),
        Text(zh="请从备份中恢复该文件", en="Restore it from the backup"),
    )


def _ledger(lake: Lake, expected: dict[str, tuple[Receipt, str]], *, apply: bool) -> list[Finding]:
    known = {receipt.delivery_id: state for receipt, state in lake.receipts()}
    wrong = [name for name, (_, state) in expected.items() if known.get(name) != state]
    wrong += [name for name, state in known.items() if state != "refused" and name not in expected]
    if wrong and apply:
        lake.rebuild_ledger()
    return [
        Finding(
            "lake.ledger",
            Text(zh=f"交付 {name} 在台账中的记录与历史不符", en=f"The ledger and history disagree on delivery {name}"),
            Where(value=name),
            Text(zh="用 --apply 按历史重写台账", en="Run with --apply to write the ledger anew from history"),
            severity="warn" if apply else "reject",
        )
        for name in wrong
    ]


def _left_over(lake: Lake, named: set[Path], expected: dict[str, tuple[Receipt, str]]) -> Iterator[Path]:
    for path in (lake.root / "lake").rglob("*"):
        if path.is_file() and path not in named:
            yield path
    yield from (lake.root / "staging").iterdir()
    papers = {lake.papers.folder(name) for name in expected}
    papers |= {lake.papers.folder(receipt.delivery_id) for receipt, _ in lake.receipts()}
    for folder in (lake.root / "deliveries").iterdir():
        if folder not in papers:
            yield folder


def _age(path: Path, now: dt.datetime) -> dt.timedelta:
    return now - dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)


def _size(path: Path) -> int:
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file()) if path.is_dir() else path.stat().st_size


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    sync_folder(path.parent)
