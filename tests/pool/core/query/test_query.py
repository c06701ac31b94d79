"""A question reads what it names and says so; everything else is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tulou.kernel.errors import Refused, Text, WrongUse
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType
from tulou.pool.core.ingest import ingest
from tulou.pool.core.lake import Lake
from tulou.pool.core.query import ItemRead, Relation, asked, asking, read_question, write_answer
from tulou.pool.core.query.writing import harmless


class Tables:
    """Two datasets and the profile, as a question sees them."""

    known = (
        Relation(
            "power_monthly",
            {"account_no": "VARCHAR", "bill_month": "DATE", "energy": "DECIMAL(14,2)", "fee": "DECIMAL(14,2)"},
            {"户号": "account_no", "用电量": "energy", "电费": "fee"},
        ),
        Relation(
            "vat_return",
            {"uscc": "VARCHAR", "quarter": "DATE", "sales": "DECIMAL(14,2)", "fee": "DECIMAL(14,2)"},
            {"电费": "sales", "费用": "fee"},
        ),
        Relation(
            "profile.enterprise", {"enterprise_id": "VARCHAR", "uscc": "VARCHAR", "power_monthly__energy": "DOUBLE"}
        ),
    )

    def find(self, written: str) -> Relation | None:
        names = {relation.name: relation for relation in self.known} | {"月度用电": self.known[0]}
        return names.get(written.lower())


READS = [
    ("select energy from power_monthly", ["power_monthly.energy"]),
    ("SELECT Power_Monthly.ENERGY FROM POWER_MONTHLY", ["power_monthly.energy"]),
    ("select count(*) from power_monthly", []),
    ("select * exclude (fee, bill_month) from power_monthly", ["power_monthly.account_no", "power_monthly.energy"]),
    ('select "用电量" from "月度用电" where "户号" = \'1\'', ["power_monthly.account_no", "power_monthly.energy"]),
    ('select m."用电量" / 2 as half from "月度用电" m order by half', ["power_monthly.energy"]),
    (
        "select sum(energy) from power_monthly group by bill_month having max(fee) > 1",
        ["power_monthly.bill_month", "power_monthly.energy", "power_monthly.fee"],
    ),
    (
        "select uscc from profile.enterprise e where exists (select 1 from vat_return v where v.uscc = e.uscc)",
        ["profile.enterprise.uscc", "vat_return.uscc"],
    ),
    ("with x as (select energy as e from power_monthly) select max(e) from x", ["power_monthly.energy"]),
    (
        "with power_monthly as (select sales as energy from vat_return) select energy from power_monthly",
        ["vat_return.sales"],
    ),
    (
        "select (select max(sales) from vat_return v where v.uscc = p.account_no) from power_monthly p",
        ["power_monthly.account_no", "vat_return.sales", "vat_return.uscc"],
    ),
    (
        "select energy from power_monthly union all select sales from vat_return order by 1",
        ["power_monthly.energy", "vat_return.sales"],
    ),
    (
        "select energy from power_monthly qualify row_number() over (partition by account_no order by bill_month) = 1",
        ["power_monthly.account_no", "power_monthly.bill_month", "power_monthly.energy"],
    ),
    (
        "select p.energy, v.sales from power_monthly p left join vat_return v on v.quarter = p.bill_month",
        ["power_monthly.bill_month", "power_monthly.energy", "vat_return.quarter", "vat_return.sales"],
    ),
]

REFUSED = {
    "query.not_allowed": [
        "copy power_monthly to 'x.csv'",
        "pragma show_tables",
        "attach 'x.db'",
        "install httpfs",
        "set threads = 1",
        "drop table power_monthly",
        "insert into power_monthly values (1)",
        "create table x as select 1",
        "describe power_monthly",
        "summarize power_monthly",
        "values (1)",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('*')",
        "select * from range(10)",
        "select unnest([1, 2])",
        "select columns('e.*') from power_monthly",
        "select t from power_monthly t",
        "select power_monthly from power_monthly",
        "select list(energy) from power_monthly",
        "select struct_pack(*) from power_monthly",
        "select row(power_monthly.*) from power_monthly",
        "select getenv('HOME')",
        "select current_setting('temp_directory')",
        "select repeat('x', 1000000000)",
        "select $1 from power_monthly",
        "select #1 from power_monthly",
        "select x.energy from power_monthly x, lateral (select 1) y",
        "select energy from power_monthly natural join vat_return",
        "select energy from power_monthly asof join vat_return on bill_month >= quarter",
        "select energy from power_monthly using sample 5",
        "with recursive x as (select 1 as a union all select a + 1 from x) select a from x",
        "select (with sqlite_master as (select 1 as a) select a from sqlite_master), count(*) from sqlite_master",
        'select (with "profile.enterprise" as (select 1 as a) select a from "profile.enterprise"), '
        '(select count(*) from "other"."profile.enterprise".x)',
        "select energy.fee from power_monthly",
        "select energy from system.main.power_monthly",
        "select random() from power_monthly",
        "selec energy",
    ],
    "query.unknown_table": [
        "select * from nothing",
        "select * from 'file.parquet'",
        "select * from information_schema.tables",
        'with "information_schema.tables" as (select 1 as a) select count(*) from information_schema.tables',
    ],
    "query.unknown_column": [
        "select nothing from power_monthly",
        "select rowid from power_monthly",
        "select fee from power_monthly join vat_return on bill_month = quarter",
    ],
    "query.ambiguous_title": ['select "电费" from power_monthly, profile.enterprise, vat_return'],
    "query.one_statement": ["select 1; select 2", "", "-- nothing"],
    "query.syntax": ["select from where", "select 'open"],
}


@pytest.mark.parametrize(("sql", "items"), READS)
def test_a_question_says_exactly_what_it_reads(sql: str, items: list[str]) -> None:
    question = read_question(sql, Tables())
    assert [f"{item.dataset}.{item.column}" for item in question.items] == items


@pytest.mark.parametrize(("code", "sql"), [(code, sql) for code, texts in REFUSED.items() for sql in texts])
def test_what_is_not_one_plain_select_is_refused(code: str, sql: str) -> None:
    with pytest.raises(Refused) as refused:
        read_question(sql, Tables())
    assert refused.value.finding.code == code
    assert refused.value.finding.text.zh != refused.value.finding.text.en


def test_a_title_of_different_columns_is_refused_and_one_of_the_same_is_not() -> None:
    question = read_question('select v."费用" from vat_return v', Tables())
    assert question.items == (ItemRead("vat_return", "fee"),)
    assert 'AS "费用"' in question.sql


TITLE = Text(zh="月度用电", en="Monthly power use")
POWER = Contract(
    "power_monthly",
    "power",
    "1",
    TITLE,
    (
        Column("account_no", LogicalType.STRING, Text(zh="户号", en="account"), key_role=KeyRole.LOCAL_ID),
        Column("bill_month", LogicalType.PERIOD, Text(zh="账期", en="month")),
        Column(
            "energy",
            LogicalType.NUMBER,
            Text(zh="用电量", en="Energy"),
            item_code="03-0002-0003",
            precision=14,
            scale=2,
        ),
        Column("note", LogicalType.STRING, Text(zh="备注", en="note")),
    ),
    grain="enterprise-month",
    primary_key=("account_no", "bill_month"),
    period_column="bill_month",
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("asked")
    lake = Lake.create(folder / "pool")
    for month, received in (("2024-01", dt.date(2024, 2, 5)), ("2024-02", dt.date(2024, 3, 5))):
        path = folder / f"{month}.csv"
        path.write_text(f"account_no,bill_month,energy,note\nA,{month},10.50,=1+1\nB,{month},20,-3 kW\n", "utf-8")
        ingest(lake, path, POWER, received_at=dt.datetime.combine(received, dt.time(8), dt.UTC))
    firms = {"enterprise_id": ["e0"], "uscc": ["91"], "power_monthly__energy__sum12": [61.0], "power_monthly__x": [1]}
    lake.write_derived("profile.enterprise", pa.table(firms), operation="replace")
    return lake


def answered(lake: Lake, sql: str, **how: object) -> list[dict[str, object]]:
    with asked(lake, sql, **how) as answer:  # type: ignore[arg-type]
        rows: list[dict[str, object]] = answer.rows.read_all().to_pylist()
        return rows


def test_a_question_is_answered_under_the_names_of_the_catalogue(lake: Lake) -> None:
    with asked(lake, 'select "户号", sum("用电量") as total from "月度用电" group by 1 order by 1') as answer:
        assert answer.rows.read_all().to_pylist() == [
            {"户号": "A", "total": Decimal("21.00")},
            {"户号": "B", "total": Decimal("40.00")},
        ]
        assert [(item.column, item.item, item.department) for item in answer.items] == [
            ("account_no", None, "power"),
            ("energy", "03-0002-0003", "power"),
        ]
    english = answered(lake, 'select max("Energy") from "Monthly power use"')
    assert list(english[0].values()) == [Decimal("20.00")]


def test_a_question_can_be_asked_as_of_a_day(lake: Lake) -> None:
    count = "select count(*) as n from power_monthly"
    assert answered(lake, count) == [{"n": 4}]
    assert answered(lake, count, as_of=dt.date(2024, 2, 29)) == [{"n": 2}]
    assert answered(lake, count, as_of=dt.date(2024, 1, 1)) == [{"n": 0}]


def test_columns_of_the_profile_name_the_item_behind_them(lake: Lake) -> None:
    with asked(lake, "select uscc, power_monthly__energy__sum12, power_monthly__x from profile.enterprise") as answer:
        assert {item.column: item.item for item in answer.items} == {
            "power_monthly__energy__sum12": "03-0002-0003",
            "power_monthly__x": None,
            "uscc": None,
        }
    with asked(lake, "select _delivery_id from power_monthly") as answer:
        assert [(item.item, item.department) for item in answer.items] == [(None, "power")]


def test_the_engine_reads_no_file_but_those_of_the_question(lake: Lake, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", "utf-8")
    files = {"power_monthly": lake.plan("power_monthly")}
    with asking._shut_in(files, tmp_path, "200MB") as connection:
        assert connection.execute("select count(*) from power_monthly").fetchone() == (4,)
        for statement in (
            f"select * from read_csv('{secret}')",
            f"copy (select 1) to '{tmp_path}/out.csv'",
            "set enable_external_access = true",
            "load httpfs",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement).fetchall()
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("sql", "code", "how"),
    [
        ("select cast(note as integer) from power_monthly", "query.failed", {}),
        (
            "select count(*) from " + ", ".join(f"power_monthly p{i}" for i in range(20)) + " where "
            + " + ".join(f"p{i}.energy" for i in range(20)) + " < 3",
            "query.too_long",
            {"seconds": 0.2},
        ),
    ],
)  # fmt: skip
def test_a_question_that_does_not_run_says_why(lake: Lake, sql: str, code: str, how: dict[str, object]) -> None:
    with pytest.raises(Refused) as refused:
        answered(lake, sql, **how)
    assert refused.value.finding.code == code


def test_a_question_that_needs_too_much_memory_is_stopped(lake: Lake) -> None:
    crossed = ", ".join(f"power_monthly p{i}" for i in range(10))
    sql = f"select p0.note, p1.note as n1, p2.energy from {crossed} order by p9.note, p8.energy, p7.note"
    with pytest.raises(Refused) as refused:
        answered(lake, sql, memory="20MB", seconds=30)
    assert refused.value.finding.code in {"query.too_big", "query.too_long"}


@pytest.fixture
def reader() -> pa.RecordBatchReader:
    table = pa.table(
        {
            "=name": ["=cmd()", "+1", "-3 kW", "@x", "好"],
            "amount": pa.array([Decimal("-1.50"), None, Decimal("2.00"), None, None], pa.decimal128(14, 2)),
            "day": [dt.date(2024, 1, 1)] * 5,
            "seen": pa.array([dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * 5, pa.timestamp("us", "Asia/Shanghai")),
        }
    )
    return table.to_reader(max_chunksize=2)


def test_no_cell_of_a_csv_file_runs_as_a_formula(reader: pa.RecordBatchReader, tmp_path: Path) -> None:
    assert write_answer(reader, tmp_path / "a.csv") == 5
    lines = (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "'=name,amount,day,seen"
    assert lines[1] == "'=cmd(),-1.50,2024-01-01,2024-01-01 08:00:00+08:00"
    assert [line.split(",")[0] for line in lines[2:]] == ["'+1", "'-3 kW", "'@x", "好"]


def test_no_cell_of_an_excel_file_runs_as_a_formula(reader: pa.RecordBatchReader, tmp_path: Path) -> None:
    assert write_answer(reader, tmp_path / "a.xlsx") == 5
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "'=name"
    name, amount, day, seen = rows[1]
    assert (name, amount) == ("'=cmd()", -1.5)
    assert (str(day), str(seen)) == ("2024-01-01 00:00:00", "2024-01-01 08:00:00")
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_parquet_file_holds_the_values_as_they_are(reader: pa.RecordBatchReader, tmp_path: Path) -> None:
    assert write_answer(reader, tmp_path / "a.parquet") == 5
    assert pq.read_table(tmp_path / "a.parquet")["=name"].to_pylist()[0] == "=cmd()"


def test_a_file_that_cannot_be_written_is_not_left_behind(
    reader: pa.RecordBatchReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WrongUse, match=r"query\.format"):
        write_answer(reader, tmp_path / "a.doc")
    monkeypatch.setattr("tulou.pool.core.query.writing.EXCEL_ROWS", 4)
    with pytest.raises(Refused, match=r"query\.too_many_rows"):
        write_answer(reader, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []
    assert harmless("\t=x") == "'\t=x"
