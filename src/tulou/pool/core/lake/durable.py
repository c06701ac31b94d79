"""Files that survive a power cut: written, synced, and their folder synced, before anybody is told of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pyiceberg.io import FileIO, InputFile, OutputFile


def sync_file(path: Path) -> None:
    """Make the content of `path` durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    sync_file(folder)


def make_folder(folder: Path) -> None:
    """Make `folder` and the parents that it lacks, durably."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def write_durably(path: Path, content: bytes) -> None:
    """Replace `path` by `content`: a reader sees the old or the new, whole, also after a power cut."""
    make_folder(path.parent)
    draft = path.with_name(path.name + ".draft")
    with draft.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    sync_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` between processes and threads; it ends with the process that holds it."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class _DurableOutput:
    """A binary stream that is synced, with its folder, when it is closed."""

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self._path = path
        self._stream = path.open("wb" if overwrite else "xb")

    def write(self, content: bytes) -> int:
        return self._stream.write(content)

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        if self._stream.closed:
            return
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
        finally:
            self._stream.close()
        sync_folder(self._path.parent)

    @property
    def closed(self) -> bool:
        return self._stream.closed

    def __enter__(self) -> _DurableOutput:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _LocalInput(InputFile):
    """A local file to read."""

    def __len__(self) -> int:
        return local(self.location).stat().st_size

    def exists(self) -> bool:
        return local(self.location).exists()

    def open(self, seekable: bool = True) -> Any:
        return local(self.location).open("rb")


class _LocalOutput(OutputFile):
    """A local file to write durably."""

    def __len__(self) -> int:
        return local(self.location).stat().st_size

    def exists(self) -> bool:
        return local(self.location).exists()

    def to_input_file(self) -> InputFile:
        return _LocalInput(self.location)

    def create(self, overwrite: bool = False) -> Any:
        path = local(self.location)
        make_folder(path.parent)
        return _DurableOutput(path, overwrite=overwrite)


class DurableFileIO(FileIO):
    """Iceberg's way to files, for local folders: every metadata file is synced before the catalog may name it."""

    def new_input(self, location: str) -> InputFile:
        """A file to read."""
        return _LocalInput(location)

    def new_output(self, location: str) -> OutputFile:
        """A file to write; synced when it is closed."""
        return _LocalOutput(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Take a file away; one that is gone already is no error."""
        name = location if isinstance(location, str) else location.location
        with suppress(FileNotFoundError):
            local(name).unlink()


def local(location: str) -> Path:
    """The path of a `file://` location or of a plain path."""
    return Path(location.removeprefix("file://"))
