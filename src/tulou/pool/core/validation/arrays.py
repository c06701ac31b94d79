"""Arrow arrays straight from memory, and to DuckDB by way of a file.

`pa.array`, `pa.table` and DuckDB's own way to take an Arrow table load pandas first, which takes more than a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tulou.pool.core.lake.schema import literal


def numbers(values: Sequence[int] | NDArray[np.int64]) -> pa.Array:
    """Whole numbers, none of them missing."""
    held = np.ascontiguousarray(values, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(held), [None, pa.py_buffer(held)])


def texts(values: Sequence[str | None], *, empty_is_missing: bool = False) -> pa.Array:
    """Texts, None for those that are missing.

    >>> texts(["a", "", None]).to_pylist(), texts(["a", ""], empty_is_missing=True).to_pylist()
    (['a', '', None], ['a', None])
    """
    held = [b"" if value is None else value.encode() for value in values]
    ends = np.cumsum([0, *map(len, held)], dtype=np.int64)
    there = [bool(value) if empty_is_missing else value is not None for value in values]
    valid = None if all(there) else pa.py_buffer(np.packbits(there, bitorder="little"))
    array = pa.Array.from_buffers(
        pa.large_string(), len(held), [valid, pa.py_buffer(ends), pa.py_buffer(b"".join(held))]
    )
    return array.cast(pa.string()) if ends[-1] < 2**31 else array


def laid_down(columns: Mapping[str, pa.Array], path: Path) -> str:
    """Columns in a Parquet file; answers SQL text of the relation."""
    pq.write_table(pa.Table.from_arrays(list(columns.values()), list(columns)), path, compression="none")
    return f"read_parquet({literal(str(path))})"
