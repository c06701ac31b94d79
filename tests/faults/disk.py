"""The shim from Python, and what a power cut leaves of a folder."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path


class Mode(IntEnum):
    """How a process dies, or what fails."""

    COUNT = 0
    KILL = 1
    POWER = 2
    DISK_FULL = 3
    IO_ERROR = 4


def build_shim(folder: Path) -> Path:
    """The shim, compiled into `folder`."""
    target = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(target), str(source), "-ldl", "-lpthread"]
    subprocess.run(command, check=True, capture_output=True)
    return target


class Shim:
    """The shim of this process, which must have been started with it in LD_PRELOAD."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._library.fault_calls.restype = ctypes.c_long
        self._library.fault_last.restype = ctypes.c_char_p

    def arm(self, root: Path, kept: Path, mode: Mode, call: int) -> None:
        """From now on count what changes files under `root`; fail or die before the `call`-th of them."""
        arguments = (str(root).encode(), str(kept).encode(), ctypes.c_int(mode), ctypes.c_long(call))
        self._library.fault_arm(*arguments)

    def disarm(self) -> int:
        """Stop; answers how many calls there were."""
        self._library.fault_disarm()
        return int(self._library.fault_calls())


class Disk:
    """A folder whose state after a power cut can be told. `kept` is where the shim keeps what was durable."""

    def __init__(self, root: Path, kept: Path) -> None:
        self.root, self.kept = root, kept

    def start(self) -> None:
        """Take what is there now as durable."""
        shutil.rmtree(self.kept, ignore_errors=True)
        self.kept.mkdir()
        self._names = {folder.stat().st_ino: dict(_listed(folder)) for folder in _folders(self.root)}
        self._top = self.root.stat().st_ino

    def cut(self, *, names_survive: bool) -> None:
        """Put the folder into the state that a power cut leaves: what was not synced is gone.

        With `names_survive` the names are as they were at the end and only contents are lost, as a file system does
        that writes its folders before its files.
        """
        places = {path.stat().st_ino: path for path in self.root.rglob("*") if path.is_file()}
        after = self.root.with_name(self.root.name + ".after")
        shutil.rmtree(after, ignore_errors=True)
        if names_survive:
            shutil.copytree(self.root, after)
            for number, path in places.items():
                if (content := self.kept / f"file-{number}").exists():
                    shutil.copyfile(content, after / path.relative_to(self.root))
        else:
            self._build(self._top, after, places)
        shutil.rmtree(self.root)
        after.rename(self.root)

    def _build(self, number: int, target: Path, places: dict[int, Path]) -> None:
        target.mkdir()
        for name, (kind, inode) in self._durable(number).items():
            if kind == "d":
                self._build(inode, target / name, places)
                continue
            for content in (self.kept / f"file-{inode}", self.kept / f"gone-{inode}", places.get(inode)):
                if content is not None and content.exists():
                    shutil.copyfile(content, target / name)
                    break
            else:
                raise AssertionError(f"the content of {target / name} is not known")

    def _durable(self, number: int) -> dict[str, tuple[str, int]]:
        synced = self.kept / f"names-{number}"
        if not synced.exists():
            return self._names[number]
        rows = (line.split(" ", 2) for line in synced.read_text().splitlines())
        return {name: (kind, int(inode)) for kind, inode, name in rows}


def _folders(root: Path) -> Iterator[Path]:
    yield root
    for path in root.rglob("*"):
        if path.is_dir():
            yield path


def _listed(folder: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    for entry in os.scandir(folder):
        yield entry.name, ("d" if entry.is_dir() else "f", entry.inode())
