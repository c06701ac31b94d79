"""A small pool: a register, monthly power bills of several accounts, quarterly tax returns and court cases."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from tulou.kernel.errors import Text
from tulou.kernel.uscc import make_uscc
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType
from tulou.pool.core.identity import ENTERPRISE, ENTITY_TABLES, LINK, subject_key_sql
from tulou.pool.core.ingest import ingest
from tulou.pool.core.lake import Lake

USCCS = [make_uscc("9", "1", "350203", f"MA{i:06d}") for i in range(6)]
NAMES = [
    "厦门海沧电子有限公司",
    "福州鼓楼茶业有限公司",
    "泉州鞋业有限公司",
    "=泉州2号有限公司",
    "莆田木业有限公司",
    "旧名有限公司",
]


def text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def number(name: str, zh: str, unit: str | None, code: str, **more: Any) -> Column:
    settings = {"precision": 14, "scale": 2} | more
    return Column(name, LogicalType.NUMBER, text(zh, name), item_code=code, unit=unit, **settings)


def string(name: str, zh: str, role: KeyRole = KeyRole.NONE) -> Column:
    return Column(name, LogicalType.STRING, text(zh, name), key_role=role)


REGISTER = Contract(
    "market_register",
    "market",
    "1",
    text("市场主体登记", "Register of market entities"),
    (
        string("uscc", "统一社会信用代码", KeyRole.USCC),
        string("entity_name", "名称", KeyRole.NAME),
        string("industry_code", "行业代码"),
        number("capital", "注册资本", "10*4.CNY", "02-0001-0004"),
        Column("established_on", LogicalType.DATE, text("成立日期", "established"), key_role=KeyRole.ESTABLISHED),
        Column("exporter", LogicalType.BOOLEAN, text("是否出口", "exporter")),
    ),
    primary_key=("uscc",),
)
POWER = Contract(
    "power_monthly",
    "power",
    "1",
    text("月度用电", "Monthly power use"),
    (
        string("account_no", "户号", KeyRole.LOCAL_ID),
        Column("bill_month", LogicalType.PERIOD, text("账期", "billing month")),
        number("energy", "用电量", "kW.h", "03-0002-0003"),
        number("fee", "电费", "CNY", "03-0002-0004"),
        number("load_rate", "负荷率", "%", "03-0002-0005", precision=None, scale=None),
        Column("meters", LogicalType.INTEGER, text("表计数", "meters"), unit="{count}"),
    ),
    grain="enterprise-month",
    primary_key=("account_no", "bill_month"),
    period_column="bill_month",
)
CUSTOMERS = Contract(
    "power_customer",
    "power",
    "1",
    text("用电户", "Power customers"),
    (
        string("account_no", "户号", KeyRole.LOCAL_ID),
        number("capacity", "受电容量", "kV.A", "03-0001-0003"),
        string("voltage", "电压等级"),
    ),
    primary_key=("account_no",),
)
RETURNS = Contract(
    "vat_return",
    "tax",
    "1",
    text("增值税申报", "VAT returns"),
    (
        string("uscc", "统一社会信用代码", KeyRole.USCC),
        Column("quarter", LogicalType.PERIOD, text("所属期", "quarter")),
        number("sales", "销售额", "CNY", "01-0002-0003"),
        number("margin", "毛利率", "%", "01-0002-0004"),
    ),
    grain="enterprise-quarter",
    primary_key=("uscc", "quarter"),
    period_column="quarter",
)
CASES = Contract(
    "court_case",
    "courts",
    "1",
    text("涉诉案件", "Court cases"),
    (
        string("case_no", "案号"),
        string("party_name", "当事人", KeyRole.NAME),
        Column("filed_on", LogicalType.DATE, text("立案日期", "filed on")),
        number("amount", "标的额", "CNY", "11-0001-0004"),
    ),
    grain="event",
    primary_key=("case_no",),
    delivery_mode="append",
)
YEARS = Contract(
    "annual_report",
    "market",
    "1",
    text("年度报告", "Annual reports"),
    (
        string("uscc", "统一社会信用代码", KeyRole.USCC),
        Column("report_year", LogicalType.INTEGER, text("年度", "year")),
        Column("staff", LogicalType.INTEGER, text("从业人数", "staff"), unit="{person}"),
    ),
    grain="enterprise-year",
    primary_key=("uscc", "report_year"),
    period_column="report_year",
)
CONTRACTS = (REGISTER, POWER, CUSTOMERS, RETURNS, CASES, YEARS)


def deliver(lake: Lake, contract: Contract, rows: Sequence[Sequence[Any]], received: dt.date, folder: Path) -> None:
    """Pool rows as a CSV file received on a day."""
    path = folder / f"{contract.dataset}-{received}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in contract.columns])
        writer.writerows(rows)
    moment = dt.datetime.combine(received, dt.time(9), dt.timezone(dt.timedelta(hours=8)))
    receipt = ingest(lake, path, contract, received_at=moment, delivery_id=f"{contract.dataset}/{received}")
    assert receipt.rejected == 0, receipt.findings


def months(first: str, count: int) -> list[str]:
    year, month = int(first[:4]), int(first[5:])
    return [f"{year + (month - 1 + i) // 12}-{(month - 1 + i) % 12 + 1:02}" for i in range(count)]


def identify(lake: Lake, links: dict[tuple[str, str], str], retired: dict[str, str] | None = None) -> None:
    """Write the tables of identity: firm e<i> for USCCS[i], and the given links of (dataset, subject key)."""
    now = dt.datetime(2024, 7, 1, tzinfo=dt.UTC)
    firms = [
        {
            "enterprise_id": f"e{i}",
            "uscc": uscc,
            "org_code": uscc[8:17],
            "name": NAMES[i],
            "region": "350203",
            "address": None,
            "established": dt.date(2015, 1, 1 + i),
            "retired_into": (retired or {}).get(f"e{i}"),
            "created_at": now,
            "changed_at": now,
        }
        for i, uscc in enumerate(USCCS)
    ]
    rows = [
        {"dataset": d, "subject_key": k, "enterprise_id": e, "rung": "uscc", "probability": 1.0, "resolved_at": now}
        for (d, k), e in links.items()
    ]
    for name, records in ((ENTERPRISE, firms), (LINK, rows)):
        lake.write_derived(name, pa.Table.from_pylist(records, schema=arrow_schema(name)), operation="replace")


def arrow_schema(name: str) -> pa.Schema:
    kinds = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
        "DOUBLE": pa.float64(),
    }
    return pa.schema([(column, kinds[kind]) for column, kind in ENTITY_TABLES[name].items()])


def subject_keys(lake: Lake, contract: Contract, column: str) -> dict[Any, str]:
    """The subject key by the value of a column."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT DISTINCT {column}, {subject_key_sql(contract)} FROM {lake.relation(contract.dataset)}"
        ).fetchall()
    return dict(rows)


QUARTERS = months("2022-07", 24)[::3]


def power_rows(i: int, month: str) -> list[tuple[Any, ...]]:
    """The bills of month `i`: two accounts of the first firm, from the second year on one of the second firm."""
    rows: list[tuple[Any, ...]] = [("A0", month, 100 + i, 60, 0.1, 1), ("A1", month, 10, 6, 0.7, 2)]
    return [*rows, ("B0", month, 7, 4.2, 0.125, 1)] if i >= 12 else rows


def fill(lake: Lake, folder: Path) -> None:
    """Deliver two years of four departments, in the order of receipt, with a correction and a late account."""
    register = [
        (u, n, "C3982", 100 + i, f"2015-01-0{i + 1}", "true") for i, (u, n) in enumerate(zip(USCCS, NAMES, strict=True))
    ]
    deliver(lake, REGISTER, register, dt.date(2022, 6, 1), folder)
    customers = [("A0", 500, "10kV"), ("A1", 80, "0.4kV"), ("B0", 30, "0.4kV")]
    deliver(lake, CUSTOMERS, customers, dt.date(2022, 8, 1), folder)
    power = {month: power_rows(i, month) for i, month in enumerate(months("2022-07", 24))}
    for last, received in (
        ("2022-07", dt.date(2022, 8, 10)),
        ("2023-12", dt.date(2024, 1, 10)),
        ("2024-04", dt.date(2024, 5, 10)),
        ("2024-05", dt.date(2024, 6, 10)),
        ("2024-06", dt.date(2024, 7, 10)),
    ):
        due = [month for month in power if month <= last]
        deliver(lake, POWER, [row for month in due for row in power.pop(month)], received, folder)
    returns = {q: [(USCCS[0], q, 1000 * (i + 1), 20), (USCCS[5], q, 500, 10)] for i, q in enumerate(QUARTERS)}
    for last, received in (
        ("2023-07", dt.date(2023, 10, 18)),
        ("2023-10", dt.date(2024, 1, 18)),
        ("2024-04", dt.date(2024, 7, 19)),
    ):
        due = [quarter for quarter in returns if quarter <= last]
        deliver(lake, RETURNS, [row for quarter in due for row in returns.pop(quarter)], received, folder)
    deliver(lake, RETURNS, [(USCCS[0], "2024-01", 4321, 21)], dt.date(2024, 7, 20), folder)
    cases = [("c1", NAMES[0], "2023-02-01", 5), ("c2", NAMES[0], "2024-03-01", 50), ("c3", "陌生公司", "2024-03-02", 9)]
    deliver(lake, CASES, cases, dt.date(2024, 4, 1), folder)
    deliver(lake, YEARS, [(USCCS[1], 2022, 30), (USCCS[1], 2023, 33)], dt.date(2024, 6, 1), folder)


def link_all(lake: Lake) -> None:
    """Tie every subject to its firm; USCCS[5] is an old code of firm e0, retired into it."""
    links = {("market_register", f"uscc:{uscc}"): f"e{i}" for i, uscc in enumerate(USCCS)}
    accounts = {"A0": "e0", "A1": "e0", "B0": "e1"}
    for dataset in ("power_monthly", "power_customer"):
        links |= {(dataset, f"loc:{account}"): firm for account, firm in accounts.items()}
    links |= {("vat_return", f"uscc:{USCCS[i]}"): f"e{i}" for i in (0, 5)}
    links |= {("annual_report", f"uscc:{USCCS[1]}"): "e1"}
    cases = subject_keys(lake, CASES, "party_name")
    links |= {("court_case", cases[NAMES[0]]): "e0"}
    identify(lake, links, retired={"e5": "e0"})


@pytest.fixture(scope="session")
def small_pool(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The pool, resolved; tests build its profile as of one date and change nothing else."""
    return made(tmp_path_factory.mktemp("small"))


@pytest.fixture
def filled_pool(tmp_path: Path) -> Lake:
    """A pool like it, to write to."""
    return made(tmp_path)


def made(folder: Path) -> Lake:
    lake = Lake.create(folder / "pool")
    files = folder / "files"
    files.mkdir()
    fill(lake, files)
    link_all(lake)
    return lake
