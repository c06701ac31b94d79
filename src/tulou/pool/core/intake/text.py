"""Text deliveries as UTF-8, in pieces that end where a record ends."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tulou.kernel.errors import Refused, Text, Where, refuse

PIECE = 32 * 2**20
"""Bytes of a piece, about: enough for a row group of a wide table."""
MAX_LINES = 500_000
"""Lines of a piece, about: their places are kept in memory."""
MAX_LINE = 64 * 2**10
MIXED_SAMPLE = 5_000
"""Lines with signs beyond ASCII by which GB18030 is told from UTF-8 that is spoilt."""
CHUNK = 2**20
UTF8, UTF8_BOM, GB18030 = "utf-8", "utf-8-sig", "gb18030"
UTF16, UTF16_LE, UTF16_BE = "utf-16", "utf-16-le", "utf-16-be"
_LF, _CR, _QUOTE = 10, 13, 34
_LONG = 0xE0
"""The least first byte of a sign of three bytes or more in UTF-8."""

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some whole records of a file, as UTF-8 bytes (and what of the next one was read).

    `ends[i]` is the position after record i, `starts[i]` where it begins; blank lines are counted in `blank` and are in
    no record. `first_record` and `first_line` count from 1, the header not among the records. `quotes` says whether
    there are quotation marks, `breaks` where line ends are, inside of them too. `origin` says on which line of its file
    each record stands, where this text was made of another kind of file.
    """

    content: bytes
    starts: Positions
    ends: Positions
    first_record: int
    first_line: int
    blank: int
    quotes: bool
    breaks: Positions
    origin: Positions | None = None

    @property
    def records(self) -> int:
        """How many records there are."""
        return len(self.ends)

    def raw(self, index: int) -> str:
        """Record `index` (from 0) as it stands in the file, without its line end."""
        return self.content[self.starts[index] : self.ends[index]].decode().rstrip("\r\n")

    def lines(self, indices: Positions) -> Positions:
        """The lines of the file on which records begin."""
        if self.origin is not None:
            return self.origin[indices]
        return self.first_line + np.searchsorted(self.breaks, self.starts[indices])


def encoding_of(path: Path) -> str:
    """The encoding of a text file, by rule: byte order mark, else zero bytes as UTF-16 has them, else strict UTF-8,
    else strict GB18030.

    Raises Refused, with the line, where it is none of these: two encodings in one file, cut off, or not text at all.
    """
    with path.open("rb") as stream:
        head = stream.read(MAX_LINE)
        if wide := wide_encoding(head):
            _check_decodes(path, wide)
            return wide
        stream.seek(0)
        tail, foreign = b"", False
        while chunk := stream.read(CHUNK):
            block, tail = _whole_characters(tail + chunk)
            if block.isascii():
                continue
            if not _is_utf8(block):
                return _gb18030_or_refuse(path)
            foreign = True
        if tail and foreign:
            _check_decodes(path, UTF8)
        if tail:
            return _gb18030_or_refuse(path)
    return UTF8_BOM if head.startswith(codecs.BOM_UTF8) else UTF8


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 by its byte order mark, or by zero bytes in every second place only; None for other text."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return None
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return UTF16
    zeros = np.flatnonzero(np.frombuffer(head, dtype=np.uint8) == 0)
    if len(zeros) * 20 < len(head) or len(zeros) == len(head):
        return None
    odd = int((zeros & 1).sum())
    return UTF16_LE if odd == len(zeros) else UTF16_BE if odd == 0 else None


def _whole_characters(block: bytes) -> tuple[bytes, bytes]:
    """Split off an incomplete UTF-8 character at the end."""
    for back in range(1, min(4, len(block)) + 1):
        byte = block[-back]
        if byte & 0xC0 == 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return (block[:-back], block[-back:]) if length > back else (block, b"")
        if byte < 0x80:
            break
    return block, b""


def _is_utf8(block: bytes) -> bool:
    offsets = np.array([0, len(block)], dtype=np.int64)
    column = pa.Array.from_buffers(pa.large_binary(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(block)])
    try:
        column.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _gb18030_or_refuse(path: Path) -> str:
    _check_decodes(path, GB18030)
    if (line := _first_line_of_fewer(path)) is not None:
        raise _not_decoded(path, line)
    return GB18030


def _first_line_of_fewer(path: Path) -> int | None:
    """The first line that is not UTF-8 among lines of which most are; None where GB18030 is the better reading.

    Nearly every sequence of UTF-8 is also GB18030, of other signs. A line of GB18030 is hardly ever UTF-8, but for
    short ones: 女 in GB18030 is a letter of two bytes in UTF-8, so that only lines with longer signs tell.
    """
    utf8 = other = 0
    first = None
    with path.open("rb") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE), b""), 1):
            if line.isascii():
                continue
            if _is_utf8(line):
                utf8 += max(line) >= _LONG
            else:
                other += 1
                first = first or number
            if utf8 + other == MIXED_SAMPLE:
                break
    return first if utf8 and utf8 >= other else None


def _check_decodes(path: Path, encoding: str) -> None:
    """Raise Refused, with the line, where the file is not strictly in `encoding` to its end."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(CHUNK)
            try:
                line += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, "ignore").count("\n")
                raise _not_decoded(path, line + good) from error
            if not chunk:
                return


def _not_decoded(path: Path, line: int) -> Refused:
    return refuse(
        "text.encoding",
        "文件既不是 UTF-8 也不是 GB18030, 或混用了两种编码, 或被截断",
        "The file is neither UTF-8 nor GB18030, mixes the two, or was cut off",
        where=Where(file=path.name, line=line),
        remedy=Text(zh="请以 UTF-8 重新导出整个文件", en="Export the whole file again, as UTF-8"),
    )


def blocks(path: Path, encoding: str, size: int = CHUNK) -> Iterator[bytes]:
    """The text as UTF-8 without a byte order mark, in blocks; a lone CR that ends lines becomes LF.

    The encoding is what `encoding_of` has found; text that is not in it raises UnicodeDecodeError.
    """
    mac = _ends_lines_with_cr(path, encoding)
    with path.open("rb") as stream:
        if encoding == UTF8 and not mac:
            while chunk := stream.read(size):
                yield chunk
            return
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        while True:
            chunk = stream.read(size)
            text = decoder.decode(chunk, final=not chunk)
            if text:
                yield (text.replace("\r", "\n") if mac else text).encode()
            if not chunk:
                return


def texts(path: Path, size: int = MAX_LINE) -> Iterator[str]:
    """The text of a file in blocks, its encoding found by rule; CRLF and CR that end lines become LF."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    for block in blocks(path, encoding_of(path), size):
        yield decoder.decode(block)


def _ends_lines_with_cr(path: Path, encoding: str) -> bool:
    with path.open("rb") as stream:
        head = stream.read(MAX_LINE).decode(encoding, "ignore")
    return "\r" in head and "\n" not in head


def _windows(path: Path, encoding: str, size: int) -> Iterator[bytes]:
    """The text in blocks of about `size` bytes that have not many more than `MAX_LINES` lines."""
    for block in blocks(path, encoding, size):
        lines = int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == _LF))
        step = len(block) if lines <= 2 * MAX_LINES else len(block) * MAX_LINES // lines
        for at in range(0, len(block), step):
            yield block[at : at + step]


def pieces(path: Path, encoding: str, delimiter: str, size: int = PIECE) -> Iterator[Piece]:
    """The records of a text file, the header line among them as the first record of the first piece.

    The count is made of line ends that stand outside quotation marks and knows nothing of fields. Raises Refused for a
    record of more than 64 KiB and for a quotation mark that is never closed.
    """
    rest, record, line = b"", 1, 1
    for block in _windows(path, encoding, size):
        content = rest + block if rest else block
        piece, used = _cut_records(path, content, delimiter, record, line, final=False)
        rest = content[used:]
        if used:
            yield piece
            record += piece.records
            line += int(np.searchsorted(piece.breaks, used))
    if rest:
        content = rest if rest.endswith(b"\n") else rest + b"\n"
        yield _cut_records(path, content, delimiter, record, line, final=True)[0]


def _cut_records(
    path: Path, content: bytes, delimiter: str, record: int, line: int, *, final: bool
) -> tuple[Piece, int]:
    """The whole records at the start of `content`, and where they end."""
    data = np.frombuffer(content, dtype=np.uint8)
    breaks = ends = np.flatnonzero(data == _LF)
    _check_lines(path, breaks, len(content), line)
    quotes = b'"' in content
    opening = None
    if quotes:
        ends, opening = _outside_quotes(data, ends, delimiter)
    used = int(ends[-1]) + 1 if len(ends) else 0
    if opening is not None and (final or len(content) - opening > MAX_LINE):
        raise _open_quote(path, line + content.count(b"\n", 0, opening))
    starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else np.empty(0, dtype=np.int64)
    ends = ends + 1
    lengths = ends - starts
    if len(lengths) and int(lengths.max()) > MAX_LINE:
        long = int(starts[int(lengths.argmax())])
        raise long_line(path, line + content.count(b"\n", 0, long))
    empty = (lengths == 1) | ((lengths == 2) & (data[np.minimum(starts, len(data) - 1)] == _CR))
    blank = int(empty.sum())
    if blank:
        starts, ends = starts[~empty], ends[~empty]
    return Piece(content, starts, ends, record, line, blank, quotes, breaks), used


def _check_lines(path: Path, breaks: Positions, size: int, line: int) -> None:
    """Refuse a line of more than 64 KiB before its quotation marks are looked at: there may be millions of them."""
    lengths = np.diff(breaks, prepend=-1, append=size - 1)
    longest = int(lengths.argmax())
    if int(lengths[longest]) > MAX_LINE:
        raise long_line(path, line + longest)


def _outside_quotes(data: NDArray[np.uint8], breaks: Positions, delimiter: str) -> tuple[Positions, int | None]:
    """The line ends outside quotation marks, and where a quotation mark is open at the end of `content`."""
    marks = np.flatnonzero(data == _QUOTE)
    opening = int(marks[-1]) if len(marks) & 1 else None
    if _marks_stand_right(data, marks, delimiter):
        outside = breaks[(np.searchsorted(marks, breaks) & 1) == 0]
        return (outside, None) if opening is None else (outside[outside < opening], opening)
    return _outside_quoted_fields(data, marks, breaks, delimiter)


def _marks_stand_right(data: NDArray[np.uint8], marks: Positions, delimiter: str) -> bool:
    """Whether each opening mark begins a field and each closing one ends it (or is doubled)."""
    around = np.array([_LF, _CR, ord(delimiter), _QUOTE], dtype=np.uint8)
    opening, closing = marks[0::2], marks[1::2]
    before = data[np.maximum(opening - 1, 0)]
    after = data[np.minimum(closing + 1, len(data) - 1)]
    right_before = np.isin(before, around) | (opening == 0)
    right_after = np.isin(after, around) | (closing == len(data) - 1)
    return bool(right_before.all() and right_after.all())


def _outside_quoted_fields(
    data: NDArray[np.uint8], marks: Positions, breaks: Positions, delimiter: str
) -> tuple[Positions, int | None]:
    """The same where marks stand astray: one inside a field is a sign like others, and does no harm past its line.

    A mark that begins a field is closed by the next run of an odd number of marks, since two stand for one; where no
    separator follows there, the field was not quoted at all.
    """
    first = np.flatnonzero(np.diff(marks, prepend=-2) != 1)
    begins = marks[first]
    lengths = np.diff(np.append(first, len(marks)))
    odd = np.flatnonzero(lengths & 1)
    around = np.array([_LF, _CR, ord(delimiter)], dtype=np.uint8)
    opens = np.flatnonzero((begins == 0) | np.isin(data[np.maximum(begins - 1, 0)], around))
    # What is left of the mark's own run closes the field where it is odd; else the next run that is.
    closing = np.where(lengths[opens] & 1, np.searchsorted(odd, opens, side="right"), -1)
    closing = np.where(closing < 0, opens, np.append(odd, len(begins))[closing])
    after = np.append(begins + lengths, len(data))[closing]
    never = closing == len(begins)
    closed = never | (after == len(data)) | np.isin(data[np.minimum(after, len(data) - 1)], around)
    froms, tos = begins[opens[closed]], np.where(never, len(data), after)[closed]
    spans, opening, done = [], None, -1
    for start, end, open_still in zip(froms.tolist(), tos.tolist(), never[closed].tolist(), strict=True):
        if start >= done:
            spans.append((start, end))
            done = end
            opening = start if open_still else None
    if spans:
        opened, ended = np.array(spans, dtype=np.int64).T
        before = np.searchsorted(opened, breaks)
        breaks = breaks[(before == 0) | (ended[np.maximum(before - 1, 0)] <= breaks)]
    return (breaks, None) if opening is None else (breaks[breaks < opening], opening)


def _open_quote(path: Path, line: int) -> Refused:
    return refuse(
        "text.open_quote",
        f"第 {line} 行的引号没有闭合, 无法确定记录的边界",
        f"The quotation mark on line {line} is never closed, so records cannot be told apart",
        where=Where(file=path.name, line=line),
        remedy=Text(
            zh="请闭合该引号; 字段内的引号应写两遍",
            en="Close the quotation mark; inside a field write it twice",
        ),
    )


def long_line(path: Path, line: int) -> Refused:
    """The refusal of a line that no table has."""
    return refuse(
        "text.long_line",
        f"第 {line} 行超过 64 KiB",
        f"Line {line} is longer than 64 KiB",
        where=Where(file=path.name, line=line),
        remedy=Text(zh="请检查该行是否缺少换行", en="Check whether line ends are missing there"),
    )
