"""The plain form of a record: what most writers write, told by one regular expression and then read as typed.

A record whose every field has the plain form of its column needs no lenient cast: DuckDB reads it as typed, and the
expression has already said what a cast would gloss over (1.005 in two decimals, 1e3, 1_000, 2020-1-2).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tulou.pool.core.contract import Column, Contract, LogicalType
from tulou.pool.core.intake import Piece
from tulou.pool.core.validation.arrays import numbers
from tulou.pool.core.validation.expressions import Program, compile_contract, number_type

Indices = NDArray[np.int64]

_MONTH = "(?:0[1-9]|1[0-2])"
_DAY = f"[0-9]{{4}}-{_MONTH}-(?:0[1-9]|[12][0-9]|3[01])"
_CERTAIN_DAY = (
    "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)


@dataclass(frozen=True, slots=True)
class Plain:
    """How the plain records of a file are told and read.

    `program` reads columns of the types in `kinds` (VARCHAR where the value is typed by an expression). `quick` tells
    plain records fast; `certain` bounds every number too, so that no cast can fail; `formed` tells records that are
    merely well formed. Each is a pattern for files without and with quotation marks.
    """

    program: Program
    kinds: tuple[str, ...]
    quick: tuple[str, str]
    certain: tuple[str, str]
    formed: tuple[str, str]


def compile_plain(contract: Contract, places: Sequence[str | None], delimiter: str) -> Plain:
    """The plain form of the records of a file whose column i holds the contract's column `places[i]`."""
    columns = [contract.column(name) if name is not None else None for name in places]
    direct = {column.name for column in columns if column is not None and _is_direct(column)}
    kinds = tuple(_kind(column) if column is not None and column.name in direct else "VARCHAR" for column in columns)
    program = compile_contract(contract, places, typed=direct)
    sign = re.escape(delimiter)

    def whole(certain: bool, quotes: bool, *, formed: bool = False) -> str:
        forms = [None if formed or c is None or c.name not in direct else _form(c, certain) for c in columns]
        return "(?s)^" + sign.join(_field(form, delimiter, quotes) for form in forms)

    return Plain(
        program,
        kinds,
        quick=(whole(False, False), whole(False, True)),
        certain=(whole(True, False), whole(True, True)),
        formed=(whole(False, False, formed=True), whole(False, True, formed=True)),
    )


def matching(piece: Piece, patterns: tuple[str, str], line_end: str, among: Indices | None = None) -> NDArray[np.bool_]:
    """Which records of a piece (or of those `among` it) have the form of the pattern and end as `line_end` says."""
    if piece.records == 0:
        return np.empty(0, dtype=np.bool_)
    offsets = np.append(piece.starts, piece.ends[-1])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(piece.content)]
    lines = pa.Array.from_buffers(pa.large_binary(), piece.records, buffers)
    if among is not None:
        lines = lines.take(numbers(among))
    found = pc.match_substring_regex(lines, pattern=f"{patterns[piece.quotes]}{line_end}$")
    bits = np.unpackbits(np.frombuffer(found.buffers()[1], dtype=np.uint8), bitorder="little")
    return bits[: len(found)].astype(np.bool_)


def _is_direct(column: Column) -> bool:
    """Whether the CSV reader itself may type the column once the pattern has matched."""
    if column.null_tokens:
        return False
    if column.logical_type is LogicalType.STRING:
        return True
    if column.codes or column.pattern is not None or column.max_length is not None or column.formats:
        return False
    return column.logical_type in (LogicalType.INTEGER, LogicalType.NUMBER, LogicalType.DATE, LogicalType.BOOLEAN)


def _kind(column: Column) -> str:
    if column.logical_type in (LogicalType.INTEGER, LogicalType.NUMBER):
        return number_type(column)
    return {LogicalType.DATE: "DATE", LogicalType.BOOLEAN: "BOOLEAN"}.get(column.logical_type, "VARCHAR")


def _form(column: Column, certain: bool) -> str | None:
    """The plain form of a field, None for any text."""
    kind = column.logical_type
    if kind is LogicalType.DATE:
        return _CERTAIN_DAY if certain else _DAY
    if kind is LogicalType.BOOLEAN:
        return "true|false"
    if kind is LogicalType.INTEGER:
        return "-?[0-9]{1,18}" if certain else "-?[0-9]+"
    if kind is LogicalType.NUMBER:
        if column.precision is None:
            return r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?" if certain else r"-?[0-9]+(?:\.[0-9]+)?"
        scale = column.scale or 0
        digits = f"{{1,{max(column.precision - scale, 1)}}}" if certain else "+"
        return f"-?[0-9]{digits}" + (rf"(?:\.[0-9]{{1,{scale}}})?" if scale else "")
    return None


def _field(form: str | None, delimiter: str, quotes: bool) -> str:
    sign = re.escape(delimiter)
    if form is None:
        bare = rf"[^\"{sign}\r\n\x00]*"
        return rf"(?:{bare}|\"(?:[^\"\x00]|\"\")*\")" if quotes else bare
    return rf"(?:{form}|\"(?:{form})?\")?" if quotes else f"(?:{form})?"
