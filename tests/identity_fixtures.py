"""A small pool with a register and departments that know the same firms otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tulou.kernel.errors import Text
from tulou.kernel.uscc import make_uscc
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType
from tulou.pool.core.ingest import ingest
from tulou.pool.core.lake import Lake

NOW = dt.datetime(2021, 1, 1, tzinfo=dt.UTC)
Row = Mapping[str, str | None]
Deliver = Callable[..., None]
ROLES = {
    "uscc": KeyRole.USCC,
    "org_code": KeyRole.ORG_CODE,
    "reg_no": KeyRole.REG_NO,
    "tax_no": KeyRole.TAX_NO,
    "account": KeyRole.LOCAL_ID,
    "name": KeyRole.NAME,
    "address": KeyRole.ADDRESS,
    "district": KeyRole.DISTRICT,
    "phone": KeyRole.PHONE,
    "person": KeyRole.PERSON,
    "established": KeyRole.ESTABLISHED,
}
CORES = [f"{one}{other}" for one in "鑫源华盛泰和恒丰达利" for other in "安康宏宇瑞祥明辉嘉德"]
TRADES = ["贸易", "机械", "食品", "服饰", "石材", "物流", "茶业", "电子", "家具", "水产"]
SURNAMES, GIVEN = "陈林黄张吴李郑王刘苏", "伟建明国志文华荣强军"
PLACES = [("福州市", "鼓楼区"), ("厦门市", "思明区"), ("泉州市", "晋江市"), ("漳州市", "芗城区")]


def contract(dataset: str, columns: Sequence[str], *, department: str, grain: str = "enterprise") -> Contract:
    made = tuple(
        Column(name, LogicalType.STRING, Text(zh=name, en=name), key_role=ROLES.get(name, KeyRole.NONE))
        for name in columns
    )
    title = Text(zh=dataset, en=dataset)
    return Contract(dataset, department, "1", title, made, grain=grain, delivery_mode="append")  # type: ignore[arg-type]


def firm(number: int) -> dict[str, str | None]:
    """A registered firm."""
    city, district = PLACES[number % 4]
    return {
        "uscc": make_uscc("9", "1", "350203", f"{10_000_000 + number * 37}"),
        "reg_no": f"3502032000{number:05d}",
        "name": f"{city}{CORES[number % 100]}{TRADES[number // 100 % 10]}有限公司",
        "address": f"福建省{city}{district}五四路{number + 1}号",
        "phone": f"139{10_000_000 + number * 131}",
        "person": "陈林黄张吴李郑王刘苏"[number % 10]
        + "伟建明国志文华荣强军"[number // 10 % 10]
        + "辉勇"[number // 100 % 2],
        "established": f"20{number % 20:02d}-0{number % 9 + 1}-1{number % 10}",
    }


REGISTER = contract("register", list(firm(0)), department="market")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "pool")


@pytest.fixture
def deliver(lake: Lake, tmp_path: Path) -> Deliver:
    """Deliver rows under a contract; `deliver(contract, rows)`."""
    count = 0

    def send(agreed: Contract, rows: Sequence[Row], received_at: dt.datetime = NOW) -> None:
        nonlocal count
        count += 1
        columns = [column.name for column in agreed.columns]
        path = tmp_path / f"{agreed.dataset}-{count}.csv"
        table = [[row.get(name) for name in columns] for row in rows]
        pl.DataFrame(table, schema=dict.fromkeys(columns, pl.String), orient="row").write_csv(path)
        receipt = ingest(lake, path, agreed, received_at=received_at)
        assert receipt.rejected == 0, receipt.findings

    return send


def links(lake: Lake, dataset: str) -> dict[str, tuple[str, str, str | None]]:
    """By subject key of a dataset: the rung, the enterprise of today, its credit code."""
    query = f"""
        WITH RECURSIVE now AS (
            SELECT enterprise_id AS origin, enterprise_id, uscc, retired_into FROM {lake.relation("entity.enterprise")}
            UNION ALL SELECT n.origin, e.enterprise_id, e.uscc, e.retired_into
            FROM now n JOIN {lake.relation("entity.enterprise")} e ON e.enterprise_id = n.retired_into)
        SELECT l.subject_key, l.rung, n.enterprise_id, n.uscc FROM {lake.relation("entity.link")} l
        JOIN now n ON n.origin = l.enterprise_id AND n.retired_into IS NULL WHERE l.dataset = ?"""
    with duckdb.connect() as connection:
        return {key: (rung, owner, uscc) for key, rung, owner, uscc in connection.execute(query, [dataset]).fetchall()}


def rows_of(lake: Lake, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    """The rows of an entity table."""
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {columns} FROM {lake.relation(table)} ORDER BY ALL").fetchall()
