"""Policies as one SQL script: the look-ups of the codes' dictionaries, then the query."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import Any

import ibis
import pyarrow as pa

from tulou.kernel.errors import Text, wrong_use
from tulou.policies.core.attributes import Kind
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.sql import compile_sql, members_of, sql_name
from tulou.policies.core.rule.tree import attributes_of
from tulou.policies.core.rule.truth import AS_OF

TYPES = {
    Kind.CODE: "string",
    Kind.INTEGER: "int64",
    Kind.NUMBER: "float64",
    Kind.MONEY: "int64",
    Kind.FLAG: "boolean",
    Kind.DATE: "date",
    Kind.LEDGER: "boolean",
}
QUOTE = "'"
LEDGER_COLUMNS = {"firm_id": "string", "attr": "string", "day": "date", "amount": "int64", "scheme": "string"}


def firm_columns(policies: PolicySet) -> dict[str, str]:
    """The columns that the query reads from the table of firms, with their Ibis types."""
    rules = {policy.id: policy.rule for policy in policies}
    used = sorted({attr for rule in rules.values() for attr in attributes_of(rule)} - {AS_OF})
    members = members_of(rules)
    columns = {"firm_id": "string"}
    for attr in used:
        if policies.catalogue[attr].kind is Kind.SET:
            columns |= {sql_name(f"{attr}.{member}"): "boolean" for member in members.get(attr, ())}
        else:
            columns[sql_name(attr)] = TYPES[policies.catalogue[attr].kind]
    return columns


def sql_script(policies: PolicySet, as_of: dt.date | None, dialect: str) -> str:
    """A script that creates `codes_<attribute>` tables and selects `firm_id, p0, p1, …` from `firms` (and `ledger`)."""
    if dialect == "pyspark":
        _load_spark()
    rules = {policy.id: policy.rule for policy in policies}
    firms = ibis.table(firm_columns(policies), name="firms")
    ledger = ibis.table(LEDGER_COLUMNS, name="ledger")
    compiled = compile_sql(rules, policies.catalogue, as_of, firms, ledger, look_up=_unbound)
    head = [f"-- p{i}: {policy_id}" for i, policy_id in enumerate(compiled.ids)]
    tables = [_creation(name, rows) for name, rows in compiled.look_ups.items()]
    return "\n".join([*head, *tables, str(ibis.to_sql(compiled.expression, dialect=dialect)) + ";", ""])


def _load_spark() -> None:
    """Load the options that Ibis reads when it writes Spark's SQL. Raises WrongUse without the extra `spark`."""
    try:
        importlib.import_module("ibis.backends.pyspark")
        _ = ibis.pyspark
    except (ImportError, AttributeError) as error:
        raise wrong_use(
            "policies.convert.spark",
            "生成 Spark 语句需要安装附加依赖 spark",
            "Writing Spark's SQL needs the extra `spark`",
            remedy=Text(zh="pip install 'tulou[spark]'", en="pip install 'tulou[spark]'"),
        ) from error


def _unbound(attr: str, table: pa.Table) -> Any:
    return ibis.table(ibis.memtable(table).schema(), name=f"codes_{sql_name(attr)}")


def _creation(attr: str, table: pa.Table) -> str:
    """The look-up of one attribute: its codes with their state (0 out, 1 undecided, 2 in) in each set of the rules."""
    first, *states = table.column_names
    columns = ", ".join([f"{first} VARCHAR(64)", *(f"{name} SMALLINT" for name in states)])
    rows = (
        f"('{row[first].replace(QUOTE, QUOTE * 2)}', {', '.join(str(row[name]) for name in states)})"
        for row in table.to_pylist()
    )
    name = f"codes_{sql_name(attr)}"
    return f"CREATE TABLE {name} ({columns});\nINSERT INTO {name} VALUES\n" + ",\n".join(rows) + ";"
