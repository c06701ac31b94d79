"""What a question may consist of: one SELECT, made of node types that read what they name and nothing else.

Everything is refused that is not listed. A deny-list has holes: `COLUMNS('…')`, a whole row (`SELECT t FROM t`), table
functions and COPY read data whose names do not stand in the query, and a new DuckDB brings new ones.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from tulou.kernel.errors import Refused, Text, Where, refuse

_STRUCTURE: tuple[type[exp.Expr], ...] = (
    exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join, exp.Where,
    exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.Table,
    exp.TableAlias, exp.Alias, exp.Identifier, exp.Column, exp.Star, exp.Window, exp.WindowSpec, exp.Filter,
    exp.Tuple, exp.Paren, exp.Rollup, exp.Cube, exp.GroupingSets,
)  # fmt: skip
_VALUES: tuple[type[exp.Expr], ...] = (
    exp.Literal, exp.Null, exp.Boolean, exp.Interval, exp.Var, exp.DataType, exp.DataTypeParam, exp.Cast, exp.TryCast,
    exp.Case, exp.If, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.EQ, exp.NEQ,
    exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ, exp.And, exp.Or, exp.Not, exp.In,
    exp.Between, exp.Like, exp.ILike, exp.Escape, exp.Exists, exp.Any, exp.All,
)  # fmt: skip
_FUNCTIONS: tuple[type[exp.Expr], ...] = (
    exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance,
    exp.VariancePop, exp.Median, exp.Quantile, exp.PercentileCont, exp.PercentileDisc, exp.WithinGroup, exp.CountIf,
    exp.LogicalAnd, exp.LogicalOr, exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile,
    exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.IgnoreNulls, exp.RespectNulls, exp.Abs, exp.Sign, exp.Round,
    exp.Floor, exp.Ceil, exp.Sqrt, exp.Ln, exp.Log, exp.Exp, exp.Pow, exp.Greatest, exp.Least, exp.Coalesce,
    exp.Nullif, exp.Lower, exp.Upper, exp.Length, exp.Trim, exp.Substring, exp.Left, exp.Right, exp.Concat,
    exp.ConcatWs, exp.StartsWith, exp.EndsWith, exp.Contains, exp.StrPosition, exp.RegexpLike, exp.Year, exp.Quarter,
    exp.Month, exp.Day, exp.Extract, exp.DateTrunc, exp.TimestampTrunc, exp.DateDiff, exp.DateAdd, exp.DateSub,
    exp.TimeToStr, exp.TsOrDsToDate, exp.LastDay,
)  # fmt: skip
ALLOWED = frozenset((*_STRUCTURE, *_VALUES, *_FUNCTIONS))
"""The node types of which a question may consist."""

_JOINS = frozenset({"", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "SEMI", "ANTI", "OUTER"})


def parse_question(sql: str) -> exp.Query:
    """The one SELECT that `sql` holds. Raises Refused with the part that is not allowed, or that cannot be read."""
    try:
        statements = [statement for statement in sqlglot.parse(sql, dialect="duckdb") if statement is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        raise refuse(
            "query.syntax",
            f"查询语句有误(第 {first.get('line', 1)} 行第 {first.get('col', 1)} 列)",
            f"The query cannot be read (line {first.get('line', 1)}, column {first.get('col', 1)})",
            where=Where(value=str(first.get("highlight") or sql)[:200]),
        ) from None
    except sqlglot.errors.SqlglotError:
        raise refuse("query.syntax", "查询语句有误", "The query cannot be read", where=Where(value=sql[:200])) from None
    if len(statements) != 1:
        raise refuse(
            "query.one_statement",
            f"一次只能执行一条查询, 得到 {len(statements)} 条",
            f"One query at a time; this is {len(statements)}",
        )
    (statement,) = statements
    check_nodes(statement)
    if not isinstance(statement, (exp.Select, exp.Union, exp.Intersect, exp.Except)):
        raise not_allowed(statement)
    return statement


def check_nodes(query: exp.Expr, *, expanded: bool = False) -> None:
    """Raise Refused for the first node that is not allowed. In an `expanded` query stars stand in count(*) only."""
    for node in query.walk():
        if type(node) not in ALLOWED or (isinstance(node, exp.Star) and not _star_allowed(node, expanded)):
            raise not_allowed(node)
        if isinstance(node, exp.Join) and not {node.method, node.side, node.kind} <= _JOINS:
            raise not_allowed(node)
        if isinstance(node, exp.With) and node.args.get("recursive"):
            raise not_allowed(node)
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
            raise not_allowed(node)
        if isinstance(node, exp.Column) and expanded and not (node.table or names_a_result(node)):
            raise not_allowed(node)


def names_a_result(column: exp.Column) -> bool:
    """Whether a column without a table is the name of a result that an ORDER BY sorts on."""
    order = column.find_ancestor(exp.Order)
    query = order.parent if order is not None else None
    return isinstance(query, exp.Query) and column.name in query.named_selects


def _star_allowed(star: exp.Expr, expanded: bool) -> bool:
    parent = star.parent
    if isinstance(parent, exp.Count):
        return True
    if expanded:
        return False
    return isinstance(parent, exp.Select) or (isinstance(parent, exp.Column) and isinstance(parent.parent, exp.Select))


def not_allowed(node: exp.Expr) -> Refused:
    """The refusal of a part of a query."""
    shown = node.sql(dialect="duckdb")
    return refuse(
        "query.not_allowed",
        f"查询中不允许使用 {type(node).__name__.upper()}",
        f"{type(node).__name__.upper()} is not allowed in a query",
        where=Where(value=shown if len(shown) <= 120 else shown[:120] + "…"),
        remedy=Text(
            zh="只能用一条 SELECT 按名称读取数据项, 函数限于常用的聚合、数值、文本和日期函数",
            en="One SELECT that reads items by name, with the common functions of aggregation, numbers, text and dates",
        ),
    )
