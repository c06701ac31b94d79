"""The rules of a contract are SQL that an officer wrote: each must be one condition over a record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from tulou.kernel.errors import Refused, Text, Where, refuse
from tulou.pool.core.contract import Contract
from tulou.pool.core.lake.schema import duckdb_type, iceberg_type, literal, quoted


def check_rules(contract: Contract) -> None:
    """Raise Refused where a rule is no expression, asks for other tables, or names columns that there are not."""
    if not contract.rules:
        return
    columns = ", ".join(f"NULL::{duckdb_type(iceberg_type(c))} AS {quoted(c.name)}" for c in contract.columns)
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        queries = ", ".join(literal(f"SELECT ({rule.predicate}\n)") for rule in contract.rules)
        documents = connection.execute(f"SELECT json_serialize_sql(unnest([{queries}]))").fetchall()
        for rule, (document,) in zip(contract.rules, documents, strict=True):
            if (reason := _not_an_expression(json.loads(document))) is not None:
                raise _refused(rule.name, rule.predicate, reason)
        conditions = [f"({rule.predicate}\n)::BOOLEAN" for rule in contract.rules]
        if _fault(connection, conditions, columns) is not None:
            for rule, condition in zip(contract.rules, conditions, strict=True):
                if (reason := _fault(connection, [condition], columns)) is not None:
                    raise _refused(rule.name, rule.predicate, reason)


def _fault(connection: duckdb.DuckDBPyConnection, conditions: Sequence[str], columns: str) -> str | None:
    """What DuckDB has against conditions over columns."""
    try:
        connection.execute(f"SELECT {', '.join(conditions)} FROM (SELECT {columns})")
    except duckdb.Error as error:
        return str(error).splitlines()[0][:200]
    return None


def _not_an_expression(parsed: dict[str, Any]) -> str | None:
    if parsed["error"]:
        return str(parsed["error_message"])[:200]
    statements = parsed["statements"]
    node = statements[0]["node"]
    plain = (
        len(statements) == 1
        and node["type"] == "SELECT_NODE"
        and node["from_table"]["type"] == "EMPTY"
        and len(node["select_list"]) == 1
        and node["where_clause"] is None
        and not node["modifiers"]
        and not node["group_expressions"]
        and node["having"] is None
        and node["qualify"] is None
    )
    if not plain or any(part.get("class") in ("SUBQUERY", "WINDOW") for part in _parts(node["select_list"])):
        return "it is not one condition over the columns of a record"
    return None


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner)


def _refused(rule: str, predicate: str, reason: str) -> Refused:
    return refuse(
        "contract.rule",
        f"合同中的规则 {rule} 不能使用: {reason}",
        f"The rule {rule} of the contract cannot be used: {reason}",
        where=Where(rule=rule, value=predicate),
        remedy=Text(
            zh="规则应为一个只涉及本记录各列的 SQL 条件", en="A rule is one SQL condition over the columns of a record"
        ),
    )
