"""Rows of random cards as the tables that engines read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

TYPES = {
    "number": pa.float64(),
    "code": pa.float64(),
    "decimal": pa.decimal128(18, 4),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


def arrow(rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]) -> pa.Table:
    """A table with a column `place` that numbers the rows."""
    types = {name: TYPES.get(kind, pa.string()) for name, kind in kinds.items()}
    columns = {name: pa.array([row[name] for row in rows], types[name]) for name in kinds}
    return pa.table({"place": pa.array(range(len(rows)), pa.int64()), **columns})
