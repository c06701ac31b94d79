"""Administrative divisions: all of China, with the years in which a code was in force."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.kernel.regions import (
    ALIASES,
    ancestors,
    children,
    current_region,
    find_region,
    find_regions,
    full_code,
    is_within,
    level_of,
    parent_of,
    region,
    regions,
)

codes = st.sampled_from(sorted({each.code for each in regions()}))


def test_fujian_has_exactly_its_cities_and_districts(shared_data: Path) -> None:
    with (shared_data / "registry" / "fujian_divisions.csv").open(encoding="utf-8") as file:
        expected = {full_code(row["adcode"]): (row["name_zh"], row["level"]) for row in csv.DictReader(file)}
    cities = children("35")
    ours = {each.code: (each.name.zh, each.level) for city in cities for each in (city, *children(city.code))}
    assert ours == expected
    assert (len(cities), len(ours) - len(cities)) == (9, 84)


def test_every_code_of_the_reference_list_is_known(shared_data: Path) -> None:
    with (shared_data / "pool" / "gbt2260_regions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["code"] for row in rows if region(row["code"]) is None] == []
    plain = [row for row in rows if not row["valid_to"] and "[" not in row["name"] and row["code"] not in {"422900"}]
    differs = [row["code"] for row in plain if (found := region(row["code"])) and found.name.zh != row["name"]]
    # The list has some names in traditional characters, and leaves the ends of two spans in Hubei open.
    assert set(differs) <= {"232761", "232762", "232763", "232764", "810000", "820000", "429001", "422921"}


def test_the_country_is_whole() -> None:
    assert len(children()) == 34
    assert len(regions(level="prefecture")) > 333
    assert sum(not each.grouping for each in regions(level="county")) > 2840
    assert all(each.name.zh and each.name.en and each.short for each in regions())
    assert all(each.name.en.isascii() or "ü" in each.name.en for each in regions())


def test_a_code_has_one_name_at_a_time() -> None:
    for year in (1981, 1990, 2000, 2010, 2020, 2024):
        codes_in_force = [each.code for each in regions(on=year)]
        assert len(codes_in_force) == len(set(codes_in_force)), year


def test_a_past_code_is_found_in_its_years_and_leads_to_its_successor() -> None:
    changle = region("350182", on=2010)
    assert changle is not None
    assert changle.name.zh == "长乐市"
    assert region("350182", on=2017) is None
    now = current_region("350126")
    assert now is not None
    assert (now.code, now.name.zh) == ("350112", "长乐区")
    merged = current_region("350202")
    assert merged is not None
    assert merged.code == "350203"


def test_a_renamed_code_has_a_name_for_every_year() -> None:
    names = [(found := region("350205", on=year)) and found.name.zh for year in (2000, 2002, 2003, 2020)]
    assert names == ["杏林区", "杏林区", "海沧区", "海沧区"]


@given(codes)
def test_every_division_lies_within_its_ancestors(code: str) -> None:
    chain = ancestors(code)
    assert all(is_within(code, each.code) for each in chain)
    found = region(code)
    assert found is not None
    if chain and not found.grouping:
        assert found in children(chain[0].code)
    assert is_within(code, code)
    assert level_of(code) == found.level


@given(codes)
def test_a_full_name_within_its_parent_finds_the_division(code: str) -> None:
    found, parent = region(code), parent_of(code)
    assert found is not None
    if not found.grouping:
        assert found in find_regions(found.name.zh, within=parent and parent.code)
        assert found in find_regions(found.short, within=parent and parent.code)


@pytest.mark.parametrize(
    ("name", "within", "code"),
    [
        ("福州", None, "350100"),
        ("福州市", None, "350100"),
        ("福建", None, "350000"),
        ("思明", None, "350203"),
        ("鼓楼区", "350000", "350102"),
        ("朝阳区", "11", "110105"),
        ("朝阳区", None, None),
        ("Xiamen", None, "350200"),
        ("xiamen", "35", "350200"),
        ("平潭综合实验区", None, "350128"),
        ("大厂", "13", "131028"),
        ("吉林", None, "220000"),
        ("同安县", None, "350221"),
        ("大兴安岭", None, "232700"),
        ("亚特兰蒂斯", None, None),
        ("市辖区", None, None),
    ],
)
def test_names_in_full_and_in_short_are_found(name: str, within: str | None, code: str | None) -> None:
    found = find_region(name, within)
    assert (found and found.code) == code


def test_names_can_be_looked_up_in_a_year() -> None:
    assert find_region("长乐市", on=2024) is None
    found = find_region("长乐市", on=2010)
    assert found is not None
    assert found.code == "350182"


def test_codes_of_towns_belong_to_their_division() -> None:
    found = region("350203001000")
    assert found is not None
    assert found.code == "350203"
    assert is_within("350203001000", "350200")
    assert region("999999") is None
    assert parent_of("350000") is None
    assert set(ALIASES.values()) <= {each.code for each in regions()}


def test_every_successor_is_a_known_code_and_no_chain_is_endless() -> None:
    for year in range(1980, 2026):
        for each in regions(on=year):
            if each.successor:
                assert region(each.successor) is not None
            assert current_region(each.code) is not None


@pytest.mark.parametrize(
    ("code", "on", "now"),
    [
        ("352222", 1982, "350122"),  # 连江县: of Ningde until 1983, of Fuzhou since
        ("352222", 1981, "350703"),  # the same code was 建阳县 before
        ("352201", 1998, "350902"),  # 宁德市, now 蕉城区
        ("352101", 1990, "350702"),  # 南平市, now 延平区
        ("352226", 1985, "350981"),  # 福安县
        ("352126", 1985, "350782"),  # 崇安县, now 武夷山市
        ("142421", 1990, "140721"),  # 榆社县
    ],
)
def test_an_old_code_leads_to_the_place_that_bore_it_then(code: str, on: int, now: str) -> None:
    record = region(code, on)
    assert record is not None
    for _ in range(5):
        if record.successor is None:
            break
        follower = region(record.successor, record.valid_to)
        assert follower is not None
        record = follower
    assert record.code == now


def test_a_successor_is_in_force_when_the_old_code_ends() -> None:
    told = 0
    with (files("tulou.kernel") / "data" / "regions.tsv").open(encoding="utf-8") as stream:
        facts = csv.DictReader((line for line in stream if not line.startswith("#")), delimiter="\t")
        for fact in facts:
            if not fact["successor"] or not fact["valid_to"]:
                continue
            told += 1
            follower = region(fact["successor"], int(fact["valid_to"]))
            assert follower is not None, fact
    assert told > 3000
