"""Workbooks, JSON lines, ARFF and Parquet become the same text tables, each record with the line that it stands on."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.pool.core.hostile_files import HOSTILE, texts_row, workbook, zipped

from tulou.kernel.errors import Refused
from tulou.pool.core.intake import Opened, open_sources

Opener = Callable[..., Opened]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    def of(name: str, content: bytes, **options: object) -> Opened:
        file, work = tmp_path / name, tmp_path / "work"
        file.write_bytes(content)
        work.mkdir()
        return open_sources(file, work, **options)  # type: ignore[arg-type]

    return of


def records(found: Opened) -> list[tuple[int, str]]:
    """The records of the only table, with their lines."""
    (source,) = found.sources
    told = []
    for piece in source.pieces():
        lines = piece.lines(pa.array(range(piece.records)).to_numpy(zero_copy_only=False).astype("int64"))
        told += [(int(line), piece.raw(index)) for index, line in enumerate(lines)]
    return told


def book(tmp_path: Path, fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    made, path = openpyxl.Workbook(), tmp_path / "made.xlsx"
    fill(made)
    made.save(path)
    return path.read_bytes()


def test_a_sheet_gives_what_people_see_in_it(tmp_path: Path, opened: Opener) -> None:
    def fill(made: openpyxl.Workbook) -> None:
        page = made.worksheets[0]
        page.append(["2020 年报表"])
        page.append([])
        page.append(["name", "day", "at", "clock", "number", "flag", "note"])
        page.append(
            [
                "甲",
                dt.date(2020, 3, 1),
                dt.datetime.fromisoformat("2020-03-01T08:30"),
                dt.time(8, 30),
                44531.27,
                True,
                "a\nb",
            ]
        )
        page.append([None] * 7)
        page.append(["乙", None, None, None, 1e-7, False, "=1+1"])

    found = opened("a.xlsx", book(tmp_path, fill))
    assert found.sources[0].header == ("name", "day", "at", "clock", "number", "flag", "note")
    assert records(found) == [
        (4, '甲,2020-03-01,2020-03-01 08:30:00,08:30:00,44531.27,true,"a\nb"'),
        (6, "乙,,,,0.0000001,false,"),
    ]


def test_of_several_sheets_the_one_that_fits_is_meant_and_the_others_are_named(tmp_path: Path, opened: Opener) -> None:
    def fill(made: openpyxl.Workbook) -> None:
        for name, head in (("notes", "x"), ("data", "code"), ("more", "code")):
            page = made.create_sheet(name)
            page.append([head, "value"])
            page.append(["1", "2"])
        made.remove(made.worksheets[0])

    content = book(tmp_path, fill)
    with pytest.raises(Refused) as several:
        opened("a.xlsx", content, fits=lambda header: "code" in header)
    assert several.value.finding.code == "excel.several_sheets"
    for wished, names in (("more", ["more"]), ("*", ["data", "more"])):
        work = tmp_path / f"work-{names[0]}"
        work.mkdir()
        found = open_sources(tmp_path / "a.xlsx", work, fits=lambda header: "code" in header, sheet=wished)
        assert [source.name for source in found.sources] == [f"a.xlsx [{name}]" for name in names]
        assert len(found.findings) == 3 - len(names)
    work = tmp_path / "none"
    work.mkdir()
    with pytest.raises(Refused) as missing:
        open_sources(tmp_path / "a.xlsx", work, sheet="other")
    assert missing.value.finding.code == "excel.no_sheet"


def test_shared_texts_are_read_without_their_readings(opened: Opener) -> None:
    strings = "<si><t>代码</t></si><si><r><t>福</t></r><r><t>州</t></r><rPh sb='0' eb='1'><t>fu</t></rPh></si>".encode()
    cells = (
        b'<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c><v>1</v></c><c t="b"><v>1</v></c></row>'
    )
    found = opened("a.xlsx", workbook(sheet=cells, strings=strings))
    assert found.sources[0].header == ("代码", "福州")
    assert records(found) == [(2, "1,true")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (workbook(sheet=b'<row r="1"><c t="s"><v>9</v></c></row>'), "file.unreadable"),
        (workbook(sheet=texts_row(1, "x" * 300_000)), "file.unreadable"),
        (workbook(), "file.empty"),
        (zipped(("xl/workbook.bin", b"x")), "file.not_a_table"),
        (zipped(("mimetype", b"x"), ("content.xml", b"x")), "file.not_a_table"),
        (zipped(("[Content_Types].xml", b"x"), ("word/document.xml", b"x")), "file.not_a_table"),
        (zipped(("a.csv", b"a,b\n"), ("A.CSV", b"a,b\n")), "zip.twice"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "zip.nested"),
        (b'[{"a": 1}, 2]', "json.not_an_object"),
        (b'[{"a": 1}', "json.syntax"),
        (b'[{"a": 1}] x', "json.syntax"),
        (b'{"a": 1, "a": 2}', "json.syntax"),
        (b'{"a": "\\ud800"}', "json.syntax"),
        (b"@relation r\n@attribute a string\n@data\n'open\n", "arff.syntax"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)  # fmt: skip
def test_what_cannot_be_read_is_said(opened: Opener, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        opened("a.dat", content)
    assert refusal.value.finding.code == code
    assert refusal.value.finding.remedy is not None


def test_json_keeps_every_name_and_every_digit(opened: Opener) -> None:
    rows = [{"a": "x", "b": 1}, {"a": None, "c": [1, {"d": "福"}]}, {"b": True}]
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows).replace(": 1}", ": 12345678901234567890.10}")
    found = opened("a.json", f"[{text}]\n".encode())
    assert found.sources[0].header == ("a", "b", "c")
    assert records(found) == [
        (1, "x,12345678901234567890.10,"),
        (2, ',,"[""1"", {""d"": ""福""}]"'),
        (3, ",true,"),
    ]


def test_arff_gives_names_empty_fields_and_lines(opened: Opener) -> None:
    text = "% about\n@relation r\n@attribute 'the name' string\n@attribute b {x, y}\n\n@DATA\n'it\\'s', x\n% no\n?,y\n"
    found = opened("a.arff", text.encode())
    assert found.sources[0].header == ("the name", "b")
    assert records(found) == [(7, "it's,x"), (9, ",y")]


def test_parquet_gives_days_as_days(tmp_path: Path, opened: Opener) -> None:
    moments = [dt.datetime.fromisoformat("2020-03-01T00:00"), dt.datetime.fromisoformat("2020-03-01T08:30"), None]
    pq.write_table(pa.table({"at": pa.array(moments, pa.timestamp("us")), "n": [1, 2, 3]}), tmp_path / "made")
    found = opened("a.parquet", (tmp_path / "made").read_bytes())
    assert records(found) == [(1, "2020-03-01,1"), (2, "2020-03-01 08:30:00,2"), (3, ",3")]


def _records_in(found: Opened) -> int:
    return sum(piece.records for source in found.sources for piece in source.pieces())


AT_ONCE = sorted(name for name, one in HOSTILE.items() if one.refused and not one.codes <= {"header.missing"})
COUNTED = sorted(name for name, one in HOSTILE.items() if not one.refused)


@pytest.mark.parametrize("name", sorted({*AT_ONCE} - {"parquet_bomb", "two_titles_of_one"}))
def test_a_hostile_file_is_refused_when_it_is_opened_or_its_records_are_counted(opened: Opener, name: str) -> None:
    with pytest.raises(Refused) as refusal:
        _records_in(opened(f"{name}.csv", HOSTILE[name].make()))
    assert {refusal.value.finding.code} == HOSTILE[name].codes


@pytest.mark.parametrize("name", COUNTED)
def test_the_records_of_an_odd_file_are_counted_before_any_is_judged(opened: Opener, name: str) -> None:
    hostile = HOSTILE[name]
    assert _records_in(opened(f"{name}.csv", hostile.make())) == hostile.accepted + hostile.rejected
