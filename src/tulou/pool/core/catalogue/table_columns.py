"""The columns of the eight tables that a catalogue is written as, each with its title for the officer who edits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue.values import CodeSet, Dataset, Department, Identity, Item
from tulou.pool.core.contract import Rule

_DEFAULTED = frozenset(
    field.name
    for kind in (Department, Dataset, Item, CodeSet, Rule, Identity)
    for field in fields(kind)
    if field.default is not MISSING or field.default_factory is not MISSING
)
_NULLABLE = frozenset({"sharing_condition", "open_condition", "steward"})


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: its name, its title, the attribute that it holds and how; `language` for one half of a Text."""

    name: str
    title: Text
    attribute: str
    cell: str
    language: str | None = None

    @property
    def has_default(self) -> bool:
        """Whether a table may lack the column."""
        return self.attribute in _DEFAULTED

    @property
    def nullable(self) -> bool:
        """Whether both halves of the Text may be empty, for None."""
        return self.attribute in _NULLABLE


def _columns(*rows: str) -> tuple[TableColumn, ...]:
    """Columns from `name cell zh | en`; the cell `pair` stands for the two halves of a Text."""
    columns = []
    for row in rows:
        words, _, en = row.partition(" | ")
        name, cell, zh = words.split(" ", 2)
        if cell == "pair":
            steps = (("zh", "中文", "Chinese"), ("en", "英文", "English"))
            columns += [
                TableColumn(f"{name}_{half}", Text(zh=f"{zh}（{of}）", en=f"{en} ({called})"), name, "text", half)
                for half, of, called in steps
            ]
        else:
            columns.append(TableColumn(name, Text(zh=zh, en=en), name, cell))
    return tuple(columns)


TABLES: Mapping[str, tuple[TableColumn, ...]] = {
    "departments": _columns(
        "id needed 部门标识 | Department id",
        "code needed 部门代码 | Department code",
        "title pair 部门名称 | Department",
        "steward pair 数据责任处室 | Steward",
        "level level 层级 | Level",
        "uscc optional 统一社会信用代码 | Credit code",
    ),
    "datasets": _columns(
        "id needed 数据集标识 | Dataset id",
        "code needed 数据集代码 | Dataset code",
        "department needed 部门标识 | Department id",
        "title pair 数据集名称 | Title",
        "short pair 简称 | Short title",
        "description pair 摘要 | Description",
        "grain grain 粒度 | Grain",
        "primary_key list 主键 | Primary key",
        "period_column optional 期间列 | Period column",
        "update_cycle cycle 更新周期 | Update cycle",
        "max_delay_days whole 最长延迟天数 | Longest delay in days",
        "delivery_mode mode 交付方式 | Delivery mode",
        "legal_basis list 法律依据 | Legal basis",
        "version needed 版本 | Version",
    ),
    "items": _columns(
        "code needed 数据项编码 | Item code",
        "dataset needed 数据集标识 | Dataset id",
        "department needed 部门标识 | Department id",
        "name pair 数据项名称 | Name",
        "title pair 列标题 | Column title",
        "technical_name needed 技术名称 | Technical name",
        "definition pair 定义 | Definition",
        "logical_type type 数据类型 | Logical type",
        "precision whole 精度 | Precision",
        "scale whole 小数位 | Scale",
        "max_length whole 最大长度 | Maximum length",
        "unit optional 计量单位 | Unit",
        "code_set optional 代码集 | Code set",
        "minimum optional 最小值 | Minimum",
        "maximum optional 最大值 | Maximum",
        "pattern optional 格式（正则） | Pattern",
        "formats list 日期格式 | Date formats",
        "aliases list 别名 | Aliases",
        "required flag 必填 | Required",
        "unique flag 唯一 | Unique",
        "key_role role 主体标识作用 | Subject key role",
        "sharing_type sharing 共享类型 | Sharing type",
        "sharing_condition pair 共享条件或不予共享依据 | Sharing condition, or basis of not sharing",
        "purposes list 允许用途 | Allowed purposes",
        "consent_required flag 是否须授权 | Consent required",
        "open_type open 开放类型 | Open type",
        "open_condition pair 开放条件 | Condition of opening",
        "sensitivity whole 敏感级别 | Sensitivity",
        "secret flag 是否涉密 | Secret",
        "retention_months whole 保存期限（月） | Retention in months",
        "legal_basis list 法律依据 | Legal basis",
        "steward pair 数据责任处室 | Steward",
        "source_system text 来源系统 | Source system",
        "source_level level 来源层级 | Source level",
        "contract_version needed 合同版本 | Contract version",
        "valid_from date 生效日期 | Valid from",
        "valid_to date 失效日期 | Valid until",
        "supersedes optional 替代的数据项 | Supersedes",
        "state state 状态 | State",
    ),
    "code_sets": _columns(
        "id needed 代码集标识 | Code set id",
        "title pair 代码集名称 | Code set",
        "pattern optional 格式（正则） | Pattern",
        "source optional 标准或出处 | Source",
    ),
    "codes": _columns(
        "code_set needed 代码集标识 | Code set id", "code needed 代码 | Code", "text pair 含义 | Meaning"
    ),
    "rules": _columns(
        "dataset needed 数据集标识 | Dataset id",
        "name needed 规则名 | Rule",
        "predicate needed 条件（SQL） | Predicate (SQL)",
        "text pair 说明 | Explanation",
        "columns list 涉及的列 | Columns",
        "severity severity 严重程度 | Severity",
    ),
    "identities": _columns(
        "dataset needed 数据集标识 | Dataset id",
        "total needed 合计项 | Total",
        "parts signed 组成项 | Parts",
        "tolerance decimal 容差 | Tolerance",
        "severity severity 严重程度 | Severity",
    ),
    "extras": _columns(
        "of needed 属于 | Of",
        "key needed 数据集标识或数据项编码 | Dataset id or item code",
        "name needed 名称 | Name",
        "value text 内容 | Value",
    ),
}
"""The tables, in the order in which they are written."""
