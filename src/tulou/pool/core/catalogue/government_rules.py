"""What the instructions of the government's templates ask for beyond the form of each cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from tulou.kernel.errors import Finding, Text
from tulou.pool.core.catalogue.government_sheets import SheetRow
from tulou.pool.core.contract.odcs_columns import technical_name

Holds = Callable[[SheetRow], bool]
Rule = tuple[str, str, Text, Holds]
"""Column, stable code, sentence, and whether a row is right."""

_CONDITION = "共享条件/不予共享依据"
_SHARED: Rule = (
    _CONDITION,
    "item.sharing",
    Text(zh="有条件共享须填写条件, 不予共享须填写依据", en="say the condition, or the basis of not sharing"),
    lambda row: row["共享属性"] == "无条件共享" or bool(row[_CONDITION]),
)
_NOT_OPEN: Rule = (
    "开放属性",
    "item.open",
    Text(zh="不予共享时开放属性必须为 不予开放", en="what is not shared must be 不予开放"),
    lambda row: row["共享属性"] != "不予共享" or row["开放属性"] == "不予开放",
)
_NOT_PUBLIC: Rule = (
    "开放属性",
    "item.open",
    Text(zh="不予共享时必须为 不向公众开放", en="what is not shared must be 不向公众开放"),
    lambda row: row["共享属性"] != "不予共享" or row["开放属性"] == "不向公众开放",
)
_NOT_SECRET: Rule = (
    "涉密属性",
    "item.secret",
    Text(zh="涉密数据不得入池", en="secret data has no place in the pool"),
    lambda row: row["涉密属性"] != "涉密",
)
_DATASET_RULES: tuple[Rule, ...] = (
    _SHARED,
    _NOT_OPEN,
    (
        "开放条件",
        "item.open",
        Text(zh="有条件开放须填写开放条件", en="say the condition of opening"),
        lambda row: row["开放属性"] != "有条件开放" or bool(row["开放条件"]),
    ),
)
_ITEM_RULES: tuple[Rule, ...] = (
    _NOT_OPEN,
    (
        "数据长度",
        "item.precision",
        Text(zh="高精度型必须填写 1 至 38", en="a 高精度型 needs 1 to 38"),
        lambda row: row["数据类型"] != "高精度型" or 1 <= whole(row["数据长度"]) <= 38,
    ),
    (
        "数据长度",
        "item.length",
        Text(zh="字符型应为 1 至 65535", en="a 字符型 is 1 to 65535 long"),
        lambda row: row["数据类型"] != "字符型" or not row["数据长度"] or 1 <= whole(row["数据长度"]) <= 65535,
    ),
)
_FIELD_RULES: tuple[Rule, ...] = (
    _SHARED,
    _NOT_PUBLIC,
    (
        "必填",
        "template.key",
        Text(zh="唯一标识的字段必须必填", en="a field that identifies is required"),
        lambda row: row["唯一标识"] != "是" or row["必填"] == "是",
    ),
    (
        "自定义取值范围",
        "template.range",
        Text(zh="取值范围为自定义时须填写", en="say the range of your own"),
        lambda row: row["取值范围"] != "自定义" or bool(row["自定义取值范围"]),
    ),
    (
        "数据精度",
        "item.precision",
        Text(zh="精度须在 0 至 30 之间且不大于长度", en="decimals are 0 to 30 and no more than the length"),
        lambda row: not row["数据精度"] or whole(row["数据精度"]) <= min(30, whole(row["数据长度"])),
    ),
)
_INDICATOR_RULES: tuple[Rule, ...] = (
    _NOT_SECRET,
    _NOT_PUBLIC,
    (
        "运算逻辑",
        "template.parts",
        Text(zh="与来源业务表字段应一一对应", en="there should be one for each source field"),
        lambda row: _parts(row["运算逻辑"]) == _parts(row["来源业务表字段"]),
    ),
    (
        "输出字段说明",
        "template.parts",
        Text(zh="与输出字段应一一对应", en="there should be one for each output field"),
        lambda row: _parts(row["输出字段"]) == _parts(row["输出字段说明"]),
    ),
)


def whole(text: str) -> int:
    """The whole number in a cell; 0 where there is none."""
    return int(text) if text.isdecimal() else 0


def _parts(text: str) -> int:
    return len(re.split(r"[\\;；]", text))


def _apply(rules: Sequence[Rule], rows: Sequence[SheetRow]) -> list[Finding]:
    return [
        row.fault(column, code, text.zh, text.en)
        for column, code, text, holds in rules
        for row in rows
        if not holds(row)
    ]


def repeated(rows: Sequence[SheetRow], key: Callable[[SheetRow], str], column: str) -> list[Finding]:
    """Rows of the same key."""
    times = Counter(map(key, rows))
    text = Text(zh="与其他行重复", en="stands twice")
    return _apply([(column, "template.twice", text, lambda row: times[key(row)] == 1)], rows)


def grouping_faults(heads: Sequence[SheetRow], rows: Sequence[SheetRow], name: str, technical: str) -> list[Finding]:
    """Names stand once, every row belongs to a head, every head has rows, and no row is secret."""
    found = repeated(heads, lambda row: row[name], name)
    found += repeated(rows, lambda row: f"{row[name]}.{technical_name(row[technical])}", technical)
    known, used = {row[name] for row in heads}, {row[name] for row in rows}
    unknown = Text(zh="在另一张表中没有同名的行", en="is not on the other sheet")
    empty = Text(zh="没有任何字段或信息项", en="has no fields or items")
    found += _apply([(name, "template.unknown_name", unknown, lambda row: row[name] in known), _NOT_SECRET], rows)
    return found + _apply([(name, "template.no_items", empty, lambda row: row[name] in used)], heads)


def resource_faults(datasets: Sequence[SheetRow], items: Sequence[SheetRow]) -> list[Finding]:
    """Datasets and their items, each and against each other."""
    found = _apply(_DATASET_RULES, datasets) + _apply(_ITEM_RULES, items)
    for head in datasets:
        mine = [row for row in items if row["数据资源目录名称"] == head["数据资源目录名称"]]
        found += _agreement(head, mine, "共享属性", "有条件共享")
        found += _agreement(head, mine, "开放属性", "有条件开放")
        stamps = [row for row in mine if row["是否时间戳"] == "是"]
        text = Text(zh="同一目录最多一个时间戳", en="a dataset has at most one time stamp")
        found += _apply([("是否时间戳", "template.stamp", text, lambda _: False)], stamps[1:])
    return found


def _agreement(head: SheetRow, items: Sequence[SheetRow], column: str, mixed: str) -> list[Finding]:
    """A dataset is shared (or open) as its items are; where they differ it must be so under a condition."""
    kinds = {row[column] for row in items}
    wanted = next(iter(kinds)) if len(kinds) == 1 else mixed
    text = Text(zh=f"按信息项应为 {wanted}", en=f"its items make it {wanted}")
    return _apply([(column, "template.agreement", text, lambda row: not items or row[column] == wanted)], [head])


def field_faults(rows: Sequence[SheetRow]) -> list[Finding]:
    """Fields of business tables."""
    keys = Counter(row["业务表名称"] for row in rows if row["唯一标识"] == "是")
    text = Text(zh="每个业务表最多一个唯一标识", en="a table has at most one field that identifies")
    single: Rule = (
        "唯一标识",
        "template.key",
        text,
        lambda row: row["唯一标识"] != "是" or keys[row["业务表名称"]] == 1,
    )
    return _apply([*_FIELD_RULES, single], rows)


def indicator_faults(rows: Sequence[SheetRow]) -> list[Finding]:
    """Indicators."""
    return repeated(rows, lambda row: row["指标名称"], "指标名称") + _apply(_INDICATOR_RULES, rows)
