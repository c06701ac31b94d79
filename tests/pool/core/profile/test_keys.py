"""A firm is found by whatever stands on an old paper: today's key first, an older one where nobody bears it today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from tests.pool.core.profile.conftest import NAMES, USCCS, arrow_schema

from tulou.kernel.errors import Refused
from tulou.pool.core.identity.entity_tables import IDENTIFIER
from tulou.pool.core.lake import Lake
from tulou.pool.core.profile.build import build_profiles
from tulou.pool.core.profile.lookup import read_record
from tulou.pool.core.profile.serving import FILE, ServingCopy

JULY = dt.date(2024, 7, 31)
NOW = dt.datetime(2024, 8, 1, tzinfo=dt.UTC)
TOLD = (
    ("e1", "reg", "350200100012345"),
    ("e1", "tax", "350203123456789"),
    ("e5", "reg", "350200100099999"),  # e5 was retired into e0
    ("e1", "name", "旧名称贸易商行"),
    ("e2", "name", "旧名称贸易商行"),
    ("e3", "name", NAMES[4]),  # what another firm is called today
    ("e3", "phone", "0592-5551234"),
    ("e3", "local:power.account_no", "1234567890"),
)

Finder = Callable[[str], str]


@pytest.fixture(scope="module")
def told_pool(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    from tests.pool.core.profile.conftest import made

    lake = made(tmp_path_factory.mktemp("told"))
    rows = [{"enterprise_id": e, "kind": k, "value": v, "first_seen": NOW} for e, k, v in TOLD]
    lake.write_derived(IDENTIFIER, pa.Table.from_pylist(rows, schema=arrow_schema(IDENTIFIER)), operation="replace")
    build_profiles(lake, JULY, built_at=NOW)
    return lake


@pytest.fixture(params=["serving copy", "lake"])
def find(request: pytest.FixtureRequest, told_pool: Lake) -> Iterator[Finder]:
    if request.param == "lake":
        yield lambda key: read_record(told_pool, key, JULY).firm.enterprise_id
        return
    copy = ServingCopy(told_pool.root / FILE)
    yield lambda key: copy.record(key).firm.enterprise_id
    copy.close()


def test_a_firm_is_found_by_any_of_its_numbers_and_its_exact_name(find: Finder) -> None:
    org = USCCS[1][8:17]
    for key in (USCCS[1], USCCS[1].lower(), f" {org} ", f"{org[:8]}-{org[8]}", "e1", NAMES[1]):
        assert find(key) == "e1"
    assert find("350200100012345") == find("350203123456789") == "e1"


def test_an_old_number_of_a_retired_enterprise_leads_to_its_heir(find: Finder) -> None:
    assert find("350200100099999") == find("e5") == "e0"


def test_a_name_that_several_firms_bore_is_answered_with_the_list_of_them(find: Finder) -> None:
    with pytest.raises(Refused) as refusal:
        find("旧名称贸易商行")
    assert refusal.value.finding.code == "profile.several"
    for firm in (1, 2):
        assert USCCS[firm] in refusal.value.finding.text.zh
        assert NAMES[firm] in refusal.value.finding.text.en


def test_the_firm_that_bears_a_name_today_comes_before_one_that_bore_it_once(find: Finder) -> None:
    assert find(NAMES[4]) == "e4"


@pytest.mark.parametrize("key", ["0592-5551234", "1234567890", "贸易", ""])
def test_a_telephone_a_departments_own_number_and_part_of_a_name_are_no_keys(find: Finder, key: str) -> None:
    with pytest.raises(Refused) as refusal:
        find(key)
    assert refusal.value.finding.code == "profile.unknown"
