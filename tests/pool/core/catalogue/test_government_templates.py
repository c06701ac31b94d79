"""The four real Excel templates: empty ones say so, filled ones are taken whole, every fault has sheet, row, column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tulou.kernel.errors import Refused
from tulou.pool.core.catalogue import Catalogue, OpenType, reference_catalogue
from tulou.pool.core.catalogue.checking import check_catalogue
from tulou.pool.core.catalogue.drafting import adopt
from tulou.pool.core.catalogue.government import Imported, import_government, is_government
from tulou.pool.core.catalogue.values import ItemState
from tulou.pool.core.catalogue.workbooks import sheets_of
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import LogicalType
from tulou.pool.core.contract.faults import Faulty

RESOURCES, TABLES, ITEMS, INDICATORS = (
    "数据资源目录导入模板.xlsx",
    "业务标准表模板.xlsx",
    "信息项模板.xlsx",
    "指标模板.xlsx",
)
HEADERS = {
    "数据资源目录导入": 3,
    "信息项导入": 2,
    "业务表清单表": 4,
    "业务表字段表": 5,
    "信息项": 3,
    "指标汇总表": 7,
}
"""The rows in which the templates have their headers."""

Rows = Sequence[Mapping[str, object]]

DATASET = {
    "挂接资源名称": "gas_bill",
    "数据资源目录名称": "燃气缴费信息",
    "数据资源来源部门": "燃气公司",
    "目录提供方": "住房和城乡建设局",
    "所属信息系统": "燃气营收系统",
    "所属业务对象": "组织/企业",
    "应用场景分类": "监管",
    "数据所属事项": "燃气供应",
    "空间范围": "全市",
    "数据时间范围": "2020/01/01-至今",
    "更新周期": "每月",
    "数据分级": "一般",
    "数据资源目录描述": "非居民燃气用户的缴费",
    "资源属性分类一": "市政/燃气",
    "共享属性": "有条件共享",
    "共享条件/不予共享依据": "经用户授权",
    "共享方式": "共享平台方式",
    "开放属性": "不予开放",
    "数据同步机制": "全量",
    "同步频率": "每月5日",
    "数据是否存在物理删除": "否",
    "是否上线到超市": "否",
}
DATASET_ITEM = {
    "数据资源目录名称": "燃气缴费信息",
    "信息项业务名称": "户号",
    "信息项技术名称": "UserNo",
    "数据类型": "字符型",
    "数据长度": 20,
    "共享属性": "有条件共享",
    "开放属性": "不予开放",
    "敏感属性": "非敏感",
    "涉密属性": "非涉密",
    "是否主键": "是",
}
AMOUNT = {
    **DATASET_ITEM,
    "信息项业务名称": "缴费金额",
    "信息项技术名称": "pay_amount",
    "关联数据标准": "金额",
    "关联码表": "币种",
    "数据类型": "高精度型",
    "数据长度": 18,
    "数据值域": "0-100000",
    "敏感属性": "敏感",
    "是否主键": "否",
    "是否时间戳": "否",
}
TABLE = {"业务表名称": "企业用气表", "数据区域范围": "全市", "基础信息分类": "组织", "描述": "用气情况"}
FIELD = {
    "业务表名称": "企业用气表",
    "字段中文名称": "用气量",
    "字段英文名称": "gas_volume",
    "描述": "当月用气量",
    "唯一标识": "否",
    "必填": "是",
    "本业务产生": "是",
    "需要标准化": "否",
    "数据类型": "小数型",
    "数据长度": 18,
    "数据精度": 3,
    "取值范围": "自定义",
    "自定义取值范围": "0-999999",
    "涉密属性": "非涉密",
    "共享属性": "无条件共享",
    "开放属性": "向公众开放",
    "开放条件": "按月汇总",
}
ITEM = {"信息项名称": "排气量", "数据类型": "数字型", "信息项描述": "发动机排气量"}
INDICATOR = {
    "指标名称": "用气企业数",
    "指标说明": "当月有用气的企业数",
    "来源业务表": "企业用气表;企业基本信息表",
    "来源业务表字段": "用气量;统一社会信用代码",
    "业务字段英文名称": "gas_volume;uscc",
    "取值规则": "大于0",
    "运算逻辑": "无;计数",
    "规则说明": "用气量大于0的企业",
    "输出字段": "企业数",
    "输出字段说明": "去重后的企业数",
    "共享属性": "无条件共享",
    "开放属性": "向公众开放",
    "敏感属性": "不敏感",
    "涉密属性": "非涉密",
}


class Fill:
    """Fills in a real template."""

    def __init__(self, shared: Path, folder: Path) -> None:
        self.shared, self.folder = shared, folder

    def __call__(self, template: str, above: Mapping[str, str] | None = None, **sheets: Rows) -> Imported:
        book = openpyxl.load_workbook(self.shared / "pool" / template)
        for title, rows in sheets.items():
            sheet = book[title]
            header = sheet[HEADERS[title]]
            names = {str(cell.value).lstrip("*"): cell.column for cell in header if cell.value}
            for number, row in enumerate(rows, header[0].row + 1):
                for name, value in row.items():
                    sheet.cell(number, names[name]).value = value  # type: ignore[union-attr]
            for cell, value in (above or {}).items():
                sheet[cell].value = value
        path = self.folder / template
        book.save(path)
        lines = sheets_of(path)
        assert is_government(lines)
        return import_government(path, lines, dataset="导入", department="住建局")

    def faults(self, template: str, **sheets: Rows) -> list[tuple[str, str, int | None, str | None]]:
        with pytest.raises(Faulty) as caught:
            self(template, **sheets)
        return [
            (f.code, str(f.where.file).rsplit(" › ", 1)[-1], f.where.line, f.where.column)
            for f in caught.value.findings
        ]


@pytest.fixture
def fill(shared_data: Path, tmp_path: Path) -> Fill:
    return Fill(shared_data, tmp_path)


def adopted(imported: Imported) -> Catalogue:
    catalogue, changes = adopt(reference_catalogue(), imported.part)
    assert changes.datasets_added
    assert check_catalogue(catalogue) == []
    return catalogue


@pytest.mark.parametrize("template", [RESOURCES, TABLES, ITEMS, INDICATORS])
def test_an_empty_template_says_that_nothing_is_filled_in(fill: Fill, template: str) -> None:
    with pytest.raises(Refused) as caught:
        fill(template)
    assert caught.value.finding.code == "template.empty"


def test_datasets_of_25_columns_with_items_of_14_become_drafts(fill: Fill) -> None:
    imported = fill(RESOURCES, 数据资源目录导入=[DATASET], 信息项导入=[DATASET_ITEM, AMOUNT])
    catalogue = adopted(imported)
    dataset = catalogue.datasets["gas_bill"]
    assert catalogue.departments[dataset.department].title.zh == "住房和城乡建设局"
    assert (dataset.title.zh, dataset.update_cycle, dataset.delivery_mode) == ("燃气缴费信息", "monthly", "replace")
    assert dataset.primary_key == ("user_no",)
    assert dataset.extras["数据时间范围"] == "2020/01/01-至今"
    assert dataset.extras["数据是否存在物理删除"] == "否"
    key, amount = dataset.items
    assert (key.title.zh, key.aliases, key.max_length, key.required) == ("户号", ("UserNo",), 20, True)
    assert (amount.logical_type, amount.precision, amount.scale) == (LogicalType.NUMBER, 18, 2)
    assert (amount.minimum, amount.maximum, amount.sensitivity) == (0, 100_000, 3)
    assert catalogue.code_sets[str(amount.code_set)].title.zh == "币种"
    assert (amount.sharing_type, amount.sharing_condition.zh) == (SharingType.CONDITIONAL, "经用户授权")  # type: ignore[union-attr]
    assert amount.extras == {"关联数据标准": "金额", "数据类型": "高精度型", "数据值域": "0-100000", "是否时间戳": "否"}
    assert {item.state for item in dataset.items} == {ItemState.DRAFT}
    assert [finding.code for finding in imported.findings] == ["template.scale"]


def test_business_tables_with_fields_of_21_columns_become_drafts(fill: Fill) -> None:
    key = {
        **FIELD,
        "字段中文名称": "户号",
        "字段英文名称": "no",
        "数据类型": "字符型",
        "唯一标识": "是",
        "取值范围": "无限制",
    }
    key |= {"共享属性": "不予共享", "共享条件/不予共享依据": "商业秘密", "开放属性": "不向公众开放", "开放条件": None}
    catalogue = adopted(
        fill(TABLES, {"B3": "张三", "D3": "2024年1月1日"}, 业务表清单表=[TABLE], 业务表字段表=[FIELD, key])
    )
    dataset = next(d for d in catalogue.datasets.values() if d.title.zh == "企业用气表")
    assert dataset.extras == {
        "数据区域范围": "全市",
        "基础信息分类": "组织",
        "填表人": "张三",
        "填表日期": "2024年1月1日",
    }
    volume, number = dataset.items
    assert (volume.precision, volume.scale, volume.required, volume.maximum) == (18, 3, True, 999_999)
    assert (volume.open_type, volume.sharing_type) == (OpenType.OPEN, SharingType.UNCONDITIONAL)
    assert volume.extras["数据长度"] == "18"
    assert (number.sharing_type, number.sharing_condition.zh) == (SharingType.NONE, "商业秘密")  # type: ignore[union-attr]
    assert dataset.primary_key == ("no",)


def test_items_by_name_type_and_description_become_drafts(fill: Fill) -> None:
    blob = {"信息项名称": "照片", "数据类型": "二进制", "信息项描述": "现场照片"}
    catalogue = adopted(fill(ITEMS, 信息项=[ITEM, blob]))
    size, photo = catalogue.datasets["dao_ru"].items
    assert (size.logical_type, size.definition.zh) == (LogicalType.NUMBER, "发动机排气量")
    assert (photo.logical_type, photo.extras) == (LogicalType.STRING, {"数据类型": "二进制"})
    assert catalogue.departments[size.department].title.zh == "住建局"


def test_indicators_of_18_columns_become_items_that_know_their_sources(fill: Fill) -> None:
    catalogue = adopted(fill(INDICATORS, {"B6": "李四"}, 指标汇总表=[INDICATOR]))
    dataset = catalogue.datasets["dao_ru"]
    (item,) = dataset.items
    assert dataset.extras == {"填表人": "李四"}
    assert item.title.zh == "用气企业数"
    assert item.extras["运算逻辑"] == "无;计数"
    assert item.extras["来源业务表字段"] == "用气量;统一社会信用代码"
    assert len(item.extras) == 8


def changed(row: Mapping[str, object], **changes: Any) -> dict[str, object]:
    return {**row, **changes}


@pytest.mark.parametrize(
    ("dataset", "item", "code", "sheet", "line", "column"),
    [
        ({"更新周期": "偶尔"}, {}, "template.choice", "数据资源目录导入", 4, "更新周期"),
        ({"数据时间范围": "去年"}, {}, "template.form", "数据资源目录导入", 4, "数据时间范围"),
        ({"目录提供方": None}, {}, "template.required", "数据资源目录导入", 4, "目录提供方"),
        ({"数据资源目录描述": "长" * 256}, {}, "template.long", "数据资源目录导入", 4, "数据资源目录描述"),
        ({"共享条件/不予共享依据": None}, {}, "item.sharing", "数据资源目录导入", 4, "共享条件/不予共享依据"),
        ({"开放属性": "有条件开放"}, {}, "item.open", "数据资源目录导入", 4, "开放条件"),
        ({"共享属性": "无条件共享"}, {}, "template.agreement", "数据资源目录导入", 4, "共享属性"),
        ({"数据资源目录名称": "别的目录"}, {}, "template.no_items", "数据资源目录导入", 4, "数据资源目录名称"),
        ({}, {"数据资源目录名称": "别的目录"}, "template.unknown_name", "信息项导入", 3, "数据资源目录名称"),
        ({}, {"涉密属性": "涉密"}, "item.secret", "信息项导入", 3, "涉密属性"),
        ({}, {"数据类型": "高精度型", "数据长度": 39}, "item.precision", "信息项导入", 3, "数据长度"),
        ({}, {"数据长度": 70000}, "item.length", "信息项导入", 3, "数据长度"),
        ({}, {"数据长度": "很长"}, "template.form", "信息项导入", 3, "数据长度"),
        ({}, {"信息项技术名称": "户号"}, "template.form", "信息项导入", 3, "信息项技术名称"),
        ({}, {"共享属性": "不予共享", "开放属性": "无条件开放"}, "item.open", "信息项导入", 3, "开放属性"),
    ],
)
def test_a_fault_in_the_catalogue_template_has_its_sheet_row_and_column(
    fill: Fill, dataset: dict[str, Any], item: dict[str, Any], code: str, sheet: str, line: int, column: str
) -> None:
    rows = {"数据资源目录导入": [changed(DATASET, **dataset)], "信息项导入": [changed(DATASET_ITEM, **item)]}
    assert (code, sheet, line, column) in fill.faults(RESOURCES, **rows)


def test_items_that_repeat_and_two_time_stamps_are_faults(fill: Fill) -> None:
    stamp = changed(AMOUNT, 是否时间戳="是", 信息项技术名称="a", 信息项业务名称="甲")
    other = changed(AMOUNT, 是否时间戳="是", 信息项技术名称="b", 信息项业务名称="乙")
    found = fill.faults(RESOURCES, 数据资源目录导入=[DATASET, DATASET], 信息项导入=[stamp, other, other])
    assert ("template.stamp", "信息项导入", 4, "是否时间戳") in found
    assert ("template.twice", "信息项导入", 5, "信息项技术名称") in found
    assert ("template.twice", "数据资源目录导入", 5, "数据资源目录名称") in found


def test_a_blank_row_in_between_is_a_fault(fill: Fill) -> None:
    found = fill.faults(RESOURCES, 数据资源目录导入=[DATASET], 信息项导入=[DATASET_ITEM, {}, AMOUNT])
    assert ("template.blank_row", "信息项导入", 4, "数据资源目录名称") in found


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"唯一标识": "是", "必填": "否"}, "template.key", "必填"),
        ({"自定义取值范围": None}, "template.range", "自定义取值范围"),
        ({"数据精度": 19}, "item.precision", "数据精度"),
        ({"共享属性": "不予共享"}, "item.open", "开放属性"),
        ({"共享属性": "有条件共享"}, "item.sharing", "共享条件/不予共享依据"),
    ],
)
def test_a_fault_in_a_business_table_has_its_row_and_column(
    fill: Fill, changes: dict[str, Any], code: str, column: str
) -> None:
    found = fill.faults(TABLES, 业务表清单表=[TABLE], 业务表字段表=[changed(FIELD, **changes)])
    assert (code, "业务表字段表", 6, column) in found


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"运算逻辑": "计数"}, "template.parts", "运算逻辑"),
        ({"输出字段": "企业数\\户数"}, "template.parts", "输出字段说明"),
        ({"涉密属性": "涉密"}, "item.secret", "涉密属性"),
    ],
)
def test_a_fault_in_an_indicator_has_its_row_and_column(
    fill: Fill, changes: dict[str, Any], code: str, column: str
) -> None:
    assert (code, "指标汇总表", 8, column) in fill.faults(INDICATORS, 指标汇总表=[changed(INDICATOR, **changes)])


def test_a_sheet_that_lost_its_header_says_what_it_needs(fill: Fill, tmp_path: Path, shared_data: Path) -> None:
    book = openpyxl.load_workbook(shared_data / "pool" / RESOURCES)
    book["信息项导入"].delete_rows(2)
    book["数据资源目录导入"]["B4"] = "x"
    book.save(tmp_path / "broken.xlsx")
    with pytest.raises(Faulty) as caught:
        import_government(tmp_path / "broken.xlsx", sheets_of(tmp_path / "broken.xlsx"))
    assert "template.header" in {finding.code for finding in caught.value.findings}
    del book["信息项导入"]
    book.save(tmp_path / "broken.xlsx")
    with pytest.raises(Refused) as refused:
        import_government(tmp_path / "broken.xlsx", sheets_of(tmp_path / "broken.xlsx"))
    assert refused.value.finding.code == "template.sheet"


def test_too_many_rows_are_a_fault(fill: Fill) -> None:
    rows = [changed(ITEM, 信息项名称=f"甲{chr(0x4E00 + number)}") for number in range(201)]
    assert ("template.too_many", "信息项", 204, "信息项名称") in fill.faults(ITEMS, 信息项=rows)
