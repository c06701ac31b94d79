"""The catalogue of one pool: numbered versions in `DIR/catalogue`, each written once and durably."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

from tulou.kernel.errors import Text, Where, refuse
from tulou.pool.core.catalogue.reference_files import reference_catalogue
from tulou.pool.core.catalogue.tables import from_tables, to_tables
from tulou.pool.core.catalogue.values import Catalogue
from tulou.pool.core.lake.durable import locked, write_durably

FORMAT = 1
_NAME = re.compile(r"catalogue-(\d{6})\.json\.gz")


def install_reference(root: Path) -> int:
    """Give the pool in `root` the reference catalogue, unless it has one; answers the version that it has."""
    with locked(root / "locks" / "catalogue.lock"):
        held = versions(root)
        return held[-1] if held else _write(root, reference_catalogue(), 1)


def save_catalogue(root: Path, catalogue: Catalogue, *, expected: int | None = None) -> int:
    """Keep a new version of the pool's catalogue; answers its number. Earlier versions stay.

    Raises Refused where `expected` is given and somebody else has saved a later version since.
    """
    with locked(root / "locks" / "catalogue.lock"):
        held = versions(root)
        last = held[-1] if held else 0
        if expected is not None and expected != last:
            raise refuse(
                "catalogue.changed",
                f"目录在此期间已被他人更新 (第 {last} 版)",
                f"Somebody else has changed the catalogue meanwhile (version {last})",
                remedy=Text(zh="请重新执行命令", en="Run the command again"),
            )
        return _write(root, catalogue, last + 1)


def pool_catalogue(root: Path, version: int | None = None) -> Catalogue:
    """The catalogue of the pool in `root`, as it is or in one of its versions; the reference where it has none."""
    held = versions(root)
    if not held:
        return reference_catalogue()
    wanted = version or held[-1]
    if wanted not in held:
        raise refuse(
            "catalogue.no_version",
            f"目录没有第 {wanted} 版, 现有 1 至 {held[-1]}",
            f"There is no version {wanted} of the catalogue; there are 1 to {held[-1]}",
        )
    path = _path(root, wanted)
    try:
        document = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError) as error:
        raise refuse(
            "catalogue.damaged",
            "目录文件已损坏",
            f"The catalogue's file is damaged ({error})",
            where=Where(file=str(path)),
            remedy=Text(zh="请从备份恢复该文件", en="Restore the file from a backup"),
        ) from error
    return from_tables(document["tables"], path.name)


def versions(root: Path) -> list[int]:
    """The numbers of the versions that the pool holds, oldest first."""
    folder = root / "catalogue"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))


def _write(root: Path, catalogue: Catalogue, version: int) -> int:
    document = json.dumps({"format": FORMAT, "tables": to_tables(catalogue)}, ensure_ascii=False)
    write_durably(_path(root, version), gzip.compress(document.encode(), mtime=0))
    return version


def _path(root: Path, version: int) -> Path:
    return root / "catalogue" / f"catalogue-{version:06d}.json.gz"
