"""A GET view may only read: any other statement raises while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

READS = ("SELECT", "WITH", "SAVEPOINT", "RELEASE", "ROLLBACK", "EXPLAIN", "DECLARE", "FETCH", "CLOSE", "(SELECT")


class WroteOnGet(AssertionError):  # noqa: N818 - reads as what happened
    """A page that was only asked for tried to write."""


def only_reads(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """An execute wrapper (`connection.execute_wrapper`) that lets only reads pass."""
    if not sql.lstrip().upper().startswith(READS):
        raise WroteOnGet(f"a GET may not run: {sql[:120]}")
    return execute(sql, params, many, context)
