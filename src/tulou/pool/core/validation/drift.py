"""Units that moved: a column whose median is far from that of the last delivery."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from tulou.kernel.errors import Finding, Text, Where
from tulou.pool.core.contract import Contract, LogicalType
from tulou.pool.core.lake.schema import literal, quoted

SAMPLE = 20_000
"""Records of a delivery that the medians are made of."""


def medians(connection: duckdb.DuckDBPyConnection, contract: Contract, data: Sequence[Path]) -> dict[str, str]:
    """The median of each numeric column over a sample of the accepted records, as text."""
    numeric = [c.name for c in contract.columns if c.logical_type in (LogicalType.INTEGER, LogicalType.NUMBER)]
    if not data or not numeric:
        return {}
    files = ", ".join(literal(str(path)) for path in data)
    values = ", ".join(f"median({quoted(name)})::DOUBLE" for name in numeric)
    columns = ", ".join(map(quoted, numeric))
    query = f"SELECT {values} FROM (SELECT {columns} FROM read_parquet([{files}]) LIMIT {SAMPLE})"
    found = zip(numeric, connection.execute(query).fetchone() or (), strict=True)
    return {name: repr(value) for name, value in found if value is not None and math.isfinite(value)}


def moved_units(contract: Contract, now: Mapping[str, str], before: Mapping[str, str], file: str) -> list[Finding]:
    """Columns whose median moved by a factor of 50 or more since the last delivery: most often a changed unit."""
    findings = []
    for name, text in now.items():
        new, old = float(text), float(before.get(name, "0"))
        if new <= 0 or old <= 0 or 1 / 50 < new / old < 50:
            continue
        factor = new / old
        shown = f"{factor:,.0f}" if factor >= 1 else f"1/{1 / factor:,.0f}"
        column = contract.column(name)
        findings.append(
            Finding(
                "drift.unit",
                Text(
                    zh=f"{column.title.zh} 的中位数是上次的 {shown} 倍, 单位可能变了 (合同: {column.unit or '无'})",
                    en=f"The median of {name} is {shown} times that of the last delivery; has its unit changed "
                    f"(the contract says {column.unit or 'none'})?",
                ),
                Where(file=file, column=name, value=text),
                Text(
                    zh="请与交付部门核对单位; 如有误, 撤回本次交付",
                    en="Ask the department; roll the delivery back if so",
                ),
                severity="warn",
            )
        )
    return findings
