"""The table that policies are imported from: a template with its headings, an example, and what may stand in it."""

from __future__ import annotations

import csv
import io

from openpyxl import Workbook
from openpyxl.styles import Font

from tulou.policies.core.attributes import standard_attributes
from tulou.policies.core.document.sheet import COLUMNS
from tulou.policies.core.rule.truth import AS_OF
from tulou.policies.models import Recurrence, Theme

Language = str
EXAMPLE: list[dict[str, dict[str, str] | str]] = [
    {
        "code": "rent-2026",
        "title_zh": "小微企业房租补贴", "title_en": "Rent subsidy for small firms",
        "summary_zh": "对承租园区厂房的小微企业给予房租补贴。",
        "summary_en": "Small firms that rent workshops in parks get part of the rent back.",
        "theme": "rent", "document_zh": "示例〔2026〕1号", "document_en": "Example No. 1 of 2026",
        "valid_from": "2026-01-01", "valid_to": "2027-12-31", "recurrence": "yearly",
        "benefit_zh": "按年租金的30%补贴", "benefit_en": "30 % of the yearly rent", "benefit_ceiling": "100000",
        "budget": "5000000", "office_zh": "企业服务处", "office_en": "Enterprise service office",
        "contact": "0591-12345",
        "materials_zh": "租赁合同;付款凭证", "materials_en": "lease;proof of payment",
        "attribute": {"zh": "所在地", "en": "place of registration"}, "operator": {"zh": "属于", "en": "in"},
        "value": {"zh": "福州市;350200", "en": "350100;350200"}, "article": "第二条", "quote": "在福州、厦门登记注册",
    },
    {
        "attribute": {"zh": "从业人数", "en": "headcount"}, "operator": {"zh": "以下", "en": "<="}, "value": "300",
        "article": "第三条", "quote": "从业人数300人以下",
    },
    {
        "group": "A", "attribute": {"zh": "企业规模", "en": "size of the enterprise"},
        "operator": {"zh": "属于", "en": "in"}, "value": "micro;small", "article": "第四条", "quote": "小型、微型企业",
    },
    {
        "group": "A", "attribute": {"zh": "成立日期", "en": "date of registration"},
        "operator": {"zh": "不满", "en": "<"}, "value": {"zh": "3年", "en": "3 years"}, "article": "第四条",
        "quote": "成立不满3年",
    },
    {
        "attribute": {"zh": "被列为失信被执行人或严重失信主体", "en": "dishonest"},
        "operator": {"zh": "是", "en": "is"}, "value": {"zh": "否", "en": "no"}, "article": "第五条",
        "quote": "未被列为失信被执行人",
    },
]  # fmt: skip
"""One policy with its five criteria, in both languages where they differ."""


def example_rows(language: Language) -> list[list[str]]:
    """The headings and the example lines."""
    rows = [[text.render("zh" if language == "zh" else "en") for text in COLUMNS.values()]]
    for line in EXAMPLE:
        cells = [line.get(name, "") for name in COLUMNS]
        rows.append([cell[language] if isinstance(cell, dict) else cell for cell in cells])
    return rows


def template_csv(language: Language) -> bytes:
    """The template as CSV, with a mark so that Excel reads Chinese."""
    out = io.StringIO()
    csv.writer(out).writerows(example_rows(language))
    return ("\ufeff" + out.getvalue()).encode()


def template_xlsx(language: Language) -> bytes:
    """The template as a workbook: the table, and sheets with everything that may stand in it."""
    chinese = language == "zh"
    book = Workbook()
    table = book.active
    if table is None:
        raise TypeError("a new workbook has a sheet")
    table.title = "政策" if chinese else "policies"
    for row in example_rows(language):
        table.append(row)
    known = book.create_sheet("指标" if chinese else "attributes")
    known.append(["name", "中文", "English", "kind", "members"])
    for name, each in standard_attributes().items():
        if name != AS_OF:
            members = "; ".join(f"{key} {text.zh}" for key, text in each.members.items())
            known.append([name, each.label.zh, each.label.en, each.kind.value, members])
    words = book.create_sheet("填写说明" if chinese else "how to fill it in")
    for line in HELP[language]:
        words.append(line)
    for kind, choices in (("theme", Theme.values), ("recurrence", Recurrence.values)):
        words.append([kind, "; ".join(choices)])
    for sheet in (table, known):
        sheet.freeze_panes = "B2"
        for cell in sheet[1]:
            cell.font = Font(bold=True)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


HELP = {
    "zh": [
        ["每行一项条件；政策的标题、日期等只写在该政策的第一行。"],
        ["组", "留空: 必须满足；相同字母: 满足其一；A>=2: 满足A组两项；-A: A组一项都不能有"],
        ["关系", "代码: 属于、不属于；数值: 以上、超过、以下、不满、介于；是否: 是；名单: 包含"],
        ["取值", "多个用分号隔开；金额单位为元，可写“万”“亿”；日期写 2026-01-31 或“3年”；补助台账写 500000/3年"],
        ["人工审核", "指标写“人工审核”，取值写问题（中文 | 英文）"],
    ],
    "en": [
        ["A line a criterion; title, dates and so on stand on the first line of each policy only."],
        ["group", "empty: must hold; the same letter: one of them; A>=2: two of group A; -A: none of group A"],
        ["operator", "codes: in, not in; numbers: >=, >, <=, <, between; yes or no: is; lists: any of"],
        ["value", "several with semicolons; amounts in yuan; dates as 2026-01-31 or '3 years'; aid as 500000/3 years"],
        ["a person decides", "attribute: attested; value: the question, Chinese | English"],
    ],
}
