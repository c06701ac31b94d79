"""The XML parts of an Office package, streamed: no entities, no depth, no text beyond what a cell may hold."""

from __future__ import annotations

import mmap
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

from tulou.kernel.errors import Refused, Text, Where, refuse
from tulou.pool.core.intake.archives import open_zip
from tulou.pool.core.intake.tables import unreadable

MAX_DEPTH = 64
MAX_TEXT = 2**18
_CHUNK = 64 * 2**10

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str, str], None]


def walk(path: Path, part: str, start: Start, end: End, texts: frozenset[str]) -> Iterator[None]:
    """Read one part of the package: `start(name, attributes)` and `end(name, text)` are called for its elements.

    Names are without prefix; text is gathered for the elements named in `texts` only. Pauses after each block, so that
    a caller can use what it has. Raises Refused for entities, for more depth or text than Excel writes, and for damage.
    """
    reader = _Reader(path, start, end, texts)
    with open_zip(path) as package:
        try:
            with package.open(part) as stream:
                while block := stream.read(_CHUNK):
                    reader.parser.Parse(block, False)
                    yield
                reader.parser.Parse(b"", True)
                yield
        except (KeyError, expat.ExpatError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise unreadable(path, "Excel", error) from error


def read_part(path: Path, part: str, start: Start) -> None:
    """Read a small part for its elements' attributes."""

    def ended(*_: str) -> None:
        """Nothing hangs on where an element ends."""

    for _ in walk(path, part, start, ended, frozenset()):
        pass


class _Reader:
    def __init__(self, path: Path, start: Start, end: End, texts: frozenset[str]) -> None:
        self._path = path
        self._start, self._end, self._texts = start, end, texts
        self._depth = 0
        self._text: list[str] | None = None
        self._length = 0
        self._local: dict[str, str] = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._open
        self.parser.EndElementHandler = self._close
        self.parser.StartDoctypeDeclHandler = self._entities
        self.parser.EntityDeclHandler = self._entities

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._unlike("the XML is nested too deeply")
        local = self._local.get(name) or self._local.setdefault(name, name.rpartition(":")[2])
        if local in self._texts:
            self._text, self._length = [], 0
            self.parser.CharacterDataHandler = self._gather
        self._start(local, attributes)

    def _close(self, name: str) -> None:
        self._depth -= 1
        local = self._local[name]
        if self._text is not None and local in self._texts:
            self.parser.CharacterDataHandler = None
            self._end(local, "".join(self._text))
            self._text = None
        else:
            self._end(local, "")

    def _gather(self, text: str) -> None:
        if self._text is not None:
            self._length += len(text)
            if self._length > MAX_TEXT:
                raise self._unlike("a cell holds too much text")
            self._text.append(text)

    def _entities(self, *_: object) -> None:
        raise refuse(
            "file.entities",
            "Excel 文件中的 XML 含有实体定义, 不允许",
            "The XML in the Excel file defines entities, which is forbidden",
            where=Where(file=self._path.name),
            remedy=Text(zh="请用 Excel 重新另存该文件", en="Save the file anew with Excel"),
        )

    def _unlike(self, reason: str) -> Refused:
        return unreadable(self._path, "Excel", ValueError(reason))


class SharedStrings:
    """The texts of a workbook, in a file beside it: a workbook may hold more of them than fit into memory."""

    def __init__(self, place: Path) -> None:
        self._stream = place.open("w+b")
        self._ends = array("Q", [0])
        self._map: mmap.mmap | None = None

    def add(self, text: str) -> None:
        """Take the next text."""
        content = text.encode("utf-8", "replace")
        self._stream.write(content)
        self._ends.append(self._ends[-1] + len(content))

    def finish(self) -> None:
        """Say that all texts are there."""
        self._stream.flush()
        if self._ends[-1]:
            self._map = mmap.mmap(self._stream.fileno(), 0, access=mmap.ACCESS_READ)

    def __getitem__(self, index: int) -> str:
        """A text by its number. Raises ValueError where there is none."""
        if not 0 <= index < len(self._ends) - 1:
            raise ValueError(f"there is no shared text {index}")
        first, last = self._ends[index], self._ends[index + 1]
        return self._map[first:last].decode() if self._map is not None else ""

    def __enter__(self) -> SharedStrings:
        return self

    def __exit__(self, *_: object) -> None:
        if self._map is not None:
            self._map.close()
        self._stream.close()
