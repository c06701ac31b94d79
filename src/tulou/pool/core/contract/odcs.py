"""A contract as an ODCS 3.2 document, and back: the Open Data Contract Standard of Bitol (LF AI & Data)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from tulou.kernel.errors import Text, refuse
from tulou.pool.core.contract.checking import contract_faults
from tulou.pool.core.contract.contract import Column, Contract, Grain, Rule
from tulou.pool.core.contract.documents import Document
from tulou.pool.core.contract.faults import raise_if_any
from tulou.pool.core.contract.odcs_columns import column_of, custom, ours, property_of, technical_name
from tulou.pool.core.contract.reading import Reader
from tulou.pool.core.contract.yaml_form import MODES

API_VERSION = "v3.2.0"
_CYCLES = {"daily": "1 d", "weekly": "7 d", "monthly": "1 mo", "quarterly": "3 mo", "yearly": "1 y"}
_UNKNOWN_DEPARTMENT = "imported"


def contract_to_odcs(contract: Contract) -> dict[str, Any]:
    """The ODCS document of a contract; what ODCS has no place for is under custom properties of vendor `tulou`."""
    positions = {name: number for number, name in enumerate(contract.primary_key, 1)}
    element: dict[str, Any] = {
        "name": contract.dataset,
        "businessName": contract.title.zh,
        "logicalType": "object",
        "physicalType": "table",
        "dataGranularityDescription": contract.grain,
        "properties": [property_of(column, positions.get(column.name)) for column in contract.columns],
    }
    if contract.rules:
        element["quality"] = [_check(contract.dataset, rule) for rule in contract.rules]
    body: dict[str, Any] = {
        "version": contract.version,
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": f"urn:tulou:{contract.department}:{contract.dataset}",
        "name": contract.dataset,
        "domain": contract.department,
        "status": "active",
    }
    if contract.description:
        body["description"] = {"purpose": contract.description.zh}
    body["schema"] = [element]
    body["slaProperties"] = _service_levels(contract)
    body["customProperties"] = custom(
        {
            "titleEn": contract.title.en,
            "descriptionEn": contract.description.en if contract.description else None,
            "deliveryMode": contract.delivery_mode,
            "updateCycle": contract.update_cycle,
            "periodColumn": contract.period_column,
            "primaryKey": list(contract.primary_key),
            "legalBasis": list(contract.legal_basis),
            "tags": dict(contract.tags),
        }
    )
    return body


def _service_levels(contract: Contract) -> list[dict[str, Any]]:
    levels: list[dict[str, Any]] = []
    if contract.update_cycle in _CYCLES:
        value, unit = _CYCLES[contract.update_cycle].split()
        levels.append({"property": "frequency", "value": int(value), "unit": unit, "element": contract.dataset})
    if contract.max_delay_days is not None:
        levels.append(
            {"property": "latency", "value": contract.max_delay_days, "unit": "d", "element": contract.dataset}
        )
    return levels


def _check(dataset: str, rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "description": rule.text.en,
        "type": "sql",
        "query": f"SELECT count(*) FROM {dataset} WHERE NOT ({rule.predicate})",
        "mustBe": 0,
        "severity": "error" if rule.severity == "reject" else "warning",
        "dimension": "consistency",
        "customProperties": custom(
            {"predicate": rule.predicate, "textZh": rule.text.zh, "columns": list(rule.columns)}
        ),
    }


def contract_from_odcs(document: Document, *, element: str | None = None) -> Contract:
    """The contract of one table of an ODCS document; `element` names it where there are several.

    Raises Faulty with every fault, each with its line, and Refused where the table is not said.
    """
    names = elements_of(document)
    if element is None and len(names) != 1:
        raise refuse(
            "odcs.which",
            f"该 ODCS 合同有 {len(names)} 张表, 请指定其一: {', '.join(names)}",
            f"This ODCS contract has {len(names)} tables; name one: {', '.join(names)}",
            where=document.where(("schema",)),
            remedy=Text(zh="用 --dataset 指定", en="Name it with --dataset"),
        )
    number = 0 if element is None else names.index(element) if element in names else -1
    if number < 0:
        raise refuse(
            "odcs.no_table",
            f"该 ODCS 合同没有表 {element}, 有: {', '.join(names)}",
            f"This ODCS contract has no table {element}; it has: {', '.join(names)}",
            where=document.where(("schema",)),
        )
    reader = Reader(document)
    contract = read_contract(reader, number)
    reader.findings += contract_faults(contract, document)
    raise_if_any(reader.findings, document.file)
    return contract


def elements_of(document: Document) -> list[str]:
    """The names of the tables of an ODCS document."""
    schema = document.value.get("schema")
    listed = schema if isinstance(schema, list) else []
    return [str(element.get("name", "")) if isinstance(element, dict) else "" for element in listed]


def read_contract(reader: Reader, number: int) -> Contract:
    """The contract of table `number` (from 0) of the document; faults are left in `reader`."""
    element = Reader(reader.document, ("schema", number), reader.findings)
    mine = ours(reader.value)
    columns, keys = _columns(element)
    business = element.text("businessName", None) or element.text("name")
    description = reader.inner("description").text("purpose", None) or element.text("description", None)
    known_keys = mine.get("primaryKey")
    return Contract(
        dataset=technical_name(element.text("name")),
        department=technical_name(reader.text("domain", None) or reader.text("tenant", None) or _UNKNOWN_DEPARTMENT),
        version=reader.text("version"),
        title=Text(zh=business, en=str(mine.get("titleEn", business))),
        columns=columns,
        grain=_grain(element),
        primary_key=tuple(known_keys) if isinstance(known_keys, list) else keys,
        period_column=mine.get("periodColumn"),
        rules=tuple(_rules(element, columns)),
        delivery_mode=_word(mine.get("deliveryMode"), MODES, "merge" if keys else "append"),
        update_cycle=str(mine.get("updateCycle", "irregular")),
        max_delay_days=_latency(reader),
        legal_basis=tuple(mine.get("legalBasis") or ()),
        description=Text(zh=description, en=str(mine.get("descriptionEn", description)))
        if description is not None
        else None,
        tags={str(name): str(value) for name, value in (mine.get("tags") or {}).items()},
    )


def _grain(element: Reader) -> Any:
    return _word(element.value.get("dataGranularityDescription"), get_args(Grain), "event")


def _word(value: Any, choices: tuple[str, ...], default: str) -> Any:
    return value if value in choices else default


def _columns(element: Reader) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns, and the primary key by its positions."""
    columns, keys = [], []
    for number, row in enumerate(element.rows("properties")):
        column = column_of(row)
        columns.append(column)
        if row.flag("primaryKey"):
            position = row.whole("primaryKeyPosition")
            keys.append((position if position and position > 0 else number + 1_000, column.name))
    if not columns:
        element.fault("properties", "odcs.no_columns", "该表没有列", "the table has no columns")
    return tuple(columns), tuple(name for _, name in sorted(keys))


def _rules(element: Reader, columns: tuple[Column, ...]) -> list[Rule]:
    """SQL checks that we can hold a record to: our own, and counts of records that must be none."""
    rules: list[Rule] = []
    for check in element.rows("quality"):
        mine = ours(check.value)
        predicate = mine.get("predicate") or _predicate(check.value)
        if predicate is None:
            continue
        text = check.text("description", None) or check.text("name", None) or predicate
        rules.append(
            Rule(
                name=check.text("name", f"check_{len(rules) + 1}"),
                predicate=predicate,
                text=Text(zh=str(mine.get("textZh", text)), en=text),
                columns=tuple(mine.get("columns", ())) if mine else _spoken_of(predicate, columns),
                severity="warn" if check.text("severity", "error") in ("warning", "info") else "reject",
            )
        )
    return rules


_COUNTED = re.compile(r"select\s+count\(\*\)\s+from\s+\S+\s+where\s+(?P<failing>.+)", re.IGNORECASE | re.DOTALL)


def _predicate(check: Mapping[str, Any]) -> str | None:
    """The condition of a query that counts failing records of one table, turned round."""
    match = _COUNTED.fullmatch(str(check.get("query", "")).strip().rstrip(";"))
    if check.get("type") != "sql" or check.get("mustBe") != 0 or match is None:
        return None
    failing = match["failing"]
    return (
        None if re.search(r"\b(select|group|having|limit|order)\b|[$;]", failing, re.IGNORECASE) else f"NOT ({failing})"
    )


def _spoken_of(predicate: str, columns: tuple[Column, ...]) -> tuple[str, ...]:
    words = set(re.findall(r"[a-z][a-z0-9_]*", predicate.lower()))
    return tuple(column.name for column in columns if column.name in words)


def _latency(reader: Reader) -> int | None:
    for level in reader.rows("slaProperties"):
        value = level.value.get("value")
        if level.value.get("property") == "latency" and level.value.get("unit") in ("d", "day", "days"):
            return value if isinstance(value, int) else None
    return None
