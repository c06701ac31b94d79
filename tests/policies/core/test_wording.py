"""Rules in words."""

from __future__ import annotations

import datetime as dt

import pytest

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Kind
from tulou.policies.core.document.reading import read_policies
from tulou.policies.core.firms.facts import EVERY, LedgerEntry, SetFact
from tulou.policies.core.rule.tree import (
    Age,
    All,
    Any,
    AtLeast,
    Attested,
    Const,
    In,
    Intersects,
    Is,
    Limits,
    Node,
    Not,
    Range,
    Unknown,
    When,
    Window,
)
from tulou.policies.core.rule.wording import fact_in_words, lines, money, number, worded

CATALOGUE = read_policies({"policies": []}).catalogue
START, END = dt.date(2026, 1, 1).toordinal(), dt.date(2026, 12, 31).toordinal()


@pytest.mark.parametrize(
    ("node", "zh", "en"),
    [
        (
            Range("headcount", Limits(gt=20, lt=300)),
            "从业人数超过20人、不满300人",
            "headcount: more than 20 persons and less than 300 persons",
        ),
        (
            Range("revenue", Limits(le=40_000_000_000)),
            "上年度营业收入4亿元以下",
            "revenue of last year: at most CNY 400 million",
        ),
        (
            Range("rd_ratio", Limits(ge=3.5)),
            "研发费用占营业收入比例3.5%以上",
            "R&D expense as a share of revenue: at least 3.5%",
        ),
        (
            Range("as_of_date", Limits(ge=START, le=END)),
            "判定日期: 2026年1月1日起至2026年12月31日（含当日）",
            "day of the question: from 1 January 2026 up to and including 31 December 2026",
        ),
        (
            Range("registered_on", Limits(gt=START, lt=END)),
            "成立日期: 2026年1月2日起至2026年12月30日（含当日）",
            "date of registration: from 2 January 2026 up to and including 30 December 2026",
        ),
        (
            In("region", frozenset({"350200"}), frozenset({"350203"})),
            "所在地属于: 厦门市（不含: 思明区）",
            "place of registration is one of: Xiamen (without: Siming District)",
        ),
        (
            In("size", frozenset({"large"}), negated=True),
            "企业规模不属于: 大型企业",
            "size of the enterprise is not one of: large enterprise",
        ),
        (
            Is("project.started", False),
            "项目已开工: 否（由申请人申报）",
            "project has started: no (declared by the applicant)",
        ),
        (Is("zombie", True), "被认定为僵尸企业: 是", "recognised as a zombie firm: yes"),
        (
            Intersects("tags", frozenset({"gazelle"})),
            "资质与名单包含以下任一项: 瞪羚企业",
            "qualifications and lists include one of: gazelle enterprise",
        ),
        (
            Age("registered_on", "years", Limits(ge=3)),
            "自成立日期起3年以上（满期当日起）",
            "time since date of registration: at least 3 years",
        ),
        (
            Window("aid", "sum", 3, "years", Limits(le=3_000_000), frozenset({"s"})),
            "近3年财政补助台账（s）累计3万元以下",
            "ledger of aid received (s), sum over the last 3 years: at most CNY 30,000",
        ),
        (
            Window("aid", "count", 6, "months", Limits(lt=2)),
            "近6个月财政补助台账次数不满2次",
            "ledger of aid received, number over the last 6 months: less than 2 times",
        ),
        (
            Attested("site", Text(zh="现场核查", en="site visit")),
            "人工审核: 现场核查",
            "Decided by a person: site visit",
        ),
        (Const(True), "对所有单位适用", "Holds for everybody"),
        (Const(False), "对任何单位都不适用", "Holds for nobody"),
        (Unknown("x"), "尚无法判定", "Cannot be decided yet"),
    ],
)
def test_every_row_reads_in_both_languages(node: Node, zh: str, en: str) -> None:
    assert worded(node, CATALOGUE) == Text(zh=zh, en=en)


def test_groups_head_their_rows() -> None:
    row = Is("zombie", False)
    rule = All((Any((row,)), AtLeast(1, (row,)), Not(row), When(row, row)))
    said = [(depth, text.en) for depth, text in lines(rule, CATALOGUE)]
    assert [depth for depth, _ in said] == [0, 1, 2, 1, 2, 1, 2, 1, 2, 2]
    assert said[0] == (0, "All of these hold:")


def test_long_lists_are_cut() -> None:
    text = worded(In("industry", frozenset("ABCDEFGH")), CATALOGUE)
    assert text.zh.endswith("等 8 项")
    assert text.en.endswith("and 2 more")


@pytest.mark.parametrize(
    ("fen", "zh", "en"),
    [
        (12_345, "123.45元", "CNY 123.45"),
        (1_000_000, "1万元", "CNY 10,000"),
        (123_456_789_00, "123456789元", "CNY 123,456,789"),
        (3_020_000_000_000, "302亿元", "CNY 30.2 billion"),
        (-1_000_000_000, "-1000万元", "CNY -10 million"),
    ],
)
def test_money_is_said_in_the_reader_s_units(fen: int, zh: str, en: str) -> None:
    assert money(fen) == Text(zh=zh, en=en)


def test_facts_in_words() -> None:
    said = {
        "unknown": fact_in_words("headcount", None, CATALOGUE).en,
        "day": fact_in_words("registered_on", START, CATALOGUE).en,
        "flag": fact_in_words("zombie", True, CATALOGUE).en,
        "every": fact_in_words("industry", EVERY, CATALOGUE).en,
        "code": fact_in_words("industry", "C13", CATALOGUE).en,
        "set": fact_in_words("tags", SetFact({"gazelle": True, "x": False}), CATALOGUE).en,
        "all": fact_in_words("tags", SetFact({}, rest=True), CATALOGUE).en,
        "none": fact_in_words("tags", SetFact({}, rest=False), CATALOGUE).en,
        "ledger": fact_in_words("aid", (LedgerEntry(1, 500, ""),), CATALOGUE).en,
    }
    assert said == {
        "unknown": "unknown",
        "day": "1 January 2026",
        "flag": "yes",
        "every": "any",
        "code": "Processing of agricultural and sideline food",
        "set": "gazelle enterprise",
        "all": "all",
        "none": "none",
        "ledger": "1 entry, CNY 5",
    }
    assert number(3, Kind.INTEGER, Text(zh="", en="")).en == "3"
