"""Expressions that mean something else on another engine are refused with a remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import pytest

from tulou.kernel.errors import Refused
from tulou.pool.core.profile.portable import check_portable, portable_findings, positive


def firms() -> Any:
    return ibis.table(
        {
            "id": "string",
            "sales": "decimal(14, 2)",
            "staff": "int64",
            "share": "float64",
            "day": "date",
            "seen": "timestamp",
        },
        name="firm",
    )


def twice(x: int) -> int:
    return 2 * x


BAD: dict[str, tuple[Callable[[Any], Any], set[str]]] = {
    "division of decimals": (lambda t: t.mutate(x=t.sales / t.staff), {"division", "zero"}),
    "division by zero": (lambda t: t.mutate(x=t.share / t.share), {"zero"}),
    "remainder by zero": (lambda t: t.mutate(x=t.staff % t.staff), {"zero"}),
    "float to integer": (lambda t: t.mutate(x=t.share.cast("int64")), {"cast"}),
    "logarithm of zero": (lambda t: t.mutate(x=t.share.ln()), {"domain"}),
    "ties": (lambda t: t.aggregate(x=t.id.argmax(t.staff)), {"ties"}),
    "ordered aggregate": (lambda t: t.aggregate(x=t.id.collect(order_by=t.staff)), {"order"}),
    "any value": (lambda t: t.aggregate(x=t.id.arbitrary()), {"order"}),
    "approximate": (lambda t: t.aggregate(x=t.id.approx_nunique()), {"approximate"}),
    "mode": (lambda t: t.aggregate(x=t.id.mode()), {"aggregate"}),
    "correlation": (lambda t: t.aggregate(x=t.share.corr(t.share)), {"aggregate"}),
    "hash": (lambda t: t.mutate(x=t.id.hash()), {"hash"}),
    "now": (lambda t: t.filter(t.seen < ibis.now()), {"chance"}),
    "random": (lambda t: t.mutate(x=ibis.random()), {"chance"}),
    "as-of join": (lambda t: t.asof_join(t.view(), "day"), {"asof"}),
    "limit": (lambda t: t.limit(5), {"limit"}),
    "word pattern": (lambda t: t.filter(t.id.re_search(r"\w+")), {"pattern"}),
    "computed pattern": (lambda t: t.filter(t.id.re_search(t.id)), {"pattern"}),
    "memory table": (lambda _: ibis.memtable({"x": [1]}), {"bound"}),
    "own function": (lambda t: t.mutate(x=ibis.udf.scalar.python(twice)(t.staff)), {"function"}),
}

GOOD: dict[str, Callable[[Any], Any]] = {
    "float division": lambda t: t.mutate(x=t.sales.cast("float64") / t.staff.cast("float64").nullif(0)),
    "division by a number": lambda t: t.mutate(x=t.share / ibis.literal(12.0)),
    "floored": lambda t: t.mutate(x=t.share.floor().cast("int64")),
    "guarded logarithm": lambda t: t.mutate(x=positive(t.share).ln()),
    "sums by group": lambda t: t.group_by("id").aggregate(x=t.sales.sum(), n=t.count(), last=t.day.max()),
    "top of a sort": lambda t: t.order_by("id").limit(5),
    "ranking": lambda t: t.mutate(x=ibis.row_number().over(group_by=t.day, order_by=t.id)),
    "plain pattern": lambda t: t.filter(t.id.re_search("^[0-9]{6}$")),
    "left join": lambda t: t.left_join(t.view(), "id"),
    "digest": lambda t: t.mutate(x=t.id.hexdigest("md5")),
}


@pytest.mark.parametrize("name", BAD)
def test_a_known_difference_is_refused(name: str) -> None:
    make, codes = BAD[name]
    expression = make(firms())
    findings = portable_findings(expression)
    assert {finding.code.removeprefix("portable.") for finding in findings} == codes
    assert all(finding.text.zh != finding.text.en and finding.where.value for finding in findings)
    with pytest.raises(Refused):
        check_portable(expression)


@pytest.mark.parametrize("name", GOOD)
def test_what_is_equal_on_both_engines_passes(name: str) -> None:
    expression = GOOD[name](firms())
    assert portable_findings(expression) == []
    assert check_portable(expression) is expression


def test_the_refusal_counts_the_other_findings() -> None:
    with pytest.raises(Refused) as refused:
        check_portable(firms().mutate(x=firms().sales / firms().staff))
    assert refused.value.finding.remedy is not None
    assert refused.value.finding.remedy.en == "1 more"
