"""A contract as the YAML that an officer edits, and back; faults come with their lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from tulou.kernel.errors import Text
from tulou.pool.core.contract.checking import contract_faults
from tulou.pool.core.contract.contract import Column, Contract, Grain, KeyRole, LogicalType, Rule
from tulou.pool.core.contract.documents import Document, OneLine, OneLineMapping, write_document
from tulou.pool.core.contract.faults import raise_if_any
from tulou.pool.core.contract.reading import Reader

FORMAT = 1
LINE = 4_000
"""Lists stand on one line, however long."""

MODES = ("append", "merge", "replace")
_NUMBERS = (LogicalType.INTEGER, LogicalType.NUMBER)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def contract_to_yaml(contract: Contract, remarks: Mapping[str, Sequence[str]] | None = None) -> str:
    """The contract as YAML. `remarks` are comments, by column name; under "" those at the head of the document."""
    remarks = remarks or {}
    head = _filled(
        {
            "contract": FORMAT,
            "dataset": contract.dataset,
            "department": contract.department,
            "version": contract.version,
            "title": _pair(contract.title),
            "description": _pair(contract.description) if contract.description else None,
            "grain": contract.grain,
            "primary_key": list(contract.primary_key),
            "period_column": contract.period_column,
            "delivery_mode": contract.delivery_mode,
            "update_cycle": contract.update_cycle,
            "max_delay_days": contract.max_delay_days,
            "legal_basis": list(contract.legal_basis),
            "tags": dict(contract.tags),
        }
    )
    parts = [_comments(remarks.get("", ())), write_document(head, width=LINE), "columns:\n"]
    for column in contract.columns:
        parts += [_comments(remarks.get(column.name, ()), "  "), _entry(_column_body(column))]
    if contract.rules:
        parts += ["rules:\n", *(_entry(_rule_body(rule)) for rule in contract.rules)]
    return "".join(parts)


def _entry(body: Mapping[str, Any]) -> str:
    lines = write_document([body], width=LINE).splitlines()
    return "".join(f"  {line}\n" if line else "\n" for line in lines)


def _comments(lines: Sequence[str], indent: str = "") -> str:
    return "".join(f"{indent}# {line}\n" for remark in lines for line in remark.splitlines())


def _filled(body: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in body.items() if value is not None and value != [] and value != {}}
    return {name: OneLine(value) if isinstance(value, list) else value for name, value in kept.items()}


def _pair(text: Text) -> OneLineMapping:
    return OneLineMapping(zh=text.zh, en=text.en)


def _column_body(column: Column) -> dict[str, Any]:
    return _filled(
        {
            "name": column.name,
            "title": _pair(column.title),
            "aliases": list(column.aliases),
            "item_code": column.item_code,
            "type": column.logical_type.value,
            "required": column.required or None,
            "unique": column.unique or None,
            "precision": column.precision,
            "scale": column.scale,
            "max_length": column.max_length,
            "unit": column.unit,
            "minimum": column.minimum,
            "maximum": column.maximum,
            "pattern": column.pattern,
            "codes": list(column.codes),
            "formats": list(column.formats),
            "null_tokens": list(column.null_tokens),
            "role": column.key_role.value if column.key_role is not KeyRole.NONE else None,
        }
    )


def _rule_body(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "predicate": rule.predicate,
        "text": _pair(rule.text),
        "columns": OneLine(rule.columns),
        "severity": rule.severity,
    }


def contract_from_yaml(document: Document) -> Contract:
    """The contract in a YAML document of ours. Raises Faulty with every fault, each with its line and a remedy."""
    reader = Reader(document)
    version = reader.whole("contract")
    if version not in (None, FORMAT):
        reader.fault("contract", "contract.format", f"合同格式应为 {FORMAT}", f"the format of contracts is {FORMAT}")
    columns, conditions = _columns(reader)
    contract = Contract(
        dataset=_name(reader, "dataset"),
        department=_name(reader, "department"),
        version=reader.text("version"),
        title=reader.pair("title"),
        columns=columns,
        grain=reader.one_of("grain", get_args(Grain), "enterprise"),
        primary_key=reader.texts("primary_key"),
        period_column=reader.text("period_column", None),
        rules=(*_rules(reader), *conditions),
        delivery_mode=reader.one_of("delivery_mode", MODES, "merge"),
        update_cycle=reader.text("update_cycle", "monthly"),
        max_delay_days=reader.whole("max_delay_days"),
        legal_basis=reader.texts("legal_basis"),
        description=reader.pair("description", None),
        tags=_tags(reader),
    )
    reader.close()
    reader.findings += sorted(contract_faults(contract, document), key=lambda fault: fault.where.line or 0)
    raise_if_any(reader.findings, document.file)
    return contract


def _tags(reader: Reader) -> dict[str, str]:
    if not reader.has("tags"):
        reader.asked.add("tags")
        return {}
    inner = reader.inner("tags")
    return {name: inner.text(name, "") for name in inner.value}


def _name(reader: Reader, field: str) -> str:
    name: str = reader.text(field)
    if name and not _NAME.fullmatch(name):
        reader.fault(
            field,
            "contract.name",
            "应为小写字母开头的字母、数字和下划线",
            "should be lower-case letters, digits and underscores, a letter first",
        )
    return name


def _columns(reader: Reader) -> tuple[tuple[Column, ...], list[Rule]]:
    columns, conditions = [], []
    for row in reader.rows("columns"):
        column = _column(row)
        columns.append(column)
        if row.has("required_if"):
            conditions.append(_conditional(column, row.text("required_if")))
        row.asked.add("required_if")
        row.close()
    if not columns:
        reader.fault("columns", "contract.missing", "至少要有一列", "there should be at least one column")
    return tuple(columns), conditions


def _conditional(column: Column, predicate: str) -> Rule:
    return Rule(
        name=f"{column.name}_required_if",
        predicate=f'NOT coalesce(({predicate}), false) OR "{column.name}" IS NOT NULL',
        text=Text(
            zh=f"满足 {predicate} 时 {column.title.zh} 必填",
            en=f"{column.title.en} is required where {predicate}",
        ),
        columns=(column.name,),
    )


def _column(row: Reader) -> Column:
    kind = LogicalType(row.one_of("type", [kind.value for kind in LogicalType]))
    limit = row.number if kind in _NUMBERS else lambda name: row.text(name, None)
    name = _name(row, "name")
    return Column(
        name=name,
        logical_type=kind,
        title=row.pair("title", Text(zh=name, en=name)),
        aliases=row.texts("aliases"),
        item_code=row.text("item_code", None),
        required=row.flag("required"),
        unique=row.flag("unique"),
        precision=row.whole("precision"),
        scale=row.whole("scale"),
        max_length=row.whole("max_length"),
        unit=row.text("unit", None),
        minimum=limit("minimum"),
        maximum=limit("maximum"),
        pattern=row.text("pattern", None),
        codes=row.texts("codes"),
        formats=row.texts("formats"),
        null_tokens=row.texts("null_tokens"),
        key_role=KeyRole(row.one_of("role", [role.value for role in KeyRole], "none")),
    )


def _rules(reader: Reader) -> list[Rule]:
    rules = []
    for row in reader.rows("rules"):
        rule = Rule(
            name=row.text("name"),
            predicate=row.text("predicate"),
            text=row.pair("text"),
            columns=row.texts("columns"),
            severity=row.one_of("severity", ("reject", "warn"), "reject"),
        )
        row.close()
        rules.append(rule)
    return rules
