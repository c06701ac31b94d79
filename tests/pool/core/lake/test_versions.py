"""Versions have names, can be compared, and a check finds what is missing, damaged or left over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.pool.core.lake.test_lake import Column, LogicalType, content, contract, deliver, text

from tulou.kernel.errors import Refused, WrongUse
from tulou.pool.core.lake import Lake
from tulou.pool.core.lake.checking import check
from tulou.pool.core.lake.comparing import diff
from tulou.pool.core.lake.references import moment, resolve, tag
from tulou.pool.core.lake.rollback import roll_back

NOW = dt.datetime.now(tz=dt.UTC)
LATER = NOW + dt.timedelta(days=3)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake.create(tmp_path / "pool")
    deliver(lake, [("a", "2020-01-01", 1), ("b", "2020-01-01", 1)], "d1")
    deliver(lake, [("b", "2020-01-01", 2), ("c", "2020-01-01", 2)], "d2")
    return lake


def test_a_version_is_named_by_delivery_tag_day_or_number(lake: Lake) -> None:
    first = lake.receipt("d1")
    assert first is not None
    tag(lake, "power_use", "q1", at="d1")
    numbers = {resolve(lake, name).snapshot_id for name in ("d1", "power_use@q1", f"power_use@{first.snapshot_id}")}
    assert numbers == {first.snapshot_id}
    assert resolve(lake, "power_use") == resolve(lake, "power_use")
    assert resolve(lake, "power_use@2020-04-01").snapshot_id == resolve(lake, "d2").snapshot_id
    assert resolve(lake, "power_use@2019-01-01").snapshot_id is None
    assert lake.versions("power_use")[0].tags == ("q1",)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("nothing", Refused, "no dataset"),
        ("power_use@77", Refused, "no version"),
        ("power_use@soon", WrongUse, "no date"),
    ],
)
def test_a_version_that_is_not_there_is_refused(lake: Lake, name: str, kind: type[Exception], code: str) -> None:
    with pytest.raises(kind, match=code):
        resolve(lake, name)


def test_a_tag_stands_for_one_version(lake: Lake) -> None:
    tag(lake, "power_use", "q1")
    with pytest.raises(Refused, match="taken"):
        tag(lake, "power_use", "q1", at="d1")
    with pytest.raises(WrongUse, match="bad_name"):
        tag(lake, "power_use", "12")
    with pytest.raises(Refused, match="no version"):
        tag(lake, "power_use", "early", at="power_use@2019-01-01")


def test_a_moment_without_an_offset_is_in_china() -> None:
    assert moment("2020-03-31T08:00:00").isoformat() == "2020-03-31T08:00:00+08:00"


def test_two_versions_are_compared_by_key(lake: Lake) -> None:
    found = diff(lake, "d1", "d2")
    assert (found.added, found.removed, found.changed) == (1, 0, 1)
    assert found.columns_changed == {"energy_kwh": 1}
    assert found.changed_sample[0]["energy_kwh"] == ["1.00", "2.00"]
    assert (found.records_before, found.records_after) == (2, 3)
    back = diff(lake, "d2", "d1")
    assert (back.added, back.removed, back.changed) == (0, 1, 1)
    nothing = diff(lake, "power_use@2019-01-01", "d1")
    assert (nothing.added, nothing.records_before) == (2, 0)


def test_a_change_of_columns_is_told(lake: Lake) -> None:
    account, period, energy = contract().columns
    renamed = Column("energy", LogicalType.NUMBER, text("电量"), precision=14, scale=2, item_code=energy.item_code)
    charge = Column("charge", LogicalType.INTEGER, text("电费"), item_code="03-0002-0004")
    deliver(lake, [("b", "2020-01-01", 2, 9)], "d3", contract(version="2", columns=(account, period, renamed, charge)))
    assert {(change.change, change.column) for change in diff(lake, "d2", "d3").schema} == {
        ("added", "charge"),
        ("renamed", "energy"),
        ("widened", "energy"),
    }


def test_without_a_key_whole_records_are_compared(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "events")
    agreed = contract(primary_key=(), delivery_mode="append")
    deliver(lake, [("a", "2020-01-01", 1)], "d1", agreed)
    deliver(lake, [("a", "2020-01-01", 1), ("b", "2020-01-01", 1)], "d2", agreed)
    found = diff(lake, "d1", "d2")
    assert (found.added, found.removed, found.changed) == (2, 0, 0)


def test_versions_of_different_datasets_are_not_compared(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 1)], "other", contract(dataset="water_use"))
    with pytest.raises(WrongUse, match="two_datasets"):
        diff(lake, "d1", "other")


def test_a_sound_pool_has_no_findings(lake: Lake) -> None:
    roll_back(lake, "d2", apply=True)
    lake.write_derived("entity.firm", lake.plan("power_use").paths)
    health = check(lake, now=LATER)
    assert health.sound
    assert health.findings == ()
    assert health.orphans == ()
    assert (health.tables, health.deliveries) == (2, 2)


def test_missing_and_damaged_files_are_found(lake: Lake) -> None:
    first, second = (
        lake.plan("power_use", snapshot_id=resolve(lake, name).snapshot_id).paths[0] for name in ("d1", "d2")
    )
    damaged = bytearray(second.read_bytes())
    damaged[10] ^= 1
    second.write_bytes(bytes(damaged))
    first.unlink()
    health = check(lake, now=LATER)
    assert {finding.code for finding in health.findings} == {"lake.file_missing", "lake.file_damaged"}
    assert not health.sound


def test_a_missing_list_of_files_is_found(lake: Lake) -> None:
    next((lake.root / "lake").rglob("snap-*.avro")).unlink()
    assert {finding.code for finding in check(lake, now=LATER).findings} == {"lake.file_missing"}


def test_what_no_version_names_is_cleaned_after_the_lease(lake: Lake) -> None:
    folder = lake.plan("power_use").paths[0].parent
    orphan = folder / "left.parquet"
    orphan.write_bytes(b"x" * 100)
    lake.stage("crashed")
    (lake.root / "deliveries" / "never").mkdir()
    assert check(lake, now=NOW).orphans == ()
    health = check(lake, now=LATER)
    assert len(health.orphans) == 3
    assert orphan.exists()
    assert check(lake, now=LATER, apply=True).cleaned
    assert not orphan.exists()
    assert check(lake, now=LATER).orphans == ()
    assert len(content(lake)) == 3


def test_a_ledger_that_differs_from_history_is_found_and_written_anew(lake: Lake) -> None:
    first = lake.receipt("d1")
    assert first is not None
    lake.ledger.replace([(first, "stands")])
    assert [finding.code for finding in check(lake, now=NOW).findings] == ["lake.ledger"]
    check(lake, now=NOW, apply=True)
    assert check(lake, now=NOW).findings == ()
    assert list((lake.root / "staging").iterdir()) == []
