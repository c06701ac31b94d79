"""The table of all firms, the serving copy and one firm's record say the same, and say where it comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tulou.kernel.errors import Refused, Text
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType
from tulou.pool.core.lake import Lake
from tulou.pool.core.profile.build import Built, build_profiles
from tulou.pool.core.profile.features import FeatureKind, check_names, features_of
from tulou.pool.core.profile.lookup import read_record
from tulou.pool.core.profile.record import Record, Value
from tulou.pool.core.profile.serving import FILE, ServingCopy, ServingWriter, writing

JULY = dt.date(2024, 7, 31)
NOW = dt.datetime(2024, 8, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def built(small_pool: Lake) -> Built:
    return build_profiles(small_pool, JULY, built_at=NOW)


@pytest.fixture
def copy(small_pool: Lake, built: Built) -> Iterator[ServingCopy]:
    found = ServingCopy(small_pool.root / FILE)
    yield found
    found.close()


def wide(lake: Lake, columns: str, firm: str, as_of: dt.date = JULY) -> Any:
    with duckdb.connect() as connection:
        relation = lake.relation("profile.enterprise")
        query = f"SELECT {columns} FROM {relation} WHERE enterprise_id = ? AND as_of = ?"
        return connection.execute(query, [firm, as_of]).fetchone()


def one(record: Record, dataset: str, column: str, kind: FeatureKind = FeatureKind.LATEST) -> Value:
    (found,) = [v for v in record.values if (v.dataset, v.column, v.kind) == (dataset, column, kind)]
    return found


def test_every_firm_that_stands_has_one_row(small_pool: Lake, built: Built) -> None:
    assert (built.firms, built.datasets) == (5, 6)
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT enterprise_id FROM {small_pool.relation('profile.enterprise')} ORDER BY 1")
        assert [row[0] for row in rows.fetchall()] == ["e0", "e1", "e2", "e3", "e4"]


def test_amounts_are_added_up_over_accounts_and_months(small_pool: Lake, built: Built) -> None:
    names = "power_monthly__energy, power_monthly__energy__sum12, power_monthly__energy__prior12"
    latest, year, before = Decimal(123 + 10), sum(range(112, 124)) + 120, sum(range(100, 112)) + 120
    assert wide(small_pool, names, "e0") == (latest, Decimal(year), Decimal(before))
    assert wide(small_pool, names, "e1") == (Decimal(7), Decimal(84), None)
    mean, records = wide(small_pool, "power_monthly__load_rate__mean12, power_monthly__records12", "e0")
    assert (pytest.approx(0.4), 24) == (mean, records)


def test_a_register_of_accounts_is_added_up_without_months(small_pool: Lake, built: Built) -> None:
    names = "power_customer__capacity, power_customer__voltage, power_customer__records12"
    assert wide(small_pool, names, "e0") == (Decimal(580), "0.4kV", None)


def test_a_firm_that_was_taken_over_does_not_count_twice(small_pool: Lake, built: Built) -> None:
    sales = "vat_return__sales, vat_return__sales__sum12, vat_return__sales__prior12"
    assert wide(small_pool, sales, "e0") == (Decimal(8000), Decimal(5000 + 6000 + 4321 + 8000), Decimal(10000))


def test_events_of_twelve_months_are_counted(small_pool: Lake, built: Built) -> None:
    assert wide(small_pool, "court_case__records12, court_case__amount__sum12", "e0") == (1, Decimal(50))


def test_years_tell_their_latest(small_pool: Lake, built: Built) -> None:
    assert wide(small_pool, "annual_report__staff, annual_report__period", "e1") == (33, dt.date(2023, 1, 1))


def test_the_table_carries_no_column_that_names_somebody(small_pool: Lake, built: Built) -> None:
    columns = set(small_pool.plan("profile.enterprise").schema.duckdb_types)
    assert "market_register__industry_code" in columns
    assert not columns & {"market_register__entity_name", "market_register__uscc", "power_monthly__account_no"}


def test_a_value_says_where_it_comes_from(copy: ServingCopy) -> None:
    value = one(copy.record("e0"), "power_monthly", "energy")
    assert (value.value, value.unit, value.item) == (Decimal("133.00"), "kW.h", "03-0002-0003")
    assert (value.department, value.period, value.delivery_id) == (
        "power",
        dt.date(2024, 6, 1),
        "power_monthly/2024-07-10",
    )
    assert value.received_at == dt.datetime(2024, 7, 10, 1, tzinfo=dt.UTC)
    assert one(copy.record("e0"), "market_register", "exporter").value is True
    assert one(copy.record("e0"), "market_register", "established_on").value == dt.date(2015, 1, 1)


def test_a_firm_is_found_by_any_of_its_keys(small_pool: Lake, copy: ServingCopy) -> None:
    firm = copy.record("e0").firm
    keys = [firm.uscc, firm.org_code, firm.name, "e5"]
    assert [copy.record(str(key)).firm for key in keys] == [firm] * 4
    assert [read_record(small_pool, str(key), JULY, kinds=[]).firm for key in keys] == [firm] * 4
    with pytest.raises(Refused, match=r"profile\.unknown"):
        copy.record("nobody")
    with pytest.raises(Refused, match=r"profile\.unknown"):
        read_record(small_pool, "nobody", JULY)


def test_the_serving_copy_and_the_lake_say_the_same(small_pool: Lake, copy: ServingCopy) -> None:
    for key in ("e0", "e1", "e3"):
        served, read = copy.record(key), read_record(small_pool, key, JULY)
        assert served == read
        assert [type(value.value) for value in served.values] == [type(value.value) for value in read.values]
    assert type(one(copy.record("e0"), "vat_return", "margin", FeatureKind.MEAN12).value) is float
    assert type(one(copy.record("e0"), "power_monthly", "load_rate").value) is float
    assert type(one(copy.record("e0"), "power_monthly", "meters").value) is int
    latest = copy.record("e1").latest()
    assert latest["annual_report.staff"].value == 33
    assert copy.built_at == NOW
    assert {part.dataset for part in copy.parts} == set(small_pool.datasets())


def test_an_earlier_date_knows_what_was_known_then(small_pool: Lake) -> None:
    may = read_record(small_pool, "e0", dt.date(2024, 7, 5))
    assert one(may, "power_monthly", "energy").period == dt.date(2024, 5, 1)
    before_correction = read_record(small_pool, "e0", dt.date(2024, 7, 19))
    after_correction = read_record(small_pool, "e0", dt.date(2024, 7, 20))
    sums = [one(r, "vat_return", "sales", FeatureKind.SUM12).value for r in (before_correction, after_correction)]
    assert sums[1] - sums[0] == 4321 - 7000
    assert read_record(small_pool, "e0", dt.date(2022, 1, 1)).values == ()


def test_dates_stand_side_by_side_and_a_date_is_replaced_whole(filled_pool: Lake) -> None:
    lake = filled_pool
    january = dt.date(2024, 1, 31)
    build_profiles(lake, JULY, built_at=NOW, kinds=[FeatureKind.LATEST])
    build_profiles(lake, january, built_at=NOW, datasets=["power_monthly"])
    assert ServingCopy(lake.root / FILE).as_of == january
    assert wide(lake, "power_monthly__energy", "e1") == (Decimal(7),)
    assert wide(lake, "power_monthly__period, vat_return__sales", "e1", january) == (dt.date(2023, 12, 1), None)
    again = build_profiles(lake, january, built_at=NOW)
    assert wide(lake, "vat_return__sales", "e0", january) == (Decimal(6000),)
    assert again.snapshot_id == lake.plan("profile.enterprise").snapshot_id
    with duckdb.connect() as connection:
        (rows,) = connection.execute(f"SELECT count(*) FROM {lake.relation('profile.enterprise')}").fetchone() or (0,)
    assert rows == 10


def test_identities_are_resolved_first(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "pool")
    with pytest.raises(Refused, match=r"profile\.no_identity"):
        build_profiles(lake, JULY, built_at=NOW)


def test_a_copy_that_was_replaced_is_read_anew_and_one_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "serving" / "profile.sqlite"
    with pytest.raises(Refused, match=r"profile\.no_copy"):
        ServingCopy(path)
    write_copy(path, "first")
    copy = ServingCopy(path)
    assert copy.record("k").firm.name == "first"
    with pytest.raises(TypeError), writing(path) as writer:
        fill_copy(writer, None)
    assert copy.record("k").firm.name == "first"
    assert list(path.parent.iterdir()) == [path]
    write_copy(path, "second")
    assert copy.record("k").firm.name == "second"
    with pytest.raises(Refused, match=r"profile\.several"):
        copy.record("shared")
    path.unlink()
    with pytest.raises(Refused, match=r"profile\.no_copy"):
        copy.record("k")


def fill_copy(writer: ServingWriter, name: str | None) -> None:
    writer.add(0, [f'["e{i}", null, null, "{name}", null, null]' for i in range(2)], [b"[1]", b"[1]"])
    writer.add_keys([("k", 0), ("shared", 0), ("shared", 1)])
    if name is None:
        raise TypeError


def write_copy(path: Path, name: str) -> None:
    with writing(path) as writer:
        fill_copy(writer, name)
        writer.finish(JULY, NOW, [])


def test_features_with_one_name_are_refused() -> None:
    def contract(dataset: str, column: str) -> Contract:
        title = Text(zh="值", en="value")
        return Contract(dataset, "x", "1", title, (Column(column, LogicalType.INTEGER, title),))

    check_names([*features_of(contract("a", "b")), *features_of(contract("a", "c"))])
    with pytest.raises(Refused, match=r"profile\.ambiguous_name"):
        check_names([*features_of(contract("a__b", "c")), *features_of(contract("a", "b__c"))])


def test_the_kinds_of_features_follow_from_the_contract() -> None:
    title = Text(zh="值", en="value")

    def kinds(grain: Any, unit: str | None, logical_type: LogicalType = LogicalType.NUMBER) -> list[str]:
        columns = (
            Column("day", LogicalType.PERIOD, title),
            Column("value", logical_type, title, unit=unit),
            Column("name", LogicalType.STRING, title, key_role=KeyRole.NAME),
        )
        period = None if grain in ("enterprise", "event") else "day"
        contract = Contract("d", "x", "1", title, columns, grain=grain, period_column=period)
        return [each.kind.value for each in features_of(contract) if each.column == "value"]

    assert kinds("enterprise-month", "CNY") == ["latest", "sum12", "prior12"]
    assert kinds("enterprise-quarter", "%") == ["latest", "mean12"]
    assert kinds("enterprise-year", "CNY") == ["latest"]
    assert kinds("enterprise", "CNY") == ["latest"]
    assert kinds("event", "CNY") == ["latest", "sum12"]
    assert kinds("event", "{score}") == ["latest"]
    assert kinds("enterprise-month", None, LogicalType.STRING) == ["latest"]
    assert all(kind.text.zh and kind.text.en for kind in FeatureKind)
