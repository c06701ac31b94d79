"""The parts of firms' names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.pool.core.identity.names import LEGAL_CLASSES, parse_names


def parts(name: str | None, home: int = 35) -> tuple[int, str, str, str, str]:
    names = parse_names([name], home=home)
    legal = LEGAL_CLASSES[int(names.legal[0])]
    return int(names.place[0]), names.core[0].as_py(), names.trade[0].as_py(), legal, names.branch[0].as_py()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("福建省泉州市鑫源机械制造有限公司", (350500, "鑫源", "机械制造", "company", "")),
        ("福建省泉州市鑫源机械制造有限公司厦门分公司", (350500, "鑫源", "机械制造", "company", "厦门分公司")),
        ("博来（福州）进出口贸易有限责任公司", (350100, "博来", "进出口贸易", "company", "")),
        ("厦门建发集团股份有限公司", (350200, "建发", "", "joint", "")),
        ("晋江市陈埭镇鑫源鞋厂", (350582, "鑫源", "鞋", "trader", "")),
        ("福州市鼓楼区东街街道鑫源食杂店", (350102, "鑫源", "食杂", "trader", "")),
        ("永安鑫源装饰工程有限公司", (350481, "鑫源", "装饰工程", "company", "")),
        ("永安装饰工程有限公司", (0, "永安", "装饰工程", "company", "")),
        ("鑫源商行（个体工商户）", (0, "鑫源", "", "trader", "")),
        ("鑫源水果店（中山路店）", (0, "鑫源", "水果", "trader", "中山路店")),
        ("荣香园（泉州）茶叶专业第二分店", (350500, "荣香园", "茶叶专业", "", "第二分店")),
        ("老小孩三明分公司", (0, "老小孩", "", "", "三明分公司")),
        ("福建省鑫源贸易有限公史", (350000, "鑫源", "贸易", "company", "")),
        ("福建省鑫源贸易有限司公", (350000, "鑫源", "贸易", "company", "")),
        ("福州贸易有限公司", (350100, "贸易", "", "company", "")),
        ("鑫源", (0, "鑫源", "", "", "")),
        ("（鑫源）", (0, "鑫源", "", "", "")),
        (None, (0, "", "", "", "")),
    ],
)
def test_a_name_falls_into_its_parts(name: str | None, expected: tuple[int, str, str, str, str]) -> None:
    assert parts(name) == expected


def test_a_past_division_is_what_it_has_become() -> None:
    assert parts("鼓浪屿区鑫源商行")[0] == 350203


def test_full_width_and_traditional_names_have_the_same_parts() -> None:
    plain = parts("福建省福州市鑫华贸易有限公司")
    assert parts("福建省福州市鑫華貿易有限公司") == plain
    assert parts("福建省　福州市鑫华贸易有限公司") == plain


def test_brackets_tell_a_former_name() -> None:
    assert parse_names(["鑫源贸易(原福州鑫泰商贸公司)"], home=35).former[0].as_py() == "福州鑫泰商贸公司"


def test_trades_of_one_sector_share_a_bit_and_generic_words_are_their_own() -> None:
    trades = parse_names(["甲乙贸易", "丙丁进出口", "戊己机械", "庚辛实业"]).trades.tolist()
    assert trades[0] & trades[1]
    assert not trades[0] & trades[2]
    assert trades[3] == 1


def test_a_name_that_could_lie_in_several_provinces_is_looked_for_at_home() -> None:
    assert [parts("朝阳区鑫源商行", home=home)[0] for home in (11, 22, 0)] == [110105, 220104, 0]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_text_has_parts_that_stand_in_it(texts: list[str]) -> None:
    names = parse_names(texts, home=35)
    for folded, core, trade in zip(
        names.folded.to_pylist(), names.core.to_pylist(), names.trade.to_pylist(), strict=True
    ):
        bare = folded.replace("(", "").replace(")", "")
        assert all(sign in bare for sign in core + trade)
