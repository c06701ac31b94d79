"""The parts of addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.pool.core.identity.addresses import normal_form, parse_addresses
from tulou.pool.core.identity.numerals import value_of


def parts(address: str | None) -> tuple[int, str, str, str, str, str]:
    found = parse_addresses([address], home=35)
    texts = (found.town, found.street, found.house, found.building, found.room)
    town, street, house, building, room = (column[0].as_py() for column in texts)
    return int(found.region[0]), town, street, house, building, room


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("福建省厦门市思明区学园路78号", (350203, "", "学园路", "78", "", "")),
        (
            "厦门市思明区莲前街道湖滨南路七十八号3#楼５０１室（邮局旁）",
            (350203, "莲前街道", "湖滨南路", "78", "3", "501"),
        ),
        ("福建省福州市台江区学园路23号30号楼1012单元", (350103, "", "学园路", "23", "30", "1012")),
        ("工业路12号A座1203-1205室", (0, "", "工业路", "12", "a", "1203")),
        ("漳州市下洋村一六三号店面", (350600, "", "下洋村", "163", "", "")),
        ("石狮市宝盖镇鞋业工业园区3期8号", (350581, "宝盖镇", "鞋业工业园区3期", "8", "", "")),
        ("五一北路129号榕城商贸中心15层", (0, "", "五一北路", "129", "", "")),
        ("长乐路229号", (0, "", "长乐路", "229", "", "")),
        ("石狮村120号", (0, "", "石狮村", "120", "", "")),
        ("东孚街道林厝开发区No.518", (0, "东孚街道", "林厝开发区", "518", "", "")),
        ("鼓楼区五四路", (350102, "", "五四路", "", "", "")),
        ("三楼", (0, "", "", "", "", "")),
        (None, (0, "", "", "", "", "")),
    ],
)
def test_an_address_falls_into_its_parts(address: str | None, expected: tuple[int, str, str, str, str, str]) -> None:
    assert parts(address) == expected


def test_one_address_written_in_many_ways_has_one_normal_form() -> None:
    ways = [
        "福建省厦门市思明区湖滨南路78号3栋501室",
        "厦门思明区湖滨南路７８號3#楼501",
        "思明区湖滨南路七十八号3幢五〇一室",
    ]
    assert set(normal_form(parse_addresses(ways, home=35)).to_pylist()) == {"福建省厦门市思明区湖滨南路78号3栋501室"}


@given(st.integers(1, 9999))
def test_a_numeral_by_places_is_its_number(number: int) -> None:
    assert value_of("".join("零一二三四五六七八九"[int(digit)] for digit in str(number))) == number


@pytest.mark.parametrize(
    ("numeral", "value"), [("十", 10), ("二十五", 25), ("廿三", 23), ("三千零二", 3002), ("两百", 200)]
)
def test_a_numeral_by_units_is_its_number(numeral: str, value: int) -> None:
    assert value_of(numeral) == value


@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_text_is_an_address_of_some_kind(texts: list[str]) -> None:
    found = parse_addresses(texts, home=35)
    assert len(found.street) == len(found.region) == len(normal_form(found)) == len(texts)
