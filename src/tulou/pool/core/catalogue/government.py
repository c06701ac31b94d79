"""The four Excel templates of a government data catalogue: datasets with items, business tables, items, indicators.

What a template asks for and a catalogue record has no place for is kept in `extras` under the template's own header.
Imported datasets are drafts, as the templates themselves say: published only after an audit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from tulou.kernel.errors import Finding, Text, Where, refuse
from tulou.pool.core.catalogue import government_sheets as forms
from tulou.pool.core.catalogue.drafting import UNSTATED
from tulou.pool.core.catalogue.government_rules import (
    field_faults,
    grouping_faults,
    indicator_faults,
    repeated,
    resource_faults,
    whole,
)
from tulou.pool.core.catalogue.government_sheets import FilledSheet, Lines, SheetRow, Template
from tulou.pool.core.catalogue.values import Catalogue, CodeSet, Dataset, Department, Item, ItemState, OpenType
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import LogicalType
from tulou.pool.core.contract.faults import place, raise_if_any
from tulou.pool.core.contract.inference.naming import technical_names

_TYPES = {
    "整数型": LogicalType.INTEGER,
    "小数型": LogicalType.NUMBER,
    "高精度型": LogicalType.NUMBER,
    "数字型": LogicalType.NUMBER,
    "布尔型": LogicalType.BOOLEAN,
    "日期型": LogicalType.DATE,
    "日期时间型": LogicalType.TIMESTAMP,
    "时间戳型": LogicalType.TIMESTAMP,
}
"""Types that a table can hold as such; all others are kept as text."""

_SHARING = dict(zip(forms.SHARING, SharingType, strict=True))
_OPENING = {
    "无条件开放": OpenType.OPEN,
    "向公众开放": OpenType.OPEN,
    "有条件开放": OpenType.CONDITIONAL,
    "不予开放": OpenType.CLOSED,
    "不向公众开放": OpenType.CLOSED,
}
_CYCLES = {
    "实时": "realtime",
    "每日": "daily",
    "每周": "weekly",
    "每月": "monthly",
    "每季度": "quarterly",
    "每半年": "half-yearly",
    "每年": "yearly",
    "其他": "other",
}
_RANGE = re.compile(r"[\[（(]?\s*(-?\d+(?:\.\d+)?)\s*[-,，~]\s*(-?\d+(?:\.\d+)?)\s*[\]）)]?")
_SCALE = 2
"""Decimals of a 高精度型 whose template does not ask for them; told as a warning."""

_GUESSED = "government"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a template held: a part of a catalogue, in drafts, and what a person should know of it."""

    part: Catalogue
    findings: tuple[Finding, ...]


def is_government(sheets: Mapping[str, Lines]) -> bool:
    """Whether a workbook is one of the four templates."""
    heads = (forms.DATASETS, forms.TABLE_FIELDS, forms.INDICATORS, forms.PLAIN_ITEMS)
    return any(forms.find_sheet(sheets, template) for template in heads)


def import_government(
    path: Path, sheets: Mapping[str, Lines], *, dataset: str | None = None, department: str | None = None
) -> Imported:
    """The drafts in a filled-in template. `dataset` and `department` name what the template itself does not say.

    Raises Faulty with every fault, each with its sheet, row and column, and Refused where no row is filled in.
    """
    reader = _Reader(path.name, sheets, dataset or path.name.split(".")[0], department or _GUESSED)
    if forms.find_sheet(sheets, forms.DATASETS):
        part = reader.resources()
    elif forms.find_sheet(sheets, forms.TABLE_FIELDS):
        part = reader.business_tables()
    elif forms.find_sheet(sheets, forms.INDICATORS):
        part = reader.indicators()
    else:
        part = reader.plain_items()
    raise_if_any(reader.findings, path.name)
    return Imported(part, tuple(reader.findings))


class _Reader:
    """One workbook on its way to drafts; faults are gathered until all of it has been read."""

    def __init__(self, file: str, sheets: Mapping[str, Lines], dataset: str, department: str) -> None:
        self.file, self.sheets = file, sheets
        self.dataset, self.department = dataset, department
        self.findings: list[Finding] = []
        self.code_sets: dict[str, CodeSet] = {}

    def resources(self) -> Catalogue:
        """数据资源目录导入模板: datasets of 25 columns and items of 14."""
        datasets, items = self._read(forms.DATASETS), self._read(forms.DATASET_ITEMS)
        name = "数据资源目录名称"
        self.findings += grouping_faults(datasets.rows, items.rows, name, "信息项技术名称")
        self.findings += resource_faults(datasets.rows, items.rows)
        self._stop()
        heads = {row[name]: row for row in datasets.rows}
        ids = dict(zip(heads, technical_names([row["挂接资源名称"] or n for n, row in heads.items()], {}), strict=True))
        drafts = []
        for title, head in heads.items():
            rows = [row for row in items.rows if row[name] == title]
            names = self._technical(rows, "信息项技术名称")
            provider = head["目录提供方"]
            draft = _Head(ids[title], title, head["数据资源目录描述"], provider, head["所属信息系统"])
            held = tuple(self._resource_item(draft, head, row, n) for row, n in zip(rows, names, strict=True))
            keys = tuple(n for row, n in zip(rows, names, strict=True) if row["是否主键"] == "是")
            mode = "replace" if head["数据同步机制"] == "全量" else "merge" if keys else "append"
            drafts.append(
                replace(
                    draft.dataset(held, _kept(head, _RESOURCE_TAKEN)),
                    primary_key=keys,
                    update_cycle=_CYCLES[head["更新周期"]],  # type: ignore[arg-type]
                    delivery_mode=mode,  # type: ignore[arg-type]
                )
            )
        return self._part(drafts)

    def _resource_item(self, draft: _Head, head: SheetRow, row: SheetRow, name: str) -> Item:
        length = whole(row["数据长度"])
        scale = None
        if row["数据类型"] == "高精度型":
            scale = min(_SCALE, length - 1)
            zh, en = f"模板没有小数位, 暂定 {scale} 位", f"the template does not ask for decimals; {scale} are assumed"
            self.findings.append(row.fault("数据长度", "template.scale", zh, en, warn=True))
        sharing = _SHARING[row["共享属性"]]
        condition = head["共享条件/不予共享依据"]
        least, most = _range(row["数据值域"], _TYPES.get(row["数据类型"]))
        return draft.item(
            name,
            row["信息项业务名称"],
            row["信息项业务名称"],
            _kept(row, _RESOURCE_ITEM_TAKEN),
            aliases=(row["信息项技术名称"],),
            logical_type=_TYPES.get(row["数据类型"], LogicalType.STRING),
            precision=length if scale is not None else None,
            scale=scale,
            max_length=length or None if row["数据类型"] == "字符型" else None,
            code_set=self._code_set(row["关联码表"]),
            minimum=least,
            maximum=most,
            required=row["是否主键"] == "是",
            sharing_type=sharing,
            sharing_condition=_condition(sharing, condition),
            open_type=_OPENING[row["开放属性"]],
            open_condition=_same(head["开放条件"]) if row["开放属性"] == "有条件开放" else None,
            sensitivity=3 if row["敏感属性"] == "敏感" else 2,
            consent_required=sharing is not SharingType.UNCONDITIONAL,
        )

    def business_tables(self) -> Catalogue:
        """业务标准表模板: tables and their fields of 21 columns."""
        tables, fields = self._read(forms.TABLES), self._read(forms.TABLE_FIELDS)
        name = "业务表名称"
        self.findings += grouping_faults(tables.rows, fields.rows, name, "字段英文名称")
        self.findings += field_faults(fields.rows)
        self._stop()
        heads = {row[name]: row for row in tables.rows}
        ids = dict(zip(heads, technical_names(list(heads), {}), strict=True))
        drafts = []
        for title, head in heads.items():
            rows = [row for row in fields.rows if row[name] == title]
            names = self._technical(rows, "字段英文名称")
            draft = _Head(ids[title], title, head["描述"] or title, self.department, "")
            held = tuple(self._field_item(draft, row, n) for row, n in zip(rows, names, strict=True))
            keys = tuple(n for row, n in zip(rows, names, strict=True) if row["唯一标识"] == "是")
            extras = {**_kept(head, ("业务表名称", "描述")), **tables.above}
            drafts.append(replace(draft.dataset(held, extras), primary_key=keys))
        return self._part(drafts)

    def _field_item(self, draft: _Head, row: SheetRow, name: str) -> Item:
        kind = _TYPES.get(row["数据类型"], LogicalType.STRING)
        length, scale = whole(row["数据长度"]), row["数据精度"]
        exact = kind is LogicalType.NUMBER and length > 0
        sharing = _SHARING[row["共享属性"]]
        least, most = _range(row["自定义取值范围"], kind)
        return draft.item(
            name,
            row["字段中文名称"],
            row["描述"] or row["字段中文名称"],
            _kept(row, _FIELD_TAKEN),
            aliases=(row["字段英文名称"],),
            logical_type=kind,
            precision=min(length, 38) if exact else None,
            scale=int(scale) if exact and scale else None,
            max_length=length or None if row["数据类型"] == "字符型" else None,
            minimum=least,
            maximum=most,
            required=row["必填"] == "是",
            unique=row["唯一标识"] == "是",
            sharing_type=sharing,
            sharing_condition=_condition(sharing, row["共享条件/不予共享依据"]),
            open_type=_OPENING[row["开放属性"]],
            open_condition=_same(row["开放条件"]) if row["开放条件"] else None,
            consent_required=sharing is not SharingType.UNCONDITIONAL,
        )

    def indicators(self) -> Catalogue:
        """指标模板: indicators of 18 columns, as items of one dataset."""
        filled = self._read(forms.INDICATORS)
        self.findings += indicator_faults(filled.rows)
        self._stop()
        names = technical_names([row["指标名称"] for row in filled.rows], {})
        draft = _Head(technical_names([self.dataset], {})[0], self.dataset, self.dataset, self.department, "")
        held = []
        for row, name in zip(filled.rows, names, strict=True):
            sharing = _SHARING[row["共享属性"]]
            item = draft.item(
                name,
                row["指标名称"],
                row["指标说明"],
                _kept(row, ("指标名称", "指标说明", "共享属性", "开放属性", "敏感属性", "涉密属性")),
                logical_type=LogicalType.NUMBER,
                sharing_type=sharing,
                sharing_condition=_condition(sharing, ""),
                open_type=_OPENING[row["开放属性"]],
                sensitivity=3 if row["敏感属性"] == "敏感" else 2,
                consent_required=sharing is not SharingType.UNCONDITIONAL,
            )
            held.append(item)
        return self._part([draft.dataset(tuple(held), filled.above)])

    def plain_items(self) -> Catalogue:
        """信息项模板: items by name, type and description alone."""
        filled = self._read(forms.PLAIN_ITEMS)
        self.findings += repeated(filled.rows, lambda row: row["信息项名称"], "信息项名称")
        self._stop()
        names = technical_names([row["信息项名称"] for row in filled.rows], {})
        draft = _Head(technical_names([self.dataset], {})[0], self.dataset, self.dataset, self.department, "")
        held = tuple(
            draft.item(
                name,
                row["信息项名称"],
                row["信息项描述"],
                {"数据类型": row["数据类型"]} if row["数据类型"] not in (*_TYPES, "字符型") else {},
                logical_type=_TYPES.get(row["数据类型"], LogicalType.STRING),
            )
            for row, name in zip(filled.rows, names, strict=True)
        )
        return self._part([draft.dataset(held, {})])

    def _read(self, template: Template) -> FilledSheet:
        title = forms.find_sheet(self.sheets, template)
        if title is None:
            raise refuse(
                "template.sheet",
                f"缺少工作表 {template.sheet}",
                f"The sheet {template.sheet} is missing",
                where=Where(file=self.file),
                remedy=Text(zh="请使用完整的模板", en="Use the whole template"),
            )
        filled = forms.read_sheet(self.file, title, self.sheets[title], template)
        self.findings += filled.findings
        if not filled.rows and not filled.findings:
            raise refuse(
                "template.empty",
                f"工作表 {title} 没有填写任何内容",
                f"Nothing is filled in on the sheet {title}",
                where=Where(file=place(self.file, title)),
                remedy=Text(zh="请在表头之下逐行填写", en="Fill in rows under the header"),
            )
        return filled

    def _stop(self) -> None:
        raise_if_any(self.findings, self.file)

    @staticmethod
    def _technical(rows: Sequence[SheetRow], column: str) -> list[str]:
        return technical_names([row[column] for row in rows], {})

    def _code_set(self, title: str) -> str | None:
        if not title:
            return None
        name = technical_names([title], {})[0]
        self.code_sets.setdefault(name, CodeSet(name, _same(title)))
        return name

    def _part(self, datasets: Sequence[Dataset]) -> Catalogue:
        departments = {}
        for dataset in datasets:
            title = dataset.department
            named = technical_names([title], {})[0]
            departments[title] = Department(named, "", _same(title), _same(title))
        held = {d.id: replace(d, department=departments[d.department].id) for d in datasets}
        return Catalogue({d.id: d for d in departments.values()}, held, self.code_sets)


@dataclass(frozen=True, slots=True)
class _Head:
    """What all items of one drafted dataset share."""

    id: str
    title: str
    about: str
    department: str
    system: str

    def dataset(self, items: tuple[Item, ...], extras: Mapping[str, str]) -> Dataset:
        """The dataset, without a code."""
        short = _same(self.title)
        return Dataset(
            id=self.id,
            code="",
            department=self.department,
            title=short,
            short=short,
            description=_same(self.about),
            grain="event",
            items=items,
            update_cycle="irregular",
            delivery_mode="merge",
            version="0.1.0",
            extras=dict(extras),
        )

    def item(self, name: str, title: str, means: str, extras: Mapping[str, str], **facts: Any) -> Item:
        """One item, in state draft, without a code."""
        english = name.replace("_", " ").capitalize()
        item = Item(
            code="",
            dataset=self.id,
            department=self.department,
            name=Text(zh=f"{self.title} · {title}", en=f"{self.id.replace('_', ' ').capitalize()} · {english}"),
            title=Text(zh=title, en=english),
            technical_name=name,
            definition=_same(means),
            logical_type=LogicalType.STRING,
            sharing_condition=UNSTATED,
            source_system=self.system,
            contract_version="0.1.0",
            state=ItemState.DRAFT,
            extras=dict(extras),
        )
        aliases = tuple(alias for alias in facts.pop("aliases", ()) if alias != name)
        return replace(item, aliases=aliases, **facts)


_RESOURCE_TAKEN = ("数据资源目录名称", "目录提供方", "所属信息系统", "更新周期", "数据资源目录描述", "挂接资源名称")
_RESOURCE_ITEM_TAKEN = (
    "数据资源目录名称",
    "信息项业务名称",
    "信息项技术名称",
    "关联码表",
    "数据长度",
    "共享属性",
    "开放属性",
    "敏感属性",
    "涉密属性",
    "是否主键",
)
_FIELD_TAKEN = (
    "业务表名称",
    "字段中文名称",
    "字段英文名称",
    "描述",
    "唯一标识",
    "必填",
    "数据精度",
    "涉密属性",
    "共享属性",
    "共享条件/不予共享依据",
    "开放属性",
    "开放条件",
)


def _kept(row: SheetRow, taken: Sequence[str]) -> dict[str, str]:
    """What a row says that the record has no place for."""
    return {name: text for name, text in row.cells.items() if text and name not in taken}


def _same(text: str) -> Text:
    return Text(zh=text, en=text)


def _condition(sharing: SharingType, text: str) -> Text | None:
    if sharing is SharingType.UNCONDITIONAL:
        return None
    return _same(text) if text else UNSTATED


def _range(text: str, kind: LogicalType | None) -> tuple[Decimal | None, Decimal | None]:
    match = _RANGE.fullmatch(text) if kind in (LogicalType.INTEGER, LogicalType.NUMBER) else None
    return (Decimal(match[1]), Decimal(match[2])) if match else (None, None)
