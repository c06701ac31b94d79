"""A delivery is visible whole or not at all, once, and what was known stays known."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from tulou.kernel.errors import Refused, Text, WrongUse
from tulou.pool.core.contract import Column, Contract, LogicalType
from tulou.pool.core.lake import Lake, Receipt, StagedDelivery
from tulou.pool.core.lake.schema import literal, quoted


def text(word: str) -> Text:
    return Text(zh=word, en=word)


def contract(**changes: Any) -> Contract:
    settings: dict[str, Any] = {
        "dataset": "power_use",
        "department": "power",
        "version": "1",
        "title": text("用电"),
        "columns": (
            Column("account_no", LogicalType.STRING, text("户号"), item_code="03-0002-0001"),
            Column("period", LogicalType.PERIOD, text("月份"), item_code="03-0002-0002"),
            Column("energy_kwh", LogicalType.NUMBER, text("用电量"), precision=12, scale=2, item_code="03-0002-0003"),
        ),
        "grain": "enterprise-month",
        "primary_key": ("account_no", "period"),
        "period_column": "period",
    }
    return Contract(**(settings | changes))


Rows = Sequence[tuple[Any, ...]]


def staged(lake: Lake, agreed: Contract, rows: Rows, delivery_id: str, **changes: Any) -> StagedDelivery:
    schema = lake.planned(agreed)
    folder = lake.stage(delivery_id)
    names = [column.name for column in agreed.columns]
    path = folder / "data-0.parquet"
    if rows:
        values = ", ".join("(" + ", ".join(literal(str(value)) for value in row) + ")" for row in rows)
        columns = ", ".join(f"CAST({quoted(name)} AS {schema.duckdb_types[name]}) AS {quoted(name)}" for name in names)
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT {columns}, {literal(delivery_id)} AS _delivery_id, "
                f"row_number() OVER ()::BIGINT AS _record_no, TIMESTAMPTZ '2020-04-01 00:00:00+08' AS _received_at "
                f"FROM (VALUES {values}) AS rows({', '.join(map(quoted, names))})) "
                f"TO {literal(str(path))} (FORMAT parquet, {schema.copy_options()})"
            )
    settings: dict[str, Any] = {
        "delivery_id": delivery_id,
        "dataset": agreed.dataset,
        "department": agreed.department,
        "contract_version": agreed.version,
        "file_name": "power.csv",
        "sha256": hashlib.sha256(repr(rows).encode()).hexdigest(),
        "bytes": 1,
        "encoding": "utf-8",
        "records_in": len(rows),
        "accepted": len(rows),
        "rejected": 0,
        "blank": 0,
        "verdict": "accepted",
        "received_at": dt.datetime(2020, 4, 1, tzinfo=dt.UTC),
    }
    return StagedDelivery(folder, (path,) if rows else (), None, Receipt(**(settings | changes)))


def deliver(lake: Lake, rows: Rows, delivery_id: str, agreed: Contract | None = None) -> Receipt:
    agreed = agreed or contract()
    return lake.commit(agreed, staged(lake, agreed, rows, delivery_id))


def content(lake: Lake, columns: str = "account_no, period::VARCHAR[:7], energy_kwh::INT", **when: Any) -> Any:
    columns = columns.replace("period::VARCHAR[:7]", "strftime(period, '%Y-%m')")
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {columns} FROM {lake.relation('power_use', **when)} ORDER BY ALL").fetchall()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "pool")


def test_a_delivery_is_visible_after_its_commit_and_not_before(lake: Lake) -> None:
    waiting = staged(lake, contract(), [("a", "2020-01-01", 5)], "d1")
    assert lake.datasets() == []
    receipt = lake.commit(contract(), waiting)
    assert content(lake) == [("a", "2020-01", 5)]
    assert receipt.snapshot_id is not None
    assert Lake.open(lake.root).receipt("d1") == receipt
    assert list((lake.root / "staging").iterdir()) == []


def test_the_same_delivery_again_changes_nothing_and_has_the_same_answer(lake: Lake) -> None:
    first = deliver(lake, [("a", "2020-01-01", 5)], "d1")
    second = deliver(lake, [("a", "2020-01-01", 5)], "d1")
    assert second.repeated
    assert second.again() == first.again()
    assert len(lake.versions("power_use")) == 1


def test_an_id_cannot_stand_for_two_files(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5)], "d1")
    with pytest.raises(Refused, match="id_reused"):
        deliver(lake, [("a", "2020-01-01", 6)], "d1")


def test_a_commit_whose_answer_was_lost_is_recognised_from_the_snapshot(lake: Lake) -> None:
    first = deliver(lake, [("a", "2020-01-01", 5)], "d1")
    lake.ledger.replace([])
    assert lake.receipt("d1") is None
    assert deliver(lake, [("a", "2020-01-01", 5)], "d1") == first.again()
    assert content(lake) == [("a", "2020-01", 5)]


def test_a_correction_replaces_the_records_of_the_same_key_only(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5), ("b", "2020-01-01", 6)], "d1")
    deliver(lake, [("a", "2020-02-01", 7)], "d2")
    deliver(lake, [("b", "2020-01-01", 60), ("c", "2020-01-01", 8)], "d3")
    assert content(lake) == [("a", "2020-01", 5), ("a", "2020-02", 7), ("b", "2020-01", 60), ("c", "2020-01", 8)]


def test_a_month_that_a_delivery_does_not_touch_is_not_rewritten(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5)], "d1")
    january = set(lake.plan("power_use").paths)
    deliver(lake, [("a", "2020-02-01", 7)], "d2")
    deliver(lake, [("a", "2020-02-01", 8)], "d3")
    assert january < set(lake.plan("power_use").paths)


def test_an_empty_delivery_leaves_a_version_and_no_records(lake: Lake) -> None:
    receipt = deliver(lake, [], "d1")
    assert (receipt.accepted, content(lake)) == (0, [])
    assert [version.delivery_id for version in lake.versions("power_use")] == ["d1"]


def test_events_are_appended_and_a_whole_table_can_be_replaced(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5)], "d1", contract(delivery_mode="append"))
    deliver(lake, [("a", "2020-01-01", 5)], "d2", contract(delivery_mode="append"))
    assert len(content(lake)) == 2
    deliver(lake, [("z", "2020-01-01", 1)], "d3", contract(delivery_mode="replace"))
    assert content(lake) == [("z", "2020-01", 1)]


def test_what_was_known_then_can_be_read_now(lake: Lake) -> None:
    april, may = (dt.datetime(2020, month, 1, tzinfo=dt.UTC) for month in (4, 5))
    first = lake.commit(contract(), staged(lake, contract(), [("a", "2020-01-01", 5)], "d1", received_at=april))
    lake.commit(contract(), staged(lake, contract(), [("a", "2020-01-01", 6)], "d2", received_at=may))
    assert content(lake, snapshot_id=first.snapshot_id) == [("a", "2020-01", 5)]
    assert content(lake, as_of=april) == [("a", "2020-01", 5)]
    assert content(lake, as_of=may) == [("a", "2020-01", 6)]
    assert content(lake, as_of=april - dt.timedelta(days=1)) == []


def test_a_renamed_item_keeps_its_values_and_a_new_one_is_empty_for_old_records(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5)], "d1")
    account, period, energy = contract().columns
    renamed = Column("energy", LogicalType.NUMBER, text("电量"), precision=14, scale=2, item_code=energy.item_code)
    charge = Column("charge", LogicalType.INTEGER, text("电费"), item_code="03-0002-0004")
    changed = contract(version="2", columns=(account, period, renamed, charge))
    deliver(lake, [("b", "2020-01-01", 7, 9)], "d2", changed)
    assert content(lake, "account_no, energy::INT, charge") == [("a", 5, None), ("b", 7, 9)]


def test_a_type_that_would_lose_values_is_refused(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5)], "d1")
    account, period, energy = contract().columns
    narrower = Column(energy.name, LogicalType.INTEGER, energy.title, item_code=energy.item_code)
    with pytest.raises(Refused, match="incompatible"):
        lake.planned(contract(columns=(account, period, narrower)))


def test_the_ledger_is_rebuilt_from_the_snapshots(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5)], "d1")
    deliver(lake, [("b", "2020-01-01", 5)], "d2")
    before = lake.receipts()
    assert lake.rebuild_ledger() == 2
    assert lake.receipts() == before


def test_a_pool_is_made_in_an_empty_folder_only_and_opened_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(WrongUse, match="not_empty"):
        Lake.create(tmp_path)
    with pytest.raises(WrongUse, match=r"pool\.none"):
        Lake.open(tmp_path)
    Lake.create(tmp_path / "pool")
    assert Lake.create(tmp_path / "pool").datasets() == []


def test_a_pool_of_a_later_format_is_not_touched(tmp_path: Path) -> None:
    Lake.create(tmp_path / "pool")
    (tmp_path / "pool" / "pool.json").write_text('{"format": 99, "catalog": null}')
    with pytest.raises(WrongUse, match="newer"):
        Lake.open(tmp_path / "pool")


def test_a_contract_comes_back_as_it_was_delivered(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5)], "d1")
    assert lake.contract("power_use") == contract()


def test_an_unknown_dataset_is_refused(lake: Lake) -> None:
    with pytest.raises(Refused, match="no_table"):
        lake.relation("nothing")


def derived(lake: Lake, name: str, columns: str = "*", **when: Any) -> Any:
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {columns} FROM {lake.relation(name, **when)} ORDER BY ALL").fetchall()


def test_a_derived_table_is_written_merged_and_replaced_in_one_commit_each(lake: Lake, tmp_path: Path) -> None:
    import pyarrow as pa

    first = lake.write_derived("entity.enterprise", pa.table({"id": [1, 2], "name": ["a", "b"]}), key=("id",))
    more = pa.table({"id": [2, 3], "name": ["B", "c"], "year": pa.array([2001, 2002], pa.int32())})
    lake.write_derived("entity.enterprise", more.to_reader(), key=("id",), operation="merge")
    assert derived(lake, "entity.enterprise") == [(1, "a", None), (2, "B", 2001), (3, "c", 2002)]
    path = tmp_path / "whole.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 9::BIGINT AS id, 1.5::DOUBLE AS year) TO {literal(str(path))}")
    lake.write_derived("entity.enterprise", path, about={"made-from": "d1"})
    assert derived(lake, "entity.enterprise") == [(9, 1.5)]
    assert derived(lake, "entity.enterprise", "id", snapshot_id=first) == [(1,), (2,)]
    assert [version.operation for version in lake.versions("entity.enterprise")] == ["replace", "merge", "replace"]
    assert lake.datasets() == []
    assert list(lake.tables()) == ["entity.enterprise"]
    assert list((lake.root / "staging").iterdir()) == []


def test_another_who_makes_the_same_namespace_a_moment_earlier_does_no_harm(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow as pa

    lake.write_derived("entity.first", pa.table({"id": [1]}))
    seen, exists = iter([False]), SqlCatalog.namespace_exists
    monkeypatch.setattr(SqlCatalog, "namespace_exists", lambda self, name: next(seen, True) and exists(self, name))
    lake.write_derived("entity.second", pa.table({"id": [2]}))
    assert next(seen, True)
    assert derived(lake, "entity.second") == [(2,)]


def test_derived_tables_keep_to_their_names_and_to_plain_types(lake: Lake) -> None:
    import pyarrow as pa

    with pytest.raises(WrongUse, match="not_derived"):
        lake.write_derived("power.use", pa.table({"id": [1]}))
    with pytest.raises(WrongUse, match="no_key"):
        lake.write_derived("entity.a", pa.table({"id": [1]}), operation="merge")
    with pytest.raises(WrongUse, match="no_key"):
        lake.write_derived("entity.a", pa.table({"id": [1]}), key=("other",))
    with pytest.raises(Refused, match="nested"):
        lake.write_derived("entity.a", pa.table({"id": [[1]]}))
    with pytest.raises(WrongUse, match="reserved"):
        lake.planned(contract(department="entity"))


def test_a_dataset_belongs_to_one_department(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5)], "d1")
    with pytest.raises(Refused, match="other_department"):
        lake.planned(contract(department="tax"))


def test_the_head_of_a_table_changes_with_every_commit_and_with_nothing_else(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "pool")
    assert lake.head("power_use") is None
    deliver(lake, [("a", "2020-01-01", 5)], "d1")
    first = lake.head("power_use")
    assert first is not None
    assert lake.head("power_use") == Lake.open(tmp_path / "pool").head("power_use") == first
    deliver(lake, [("b", "2020-01-01", 5)], "d2")
    assert lake.head("power_use") not in (first, None)
    assert lake.tables() == {"power_use": "power"}
