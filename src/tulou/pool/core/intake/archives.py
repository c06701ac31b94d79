"""Zip and gzip deliveries, opened with care: what an archive says of itself is checked before it is unpacked."""

from __future__ import annotations

import gzip
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tulou.kernel.errors import Refused, Text, Where, refuse
from tulou.pool.core.intake.content import HEAD, Kind, kind_of_head, not_a_table

MAX_MEMBERS = 100
MAX_PARTS = 2000
"""Members of a zip of files, and of an Office package, which is a zip too."""
MAX_DIRECTORY = 2**20
"""Bytes of the list of members: a longer one is not read."""
MAX_RATIO = 200
_DEFLATE_RATIO = 1032
"""What deflate can pack at best: a gzip that says more than that at its end was cut off."""
RATIO_APPLIES_FROM = 10 * 2**20
MAX_UNPACKED = 20 * 2**30
CHUNK = 2**20
_END, _END_SIZE, _LOCAL_HEADER = b"PK\x05\x06", 22, 30
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f:]")
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")


def package_kind(path: Path) -> Kind:
    """Whether a zip is an Excel workbook or an archive of files. Raises Refused for other Office packages."""
    with open_zip(path) as archive:
        names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return Kind.EXCEL
    if "xl/workbook.bin" in names:
        raise not_a_table(path.name, "二进制 Excel 工作簿 (.xlsb)", "a binary Excel workbook (.xlsb)")
    if "mimetype" in names and "content.xml" in names:
        raise not_a_table(path.name, "OpenDocument 文档", "an OpenDocument file")
    if "[Content_Types].xml" in names:
        raise not_a_table(path.name, "其他 Office 文档", "another kind of Office document")
    return Kind.ZIP


def open_zip(path: Path) -> zipfile.ZipFile:
    """A zip, open. Raises Refused where it is damaged, or lists so much that the list alone would fill the memory."""
    try:
        _check_directory(path)
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
        raise _bad(path, "zip.damaged", "压缩包已损坏", f"The archive is damaged ({error})") from error


def _check_directory(path: Path) -> None:
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - _END_SIZE - 0xFFFF, 0))
        tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise _bad(path, "zip.damaged", "压缩包已损坏", "The archive is damaged (it has no list of members)")
    (size,) = struct.unpack_from("<L", tail, at + 12)
    if size > MAX_DIRECTORY:
        raise _bad(path, "zip.many", "压缩包的成员列表过长", "The archive lists more members than are allowed")


def unpack_zip(path: Path, folder: Path) -> list[Path]:
    """The members of a zip as files in `folder`, in the order of the archive. Folders and macOS extras are passed over.

    Raises Refused, before anything is unpacked, for more than 100 members, names that leave the folder or come twice,
    links and devices, encrypted or nested archives, overlapping members and sizes that cannot be meant; and while
    unpacking where a member is no table by its first bytes, is larger than it says or is damaged.
    """
    with open_zip(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir() and not _is_extra(info.filename)]
        _check(path, members, MAX_MEMBERS, archive.start_dir)
        for info in members:
            _check_is_file(path, info)
        try:
            return [_extract(path, archive, info, folder / f"{number:03d}") for number, info in enumerate(members)]
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise _bad(path, "zip.damaged", "压缩包已损坏", f"The archive is damaged ({error})") from error


def check_package(path: Path) -> None:
    """Refuse an Office package (itself a zip) that could not be read safely."""
    with open_zip(path) as archive:
        _check(path, [info for info in archive.infolist() if not info.is_dir()], MAX_PARTS, archive.start_dir)


def _is_extra(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] in {".DS_Store", "Thumbs.db"}


def _check(path: Path, members: Sequence[zipfile.ZipInfo], most: int, start_of_list: int) -> None:
    if not members:
        raise _bad(path, "zip.empty", "压缩包里没有文件", "The archive holds no files")
    if len(members) > most:
        raise _bad(
            path,
            "zip.many",
            f"压缩包里有 {len(members)} 个文件, 最多 {most} 个",
            f"The archive holds {len(members)} files, more than {most}",
        )
    names: set[str] = set()
    for info in members:
        _check_member(path, info)
        if info.filename.casefold() in names:
            raise _bad(path, "zip.twice", "压缩包里有同名文件", "Two members have the same name", info.filename)
        names.add(info.filename.casefold())
    if sum(info.file_size for info in members) > MAX_UNPACKED:
        raise _bad(path, "zip.too_large", "解压后过大", "The archive would unpack to more than is allowed")
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise _bad(path, "zip.overlap", "压缩包成员重叠", "Members of the archive overlap", info.filename)
        end = info.header_offset + _LOCAL_HEADER + len(info.orig_filename) + info.compress_size
    if end > start_of_list:
        raise _bad(path, "zip.overlap", "压缩包成员重叠", "Members of the archive overlap its list of members")


def _check_member(path: Path, info: zipfile.ZipInfo) -> None:
    name = info.filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in info.orig_filename:
        raise _bad(path, "zip.bad_name", "压缩包成员的文件名不合法", "A member's name leaves the archive", name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise _bad(path, "zip.link", "压缩包含有链接或特殊文件", "The archive holds a link or a special file", name)
    if info.flag_bits & 0x1:
        raise _bad(path, "zip.encrypted", "压缩包已加密", "The archive is encrypted", name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _bad(path, "zip.method", "压缩包使用了不支持的压缩方法", "A member is packed by an unusual method", name)
    if info.file_size > RATIO_APPLIES_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise _bad(path, "zip.bomb", "压缩比异常, 疑似压缩炸弹", "The archive unpacks beyond all reason", name)


def _check_is_file(path: Path, info: zipfile.ZipInfo) -> None:
    if info.filename.lower().endswith(_ARCHIVES):
        raise _bad(path, "zip.nested", "压缩包里还有压缩包", "The archive holds another archive", info.filename)


def _extract(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> Path:
    folder.mkdir(parents=True)
    target = folder / _file_name(info)
    with archive.open(info) as source, target.open("wb") as copy:
        head = source.read(HEAD)
        if kind_of_head(head, target.name) is Kind.GZIP:
            raise _bad(path, "zip.nested", "压缩包里还有压缩包", "The archive holds another archive", target.name)
        copy.write(head)
        if len(head) + _pour(source, copy, info.file_size - len(head)) != info.file_size:
            raise _bad(
                path, "zip.lying_size", "压缩包成员的大小与声明不符", "A member is not as large as it says", target.name
            )
    return target


def _file_name(info: zipfile.ZipInfo) -> str:
    """The member's name as a file name; what Chinese Windows wrote in GBK without saying so is read as that."""
    name = info.filename.replace("\\", "/").rsplit("/", 1)[-1]
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gb18030")
        except (UnicodeEncodeError, UnicodeDecodeError):
            name = name.encode("ascii", "replace").decode()
    return _UNFIT.sub("_", name)[-60:] or "member"


def unpack_gzip(path: Path, folder: Path) -> Path:
    """The one file in a gzip, in `folder`.

    Raises Refused where it is no table by its first bytes, is damaged, or unpacks to a size beyond reason.
    """
    target = folder / (path.stem if path.suffix.lower() == ".gz" else path.name + ".unpacked")
    limit = max(RATIO_APPLIES_FROM, min(MAX_UNPACKED, MAX_RATIO * path.stat().st_size))
    bomb = _bad(path, "zip.bomb", "压缩比异常, 疑似压缩炸弹", "The file unpacks beyond all reason")
    if limit < _stated_size(path) <= _DEFLATE_RATIO * path.stat().st_size:
        raise bomb
    try:
        with gzip.open(path) as source, target.open("wb") as copy:
            head = source.read(HEAD)
            if kind_of_head(head, target.name) is Kind.GZIP:
                raise _bad(path, "zip.nested", "压缩文件里还有压缩包", "The compressed file holds another archive")
            copy.write(head)
            if _pour(source, copy, limit) > limit:
                raise bomb
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise _bad(path, "zip.damaged", "压缩文件已损坏", f"The compressed file is damaged ({error})") from error
    return target


def _stated_size(path: Path) -> int:
    """What a gzip says at its end that it unpacks to (modulo 4 GiB)."""
    with path.open("rb") as stream:
        stream.seek(-min(4, path.stat().st_size), 2)
        return int.from_bytes(stream.read(4), "little")


def _pour(source: IO[bytes] | gzip.GzipFile, copy: IO[bytes], limit: int) -> int:
    """Copy at most a chunk more than `limit` bytes; answers how many."""
    done = 0
    while done <= limit and (chunk := source.read(CHUNK)):
        copy.write(chunk)
        done += len(chunk)
    return done


def _bad(path: Path, code: str, zh: str, en: str, member: str | None = None) -> Refused:
    return refuse(
        code,
        zh,
        en,
        where=Where(file=path.name, value=member),
        remedy=Text(zh="请直接交付数据文件, 或重新制作压缩包", en="Send the data files themselves, or pack them anew"),
    )
