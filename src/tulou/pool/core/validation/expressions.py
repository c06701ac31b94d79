"""From a contract to the SQL that types, checks and explains its records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal

from tulou.pool.core.contract import Column, Contract, LogicalType, Rule
from tulou.pool.core.lake.schema import duckdb_type, iceberg_type, literal, quoted

_WIDE_TO_ASCII = "translate({0}, '０１２３４５６７８９．，－＋　', '0123456789.,-+ ')"
_GROUPED = r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$"
_PLAIN_NUMBER = r"[-+]?(\d+(\.\d*)?|\.\d+)"
_ISO_MOMENT = r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)? ?(Z|[-+]\d\d(:?\d\d)?)?"
_TRUE = ("true", "t", "1", "yes", "y", "是", "有", "真")
_FALSE = ("false", "f", "0", "no", "n", "否", "无", "假")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold for a record: `passes` is SQL that is never NULL over raw (`r_`) and typed columns."""

    rule: str
    column: str | None
    passes: str


@dataclass(frozen=True, slots=True)
class Program:
    """What validation runs for one contract and one header.

    `raw` names the columns of the file in order; `typed` is a SELECT list that makes the contract's columns of them;
    `checks` must all pass for a record to be accepted, and `passes` says that in one; `warnings` are counted only.
    """

    raw: tuple[str, ...]
    typed: tuple[tuple[str, str], ...]
    checks: tuple[Check, ...]
    warnings: tuple[Check, ...]
    passes: str


def compile_contract(
    contract: Contract, places: Sequence[str | None], *, typed: AbstractSet[str] = frozenset()
) -> Program:
    """The program for a file whose column i holds the contract's column `places[i]` (None: one it does not know).

    Columns in `typed` arrive typed already; all others as text, of which every form that the contract allows is taken:
    full-width digits, thousands separators, powers of ten, declared formats.
    """
    at = {name: f"_c{number}" for number, name in enumerate(places) if name is not None}
    expressions, checks = [], []
    for column in contract.columns:
        raw = at.get(column.name)
        if raw is None:
            expressions.append((column.name, f"NULL::{duckdb_type(iceberg_type(column))}"))
            continue
        ready = column.name in typed
        raw = raw if ready else known_text(column, raw)
        expressions.append((column.name, raw if ready else typed_expression(column, raw)))
        text = quoted(column.name) if ready else raw
        checks += column_checks(column, text, in_key=column.name in contract.primary_key, typed=ready)
    rejecting = [rule for rule in contract.rules if rule.severity == "reject"]
    warning = [rule for rule in contract.rules if rule.severity == "warn"]
    return Program(
        raw=tuple(f"_c{number}" for number in range(len(places))),
        typed=tuple(expressions),
        checks=(*checks, *map(_rule_check, rejecting)),
        warnings=tuple(map(_rule_check, warning)),
        passes=_passes(checks, rejecting),
    )


def _rule_check(rule: Rule) -> Check:
    return Check(rule.name, None, f"(({rule.predicate}\n) IS NOT FALSE)")


def _passes(checks: Sequence[Check], rules: Sequence[Rule]) -> str:
    """All checks in one: a conjunction of rules is false where one of them is, whatever is unknown beside it."""
    terms = [check.passes for check in checks]
    if rules:
        terms.append(f"(({' AND '.join(f'({rule.predicate}{chr(10)})' for rule in rules)}) IS NOT FALSE)")
    return " AND ".join(terms) or "true"


def known_text(column: Column, raw: str) -> str:
    """The text of a field, NULL where the contract says that it stands for a value that is not known."""
    if not column.null_tokens:
        return raw
    tokens = ", ".join(map(literal, column.null_tokens))
    return f"CASE WHEN trim({raw}) IN ({tokens}) THEN NULL ELSE {raw} END"


def typed_expression(column: Column, raw: str) -> str:
    """SQL that types the text `raw`, and is NULL where that would lose or guess anything."""
    kind = column.logical_type
    if kind is LogicalType.STRING:
        return raw
    if kind in (LogicalType.INTEGER, LogicalType.NUMBER):
        return _number(column, raw)
    if kind is LogicalType.BOOLEAN:
        truth, falsehood = (", ".join(map(literal, words)) for words in (_TRUE, _FALSE))
        word = f"lower(trim({raw}))"
        return f"CASE WHEN {word} IN ({truth}) THEN true WHEN {word} IN ({falsehood}) THEN false END"
    if kind is LogicalType.TIMESTAMP:
        return _moment(column, raw)
    return _day(column, raw)


def _number(column: Column, raw: str) -> str:
    kind = number_type(column)
    if kind == "DOUBLE":
        power = f"regexp_full_match({raw}, '\\s*{_PLAIN_NUMBER}[eE][-+]?\\d{{1,3}}\\s*')"
        value = f"coalesce(try_cast({tidied(raw)} AS DOUBLE), CASE WHEN {power} THEN try_cast({raw} AS DOUBLE) END)"
        return f"CASE WHEN isfinite({value}) THEN {value} END"
    scale = column.scale or 0 if column.logical_type is LogicalType.NUMBER else 0
    point = f"(\\.\\d{{1,{scale}}})?" if scale else ""
    plain = f"regexp_full_match({raw}, '-?\\d{{1,36}}{point}')"
    trimmed = f"regexp_replace({tidied(raw)}, '(\\.\\d*?)0+$', '\\1')"
    fits = f"regexp_full_match({trimmed}, '[-+]?\\d*(\\.\\d{{0,{scale}}})?')"
    power = f"regexp_full_match({raw}, '\\s*[-+]?\\d(\\.\\d{{1,9}})?[eE]\\+?\\d{{1,2}}\\s*')"
    wide = f"try_cast({raw} AS DECIMAL(38,9))"
    return (
        f"CASE WHEN {plain} THEN try_cast({raw} AS {kind}) "
        f"WHEN {fits} THEN try_cast(rtrim({trimmed}, '.') AS {kind}) "
        f"WHEN {power} AND {wide} = try_cast({wide} AS {kind}) THEN try_cast({wide} AS {kind}) END"
    )


def tidied(raw: str) -> str:
    """A numeral without full-width digits and without the commas of thousands; NULL where it is none."""
    ascii_text = f"trim({_WIDE_TO_ASCII.format(raw)})"
    grouped = f"regexp_matches({ascii_text}, '{_GROUPED}')"
    plain = f"regexp_full_match({ascii_text}, '{_PLAIN_NUMBER}')"
    return f"CASE WHEN {grouped} THEN replace({ascii_text}, ',', '') WHEN {plain} THEN {ascii_text} END"


def number_type(column: Column) -> str:
    """The DuckDB type of a column of numbers."""
    if column.logical_type is LogicalType.INTEGER:
        return "BIGINT"
    return "DOUBLE" if column.precision is None else f"DECIMAL({column.precision},{column.scale or 0})"


def _day(column: Column, raw: str) -> str:
    """A date or the first day of a month: ISO, the usual forms of a month, and the forms that the contract declares."""
    declared = [f"try_strptime({raw}, {literal(form)})::DATE" for form in column.formats]
    if column.logical_type is LogicalType.DATE:
        forms = [f"CASE WHEN regexp_full_match({raw}, '\\d{{4}}-\\d\\d-\\d\\d') THEN try_cast({raw} AS DATE) END"]
    else:
        month = f"try_cast(concat({raw}, '-01') AS DATE)"
        forms = [
            f"CASE WHEN regexp_full_match({raw}, '\\d{{4}}-\\d\\d') THEN {month} END",
            f"CASE WHEN regexp_full_match({raw}, '\\d{{6}}') THEN try_strptime({raw}, '%Y%m')::DATE END",
            f"CASE WHEN contains({raw}, '年') THEN try_strptime({raw}, '%Y年%m月')::DATE END",
            f"CASE WHEN regexp_full_match({raw}, '\\d{{4}}-\\d\\d-01') THEN try_cast({raw} AS DATE) END",
        ]
    return f"coalesce({', '.join([*forms, *declared])})" if len(forms) + len(declared) > 1 else forms[0]


def _moment(column: Column, raw: str) -> str:
    """A point in time: ISO, without an offset in the pool's own zone, and the forms that the contract declares."""
    iso = f"CASE WHEN regexp_full_match({raw}, {literal(_ISO_MOMENT)}) THEN try_cast({raw} AS TIMESTAMPTZ) END"
    declared = [f"try_strptime({raw}, {literal(form)})::TIMESTAMPTZ" for form in column.formats]
    return f"coalesce({', '.join([iso, *declared])})" if declared else iso


def column_checks(column: Column, raw: str, *, in_key: bool, typed: bool) -> list[Check]:
    """What must hold for one column of a record, whose text is `raw`; a `typed` one needs no check of its type."""
    name = quoted(column.name)
    checks = []
    if column.required or in_key:
        checks.append(Check("required", column.name, f"({raw} IS NOT NULL)"))
    if column.logical_type is not LogicalType.STRING and not typed:
        checks.append(Check("type", column.name, f"({name} IS NOT NULL OR {raw} IS NULL)"))
    limits = (("minimum", column.minimum, ">="), ("maximum", column.maximum, "<="))
    checks += [
        Check(rule, column.name, f"(({name} {sign} {bound(column, limit)}) IS NOT FALSE)")
        for rule, limit, sign in limits
        if limit is not None
    ]
    if column.max_length is not None:
        checks.append(Check("max_length", column.name, f"((length({raw}) <= {column.max_length}) IS NOT FALSE)"))
    if column.pattern is not None:
        matched = f"regexp_full_match({raw}, {literal(column.pattern)})"
        checks.append(Check("pattern", column.name, f"({matched} IS NOT FALSE)"))
    if column.codes:
        known = ", ".join(map(literal, column.codes))
        checks.append(Check("codes", column.name, f"(({raw} IN ({known})) IS NOT FALSE)"))
    return checks


def bound(column: Column, limit: Decimal | str) -> str:
    """A limit of a column as a typed SQL literal. Raises ValueError for a limit that is no value of the column."""
    if column.logical_type in (LogicalType.DATE, LogicalType.PERIOD):
        text = str(limit)
        return f"DATE {literal(dt.date.fromisoformat(text if len(text) == 10 else text + '-01').isoformat())}"
    if column.logical_type is LogicalType.TIMESTAMP:
        return f"TIMESTAMPTZ {literal(dt.datetime.fromisoformat(str(limit)).isoformat())}"
    if column.logical_type is LogicalType.STRING:
        return literal(str(limit))
    number = Decimal(str(limit))
    return f"{number:f}"
