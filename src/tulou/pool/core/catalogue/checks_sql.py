"""The checks of a contract as one SQL query, for a department that wants to look before it delivers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tulou.pool.core.contract import Column, Contract, LogicalType

_NUMBERS = (LogicalType.INTEGER, LogicalType.NUMBER)


def validation_sql(contract: Contract, table: str | None = None) -> str:
    """A query over a typed table with the contract's columns: for each check its column, its name and how many fail.

    It is plain SQL but for `regexp_full_match`, which DuckDB knows (PostgreSQL: `~ '^(...)$'`). Checks with no failing
    record are listed too, with 0.
    """
    source = table or _quoted(contract.dataset)
    counts = [
        f"SELECT {_text(column)} AS column_name, {_text(rule)} AS rule, "
        f"count(*) FILTER (WHERE NOT coalesce({passes}, true)) AS failing FROM {source}"
        for column, rule, passes in checks_of(contract)
    ]
    counts += [_repeated(column, rule, names, source) for column, rule, names in _unique(contract)]
    head = f"-- {contract.title.zh} / {contract.title.en}, {contract.dataset} {contract.version}\n"
    return head + "\nUNION ALL\n".join(counts) + "\nORDER BY failing DESC, column_name, rule;\n"


def checks_of(contract: Contract) -> Iterator[tuple[str, str, str]]:
    """Every check of one record: column, rule, and SQL that is true or unknown where it holds."""
    for column in contract.columns:
        name = _quoted(column.name)
        if column.required or column.name in contract.primary_key:
            yield column.name, "required", f"{name} IS NOT NULL"
        for rule, limit, sign in (("minimum", column.minimum, ">="), ("maximum", column.maximum, "<=")):
            if limit is not None:
                yield column.name, rule, f"{name} {sign} {_limit(column, limit)}"
        if column.max_length is not None and column.logical_type is LogicalType.STRING:
            yield column.name, "max_length", f"length({name}) <= {column.max_length}"
        if column.pattern is not None and column.logical_type is LogicalType.STRING:
            yield column.name, "pattern", f"regexp_full_match({name}, {_text(column.pattern)})"
        if column.codes:
            yield column.name, "codes", f"CAST({name} AS VARCHAR) IN ({', '.join(map(_text, column.codes))})"
    for rule_of in contract.rules:
        yield "", rule_of.name, f"({rule_of.predicate})"


def _unique(contract: Contract) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if contract.primary_key:
        yield ", ".join(contract.primary_key), "primary_key", contract.primary_key
    for column in contract.columns:
        if column.unique and (column.name,) != contract.primary_key:
            yield column.name, "unique", (column.name,)


def _repeated(column: str, rule: str, names: tuple[str, ...], source: str) -> str:
    listed = ", ".join(map(_quoted, names))
    known = " AND ".join(f"{_quoted(name)} IS NOT NULL" for name in names)
    return (
        f"SELECT {_text(column)} AS column_name, {_text(rule)} AS rule, coalesce(sum(times - 1), 0) AS failing FROM "
        f"(SELECT count(*) AS times FROM {source} WHERE {known} GROUP BY {listed}) AS groups"
    )


def _limit(column: Column, limit: Decimal | str) -> str:
    if column.logical_type in _NUMBERS:
        return f"{Decimal(limit):f}"
    text = str(limit)
    if column.logical_type in (LogicalType.DATE, LogicalType.PERIOD):
        return f"DATE {_text(text if len(text) == 10 else f'{text}-01')}"
    if column.logical_type is LogicalType.TIMESTAMP:
        return f"TIMESTAMP WITH TIME ZONE {_text(text)}"
    return _text(text)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
