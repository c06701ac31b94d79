"""What Iceberg wants to know of a Parquet file, from the file's own footer.

pyiceberg's own function for it loads Arrow's datasets and with them pandas: seconds of a short command.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record
from pyiceberg.types import DecimalType, IcebergType

_LENGTH = 16
"""Signs of a text that its bounds keep."""
_BOUNDED = {"string", "long", "int", "date", "timestamptz", "timestamp", "boolean"}


def entry_of(path: Path, schema: Schema) -> DataFile:
    """The entry of a Parquet file in a table with `schema`: counts, sizes and bounds by field id."""
    footer = pq.read_metadata(path)
    ids = {
        field.name: int(field.metadata[b"PARQUET:field_id"])
        for field in footer.schema.to_arrow_schema()
        if field.metadata and b"PARQUET:field_id" in field.metadata
    }
    sizes: dict[int, int] = defaultdict(int)
    values: dict[int, int] = defaultdict(int)
    nulls: dict[int, int] = defaultdict(int)
    bounds: dict[int, tuple[Any, Any] | None] = {}
    offsets = []
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        offsets.append(_offset(group.column(0)))
        for place in range(group.num_columns):
            column = group.column(place)
            field_id = ids.get(column.path_in_schema)
            if field_id is None:
                continue
            sizes[field_id] += column.total_compressed_size
            values[field_id] += column.num_values
            statistics = column.statistics
            if statistics is not None and statistics.has_null_count:
                nulls[field_id] += statistics.null_count
            bounds[field_id] = _widened(bounds.get(field_id, ()), statistics)
    lower, upper = _as_bytes(bounds, schema)
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=str(path),
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=footer.num_rows,
        file_size_in_bytes=path.stat().st_size,
        column_sizes=dict(sizes),
        value_counts=dict(values),
        null_value_counts=dict(nulls),
        nan_value_counts={},
        lower_bounds=lower,
        upper_bounds=upper,
        split_offsets=sorted(offsets),
        sort_order_id=None,
        spec_id=0,
        equality_ids=None,
        key_metadata=None,
    )


def _offset(column: Any) -> int:
    if column.dictionary_page_offset is not None:
        return int(min(column.dictionary_page_offset, column.data_page_offset))
    return int(column.data_page_offset)


def _widened(known: tuple[Any, ...] | None, statistics: Any) -> tuple[Any, Any] | None:
    """The bounds with those of one more row group; None as soon as one does not say (and holds values)."""
    if known is None or statistics is None:
        return None
    if not statistics.has_min_max:
        return known if statistics.num_values == 0 and known else None
    # The values as the file holds them: their Python forms, again, would load pandas.
    least, most = statistics.min_raw, statistics.max_raw
    if not known:
        return least, most
    return min(known[0], least), max(known[1], most)


def _as_bytes(bounds: dict[int, tuple[Any, Any] | None], schema: Schema) -> tuple[dict[int, bytes], dict[int, bytes]]:
    lower, upper = {}, {}
    for field_id, limits in bounds.items():
        kind = schema.find_type(field_id)
        if limits is None or not (str(kind) in _BOUNDED or isinstance(kind, DecimalType)):
            continue
        least, most = _bound(kind, limits[0], upper=False), _bound(kind, limits[1], upper=True)
        if least is not None and most is not None:
            lower[field_id], upper[field_id] = least, most
    return lower, upper


def _bound(kind: IcebergType, value: Any, *, upper: bool) -> bytes | None:
    """A value of a file as Iceberg writes a bound; None where there is no such bound."""
    name = str(kind)
    if isinstance(value, bytes) and name == "string":
        text: str | None = value.decode(errors="ignore")
        if upper and text is not None:
            text = _above(text)
        return None if text is None else text[:_LENGTH].encode()
    if name == "boolean":
        return bytes([bool(value)])
    if isinstance(kind, DecimalType):
        number = int.from_bytes(value, "big", signed=True) if isinstance(value, bytes) else int(value)
        return number.to_bytes((number.bit_length() // 8) + 1, "big", signed=True)
    if isinstance(value, int):
        return value.to_bytes(4 if name in ("int", "date") else 8, "little", signed=True)
    return None


def _above(text: str) -> str | None:
    """A short text that no text with the same beginning exceeds, None where there is none."""
    if len(text) <= _LENGTH:
        return text
    for end in range(_LENGTH, 0, -1):
        sign = ord(text[end - 1])
        if sign < 0x10FFFF and not 0xD7FF <= sign < 0xE000:
            return text[: end - 1] + chr(sign + 1)
    return None
