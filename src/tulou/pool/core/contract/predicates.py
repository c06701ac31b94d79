"""What a rule may say: one condition over the columns of its record, and nothing that reaches further.

Contracts are written by others than the one whose rights run them, so a predicate that reads files, other tables or the
environment must not get through.
"""

from __future__ import annotations

from collections.abc import Set

from tulou.kernel.errors import Text

_PLAIN_FUNCTIONS = frozenset(
    {
        "regexp_full_match",
        "regexp_matches",
        "strlen",
        "instr",
        "contains",
        "starts_with",
        "ends_with",
        "prefix",
        "suffix",
        "isfinite",
        "even",
        "trunc",
        "translate",
        "last_day",
    }
)
"""DuckDB functions of one record that the parser does not know by name."""


def predicate_fault(predicate: str, columns: Set[str]) -> Text | None:
    """What is wrong with a rule's condition, or None.

    >>> predicate_fault('"a" >= 0 AND length(b) < 5', {"a", "b"})
    >>> predicate_fault("a > (SELECT 1)", {"a"}).en
    'the condition reads other tables'
    """
    import sqlglot
    from sqlglot import exp

    try:
        trees = sqlglot.parse(predicate, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        reason = str(error).splitlines()[0][:200]
        return Text(zh=f"条件不是合法的 SQL 表达式: {reason}", en=f"the condition is not an SQL expression: {reason}")
    if len(trees) != 1 or trees[0] is None:
        return Text(zh="条件应是一个表达式", en="the condition should be one expression")
    for node in trees[0].walk():
        if isinstance(node, (exp.Query, exp.Table, exp.Command, exp.DDL)):
            return Text(zh="条件读取了其他表", en="the condition reads other tables")
        if isinstance(node, (exp.AggFunc, exp.Window, exp.Star, exp.Columns)):
            return Text(zh="条件只能涉及一条记录", en="the condition speaks of more than one record")
        if isinstance(node, (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Rand, exp.Uuid)):
            return Text(zh="条件的结果须与运行时间无关", en="the condition must not depend on when it runs")
        if isinstance(node, exp.Anonymous) and str(node.this).lower() not in _PLAIN_FUNCTIONS:
            return Text(zh=f"不支持函数 {node.this}", en=f"the function {node.this} is not allowed in a condition")
        if isinstance(node, exp.Column) and node.name not in columns:
            return Text(zh=f"没有名为 {node.name} 的列", en=f"there is no column {node.name}")
    return None
