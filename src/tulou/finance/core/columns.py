"""A whole column at once, by the same grammar as one cell: numbers, days, keys.

Columns come as Arrow, NumPy, pandas or lists. What Arrow cannot do by the grammar of `cells` is done cell by cell,
once for each distinct value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tulou.finance.core.cells import BLANKS, LARGEST, PLAIN_NUMBER, SMALLEST, day_of, key_of, number_of

Numbers = NDArray[np.float64]
Codes = NDArray[np.int32]
Columns = Mapping[str, Any]
"""Name of a column -> its cells: an Arrow, NumPy or pandas column, or a list."""


def as_arrow(column: Any) -> pa.Array | None:
    """The column as one Arrow array; None where its cells are of several types."""
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(column, pa.Array):
        return column
    try:
        return pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return None


def numbers(column: Any, form: str = "plain") -> Numbers:
    """The numbers in a column, NaN where there is none.

    >>> numbers(["1", " 2.5", "x", None]).tolist()
    [1.0, 2.5, nan, nan]
    """
    values, present = numbers_and_gaps(column, form)
    return values if present is None else np.where(present, values, np.nan)


def numbers_and_gaps(column: Any, form: str = "plain") -> tuple[Numbers, NDArray[np.uint8] | None]:
    """The numbers in a column, and 0 for each cell that has none and whose number means nothing; None: those are NaN.

    Columns that hold numbers as they are, NumPy's, pandas' or Arrow's, are not copied.
    """
    if (plain := _floats(column)) is not None:
        return plain, None
    array = as_arrow(column)
    if array is None:
        return np.fromiter((number_of(value, form) for value in column), dtype=np.float64, count=len(column)), None
    kind = array.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        cast = array.cast(pa.int8()) if pa.types.is_boolean(kind) else array
        return _split(cast.cast(pa.float64(), safe=False))
    if form == "plain" and _is_text(kind):
        return _split(_plain(array))
    return _by_value(array, lambda value: number_of(value, form)), None


def _floats(column: Any) -> Numbers | None:
    """The numbers of a NumPy array or a pandas column of float64, as they lie there."""
    if isinstance(getattr(column, "dtype", None), np.dtype) and column.dtype == np.float64:
        return np.asarray(column)
    return None


def days(column: Any, form: str) -> Numbers:
    """The days in a column, counted from 1970-01-01; NaN where there is none."""
    array = as_arrow(column)
    if array is None:
        return np.fromiter((day_of(value, form) for value in column), dtype=np.float64, count=len(column))
    return _by_value(array, lambda value: day_of(value, form))


def keys(column: Any) -> tuple[Codes, list[str]]:
    """For each cell the position of its key in the list of keys, -1 where there is none.

    >>> keys(["b", "a ", None, "b"])
    (array([ 0,  1, -1,  0], dtype=int32), ['b', 'a'])
    """
    codes, values = dictionary(column)
    names: dict[str, int] = {}
    place = [-1 if value is None else names.setdefault(value, len(names)) for value in values]
    return np.asarray(place, dtype=np.int32).take(codes), list(names)


def dictionary(column: Any) -> tuple[Codes, list[str | None]]:
    """For each cell a position in a list of keys, where a key may stand twice, as it does for "2" and "2 "; the last is
    None, for cells without one.

    >>> dictionary(["b", None, "b "])
    (array([0, 2, 1], dtype=int32), ['b', 'b', None])
    """
    array = as_arrow(column)
    if array is None:
        array = pa.array([key_of(value) for value in column], type=pa.string())
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    values = [key_of(value) for value in array.dictionary.to_pylist()]
    codes = np.asarray(array.indices.cast(pa.int32()).fill_null(len(values)))
    return codes, [*values, None]


def combine(operation: str, first: Numbers, second: Numbers) -> Numbers:
    """The values of a derived feature, as `cells.combined` has them for one row."""
    a, b = _tame(first), _tame(second)
    if operation == "minus":
        return a - b
    if operation == "plus":
        return a + b
    if operation == "times":
        return a * b
    quotient = np.full(len(a), np.nan)
    np.divide(a, b, out=quotient, where=b != 0)
    return quotient


def _tame(values: Numbers) -> Numbers:
    clipped = np.clip(values, -LARGEST, LARGEST)
    return np.where(np.abs(clipped) < SMALLEST, 0.0, clipped)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _split(array: pa.Array) -> tuple[Numbers, NDArray[np.uint8] | None]:
    """Arrow's float64 as it lies there, and its bits of validity where one is not set."""
    if not array.null_count:
        return np.asarray(array), None
    bits, values = array.buffers()
    if values is None:
        return np.full(len(array), np.nan), None
    first, last = array.offset, array.offset + len(array)
    present = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=last, bitorder="little")
    return np.frombuffer(values, dtype=np.float64)[first:last], present[first:]


def _plain(array: pa.Array) -> pa.Array:
    text = pc.utf8_trim(array, characters=BLANKS)
    fits = pc.match_substring_regex(text, PLAIN_NUMBER)
    # Arrow reads neither a leading plus nor a point without a digit beside it.
    text = pc.replace_substring_regex(pc.if_else(fits, text, None), r"^\+", "")
    text = pc.replace_substring_regex(text, r"^(-?)\.", r"\10.")
    text = pc.replace_substring_regex(text, r"\.([eE]|$)", r"\1")
    return text.cast(pa.float64())


def _by_value(array: pa.Array, reading: Callable[[Any], float]) -> Numbers:
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    read = [reading(value) for value in array.dictionary.to_pylist()]
    table = np.asarray([*read, np.nan], dtype=np.float64)
    return table.take(np.asarray(array.indices.fill_null(len(read))))
