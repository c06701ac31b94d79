"""Odd and hostile deliveries, written by us: how much of each is accepted, and which finding it must have."""

from __future__ import annotations

import gzip
import io
import json
import random
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tulou.kernel.errors import Text
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType

METERS = Contract(
    dataset="power_meter",
    department="power",
    version="1",
    title=Text(zh="用电", en="Power use"),
    columns=(
        Column(
            "uscc", LogicalType.STRING, Text(zh="统一社会信用代码", en="USCC"), required=True, key_role=KeyRole.USCC
        ),
        Column("name", LogicalType.STRING, Text(zh="企业名称", en="Name"), key_role=KeyRole.NAME),
        Column("energy", LogicalType.NUMBER, Text(zh="用电量", en="Energy"), precision=14, scale=2, unit="kWh"),
        Column("period", LogicalType.PERIOD, Text(zh="月份", en="Month"), required=True),
    ),
    delivery_mode="append",
    period_column="period",
)
HEADER = "统一社会信用代码,企业名称,用电量,月份\n"
ROW = "91350100M0001TES0X,福州示例科技有限公司,1234.5,2020-03\n"

SHARED: dict[str, tuple[int, set[str]]] = {
    "ok_utf8.csv": (50, set()),
    "ok_bom.csv": (50, set()),
    "ok_gbk.csv": (50, set()),
    "ok_crlf_quotes.csv": (1, set()),
    "bad_longline.csv": (0, {"text.long_line"}),
    "bad_quote.csv": (0, {"text.open_quote"}),
    "bad_wide.csv": (0, {"header.too_wide"}),
    "bad_dupheader.csv": (0, {"header.twice"}),
    "bad_drift_order.csv": (1, {"drift.unit"}),
    "bad_drift_unit.csv": (50, {"drift.unit"}),
    "bad_empty.csv": (0, {"file.empty"}),
    "bad_headeronly.csv": (0, {"file.no_records"}),
    "formula.csv": (3, {"drift.unit"}),
    "exe_as_csv.csv": (0, {"file.not_a_table"}),
    "script.svg": (0, {"file.not_a_table"}),
    "xxe.xml": (0, {"file.entities"}),
    "lol.xml": (0, {"file.entities"}),
    "zip_bomb_300MB.zip": (0, {"zip.bomb"}),
    "zip_slip.zip": (0, {"zip.bad_name"}),
    "zip_many.zip": (0, {"zip.many"}),
    "ok.zip": (50, set()),
}
"""The files of ../shared/data/security/hostile: records accepted, and findings that each must have."""


def lines(*rows: str) -> bytes:
    """A file of the contract's header and some rows."""
    return (HEADER + "".join(rows)).encode()


def zipped(*members: tuple[str, bytes], link: bool = False) -> bytes:
    """A zip of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = ((stat.S_IFLNK if link else stat.S_IFREG) | 0o644) << 16
            archive.writestr(info, content)
    return stream.getvalue()


def lying(stated: int) -> bytes:
    """A zip whose list says another size than its member has."""
    data = bytearray(zipped(("a.csv", lines(ROW))))
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = stated.to_bytes(4, "little")
    return bytes(data)


def overlapping() -> bytes:
    """A zip of which two members are the same bytes."""
    data = bytearray(zipped(("a.csv", lines(ROW)), ("b.csv", lines(ROW))))
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


def deflated_zeros(mebibytes: int) -> bytes:
    """A zip of zeros, made without holding them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as member:
        for _ in range(mebibytes):
            member.write(bytes(2**20))
    return stream.getvalue()


def workbook(*, sheet: bytes = b"", strings: bytes = b"", doctype: bytes = b"") -> bytes:
    """An Excel workbook by hand, with what is wanted in its one sheet and among its shared texts."""
    spreadsheet = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relation = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    head = b'<?xml version="1.0"?>' + doctype
    return zipped(
        ("[Content_Types].xml", b"<Types/>"),
        (
            "xl/workbook.xml",
            head + b"<workbook " + spreadsheet + b' xmlns:r="' + relation + b'"><sheets>'
            b'<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        ),
        (
            "xl/_rels/workbook.xml.rels",
            b'<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
        ),
        ("xl/worksheets/sheet1.xml", head + b"<worksheet " + spreadsheet + b"><sheetData>" + sheet + b"</sheetData>"
         b"</worksheet>"),
        ("xl/sharedStrings.xml", head + b"<sst " + spreadsheet + b">" + strings + b"</sst>"),
    )  # fmt: skip


def texts_row(number: int, *values: str) -> bytes:
    """A row of a sheet with texts in its cells."""
    cells = "".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in values)
    return f'<row r="{number}">{cells}</row>'.encode()


def parquet(rows: int, kind: pa.DataType | None = None) -> bytes:
    """A Parquet file of one record repeated."""
    fields = dict(zip(HEADER.strip().split(","), ROW.strip().split(","), strict=True))
    stream = io.BytesIO()
    table = pa.table({name: pa.repeat(pa.scalar(value, kind or pa.string()), rows) for name, value in fields.items()})
    pq.write_table(table, stream)
    return stream.getvalue()


RECORD = dict(zip(("USCC", "Name", "Energy", "Month"), ROW.strip().split(","), strict=True))
UNIT_CHANGED = lines(*(f"{number},a,{1_000_000 + number},2020-03\n" for number in range(50)))


@dataclass(frozen=True)
class Hostile:
    """One delivery: how its bytes are made, what is accepted and rejected of it, and the findings it must have."""

    make: Callable[[], bytes]
    accepted: int = 0
    rejected: int = 0
    codes: frozenset[str] = frozenset()
    refused: bool = False


def kept(content: bytes, accepted: int, rejected: int = 0, *codes: str) -> Hostile:
    """One that is taken in, with rejects or warnings."""
    return Hostile(lambda: content, accepted, rejected, frozenset(codes))


def refused(code: str, make: Callable[[], bytes] | bytes) -> Hostile:
    """One that is refused whole."""
    return Hostile(make if callable(make) else lambda: make, codes=frozenset({code}), refused=True)


HOSTILE: dict[str, Hostile] = {
    "plain": kept(lines(ROW, ROW), 2),
    "bom": kept(b"\xef\xbb\xbf" + lines(ROW), 1),
    "gb18030": kept(lines(ROW).decode().encode("gb18030"), 1),
    "crlf_quotes": kept(lines('9135,"福州, ""示例""\r\n公司",1.5,2020-03\n').replace(b"\n", b"\r\n"), 1),
    "ragged_short": kept(lines(ROW, "91350100M0001TES0X,a\n", ROW), 2, 1),
    "ragged_long": kept(lines(ROW, ROW[:-1] + ",extra\n", ROW), 2, 1),
    "stray_quote": kept(lines(ROW, '9135,a 5" pipe" x,1,2020-03\n', ROW), 3),
    "nul_inside": kept(lines(ROW, "9135,a\0b,1,2020-03\n", ROW), 2, 1),
    "bad_number": kept(lines(ROW, "9135,a,n/a,2020-03\n"), 1, 1),
    "rounded_number": kept(lines("9135,a,1.005,2020-03\n", "9135,a,1.500,2020-03\n"), 1, 1),
    "exponent": kept(lines("9135,a,9E-03,2020-03\n", "9135,a,1E3,2020-03\n"), 1, 1),
    "underscore": kept(lines("9135,a,1_000,2020-03\n", ROW), 1, 1),
    "thousands": kept(lines('9135,a,"1,234.50",2020-03\n'), 1),
    "full_width": kept(lines("9135,a,１２３４．５,2020-03\n"), 1),
    "bad_months": kept(lines("9135,a,1,2020-13\n", "9135,a,1,2020/03\n", "9135,a,1,202003\n"), 1, 2),
    "missing_key": kept(lines(",a,1,2020-03\n"), 0, 1),
    "blank_lines": kept(lines(ROW, "\n", "\r\n", ROW, "\n\n"), 2),
    "no_last_newline": kept(lines(ROW, ROW)[:-1], 2),
    "lone_cr": kept(lines(ROW, ROW).replace(b"\n", b"\r"), 2),
    "mixed_line_ends": kept(lines(ROW, ROW[:-1] + "\r\n", ROW), 3),
    "quoted_newline": kept(lines('9135,"a\nb\n\nc",1,2020-03\n', ROW), 2),
    "semicolons": kept(lines(ROW, ROW).replace(b",", b";"), 2),
    "tabs": kept(lines(ROW, ROW).replace(b",", b"\t"), 2),
    "utf16": kept((HEADER + ROW).encode("utf-16"), 1),
    "formula": kept(lines("9135,=cmd|' /C calc'!A0,1,2020-03\n", "9135,@SUM(1),-1,2020-03\n"), 2),
    "extra_column": kept(b"USCC,Name,Energy,Month,Note\n9135,a,1,2020-03,hello\n", 1, 0, "header.unknown"),
    "reordered_header": kept(b"Month,Energy,USCC,Name\n2020-03,1,9135,a\n", 1),
    "header_only": kept(lines(), 0, 0, "file.no_records"),
    "unit_changed": kept(UNIT_CHANGED, 50, 0, "drift.unit"),
    "gzip": kept(gzip.compress(lines(ROW)), 1),
    "zip_of_two": kept(zipped(("a.csv", lines(ROW)), ("b.csv", lines(ROW, ROW))), 3),
    "empty": refused("file.empty", b""),
    "only_a_bom": refused("file.empty", b"\xef\xbb\xbf"),
    "only_line_ends": refused("file.empty", b"\n" * 1_000_000),
    "long_line": refused("text.long_line", lambda: HEADER.encode() + b"x" * 40_000_000),
    "open_quote": refused(
        "text.open_quote", lambda: lines('9135,"never closed,1,2020-03\n') + ROW.encode() * 300_000
    ),
    "many_quotes": refused("text.long_line", lambda: HEADER.encode() + b'a,"b"c,"' * 2_000_000),
    "wide": refused("header.too_wide", (",".join(f"c{n}" for n in range(1001)) + "\n").encode()),
    "mixed_encodings": refused(
        "text.encoding", lines(ROW) + "9135,企业,1,2020-03\n".encode("gb18030") + b"\xff\xff\n"
    ),
    "cut_character": refused("text.encoding", lines(ROW)[:-1] + "企".encode()[:2]),
    "random": refused("text.encoding", random.Random(1).randbytes(5000)),
    "renamed_header": refused("header.missing", lines(ROW).replace("月份".encode(), "年月份".encode())),
    "doubled_header": refused("header.twice", b"USCC,Name,Name,Energy,Month\n9135,a,a,1,2020-03\n"),
    "two_titles_of_one": refused("header.twice", "USCC,Name,企业名称,Month\n9135,a,a,2020-03\n".encode()),
    "pdf": refused("file.not_a_table", b"%PDF-1.4 whatever"),
    "windows_program": refused("file.not_a_table", b"MZ\x90\x00" + bytes(2000)),
    "elf": refused("file.not_a_table", b"\x7fELF" + bytes(200)),
    "html": refused("file.not_a_table", b"<!doctype html><html><body>login</body></html>"),
    "svg": refused("file.not_a_table", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    "xml_outside": refused("file.entities", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
    "xml_laughs": refused("file.entities", b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'),
    "zeros": refused("file.not_a_table", bytes(5000)),
    "gzip_bomb": refused("zip.bomb", lambda: gzip.compress(bytes(2**25))),
    "gzip_cut": refused("zip.damaged", gzip.compress(lines(ROW))[:-9]),
    "zip_bomb": refused("zip.bomb", lambda: deflated_zeros(300)),
    "zip_slip": refused("zip.bad_name", zipped(("../../x.csv", lines(ROW)))),
    "zip_absolute": refused("zip.bad_name", zipped(("/etc/passwd", b"x"))),
    "zip_backslash": refused("zip.bad_name", zipped(("..\\..\\x.csv", b"x"))),
    "zip_link": refused("zip.link", zipped(("a.csv", b"/etc/passwd"), link=True)),
    "zip_many": refused("zip.many", lambda: zipped(*((f"{n}.csv", b"x") for n in range(2000)))),
    "zip_very_many": refused("zip.many", lambda: zipped(*((f"{n}.csv", b"") for n in range(30_000)))),
    "zip_nested": refused("zip.nested", zipped(("a.zip", b"PK\x03\x04"))),
    "zip_empty": refused("zip.empty", zipped()),
    "zip_says_less": refused("zip.damaged", lying(10)),
    "zip_says_more": refused("zip.bomb", lying(2**31)),
    "zip_overlapping": refused("zip.overlap", overlapping()),
    "zip_with_a_program": refused("file.not_a_table", zipped(("a.csv", b"MZ\x90\x00"))),
    "zip_cut": refused("zip.damaged", b"PK\x03\x04 and nothing more"),
    "excel_cut": refused("zip.damaged", b"PK\x03\x04....[Content_Types].xml"),
    "excel_97_cut": refused("file.unreadable", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000)),
    "excel_bomb": refused("zip.bomb", lambda: workbook(sheet=texts_row(1, *HEADER.split(",")) + b" " * 2**27)),
    "excel_laughs": refused(
        "file.entities", workbook(doctype=b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>')
    ),
    "excel_deep": refused("file.unreadable", lambda: workbook(sheet=b"<a>" * 5000)),
    "excel_wide": refused("header.too_wide", workbook(sheet=b'<row r="1"><c r="XFD1"><v>1</v></c></row>')),
    "parquet_cut": refused("file.unreadable", b"PAR1 and nothing more"),
    "parquet_bomb": refused("parquet.bomb", lambda: parquet(40_000_000, pa.dictionary(pa.int8(), pa.string()))),
    "json_broken": refused("json.syntax", b'{"USCC": "1", \n'),
    "json_deep": refused("json.syntax", b'{"USCC": ' + b"[" * 60_000),
    "json_long": refused("json.syntax", lambda: b'{"USCC": "' + b"x" * 20_000_000),
    "json_wide": refused(
        "header.too_wide", lambda: b"\n".join(json.dumps({f"c{n}": 1}).encode() for n in range(1002))
    ),
    "arff_sparse": refused("arff.sparse", b"@relation r\n@attribute USCC string\n@data\n{0 1}\n"),
    "arff_long": refused("text.long_line", lambda: b"@relation r\n@data\n" + b"x" * 5_000_000),
}  # fmt: skip


def write(name: str, folder: Path) -> Path:
    """Write the file called `name`."""
    path = folder / f"{name}.csv"
    path.write_bytes(HOSTILE[name].make())
    return path
