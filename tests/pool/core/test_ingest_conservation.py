"""Records in = accepted + rejected, whatever a file holds. The records are counted here by a reader of our own."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tulou.kernel.errors import Refused, Text
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType
from tulou.pool.core.ingest import ingest
from tulou.pool.core.intake.text import encoding_of, pieces
from tulou.pool.core.lake import Lake, Receipt
from tulou.pool.core.rejects import rejected_records

NOW = dt.datetime(2020, 4, 1, 9, tzinfo=dt.UTC)
METERS = Contract(
    dataset="power_meter",
    department="power",
    version="1",
    title=Text(zh="用电", en="Power use"),
    columns=(
        Column("uscc", LogicalType.STRING, Text(zh="代码", en="Code"), required=True, key_role=KeyRole.USCC),
        Column("name", LogicalType.STRING, Text(zh="企业名称", en="Name"), max_length=200),
        Column("energy", LogicalType.NUMBER, Text(zh="用电量", en="Energy"), precision=14, scale=2, unit="kWh"),
        Column("period", LogicalType.PERIOD, Text(zh="月份", en="Month"), required=True),
    ),
    delivery_mode="append",
)
TITLES = ("代码", "企业名称", "用电量", "月份")
NAMES = ("uscc", "name", "energy", "period")
GOOD = ("91350100M0001TES0X", "福州示例科技有限公司", "1234.5", "2020-03")
ENTRIES = (
    *GOOD,
    "",
    " ",
    '"福州, 示例"',
    '"two\nlines"',
    '"two\r\nlines"',
    'a 5" pipe',
    'x "quoted" y',
    '"closed" too early',
    '"never closed',
    '""',
    '"a ""doubled"" mark"',
    "nul\0inside",
    "a\rb",
    "１２３４．５",
    '"1,234.50"',
    "1.005",
    "-0",
    "2020/03",
    "n/a",
    "NULL",
    "=1+1",
    "𠮷",
    "é",
    "x" * 300,
    "\ufeffmark",
    "\u2028",
    "\x0b",
    "\x85",
)
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le")
SPOILS = ("cut", "foreign", "noise", "nuls")


@dataclass(frozen=True)
class Delivery:
    """A generated file: its bytes, and the encoding in which it was meant."""

    content: bytes
    meant: str


def split(text: str, delimiter: str) -> list[str] | None:
    """The records of a text as they stand, told sign by sign; None where a quotation mark is never closed."""
    if "\n" not in text[: 64 * 2**10]:
        text = text.replace("\r", "\n")
    if text and not text.endswith("\n"):
        text += "\n"
    records, begin, at, field_starts = [], 0, 0, True
    while at < len(text):
        sign = text[at]
        if sign == '"' and field_starts:
            close = _closing(text, at, delimiter)
            if close is None:
                return None
            if close >= 0:
                at = close
        if text[at] == "\n":
            if text[begin : at + 1] not in ("\n", "\r\n"):
                records.append(text[begin:at].rstrip("\r"))
            begin = at + 1
        field_starts = text[at] in (delimiter, "\n", "\r")
        at += 1
    return records


def _closing(text: str, opening: int, delimiter: str) -> int | None:
    """Where the field that a mark opens is closed; -1 where the mark is a sign like others, None at the end."""
    at = opening + 1
    while True:
        at = text.find('"', at)
        if at < 0 or at + 1 == len(text):
            return None if at < 0 else at
        if text[at + 1] == '"':
            at += 2
        else:
            return at if text[at + 1] in (delimiter, "\n", "\r") else -1


@st.composite
def headers(draw: st.DrawFn) -> list[str]:
    names = list(draw(st.sampled_from((TITLES, NAMES))))
    dirt = draw(st.sampled_from(("", "", "", "reorder", "rename", "twice", "more", "quote", "wide", "break", "open")))
    if dirt == "reorder":
        return draw(st.permutations(names))
    if dirt == "rename":
        return [*names[:3], "month of the year"]
    if dirt == "twice":
        return [*names, names[1]]
    if dirt == "more":
        return ["note", *names]
    if dirt == "quote":
        return [f'"{name}"' for name in names]
    if dirt == "wide":
        return [*names, *(f"c{number}" for number in range(draw(st.sampled_from((995, 996, 997, 1200)))))]
    if dirt == "break":
        return [names[0], f'"{names[1]}\n"', names[2] + draw(st.sampled_from(("\r", "\0", ""))), names[3]]
    return [*names[:3], f'"{names[3]}'] if dirt == "open" else names


@st.composite
def files(draw: st.DrawFn) -> Delivery:
    delimiter = draw(st.sampled_from(",,;\t|"))
    header = draw(headers())
    good = [
        GOOD[(TITLES if name in TITLES else NAMES).index(name)] if name in TITLES + NAMES else "" for name in header
    ]
    entry = st.sampled_from(ENTRIES)
    row = st.one_of(
        st.just(good),
        st.just(good),
        st.tuples(st.integers(0, max(len(good) - 1, 0)), entry).map(
            lambda found: [*good[: found[0]], found[1], *good[found[0] + 1 :]]
        ),
        st.lists(entry, max_size=6),
        st.just(good[:-1]),
        st.just([*good, "surplus"]),
        st.just(["x" * 70_000]) if draw(st.integers(0, 19)) == 0 else st.just(good),
    )
    rows = draw(st.lists(row, max_size=12))
    ends = draw(st.sampled_from((("\n",), ("\r\n",), ("\r",), ("\n", "\r\n"), ("\n", "\n\n"), ("\r\n", "\r", "\n"))))
    text = "".join(delimiter.join(fields) + draw(st.sampled_from(ends)) for fields in [header, *rows])
    text = draw(st.sampled_from(("", "", "", "\n", "\ufeff", " "))) + text
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    meant = draw(st.sampled_from(ENCODINGS))
    content = text.encode(meant, "replace")
    for spoil in draw(st.lists(st.sampled_from(SPOILS), max_size=1)) if draw(st.integers(0, 3)) == 0 else ():
        place = draw(st.integers(0, len(content)))
        if spoil == "cut":
            content = content[:place]
        elif spoil == "foreign":
            content += "福州市鼓楼区".encode("gb18030" if meant.startswith("utf-8") else "utf-8") + b"\n"
        elif spoil == "noise":
            content = content[:place] + draw(st.binary(max_size=12)) + content[place:]
        else:
            content = content[:place] + bytes(draw(st.integers(1, 3000))) + content[place:]
    return Delivery(content, meant)


@pytest.fixture(scope="module")
def pool() -> Iterator[Lake]:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake.create(Path(folder) / "pool")
        file = Path(folder) / "first.csv"
        file.write_text("\n".join(",".join(fields) for fields in (TITLES, GOOD, GOOD, GOOD)), encoding="utf-8")
        assert ingest(lake, file, METERS, received_at=NOW, delivery_id="first").accepted == 3
        yield lake
        lake.close()


COUNTER = itertools.count()


def accepted(lake: Lake, delivery_id: str) -> list[int]:
    query = f"SELECT _record_no FROM {lake.relation('power_meter')} WHERE _delivery_id = ? ORDER BY 1"
    with duckdb.connect() as connection:
        return [number for (number,) in connection.execute(query, [delivery_id]).fetchall()]


def sent(lake: Lake, content: bytes) -> Receipt:
    number = next(COUNTER)
    file = lake.root.parent / f"{number}.csv"
    file.write_bytes(content)
    return ingest(lake, file, METERS, received_at=NOW, delivery_id=f"d{number}")


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(delivery=files())
@example(delivery=Delivery(b"", "utf-8"))
@example(delivery=Delivery(b"\xef\xbb\xbf", "utf-8"))
@example(delivery=Delivery(b"\xff\xfe", "utf-16"))
@example(delivery=Delivery(b"\n\r\n\n", "utf-8"))
@example(delivery=Delivery("代码,企业名称,用电量,月份".encode(), "utf-8"))
@example(delivery=Delivery("代码,企业\r名称,用电量,月份\n".encode(), "utf-8"))
@example(
    delivery=Delivery(
        b"uscc,name,energy,period\n1,\xe4\xbc\x81\xe4\xb8\x9a,1,2020-03\n2,\xc6\xf3\xd2\xb5,1,2020-03\n", "?"
    )
)
def test_every_record_of_any_file_is_accepted_or_rejected_once(pool: Lake, delivery: Delivery) -> None:
    receipt = sent(pool, delivery.content)
    taken = accepted(pool, receipt.delivery_id)
    assert accepted(pool, "first") == [1, 2, 3]
    assert list((pool.root / "staging").iterdir()) == []
    if receipt.verdict == "refused":
        assert taken == []
        assert (receipt.records_in, receipt.accepted, receipt.rejected) == (0, 0, 0)
        (finding,) = receipt.findings
        assert all((finding.text.zh, finding.text.en, finding.remedy))
        return
    text = delivery.content.decode(receipt.encoding)
    counts = [split(text, sign) for sign in ",;\t|"]
    by_delimiter = [found for found in counts if found is not None and len(found) - 1 == receipt.records_in]
    assert by_delimiter, (receipt.records_in, [len(found) - 1 for found in counts if found])
    assert receipt.records_in == receipt.accepted + receipt.rejected
    assert len(taken) == receipt.accepted
    refused = list(rejected_records(pool, receipt.delivery_id)) if receipt.rejected else []
    numbers = [one.record for one in refused]
    assert sorted([*taken, *numbers]) == list(range(1, receipt.records_in + 1))
    stood = [[found[one.record].replace("\0", "\u2400") for one in refused] for found in by_delimiter]
    assert [one.raw for one in refused] in stood
    for one in refused:
        assert one.failures
        assert all(failure.text.zh and failure.text.en for failure in one.failures)


@settings(max_examples=120)
@given(delivery=files(), size=st.integers(1, 400))
def test_where_a_file_is_cut_into_pieces_makes_no_difference(
    tmp_path_factory: pytest.TempPathFactory, delivery: Delivery, size: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "cut.csv"
    file.write_bytes(delivery.content)
    try:
        encoding = encoding_of(file)
    except Refused:
        return
    expected = split(delivery.content.decode(encoding), ",")
    try:
        found = [piece.raw(index) for piece in pieces(file, encoding, ",", size) for index in range(piece.records)]
    except Refused:
        assert expected is None or max(map(len, expected)) > 64_000
        return
    assert found == expected


def test_text_of_two_encodings_is_refused_even_where_one_of_them_could_read_it_all(pool: Lake) -> None:
    rows = [f"{number},企业,1,2020-03\n".encode() for number in range(20)]
    spoilt = [*rows[:7], "7,企业,1,2020-03\n".encode("gb18030"), *rows[8:]]
    receipt = sent(pool, b"uscc,name,energy,period\n" + b"".join(spoilt))
    assert b"".join(spoilt).decode("gb18030")
    assert receipt.verdict == "refused"
    assert [(finding.code, finding.where.line) for finding in receipt.findings] == [("text.encoding", 9)]


def test_a_short_word_in_gb18030_is_not_taken_for_utf8(pool: Lake) -> None:
    rows = "".join(f"{number},{name},1,2020-03\n" for number, name in enumerate("女女女女男"))
    receipt = sent(pool, ("uscc,name,energy,period\n" + rows).encode("gb18030"))
    assert (receipt.verdict, receipt.encoding, receipt.accepted) == ("accepted", "gb18030", 5)
