"""The profile's questions on DuckDB and on Spark over the same Iceberg files by field id: equal answers, and cost."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks._measuring import measured, options, show
from tulou.kernel.errors import Text
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType
from tulou.pool.core.lake import Lake, Receipt, StagedDelivery
from tulou.pool.core.profile.asof import known_files
from tulou.pool.core.profile.build import last_period
from tulou.pool.core.profile.engines import DuckEngine, Engine, SparkEngine
from tulou.pool.core.profile.expressions import (
    ENTERPRISE,
    LINK,
    STANDING,
    SUBJECT,
    profile_rows,
    standing,
    standing_copies,
    subjects,
    window_of,
)

AS_OF = dt.date(2024, 7, 31)
AMOUNTS = 12


def text(word: str) -> Text:
    return Text(zh=word, en=word)


def contract() -> Contract:
    """Monthly bills: an account, a month, amounts, a rate and a code."""
    amounts = tuple(
        Column(f"amount{i}", LogicalType.NUMBER, text(f"amount{i}"), precision=14, scale=2, unit="CNY")
        for i in range(AMOUNTS)
    )
    return Contract(
        "power_monthly",
        "power",
        "1",
        text("power"),
        (
            Column("account_no", LogicalType.STRING, text("account"), key_role=KeyRole.LOCAL_ID),
            Column("bill_month", LogicalType.PERIOD, text("month")),
            *amounts,
            Column("rate", LogicalType.NUMBER, text("rate"), precision=6, scale=3, unit="%"),
            Column("code", LogicalType.STRING, text("code")),
        ),
        grain="enterprise-month",
        primary_key=("account_no", "bill_month"),
        period_column="bill_month",
    )


def make(root: Path, firms: int, months: int) -> int:
    """A pool of `firms` firms, every tenth with a second account, and their links."""
    lake = Lake.create(root)
    agreed = contract()
    schema = lake.planned(agreed)
    folder = lake.stage("bench")
    path = folder / "data.parquet"
    accounts = firms + firms // 10
    values = ", ".join(
        f"((a * 7919 + m * 104729 + {i}) % 100000)::DECIMAL(14,2) / 4 AS amount{i}" for i in range(AMOUNTS)
    )
    columns = ", ".join(f'"{field.name}"::{field.duckdb_type} AS "{field.name}"' for field in schema.fields)
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        connection.execute(
            f"COPY (SELECT {columns} FROM (SELECT printf('A%08d', a) AS account_no, "
            f"(DATE '2022-07-01' + to_months(m::INT))::DATE AS bill_month, {values}, ((a + m) % 1000) / 10 AS rate, "
            f"'C' || (a % 7) AS code, 'd1' AS _delivery_id, a * {months} + m AS _record_no, "
            f"TIMESTAMPTZ '2024-07-10 00:00:00+08' AS _received_at "
            f"FROM range({accounts}) r(a), range({months}) s(m))) TO '{path}' (FORMAT parquet, {schema.copy_options()})"
        )
        numbers = connection.execute(
            f"SELECT 'power_monthly' AS dataset, 'loc:' || printf('A%08d', range) AS subject_key, "
            f"'e' || (range % {firms}) AS enterprise_id FROM range({accounts})"
        ).to_arrow_table()
        entities = connection.execute(
            f"SELECT 'e' || range AS enterprise_id, NULL::VARCHAR AS retired_into FROM range({firms})"
        ).to_arrow_table()
    records = accounts * months
    receipt = Receipt(
        "d1", agreed.dataset, agreed.department, "1", "bench", hashlib.sha256(b"bench").hexdigest(), 1, "utf-8",
        records, records, 0, 0, "accepted", dt.datetime(2024, 7, 10, tzinfo=dt.UTC),
    )  # fmt: skip
    lake.commit(agreed, StagedDelivery(folder, (path,), None, receipt))
    lake.write_derived("entity.link", numbers, operation="replace")
    lake.write_derived("entity.enterprise", entities, operation="replace")
    return records


def answer(open_engine: Callable[[Path], AbstractContextManager[Engine]], root: Path, scratch: Path) -> dict[str, Any]:
    """Every step of the profile on one engine; the answer as a digest of its sorted rows."""
    lake = Lake.open(root)
    agreed = lake.contract("power_monthly")
    files = known_files(lake, "power_monthly", AS_OF)
    with DuckEngine.open(scratch) as duck:
        last = last_period(duck, files.duckdb(), agreed, AS_OF)
    with open_engine(scratch) as engine:
        engine.see(LINK, lake.plan("entity.link"))
        engine.see(ENTERPRISE, lake.plan("entity.enterprise"))
        engine.keep(SUBJECT, subjects(1))
        engine.see(agreed.dataset, files)
        engine.keep(STANDING, standing(agreed, AS_OF))
        copies = bool(engine.fetch(standing_copies())["copies"][0].as_py())
        rows = engine.fetch(profile_rows(agreed, AS_OF, window_of(agreed, AS_OF, last), copies=copies))
    return {"rows": rows.num_rows, "columns": rows.num_columns, "digest": digest(rows)}


def digest(rows: pa.Table) -> str:
    """A digest of the values, the same whatever the order of the rows and the width of the types."""
    with duckdb.connect() as connection:
        connection.register("answer", rows)
        columns = ", ".join(f'"{name}"::VARCHAR' for name in sorted(rows.column_names) if name != "_received_at")
        ((found,),) = connection.execute(
            "SELECT md5(string_agg(line, '\n' ORDER BY line)) "
            f"FROM (SELECT concat_ws('|', {columns}) AS line FROM answer)"
        ).fetchall()
    return str(found)


def main() -> None:
    """Run the bench."""
    wished = options(__doc__ or "", firms=100_000, months=24)
    scratch = Path(tempfile.mkdtemp())
    try:
        records = measured(make, scratch / "pool", wished.firms, wished.months).answer
        found = {
            name: measured(answer, engine, scratch / "pool", scratch / name)
            for name, engine in (("DuckDB", DuckEngine.open), ("Spark", SparkEngine.open))
        }
    finally:
        shutil.rmtree(scratch)
    rows = [
        {
            "engine": name,
            "records": records,
            "firms": cost.answer["rows"],
            "columns": cost.answer["columns"],
            "CPU s": cost.cpu,
            "wall s": cost.wall,
            "digest": cost.answer["digest"][:12],
        }
        for name, cost in found.items()
    ]
    equal = len({cost.answer["digest"] for cost in found.values()}) == 1
    figures = {
        "answers equal": equal,
        "CPU ratio, Spark to DuckDB": found["Spark"].cpu / found["DuckDB"].cpu,
    }
    show("engines: one portable question, two engines, the same Iceberg files", rows, figures, as_json=wished.json)
    if not equal:
        raise SystemExit("the two engines do not give the same answer")
