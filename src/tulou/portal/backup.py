"""Backup and restore: the database, the lake, the attachments and the checkpoints, as one folder that proves itself.

The database is copied first and the lake's catalogue before its files: what either names then is there, because files
of the lake never change. The checkpoints come last, so that none of them speaks of more than the database copy holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tulou.kernel.errors import Text, Where, refuse, wrong_use

MANIFEST, SQLITE, POSTGRES = "manifest.json", "database.sqlite3", "database.pgdump"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a portal lie. `database` is Django's description of the connection."""

    database: Mapping[str, Any]
    pool: Path
    attachments: Path
    checkpoints: Path


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds: SHA-256 by path within it, bytes in all, when it was made and by which version."""

    format: int
    version: str
    made_at: str
    engine: str
    files: Mapping[str, str]
    bytes: int


def back_up(places: Places, target: Path, *, made_at: str, version: str) -> Backup:
    """Copy everything into `target`, which must be empty or not there. The portal may run meanwhile.

    Raises WrongUse where `target` is not empty.
    """
    if target.exists() and any(target.iterdir()):
        raise wrong_use("backup.not_empty", f"{target} 不是空文件夹", f"{target} is not an empty folder")
    target.mkdir(parents=True, exist_ok=True)
    engine = _copy_database(places.database, target)
    _copy_pool(places.pool, target / "pool")
    _copy_folder(places.attachments, target / "attachments")
    _copy_folder(places.checkpoints, target / "checkpoints")
    files = {str(path.relative_to(target)): digest_of(path) for path in _files(target)}
    size = sum(path.stat().st_size for path in _files(target))
    made = Backup(FORMAT, version, made_at, engine, files, size)
    with (target / MANIFEST).open("w", encoding="utf-8") as stream:
        json.dump(asdict(made), stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    return made


def read_backup(source: Path) -> Backup:
    """The backup in `source`, every file of it held against its digest.

    Raises Refused where a file is missing or changed, WrongUse where there is no backup.
    """
    manifest = source / MANIFEST
    if not manifest.exists():
        raise wrong_use("backup.none", f"{source} 中没有备份", f"There is no backup in {source}")
    known = Backup(**json.loads(manifest.read_text(encoding="utf-8")))
    for name, digest in known.files.items():
        path = source / name
        if not path.exists() or digest_of(path) != digest:
            raise refuse(
                "backup.damaged",
                f"备份文件缺失或已损坏: {name}",
                f"A file of the backup is missing or damaged: {name}",
                where=Where(file=name),
                remedy=Text(zh="请改用另一份备份", en="Use another backup"),
            )
    return known


def restore(places: Places, source: Path, *, apply: bool) -> Backup:
    """Put a backup in place, into a portal that has nothing yet. Without `apply` it is only checked.

    Raises Refused where the backup is damaged, or where something would be overwritten.
    """
    known = read_backup(source)
    taken = [str(place) for place in _occupied(places) if place.exists()]
    if taken and apply:
        raise refuse(
            "backup.would_overwrite",
            f"目标位置已有内容: {taken[0]}",
            f"There is something already at {taken[0]}",
            remedy=Text(zh="请恢复到空的位置, 或先移走原有内容", en="Restore into an empty place, or move it away"),
        )
    if apply:
        _restore_database(places.database, source)
        for name, place in (
            ("pool", places.pool),
            ("attachments", places.attachments),
            ("checkpoints", places.checkpoints),
        ):
            if (source / name).exists():
                shutil.copytree(source / name, place, dirs_exist_ok=True)
    return known


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST)


def _occupied(places: Places) -> list[Path]:
    sqlite = [Path(places.database["NAME"])] if "sqlite" in places.database["ENGINE"] else []
    return [*sqlite, places.pool / "pool.json"]


def _copy_database(database: Mapping[str, Any], target: Path) -> str:
    if "sqlite" in database["ENGINE"]:
        _copy_sqlite(Path(database["NAME"]), target / SQLITE)
        return "sqlite"
    _run("pg_dump", database, "--format=custom", f"--file={target / POSTGRES}", str(database["NAME"]))
    return "postgresql"


def _restore_database(database: Mapping[str, Any], source: Path) -> None:
    if "sqlite" in database["ENGINE"]:
        place = Path(database["NAME"])
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / SQLITE, place)
    else:
        name = str(database["NAME"])
        _run("pg_restore", database, "--no-owner", "--exit-on-error", f"--dbname={name}", str(source / POSTGRES))


def _run(program: str, database: Mapping[str, Any], *arguments: str) -> None:
    options = [f"--{word}={database[key]}" for word, key in _CONNECTION if database.get(key)]
    secret = {"PGPASSWORD": str(database["PASSWORD"])} if database.get("PASSWORD") else {}
    done = subprocess.run(  # noqa: S603 - the program is one of two, its options are our own settings
        [program, *options, *arguments], env={**os.environ, **secret}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [""])[-1][:300]
        raise refuse("backup.database", f"{program} 失败: {reason}", f"{program} failed: {reason}")


_CONNECTION = (("host", "HOST"), ("port", "PORT"), ("username", "USER"))


def _copy_sqlite(source: Path, target: Path) -> None:
    """A whole copy at one moment, also while others write (SQLite's online backup)."""
    if not source.exists():
        raise wrong_use("backup.no_database", f"没有数据库 {source}", f"There is no database {source}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(source, timeout=60) as origin, sqlite3.connect(target) as copy:
        origin.backup(copy)
    origin.close()
    copy.close()


def _copy_pool(pool: Path, target: Path) -> None:
    if not (pool / "pool.json").exists():
        return
    if (pool / "catalog.db").exists():
        _copy_sqlite(pool / "catalog.db", target / "catalog.db")
    skipped = shutil.ignore_patterns("catalog.db*", "staging", "locks", "*.draft")
    shutil.copytree(pool, target, ignore=skipped, dirs_exist_ok=True)
    for name in ("staging", "locks"):
        (target / name).mkdir(exist_ok=True)


def _copy_folder(folder: Path, target: Path) -> None:
    if folder.exists():
        shutil.copytree(folder, target)
