"""What a file is, by its content and not by its name; what can never be a delivery is refused here."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from tulou.kernel.errors import Refused, Text, Where, refuse
from tulou.pool.core.intake.text import wide_encoding

HEAD = 8192
"""Bytes that tell what a file is."""


class Kind(StrEnum):
    """The kinds of content that a delivery may have."""

    TEXT = "text"
    EXCEL = "excel"
    EXCEL_97 = "excel_97"
    PARQUET = "parquet"
    JSON_LINES = "json_lines"
    ARFF = "arff"
    ZIP = "zip"
    GZIP = "gzip"


_NEVER = (
    (b"MZ", "Windows 程序", "a Windows program"),
    (b"\x7fELF", "Linux 程序", "a Linux program"),
    (b"\xca\xfe\xba\xbe", "程序文件", "a program"),
    (b"\xcf\xfa\xed\xfe", "程序文件", "a program"),
    (b"#!", "脚本", "a script"),
    (b"%PDF", "PDF 文档", "a PDF document"),
    (b"{\\rtf", "RTF 文档", "an RTF document"),
    (b"Rar!", "RAR 压缩包", "a RAR archive"),
    (b"7z\xbc\xaf", "7z 压缩包", "a 7z archive"),
    (b"BZh", "bzip2 压缩文件", "a bzip2 file"),
    (b"\xfd7zXZ", "xz 压缩文件", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "zstd 压缩文件", "a zstd file"),
    (b"\x89PNG", "图片", "a picture"),
    (b"\xff\xd8\xff", "图片", "a picture"),
    (b"GIF8", "图片", "a picture"),
    (b"SQLite format 3", "SQLite 数据库", "a SQLite database"),
)
_TAR = slice(257, 262)


def kind_of(path: Path) -> Kind:
    """The kind of content that `path` has. Raises Refused for what cannot be a delivery, and for an empty file."""
    with path.open("rb") as stream:
        return kind_of_head(stream.read(HEAD), path.name)


def kind_of_head(head: bytes, name: str) -> Kind:
    """The kind of the file called `name` that begins with `head` (its first 8 KiB, or all of it)."""
    if not head:
        raise refuse(
            "file.empty",
            "文件是空的",
            "The file is empty",
            where=Where(file=name),
            remedy=Text(zh="请重新导出数据后再交付", en="Export the data again and send the new file"),
        )
    for magic, zh, en in _NEVER:
        if head.startswith(magic):
            raise not_a_table(name, zh, en)
    if head[_TAR] == b"ustar":
        raise not_a_table(name, "tar 归档", "a tar archive")
    if head.startswith(b"PAR1"):
        return Kind.PARQUET
    if head.startswith(b"\x1f\x8b"):
        return Kind.GZIP
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return Kind.EXCEL_97
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return Kind.ZIP
    return _kind_of_text(head, name)


def _kind_of_text(head: bytes, name: str) -> Kind:
    if wide := wide_encoding(head):
        start = head.decode(wide, "ignore").encode()
    elif head.count(b"\0") * 10 > len(head):
        raise not_a_table(name, "二进制文件", "a binary file")
    else:
        start = head
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<"):
        raise _markup(name, start)
    if start.startswith((b"{", b"[")) and start[1:].lstrip().startswith((b'"', b"{", b"}", b"[")):
        return Kind.JSON_LINES
    body = [line for line in start.splitlines() if line.strip() and not line.startswith(b"%")]
    if body and body[0].split(maxsplit=1)[0] == b"@relation":
        return Kind.ARFF
    return Kind.TEXT


def _markup(name: str, start: bytes) -> Refused:
    if b"<!entity" in start or (b"<!doctype" in start and b"[" in start):
        return refuse(
            "file.entities",
            "XML 文件含有实体定义, 不允许",
            "The XML file defines entities, which is forbidden",
            where=Where(file=name),
            remedy=Text(zh="请改为交付 CSV 或 Excel", en="Send CSV or Excel instead"),
        )
    if b"<svg" in start:
        return not_a_table(name, "SVG 图片 (可含脚本)", "an SVG picture, which may carry a script")
    if b"<html" in start or b"<!doctype html" in start or b"<table" in start:
        return not_a_table(name, "网页 (HTML)", "a web page (HTML)")
    return not_a_table(name, "XML 文档", "an XML document")


def not_a_table(name: str, zh: str, en: str) -> Refused:
    """The refusal of a file that is something else than a table."""
    return refuse(
        "file.not_a_table",
        f"该文件不是数据表, 而是{zh}",
        f"The file is not a table but {en}",
        where=Where(file=name),
        remedy=Text(
            zh="请交付 CSV, Excel (.xlsx), Parquet, JSON Lines, 或由它们组成的 zip",
            en="Send CSV, Excel (.xlsx), Parquet, JSON lines, or a zip of these",
        ),
    )
