"""Columns of text as arrays of code points: folded, cut and looked up a whole column at a time.

A Chinese name carries its meaning in single signs, and byte-wise string functions cut signs in three. Here a column is
one array of code points with the offset of each row, and a part of a row is a pair of positions in it (a span).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Codes = NDArray[np.uint32]
Places = NDArray[np.int64]
Marks = NDArray[np.bool_]
Hashes = NDArray[np.uint64]
Parts = TypeVar("Parts", bound="DataclassInstance")

PLANE = 0x10000
PIECE = 1 << 16
"""Rows that are parsed at once: few enough for the processor's cache."""

_BASE = np.uint64(0x9E3779B97F4A7C15)
_BASE_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))
_DROPPED = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u00b7\u2022\u2027\u30fb\u00b0'\"`“”‘’"
_SAME = {
    "-": "‐‑‒–—―−－﹣_~～",
    "(": "（［【〔〖｛{[﹙<《「『",
    ")": "）］】〕〗｝}]﹚>》」』",
    ",": "，、；;|｜",
    "#": "＃♯",
    "零": "〇○",
}
_GONE = PLANE - 1


@dataclass(frozen=True)
class Signs:
    """A column of text: row i is `codes[offsets[i]:offsets[i + 1]]`. A null is an empty row."""

    codes: Codes
    offsets: Places

    @classmethod
    def of(cls, values: pa.Array | pa.ChunkedArray | Sequence[str | None]) -> Signs:
        """The column as it is written."""
        array = _strings(values)
        size = len(array)
        ends = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + size + 1]
        data = array.buffers()[2]
        content = data.to_pybytes()[ends[0] : ends[-1]] if data is not None and size else b""
        codes = np.frombuffer(content.decode().encode("utf-32-le"), dtype=np.uint32)
        lengths = pl.Series(array).str.len_chars().to_numpy()
        return cls(codes, np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def starts(self) -> Places:
        """Where each row begins."""
        return self.offsets[:-1]

    @property
    def ends(self) -> Places:
        """The position after each row."""
        return self.offsets[1:]

    @cached_property
    def rows(self) -> Places:
        """The row of every position."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @cached_property
    def _sums(self) -> Hashes:
        return prefix_sums(self.codes)

    def hashes(self, starts: Places, ends: Places) -> Hashes:
        """One number for each span: equal for equal text wherever it stands, 0 for empty spans."""
        return span_hashes(self._sums, starts, ends)

    def at(self, positions: Places) -> Codes:
        """The signs at positions; 0 outside the column."""
        inside = (positions >= 0) & (positions < len(self.codes))
        if not len(self.codes):
            return np.zeros(len(positions), dtype=np.uint32)
        return np.where(inside, self.codes[np.where(inside, positions, 0)], 0).astype(np.uint32)

    def keep(self, marks: Marks) -> Signs:
        """The column with only the marked signs."""
        kept = np.concatenate(([0], np.cumsum(marks, dtype=np.int64)))
        return Signs(self.codes[marks], kept[self.offsets])

    def cut(self, starts: Places, ends: Places) -> Signs:
        """A column of the spans, which may overlap and come in any order."""
        lengths = np.maximum(ends - starts, 0)
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        index = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        return Signs(self.codes[index], offsets)

    def pieces(self, size: int = PIECE) -> Iterator[Signs]:
        """The column in pieces of `size` consecutive rows; one empty piece where there are no rows."""
        for first in range(0, max(len(self), 1), size):
            offsets = self.offsets[first : first + size + 1]
            yield Signs(self.codes[offsets[0] : offsets[-1]], offsets - offsets[0])

    def strings(self) -> pa.Array:
        """The column as Arrow strings; empty rows stay empty strings."""
        if not len(self.codes):
            return pl.repeat("", len(self), eager=True).to_arrow().cast(pa.large_string())
        widths = 1 + (self.codes > 0x7F).astype(np.int64) + (self.codes > 0x7FF) + (self.codes > 0xFFFF)
        bytes_before = np.concatenate(([0], np.cumsum(widths)))
        content = self.codes.tobytes().decode("utf-32-le").encode()
        offsets = pa.py_buffer(bytes_before[self.offsets].astype(np.int64).tobytes())
        return pa.Array.from_buffers(pa.large_string(), len(self), [None, offsets, pa.py_buffer(content)])

    def folded(self) -> Signs:
        """The column as it compares: NFKC, simplified, lower case, one kind of bracket, dash and comma, no spaces."""
        codes = self.codes
        table = fold_table()
        if (wide := _unstable(codes)).any():
            return Signs.of(_expanded(self, wide)).folded()
        folded = table[np.minimum(codes, PLANE - 1)]
        folded = np.where(codes < PLANE, folded, codes).astype(np.uint32)
        return Signs(folded, self.offsets).keep(folded != _GONE)


def _strings(values: pa.Array | pa.ChunkedArray | Sequence[str | None]) -> pa.Array:
    # Arrow imports pandas, which takes a second, for fill_null, to read lists and to write NumPy; Polars does not.
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not isinstance(values, pa.Array) or values.null_count:
        values = pl.Series(values, dtype=pl.String, strict=False).fill_null("").to_arrow()
    return values if values.type == pa.large_string() else values.cast(pa.large_string())


def prefix_sums(codes: Codes) -> Hashes:
    """The running sums from which the hash of any span is one subtraction and one product."""
    mixed = (codes.astype(np.uint64) + np.uint64(1)) * np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> np.uint64(32)
    mixed *= powers(len(codes), inverse=False)
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(mixed, out=sums[1:])
    return sums


def span_hashes(sums: Hashes, starts: Places, ends: Places) -> Hashes:
    """The hashes of spans over `sums`. A span's hash does not depend on where it stands."""
    lengths = np.maximum(ends - starts, 0)
    difference = sums[starts + lengths] - sums[starts]
    hashes = difference * powers(len(sums), inverse=True)[starts]
    return np.where(lengths > 0, hashes ^ (hashes >> np.uint64(29)), 0).astype(np.uint64)


def powers(size: int, *, inverse: bool) -> Hashes:
    """The first `size` powers of the hash's base, or of its inverse."""
    return _powers(max(16, (size - 1).bit_length()), inverse)[:size]


@cache
def _powers(bits: int, inverse: bool) -> Hashes:
    factors = np.full(1 << bits, _BASE_INVERSE if inverse else _BASE)
    factors[0] = 1
    return np.cumprod(factors)


def hash_of(text: str) -> int:
    """The hash of one text, as `Signs.hashes` gives it."""
    column = Signs.of([text])
    return int(column.hashes(column.starts, column.ends)[0])


@cache
def fold_table() -> Codes:
    """Folded sign by sign of the basic plane; signs that vanish map to a value that is no character."""
    table = np.arange(PLANE, dtype=np.uint32)
    for code in range(0x80, PLANE):
        if not 0xD800 <= code < 0xE000:
            form = unicodedata.normalize("NFKC", chr(code))
            if len(form) == 1 and ord(form) < PLANE:
                table[code] = ord(form)
    for one, many in _SAME.items():
        for sign in many:
            table[ord(sign)] = ord(one)
    for sign, plain in _traditional():
        table[ord(sign)] = ord(plain)
    lower = np.array([ord(chr(code).lower()) if len(chr(code).lower()) == 1 else code for code in range(0x250)])
    small = table < 0x250
    table[small] = lower[table[small]]
    for code in range(PLANE):
        if chr(code).isspace() or code < 0x20:
            table[code] = _GONE
    for sign in _DROPPED:
        table[ord(sign)] = _GONE
    return table


def _traditional() -> Iterable[tuple[str, str]]:
    for line in read_facts("traditional.txt"):
        for pair in line.split():
            yield pair[0], pair[1]


@cache
def marks_of(signs: str) -> Marks:
    """A table of the basic plane in which the given signs are marked."""
    table = np.zeros(PLANE, dtype=np.bool_)
    table[[ord(sign) for sign in signs]] = True
    return table


def is_in(codes: Codes, signs: str) -> Marks:
    """Which codes are one of the given signs."""
    return marks_of(signs)[np.minimum(codes, PLANE - 1)]


def read_facts(name: str) -> list[str]:
    """The lines of a file of facts beside this package, without comments and blank lines."""
    text = (files("tulou.pool.core.identity") / "data" / name).read_text(encoding="utf-8")
    lines = [str(line) for line in text.splitlines()]
    return [line for line in lines if line.strip() and not line.startswith("#")]


@cache
def _expanding() -> Marks:
    marks = np.zeros(PLANE, dtype=np.bool_)
    for code in range(0x80, PLANE):
        if not 0xD800 <= code < 0xE000:
            form = unicodedata.normalize("NFKC", chr(code))
            marks[code] = len(form) > 1 and not form.isspace()
    return marks


def _unstable(codes: Codes) -> Marks:
    """Which signs become several under NFKC (㈱, ℡) or lie beyond the basic plane and are changed by it."""
    marks = _expanding()[np.minimum(codes, PLANE - 1)]
    beyond = np.flatnonzero(codes >= PLANE)
    if len(beyond):
        marks = marks.copy()
        marks[beyond] = [unicodedata.normalize("NFKC", chr(code)) != chr(code) for code in codes[beyond].tolist()]
    return marks


def _expanded(column: Signs, wide: Marks) -> list[str]:
    values: list[str] = column.strings().to_pylist()
    for row in np.unique(column.rows[wide]).tolist():
        values[row] = unicodedata.normalize("NFKC", values[row])
    return values


def joined(pieces: Sequence[Parts]) -> Parts:
    """One dataclass of columns (Arrow or NumPy) from those of consecutive pieces."""
    columns = {}
    for part in fields(pieces[0]):
        values = [getattr(piece, part.name) for piece in pieces]
        columns[part.name] = pa.concat_arrays(values) if isinstance(values[0], pa.Array) else np.concatenate(values)
    return type(pieces[0])(**columns)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one length: their hashes in order, their values, and which signs any of them begins or ends with."""

    hashes: Hashes
    values: NDArray[np.int32]
    first: Marks
    last: Marks


class Lexicon:
    """Words with a value each, looked up at many places of a column at once, the longest word first."""

    def __init__(self, words: Mapping[str, int]) -> None:
        grouped: dict[int, dict[str, int]] = {}
        for word, value in words.items():
            grouped.setdefault(len(word), {})[word] = value
        self._by_length = {length: _words(grouped[length]) for length in sorted(grouped, reverse=True)}
        self._first = np.logical_or.reduce([words.first for words in self._by_length.values()])
        self._last = np.logical_or.reduce([words.last for words in self._by_length.values()])

    def at_start(self, column: Signs, starts: Places, ends: Places) -> tuple[Places, NDArray[np.int32]]:
        """Length and value of the longest word with which each span begins; 0 and -1 where there is none."""
        return self._match(column, starts, ends, at_end=False)

    def at_end(self, column: Signs, starts: Places, ends: Places) -> tuple[Places, NDArray[np.int32]]:
        """Length and value of the longest word with which each span ends; 0 and -1 where there is none."""
        return self._match(column, starts, ends, at_end=True)

    def _match(self, column: Signs, starts: Places, ends: Places, *, at_end: bool) -> tuple[Places, NDArray[np.int32]]:
        lengths = np.zeros(len(starts), dtype=np.int64)
        values = np.full(len(starts), -1, dtype=np.int32)
        edges = np.minimum(column.at(ends - 1 if at_end else starts), PLANE - 1)
        left = np.flatnonzero((self._last if at_end else self._first)[edges] & (ends > starts))
        edge, room = edges[left], (ends - starts)[left]
        for length, words in self._by_length.items():
            if not len(left):
                break
            tried = np.flatnonzero((words.last if at_end else words.first)[edge] & (room >= length))
            rows = left[tried]
            first = ends[rows] - length if at_end else starts[rows]
            found = column.hashes(first, first + length)
            spot = np.minimum(np.searchsorted(words.hashes, found), len(words.hashes) - 1)
            hit = words.hashes[spot] == found
            lengths[rows[hit]] = length
            values[rows[hit]] = words.values[spot[hit]]
            open_still = np.ones(len(left), dtype=np.bool_)
            open_still[tried[hit]] = False
            left, edge, room = left[open_still], edge[open_still], room[open_still]
        return lengths, values


def _words(group: Mapping[str, int]) -> _Words:
    column = Signs.of(list(group))
    hashes = column.hashes(column.starts, column.ends)
    order = np.argsort(hashes)
    first, last = np.zeros(PLANE, dtype=np.bool_), np.zeros(PLANE, dtype=np.bool_)
    first[np.minimum(column.at(column.starts), PLANE - 1)] = True
    last[np.minimum(column.at(column.ends - 1), PLANE - 1)] = True
    return _Words(hashes[order], np.array(list(group.values()), dtype=np.int32)[order], first, last)
