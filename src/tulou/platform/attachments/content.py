"""What a file is, by its first bytes and, for containers and text, by a look inside. Its name proves nothing."""

from __future__ import annotations

import codecs
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from tulou.kernel.errors import Text, refuse

MEBI = 1024**2


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that the house takes."""

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    limit: int


PDF = Kind("pdf", "application/pdf", (".pdf",), 20 * MEBI)
PNG = Kind("png", "image/png", (".png",), 10 * MEBI)
JPEG = Kind("jpeg", "image/jpeg", (".jpg", ".jpeg"), 10 * MEBI)
XLSX = Kind("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",), 50 * MEBI)
DOCX = Kind("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",), 20 * MEBI)
PARQUET = Kind("parquet", "application/vnd.apache.parquet", (".parquet",), 500 * MEBI)
CSV = Kind("csv", "text/csv", (".csv", ".txt"), 500 * MEBI)
KINDS = (PDF, PNG, JPEG, XLSX, DOCX, PARQUET, CSV)
DOCUMENTS = (PDF, PNG, JPEG)


def proven_kind(file: BinaryIO, name: str, allowed: tuple[Kind, ...] = DOCUMENTS) -> Kind:
    """The kind of `file`, which must be one of `allowed` and fit its name. Raises Refused where it does not.

    Leaves the file at its beginning.
    """
    file.seek(0)
    kind = _kind(file)
    file.seek(0)
    wanted = "、".join(k.name for k in allowed)
    if kind is None or kind not in allowed:
        raise refuse(
            "attachment.kind_not_allowed",
            f"文件内容不是允许的类型 ({wanted})",
            f"By its content this file is none of: {', '.join(k.name for k in allowed)}",
            remedy=Text(zh="请另存为允许的格式后重新上传", en="Save it in one of these formats and upload it again"),
        )
    if not name.lower().endswith(kind.suffixes):
        raise refuse(
            "attachment.name_differs",
            f"文件名与内容不符：内容是 {kind.name}",
            f"The name does not fit the content, which is {kind.name}",
        )
    return kind


def _kind(file: BinaryIO) -> Kind | None:
    head = file.read(4096)
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"PAR1"):
        return PARQUET
    if head.startswith(b"PK\x03\x04"):
        return _office(file)
    if head and b"\0" not in head and _is_text(head):
        return CSV
    return None


def _office(file: BinaryIO) -> Kind | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return None
    if "xl/workbook.xml" in names and not any(name.endswith("vbaProject.bin") for name in names):
        return XLSX
    if "word/document.xml" in names and not any(name.endswith("vbaProject.bin") for name in names):
        return DOCX
    return None


def _is_text(head: bytes) -> bool:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return not text.lstrip().startswith("<") and all(letter >= " " or letter in "\t\r\n" for letter in text)
    return False
