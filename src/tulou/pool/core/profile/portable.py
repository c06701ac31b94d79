"""Which Ibis expressions mean the same on DuckDB and on Spark: a lint that refuses the differences that were measured.

One expression runs on both engines, but not every expression gives one answer. Each rule below names a difference that
was seen between DuckDB 1.5 and Spark 4.0 (ANSI mode): another value, an error on one side, or an answer that depends on
the order in which rows are read. What passes is compared on both engines by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import ibis
import ibis.expr.operations as ops

from tulou.kernel.errors import Finding, Refused, Text, Where

Node: TypeAlias = Any
_MATHS = (ops.Ln, ops.Log, ops.Log2, ops.Log10, ops.Sqrt)
_BACKTRACKING = ("(?=", "(?!", "(?<", "(?>", "\\1", "\\2", "\\3", "\\b", "\\w", "\\d", "\\s")
ENGINE_FUNCTIONS = frozenset({"trim"})
"""Functions that both engines have under the same name with the same meaning, called as they are."""


def positive(value: Any) -> Any:
    """`value` where it is above zero, else NULL: what a logarithm may be taken of."""
    return ibis.ifelse(value > 0, value, ibis.null(value.type()))


def portable_findings(expression: Any) -> list[Finding]:
    """What in `expression` does not mean the same on both engines; each finding says how to write it instead.

    Examples
    --------
    >>> import ibis
    >>> firm = ibis.table({"sales": "int64", "staff": "int64"}, name="firm")
    >>> [found.code for found in portable_findings(firm.mutate(each=firm.sales / firm.staff))]
    ['portable.division', 'portable.zero']
    >>> staff = firm.staff.cast("float64").nullif(0)
    >>> portable_findings(firm.mutate(each=firm.sales.cast("float64") / staff))
    []
    """
    found: dict[tuple[str, str], Finding] = {}
    for node in expression.op().find(ops.Node):
        for code, text in _faults(node):
            shown = _shown(node)
            found.setdefault((code, shown), Finding(f"portable.{code}", text, Where(value=shown)))
    return sorted(found.values(), key=lambda one: (one.code, one.where.value or ""))


def check_portable(expression: Any) -> Any:
    """`expression` itself. Raises Refused with the first of its findings, the number of the others beside it."""
    findings = portable_findings(expression)
    if findings:
        first, others = findings[0], len(findings) - 1
        more = Text(zh=f"另有 {others} 处", en=f"{others} more") if others else None
        raise Refused(Finding(first.code, first.text, first.where, more))
    return expression


def _faults(node: Node) -> Iterator[tuple[str, Text]]:
    for kinds, judge in _RULES:
        if isinstance(node, kinds):
            yield from judge(node)


def _always(code: str, zh: str, en: str) -> Callable[[Node], Iterator[tuple[str, Text]]]:
    def judge(_: Node) -> Iterator[tuple[str, Text]]:
        yield code, Text(zh=zh, en=en)

    return judge


def _division(node: Node) -> Iterator[tuple[str, Text]]:
    if isinstance(node, ops.Divide) and not (node.left.dtype.is_floating() and node.right.dtype.is_floating()):
        yield (
            "division",
            Text(
                zh="整数或小数相除在两个引擎上精度不同, 请先把两边转为 float64",
                en="Division of integers or decimals has another precision on each engine; cast both to float64 first",
            ),
        )
    divisor = node.right
    if isinstance(divisor, ops.Literal) and divisor.value:
        return
    if not (isinstance(divisor, ops.NullIf) and isinstance(divisor.null_if_expr, ops.Literal)):
        yield (
            "zero",
            Text(
                zh="除数可能为零: Spark 会出错, 请用 nullif(0)",
                en="The divisor may be zero, an error on Spark; use nullif(0)",
            ),
        )


def _cast(node: Node) -> Iterator[tuple[str, Text]]:
    whole = isinstance(node.arg, (ops.Floor, ops.Ceil, ops.Round))
    if node.to.is_integer() and node.arg.dtype.is_floating() and not whole:
        yield (
            "cast",
            Text(
                zh="浮点数转整数: DuckDB 四舍五入而 Spark 截断, 请先 floor() 或 round()",
                en="A float cast to an integer is rounded by DuckDB and cut by Spark; floor() or round() it first",
            ),
        )


def _domain(node: Node) -> Iterator[tuple[str, Text]]:
    argument = node.arg
    guarded = isinstance(argument, ops.IfElse) and isinstance(argument.bool_expr, (ops.Greater, ops.GreaterEqual))
    if not guarded and not isinstance(argument, ops.Literal):
        yield (
            "domain",
            Text(
                zh="对数或平方根的参数可能越界: DuckDB 会出错, 请用 positive(…)",
                en="The argument may lie outside the function's domain, an error on DuckDB; use positive(…)",
            ),
        )


def _join(node: Node) -> Iterator[tuple[str, Text]]:
    if node.how == "asof":
        yield "asof", Text(zh="Spark 没有 as-of 连接", en="Spark has no as-of join")


def _function(node: Node) -> Iterator[tuple[str, Text]]:
    if node.__func_name__ not in ENGINE_FUNCTIONS:
        yield (
            "function",
            Text(zh="自定义函数不能在两个引擎上运行", en="A function of one's own does not run on both engines"),
        )


def _limit(node: Node) -> Iterator[tuple[str, Text]]:
    if not isinstance(node.parent, ops.Sort):
        yield "limit", Text(zh="限制行数前须先排序", en="Rows are limited without being sorted first")


def _pattern(node: Node) -> Iterator[tuple[str, Text]]:
    pattern = node.pattern
    if not isinstance(pattern, ops.Literal) or any(sign in pattern.value for sign in _BACKTRACKING):
        yield (
            "pattern",
            Text(
                zh="正则表达式须是常量, 且不含环视、反向引用或 \\w、\\d、\\s",
                en="A pattern must be a constant without lookaround, back references, \\w, \\d or \\s",
            ),
        )


_RULES: tuple[tuple[tuple[type, ...], Callable[[Node], Iterator[tuple[str, Text]]]], ...] = (
    ((ops.Divide, ops.FloorDivide, ops.Modulus), _division),
    ((ops.Cast, ops.TryCast), _cast),
    (_MATHS, _domain),
    ((ops.JoinLink,), _join),
    ((ops.ScalarUDF, ops.AggUDF), _function),
    ((ops.Limit,), _limit),
    ((ops.RegexSearch, ops.RegexExtract, ops.RegexReplace), _pattern),
    (
        (ops.ArgMax, ops.ArgMin),
        _always("ties", "并列时两个引擎取的行不同, 请用 row_number() 排出唯一的先后",
                "Ties are broken another way on each engine; rank with row_number() over a unique order"),
    ),
    (
        (ops.First, ops.Last, ops.Arbitrary, ops.ArrayCollect, ops.GroupConcat, ops.NthValue),
        _always("order", "结果取决于读入的先后, 或 Spark 不支持按序聚合",
                "The answer depends on the order of reading, or Spark has no ordered form of it"),
    ),
    (
        (ops.ApproxMedian, ops.ApproxCountDistinct, ops.ApproxQuantile, ops.ApproxMultiQuantile),
        _always("approximate", "近似聚合在两个引擎上结果不同", "Approximate aggregates differ between engines"),
    ),
    (
        (ops.Mode, ops.Kurtosis, ops.Correlation),
        _always("aggregate", "两个引擎不能都算出该聚合", "This aggregate is not computed by both engines"),
    ),
    ((ops.Hash,), _always("hash", "hash() 在两个引擎上不同, 请用 md5 或 sha256", "hash() differs; use md5 or sha256")),
    (
        (ops.RandomScalar, ops.RandomUUID, ops.TimestampNow, ops.DateNow, ops.Sample),
        _always("chance", "随机数和当前时间须作为参数给出", "Chance and the present time must come in as arguments"),
    ),
    (
        (ops.DatabaseTable, ops.InMemoryTable, ops.SQLQueryResult, ops.SQLStringView, ops.RowID),
        _always("bound", "表达式须不绑定引擎: 用 ibis.table(…) 声明表", "The expression is bound; use ibis.table(…)"),
    ),
)  # fmt: skip


def _shown(node: Node) -> str:
    name = getattr(node, "name", None)
    return f"{type(node).__name__}({name})" if isinstance(name, str) else type(node).__name__
