"""Industries of GB/T 4754-2017."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.kernel.industries import (
    ancestors,
    children,
    full_industry_code,
    industries,
    industry,
    is_within,
    parent_of,
)

codes = st.sampled_from([each.code for each in industries()])


def test_the_edition_of_2017_has_its_published_numbers_of_industries() -> None:
    numbers = [len(industries(level)) for level in ("section", "division", "group", "class")]
    assert numbers == [20, 97, 473, 1381]


def test_names_are_whole_and_sections_and_divisions_have_english() -> None:
    for each in industries():
        assert each.name.zh.strip() == each.name.zh != ""
        assert each.name.en.isascii()
        assert ("(" in each.name.en) == (each.level in {"group", "class"})


def test_what_did_not_change_since_2011_has_its_old_name(shared_data: Path) -> None:
    with (shared_data / "registry" / "gbt4754_industry_zh.csv").open(encoding="utf-8") as file:
        old = {row["code"]: row["name_zh"] for row in csv.DictReader(file)}
    same = [code for code, name in old.items() if (found := industry(code)) and found.name.zh == name]
    assert len(same) > 900
    sections = [each.code for each in industries("section")]
    assert {code: old[code] for code in sections} == {each.code: each.name.zh for each in industries("section")}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("C2780", "药用辅料及包装材料"),
        ("C3491", "工业机器人制造"),
        ("I6432", "互联网生活服务平台"),
        ("H6130", "民宿服务"),
        ("N79", "土地管理业"),
        ("P83", "教育"),
        ("G59", "装卸搬运和仓储业"),
        ("C37", "铁路、船舶、航空航天和其他运输设备制造业"),
    ],
)
def test_changes_of_2017_are_in(code: str, name: str) -> None:
    found = industry(code)
    assert found is not None
    assert found.name.zh == name


@given(codes)
def test_every_industry_lies_within_its_ancestors_and_among_their_children(code: str) -> None:
    found = industry(code)
    assert found is not None
    chain = ancestors(code)
    assert all(is_within(code, each.code) for each in chain)
    assert found in children(chain[0].code if chain else None)
    if len(code) > 1:
        assert industry(code[1:]) == found
        assert chain[-1].code == found.section == code[0]
        assert found.division == code[:3]
    else:
        assert found.division is None


def test_unknown_codes_are_unknown() -> None:
    assert industry("C9999") is None
    assert industry("9999") is None
    assert industry("") is None
    assert parent_of("T") is None
    assert children("C1311") == ()
    assert full_industry_code(" i6510 ") == "I6510"
