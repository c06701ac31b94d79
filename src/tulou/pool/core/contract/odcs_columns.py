"""A column as a property of an ODCS 3.2 schema, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.core.contract.contract import Column, KeyRole, LogicalType
from tulou.pool.core.contract.reading import Reader

VENDOR = "tulou"
"""The vendor of our custom properties."""

_NUMBERS = (LogicalType.INTEGER, LogicalType.NUMBER)
_PHYSICAL = {
    LogicalType.STRING: "VARCHAR",
    LogicalType.INTEGER: "BIGINT",
    LogicalType.BOOLEAN: "BOOLEAN",
    LogicalType.DATE: "DATE",
    LogicalType.PERIOD: "DATE",
    LogicalType.TIMESTAMP: "TIMESTAMPTZ",
}
_DECIMAL = re.compile(r"(?:decimal|numeric|number)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", re.IGNORECASE)
_LENGTH = re.compile(r"(?:var)?char(?:acter)?(?:\s+varying)?\s*[(\[]\s*(\d+)\s*[)\]]", re.IGNORECASE)
_LIST = ("aliases", "formats", "nullTokens")


def custom(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Our custom properties; those without a value are left out."""
    return [
        {"property": name, "value": value, "vendor": VENDOR}
        for name, value in values.items()
        if value is not None and value != [] and value != {}
    ]


def ours(body: Mapping[str, Any]) -> dict[str, Any]:
    """Our custom properties of an element, by name."""
    rows = body.get("customProperties")
    listed = rows if isinstance(rows, list) else []
    return {
        str(row.get("property")): row.get("value")
        for row in listed
        if isinstance(row, dict) and row.get("vendor") == VENDOR
    }


def theirs(body: Mapping[str, Any]) -> dict[str, Any]:
    """An element without our custom properties: what somebody else wrote."""
    rows = body.get("customProperties")
    if not isinstance(rows, list):
        return dict(body)
    left = [row for row in rows if not (isinstance(row, dict) and row.get("vendor") == VENDOR)]
    rest = {name: value for name, value in body.items() if name != "customProperties"}
    return {**rest, "customProperties": left} if left else rest


def property_of(column: Column, key_position: int | None) -> dict[str, Any]:
    """The ODCS property of a column; `key_position` counts from 1 where it belongs to the primary key."""
    kind = column.logical_type
    body: dict[str, Any] = {
        "name": column.name,
        "businessName": column.title.zh,
        "logicalType": "date" if kind is LogicalType.PERIOD else kind.value,
        "physicalType": _physical(column),
    }
    if options := _options(column):
        body["logicalTypeOptions"] = options
    if column.required:
        body["required"] = True
    if column.unique:
        body["unique"] = True
    if key_position is not None:
        body |= {"primaryKey": True, "primaryKeyPosition": key_position}
    if column.codes:
        arguments = {"validValues": list(column.codes)}
        body["quality"] = [{"type": "library", "metric": "invalidValues", "arguments": arguments, "mustBe": 0}]
    body["customProperties"] = custom(
        {
            "titleEn": column.title.en,
            "itemCode": column.item_code,
            "keyRole": column.key_role.value if column.key_role is not KeyRole.NONE else None,
            "unit": column.unit,
            "aliases": list(column.aliases),
            "formats": list(column.formats),
            "nullTokens": list(column.null_tokens),
            "precision": column.precision if kind is not LogicalType.NUMBER else None,
            "scale": column.scale if kind is not LogicalType.NUMBER or column.precision is None else None,
            "scaleUnset": True if column.precision is not None and column.scale is None else None,
            "limits": _odd_limits(column) or None,
            "month": True if kind is LogicalType.PERIOD else None,
        }
    )
    return body


def _physical(column: Column) -> str:
    if column.logical_type is LogicalType.NUMBER:
        return "DOUBLE" if column.precision is None else f"DECIMAL({column.precision},{column.scale or 0})"
    return _PHYSICAL[column.logical_type]


def _options(column: Column) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if column.logical_type is LogicalType.STRING:
        options = {"maxLength": column.max_length, "pattern": column.pattern}
    elif column.logical_type in _NUMBERS:
        options = {"minimum": column.minimum, "maximum": column.maximum}
    elif column.logical_type is LogicalType.PERIOD:
        options = {"format": "yyyy-MM", "minimum": column.minimum, "maximum": column.maximum}
    elif column.logical_type in (LogicalType.DATE, LogicalType.TIMESTAMP):
        options = {"minimum": column.minimum, "maximum": column.maximum}
    return {name: value for name, value in options.items() if value is not None}


def _odd_limits(column: Column) -> dict[str, Any]:
    """Limits of a kind for which ODCS has no options."""
    odd: dict[str, Any] = {}
    if column.logical_type in (LogicalType.STRING, LogicalType.BOOLEAN):
        odd = {"minimum": column.minimum, "maximum": column.maximum}
    if column.logical_type is not LogicalType.STRING:
        odd |= {"maxLength": column.max_length, "pattern": column.pattern}
    return {name: value for name, value in odd.items() if value is not None}


def column_of(reader: Reader) -> Column:
    """The column of an ODCS property. Types that a table cannot hold (objects, arrays) are read as text."""
    mine = ours(reader.value)
    name = technical_name(reader.text("name"))
    kind = _kind(reader, mine)
    options = reader.inner("logicalTypeOptions")
    odd = mine.get("limits")
    limits: Mapping[str, Any] = odd if isinstance(odd, dict) else {}
    precision, scale = _size(reader, mine, kind)
    business = reader.text("businessName", None) or reader.text("name")
    original = reader.text("name")
    aliases = [str(alias) for alias in mine.get("aliases") or ()]
    if _is_foreign(mine):
        aliases = [alias for alias in (original, reader.text("physicalName", None)) if alias and alias.lower() != name]
    text_kind = kind is LogicalType.STRING
    return Column(
        name=name,
        logical_type=kind,
        title=Text(zh=business, en=str(mine.get("titleEn", business))),
        aliases=tuple(dict.fromkeys(aliases)),
        item_code=_text(mine.get("itemCode")),
        required=reader.flag("required"),
        unique=reader.flag("unique"),
        precision=precision,
        scale=scale,
        max_length=(options.whole("maxLength") or _varchar(reader)) if text_kind else limits.get("maxLength"),
        unit=_text(mine.get("unit")),
        minimum=_limit(options, limits, kind, "minimum"),
        maximum=_limit(options, limits, kind, "maximum"),
        pattern=options.text("pattern", None) if text_kind else limits.get("pattern"),
        codes=_codes(reader),
        formats=tuple(str(form) for form in mine.get("formats") or ()),
        null_tokens=tuple(str(token) for token in mine.get("nullTokens") or ()),
        key_role=KeyRole(mine.get("keyRole", "none")),
    )


def _is_foreign(mine: Mapping[str, Any]) -> bool:
    """Whether a property describes its column in the standard's words alone."""
    return "titleEn" not in mine


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _kind(reader: Reader, mine: Mapping[str, Any]) -> LogicalType:
    if mine.get("month") is True:
        return LogicalType.PERIOD
    logical = reader.text("logicalType", None)
    known = {kind.value: kind for kind in LogicalType if kind is not LogicalType.PERIOD}
    if logical in known:
        physical = reader.text("physicalType", "").lower()
        if logical == "date" and physical.startswith(("timestamp", "datetime")):
            return LogicalType.TIMESTAMP
        if logical == "number" and re.match(r"(big|small|tiny)?(int|serial)", physical):
            return LogicalType.INTEGER
        return known[logical]
    return _kind_of_physical(reader.text("physicalType", "").lower()) if logical is None else LogicalType.STRING


def _kind_of_physical(physical: str) -> LogicalType:
    patterns = (
        (r"(big|small|tiny|medium)?(int|serial)", LogicalType.INTEGER),
        (r"(decimal|numeric|number|double|float|real|money)", LogicalType.NUMBER),
        (r"bool|bit$", LogicalType.BOOLEAN),
        (r"timestamp|datetime", LogicalType.TIMESTAMP),
        (r"date", LogicalType.DATE),
    )
    return next((kind for pattern, kind in patterns if re.match(pattern, physical)), LogicalType.STRING)


def _size(reader: Reader, mine: Mapping[str, Any], kind: LogicalType) -> tuple[int | None, int | None]:
    if kind is not LogicalType.NUMBER:
        return mine.get("precision"), mine.get("scale")
    match = _DECIMAL.match(reader.text("physicalType", ""))
    if match is None or int(match[1]) > 38:
        return None, mine.get("scale")
    return int(match[1]), None if mine.get("scaleUnset") is True else int(match[2] or 0)


def _varchar(reader: Reader) -> int | None:
    match = _LENGTH.match(reader.text("physicalType", ""))
    return int(match[1]) if match and _is_foreign(ours(reader.value)) else None


def _limit(options: Reader, limits: Mapping[str, Any], kind: LogicalType, side: str) -> Decimal | str | None:
    if kind in _NUMBERS:
        return options.number(side)
    if kind in (LogicalType.STRING, LogicalType.BOOLEAN):
        return _text(limits.get(side))
    text: str | None = options.text(side, None)
    return text


def _codes(reader: Reader) -> tuple[str, ...]:
    for check in reader.rows("quality"):
        if check.text("metric", None) == "invalidValues" and check.value.get("mustBe") == 0:
            return check.inner("arguments").texts("validValues")
    return ()


def technical_name(name: str) -> str:
    """A name as a column of the lake: lower snake case.

    >>> technical_name("ApprovalFY"), technical_name("net profit / total assets"), technical_name("2nd")
    ('approval_fy', 'net_profit_total_assets', 'c_2nd')
    """
    if re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return name
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    snake = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
    if not snake:
        return "c_" + "_".join(f"{ord(sign):x}" for sign in name[:8]) if name else "c"
    return snake if snake[0].isalpha() else f"c_{snake}"
