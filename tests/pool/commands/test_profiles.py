"""`tulou pool build-profiles`, `profile` and `query`, as a user runs them."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from tulou.kernel.errors import Text
from tulou.kernel.uscc import make_uscc
from tulou.pool.cli import app
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType
from tulou.pool.core.identity import ENTERPRISE, LINK
from tulou.pool.core.ingest import ingest
from tulou.pool.core.lake import Lake

USCC = make_uscc("9", "1", "350203", "MA000001")
NAME = "=厦门电子有限公司"
RETURNS = Contract(
    "vat_return",
    "tax",
    "1",
    Text(zh="增值税申报", en="VAT returns"),
    (
        Column("uscc", LogicalType.STRING, Text(zh="统一社会信用代码", en="USCC"), key_role=KeyRole.USCC),
        Column("name", LogicalType.STRING, Text(zh="名称", en="Name"), key_role=KeyRole.NAME),
        Column("month", LogicalType.PERIOD, Text(zh="所属期", en="Month")),
        Column(
            "sales",
            LogicalType.NUMBER,
            Text(zh="销售额", en="Sales"),
            precision=14,
            scale=2,
            unit="CNY",
            item_code="01-1",
        ),
        Column("paid", LogicalType.BOOLEAN, Text(zh="已缴", en="Paid")),
        Column("rate", LogicalType.NUMBER, Text(zh="税率", en="Rate"), unit="%"),
    ),
    grain="enterprise-month",
    primary_key=("uscc", "month"),
    period_column="month",
)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    lake = Lake.create(folder / "pool")
    for month, received in (("2024-01", dt.date(2024, 2, 5)), ("2024-02", dt.date(2024, 3, 5))):
        path = folder / f"{month}.csv"
        path.write_text(f"uscc,name,month,sales,paid,rate\n{USCC},{NAME},{month},1234.50,true,0.13\n", "utf-8")
        moment = dt.datetime.combine(received, dt.time(8), dt.UTC)
        ingest(lake, path, RETURNS, received_at=moment, delivery_id=f"tax/{month}")
    now = pa.scalar(dt.datetime(2024, 4, 1, tzinfo=dt.UTC), pa.timestamp("us", "UTC"))
    firm: dict[str, Any] = {
        "enterprise_id": "e1",
        "uscc": USCC,
        "org_code": USCC[8:17],
        "name": NAME,
        "region": "350203",
    }
    firm |= {"established": dt.date(2015, 1, 1), "created_at": now.as_py(), "changed_at": now.as_py()}
    table = pa.Table.from_pylist([firm]).append_column("retired_into", pa.nulls(1, pa.string()))
    lake.write_derived(ENTERPRISE, table, operation="replace")
    link = {"dataset": "vat_return", "subject_key": f"uscc:{USCC}", "enterprise_id": "e1", "rung": "uscc"}
    lake.write_derived(LINK, pa.Table.from_pylist([link]), operation="replace")
    return lake.root


def run(*arguments: str, code: int = 0, language: str = "en") -> str:
    found = CliRunner().invoke(app, list(arguments), env={"TULOU_LANG": language, "COLUMNS": "200"})
    assert found.exit_code == code, found.output
    return str(found.output)


def test_a_record_is_shown_before_and_after_the_profiles_are_built(pool: Path) -> None:
    before = run("profile", USCC, "--pool", str(pool))
    assert "Sales" in before
    built = run("build-profiles", "--pool", str(pool), "--as-of", "2024-03-31")
    assert "2024-03-31" in built
    shown = run("profile", NAME, "--pool", str(pool), language="zh")
    for word in (
        NAME,
        USCC,
        "截至 2024-03-31",
        "思明区",
        "税务",
        "1,234.50",
        "2,469.00",
        "tax/2024-02",
        "2024-03-05",
        "是",
    ):
        assert word in shown
    earlier = run("profile", "e1", "--pool", str(pool), "--as-of", "2024-02-29")
    assert "tax/2024-01" in earlier
    assert "Nothing is known." in run("profile", "e1", "--pool", str(pool), "--dataset", "other")


def test_a_record_is_one_json_document_for_machines(pool: Path) -> None:
    body = json.loads(run("profile", "e1", "--pool", str(pool), "--as-of", "2024-03-31", "--json"))
    assert body["firm"]["uscc"] == USCC
    (sales,) = [v for v in body["values"] if v["column"] == "sales" and v["kind"] == "latest"]
    assert sales["value"] == "1234.50"
    assert {name: sales[name] for name in ("department", "dataset", "item", "period", "delivery_id")} == {
        "department": "tax",
        "dataset": "vat_return",
        "item": "01-1",
        "period": "2024-02-01",
        "delivery_id": "tax/2024-02",
    }


def test_building_answers_in_json_and_refuses_what_it_does_not_know(pool: Path) -> None:
    body = json.loads(
        run("build-profiles", "--pool", str(pool), "--as-of", "2024-02-29", "--features", "latest", "--json")
    )
    assert (body["firms"], body["datasets"], body["as_of"]) == (1, 1, "2024-02-29")
    assert "sum99" in run("build-profiles", "--pool", str(pool), "--features", "sum99", code=2)
    assert "option.date" in run("build-profiles", "--pool", str(pool), "--as-of", "yesterday", code=2)
    assert (
        json.loads(run("profile", "nobody", "--pool", str(pool), "--json", code=1))["error"]["code"]
        == "profile.unknown"
    )


def test_a_question_prints_rows_and_the_items_that_it_reads(pool: Path) -> None:
    shown = run(
        "query",
        'select "销售额", paid, rate from "增值税申报" order by month',
        "--pool",
        str(pool),
        "--limit",
        "1",
        language="zh",
    )
    for word in ("1,234.50", "vat_return.sales", "01-1", "只显示前 1 行", "0.13"):
        assert word in shown
    body = json.loads(run("query", "select count(*) as n from vat_return", "--pool", str(pool), "--json"))
    assert body["rows"] == [{"n": 2}]
    assert (body["items"], body["datasets"], body["truncated"]) == ([], ["vat_return"], False)
    assert "query.not_allowed" in run("query", "copy vat_return to 'x'", "--pool", str(pool), code=1)


def test_an_answer_goes_to_a_file_without_formulas(pool: Path, tmp_path: Path) -> None:
    target = tmp_path / "answer.csv"
    shown = run("query", "select name from vat_return", "--pool", str(pool), "--out", str(target))
    assert "2 rows written" in shown
    with target.open(encoding="utf-8-sig") as file:
        assert [row["name"] for row in csv.DictReader(file)] == [f"'{NAME}"] * 2
    body = json.loads(run("query", "select name from vat_return", "--pool", str(pool), "--out", str(target), "--json"))
    assert body["rows_written"] == 2
