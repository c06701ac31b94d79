"""The serving copy: every firm's record in one SQLite file, found by any of its keys in about a millisecond.

It is a cache of the lake and holds nothing of its own: a build writes a new file beside the old one and puts it in its
place in one step, so a reader always has a whole copy. A firm's record is one compressed JSON document.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tulou.kernel.errors import Refused, Text, Where, refuse
from tulou.pool.core.profile.record import DatasetPart, Firm, Record

FORMAT = 1
FILE = Path("serving") / "profile.sqlite"
_SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE part (no INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE firm (no INTEGER PRIMARY KEY, head TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE key (key TEXT NOT NULL, no INTEGER NOT NULL, PRIMARY KEY (key, no)) WITHOUT ROWID;
"""
_CODEC = "zstd"
_ORG_CODE = len("00036625-6")


class ServingWriter:
    """Writes a serving copy; what it has written becomes visible when `finish` puts it in its place."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._target = path
        self._draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        self._draft.unlink(missing_ok=True)
        self._connection = sqlite3.connect(self._draft, isolation_level=None)
        self._connection.execute("PRAGMA page_size = 8192")
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(_SCHEMA)
        self._connection.execute("BEGIN")
        self._codec = pa.Codec(_CODEC, compression_level=1)

    def add(self, first: int, heads: Sequence[str], bodies: Iterable[bytes]) -> None:
        """Add firms with the numbers from `first` on: JSON of what a Firm is, and JSON of the form and the parts."""
        rows = (
            (first + i, head, len(body).to_bytes(4, "little") + self._codec.compress(body, asbytes=True))
            for i, (head, body) in enumerate(zip(heads, bodies, strict=True))
        )
        self._connection.executemany("INSERT INTO firm VALUES (?, ?, ?)", rows)

    def add_keys(self, rows: Iterable[tuple[str, int]]) -> None:
        """Add keys by which firms are found; fastest in the order of the keys."""
        self._connection.executemany("INSERT OR IGNORE INTO key VALUES (?, ?)", rows)

    def finish(self, as_of: dt.date, built_at: dt.datetime, parts: Sequence[DatasetPart]) -> int:
        """Put the copy in its place; answers its size in bytes."""
        about = {"format": str(FORMAT), "as_of": as_of.isoformat(), "built_at": built_at.isoformat()}
        self._connection.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        self._connection.executemany("INSERT INTO part VALUES (?, ?)", [(i, p.to_json()) for i, p in enumerate(parts)])
        self._connection.execute("COMMIT")
        self._connection.close()
        with self._draft.open("rb") as stream:
            os.fsync(stream.fileno())
        size = self._draft.stat().st_size
        self._draft.replace(self._target)
        return size

    def abandon(self) -> None:
        """Take the draft away; the copy that is in place stays."""
        self._connection.close()
        self._draft.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[ServingWriter]:
    """A writer whose draft is taken away if anything goes wrong before it is finished."""
    writer = ServingWriter(path)
    try:
        yield writer
    finally:
        writer.abandon()


@dataclass(frozen=True, slots=True)
class _Opened:
    """One copy, as long as it stands in its place."""

    inode: int
    connection: sqlite3.Connection
    as_of: dt.date
    built_at: dt.datetime
    parts: tuple[DatasetPart, ...]


class ServingCopy:
    """Reads firms' records from a serving copy; belongs to one thread.

    When a newer copy has been put in place the next look-up reads it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._codec = pa.Codec(_CODEC)
        self._opened = _open(path)

    @property
    def as_of(self) -> dt.date:
        """The date as of which the records stand."""
        return self._opened.as_of

    @property
    def built_at(self) -> dt.datetime:
        """When the copy was built."""
        return self._opened.built_at

    @property
    def parts(self) -> tuple[DatasetPart, ...]:
        """What the records are made of, by dataset."""
        return self._opened.parts

    def record(self, key: str, items: Container[str | None] | None = None) -> Record:
        """The record of the one firm that `key` means: USCC, enterprise id, organisation code, an old registry or tax
        number, or the exact name. Where `items` are named it holds their values alone.

        Raises Refused where no firm is meant, or more than one.
        """
        opened = self._current()
        query = "SELECT head, body FROM key JOIN firm USING (no) WHERE key = ? ORDER BY no"
        tried = (opened.connection.execute(query, (one,)).fetchall() for one in asked_keys(key))
        found = next((rows for rows in tried if rows), [])
        if not found:
            raise unknown_firm(key)
        if len(found) > 1:
            raise several_firms(key, [_firm(head) for head, _ in found])
        ((head, body),) = found
        size = int.from_bytes(body[:4], "little")
        _, *stored = json.loads(self._codec.decompress(body[4:], decompressed_size=size, asbytes=True))
        values = tuple(value for no, *part in stored for value in opened.parts[no].values(part, items))
        return Record(_firm(head), opened.as_of, values)

    def close(self) -> None:
        """Give the file back."""
        self._opened.connection.close()

    def _current(self) -> _Opened:
        try:
            replaced = self._path.stat().st_ino != self._opened.inode
        except FileNotFoundError:
            raise no_copy(self._path) from None
        if replaced:
            self.close()
            self._opened = _open(self._path)
        return self._opened


def _open(path: Path) -> _Opened:
    try:
        inode = path.stat().st_ino
    except FileNotFoundError:
        raise no_copy(path) from None
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True, check_same_thread=False)
    about = dict(connection.execute("SELECT name, value FROM about").fetchall())
    if int(about["format"]) > FORMAT:
        raise refuse("profile.newer", "服务副本由更新版本创建", "The serving copy was made by a later version")
    rows = connection.execute("SELECT document FROM part ORDER BY no")
    return _Opened(
        inode,
        connection,
        dt.date.fromisoformat(about["as_of"]),
        dt.datetime.fromisoformat(about["built_at"]),
        tuple(DatasetPart.from_json(row[0]) for row in rows),
    )


def _firm(head: str) -> Firm:
    enterprise_id, uscc, org_code, name, region, established = json.loads(head)
    opened_on = dt.date.fromisoformat(established) if established else None
    return Firm(enterprise_id, uscc, org_code, name, region, opened_on)


def no_copy(path: Path) -> Refused:
    """The refusal where no serving copy has been built."""
    return refuse(
        "profile.no_copy",
        "还没有企业画像的服务副本",
        "There is no serving copy of the profiles yet",
        where=Where(file=path.name),
        remedy=Text(zh="请运行 tulou pool build-profiles", en="Run: tulou pool build-profiles"),
    )


def asked_keys(key: str) -> list[str]:
    """The forms in which a key may be kept: as it was typed, with capitals, an organisation code without its hyphen.

    >>> asked_keys(" 00036625-6"), asked_keys("福州企业")
    (['00036625-6', '000366256'], ['福州企业'])
    """
    plain = key.strip()
    capital = plain.upper()
    return list(dict.fromkeys((plain, capital, capital.replace("-", "") if len(plain) == _ORG_CODE else capital)))


def unknown_firm(key: str) -> Refused:
    """The refusal where a key means no firm."""
    return refuse(
        "profile.unknown",
        f"数据池中没有“{key}”对应的企业",
        f"The pool knows no firm by {key!r}",
        where=Where(value=key),
        remedy=Text(
            zh="请用统一社会信用代码、企业编号、组织机构代码、注册号或完整名称查询",
            en="Ask by USCC, enterprise id, organisation code, registry number or the exact name",
        ),
    )


def several_firms(key: str, firms: Sequence[Firm]) -> Refused:
    """The refusal where a key means several firms."""
    shown = [f"{firm.uscc or firm.enterprise_id} {firm.name or ''}".strip() for firm in firms[:10]]
    ids = "、".join(shown) + ("…" if len(firms) > len(shown) else "")
    return refuse(
        "profile.several",
        f"“{key}”对应 {len(firms)} 家企业: {ids}",
        f"{key!r} means {len(firms)} firms: {ids.replace('、', ', ')}",
        where=Where(value=key),
        remedy=Text(zh="请用统一社会信用代码查询", en="Ask by USCC"),
    )
