"""What contradicts itself in a contract that could be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tulou.kernel.errors import Finding, Text
from tulou.pool.core.contract.contract import Column, Contract
from tulou.pool.core.contract.documents import Document, Path
from tulou.pool.core.contract.limits import limit_of
from tulou.pool.core.contract.predicates import predicate_fault

MAX_PRECISION = 38


def contract_faults(contract: Contract, document: Document) -> Iterator[Finding]:
    """Columns that stand twice or cannot be, keys and rules that speak of columns that are not there."""
    for path, code, text in (*_column_faults(contract), *_reference_faults(contract), *_rule_faults(contract)):
        yield Finding(code, text, document.where(path))


_Fault = tuple[Path, str, Text]


def _column_faults(contract: Contract) -> Iterator[_Fault]:
    names = [column.name for column in contract.columns]
    for number, column in enumerate(contract.columns):
        path: Path = ("columns", number)
        if names.index(column.name) != number:
            yield path, "contract.twice", _said(column.name, "该列出现了两次", "the column stands twice")
        if column.precision is not None and not max(1, column.scale or 0) <= column.precision <= MAX_PRECISION:
            text = _said(
                column.name, "精度须在 1 至 38 之间且不小于小数位", "precision is 1 to 38 and at least the scale"
            )
            yield (*path, "precision"), "contract.precision", text
        if column.pattern is not None and (reason := _bad_pattern(column.pattern)):
            text = _said(column.name, f"正则表达式有误: {reason}", f"the pattern is not a regular expression: {reason}")
            yield (*path, "pattern"), "contract.pattern", text
        if (reason := _bad_limits(column)) is not None:
            yield path, "contract.limit", _said(column.name, f"上下限有误: {reason}", f"the limits are wrong: {reason}")


def _reference_faults(contract: Contract) -> Iterator[_Fault]:
    known = {column.name for column in contract.columns}
    for field, used in (("primary_key", contract.primary_key), ("period_column", (contract.period_column,))):
        for name in used:
            if name is not None and name not in known:
                yield (
                    (field,),
                    "contract.no_column",
                    _said(field, f"没有名为 {name} 的列", f"there is no column {name}"),
                )


def _rule_faults(contract: Contract) -> Iterator[_Fault]:
    known = {column.name for column in contract.columns}
    for number, rule in enumerate(contract.rules):
        path: Path = ("rules", number)
        for name in rule.columns:
            if name not in known:
                yield (
                    path,
                    "contract.no_column",
                    _said(rule.name, f"没有名为 {name} 的列", f"there is no column {name}"),
                )
        if (text := predicate_fault(rule.predicate, known)) is not None:
            yield (*path, "predicate"), "contract.predicate", _said(rule.name, text.zh, text.en)


def _nobody(of: str, name: str) -> Text:
    return _said(of, f"没有名为 {name} 的列", f"there is no column {name}")


def _said(of: str, zh: str, en: str) -> Text:
    return Text(zh=f"{of}: {zh}", en=f"{of}: {en}")


def _bad_pattern(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return None


def _bad_limits(column: Column) -> str | None:
    try:
        least, most = (limit_of(column, limit) for limit in (column.minimum, column.maximum))
    except (ValueError, ArithmeticError) as error:
        return str(error)
    if least is not None and most is not None and least > most:
        return f"{column.minimum} > {column.maximum}"
    return None
