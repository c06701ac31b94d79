"""Arrow columns as columns of facts; what cannot be read is refused with its record and value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tulou.kernel.errors import Text, Where, refuse
from tulou.policies.core.attributes import Attribute, Catalogue, Kind
from tulou.policies.core.firms.columns import OPEN, Column, FlagsColumn, Numbers, Sets, sets_from, state_of
from tulou.policies.core.firms.facts import UNKNOWN_WORDS, SetFact, Unreadable, fact_from, fact_or_none
from tulou.policies.core.firms.table import column_from

DAY_ZERO = dt.date(1970, 1, 1).toordinal()


def column_of(attribute: Attribute, values: Any, catalogue: Catalogue, *, file: str, first_record: int) -> Column:
    """The facts of one Arrow column. Raises Refused where a value is not of the attribute's kind."""
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    quick = _quick(attribute.kind, values)
    if quick is not None:
        return quick
    return column_from(catalogue, attribute.name, _read_each(attribute, values, file, first_record))


def _quick(kind: Kind, values: Any) -> Column | None:
    """Columns that Arrow holds in the right type already, or that it can cast as a whole."""
    if kind is Kind.FLAG and pa.types.is_boolean(values.type):
        states = pc.fill_null(pc.cast(values, pa.int8()), OPEN)
        return FlagsColumn(states.to_numpy(zero_copy_only=False).astype(np.int8))
    if kind is Kind.DATE and pa.types.is_date32(values.type):
        return _numbers(pc.cast(values, pa.int32()), DAY_ZERO)
    if kind is Kind.INTEGER and pa.types.is_integer(values.type):
        return _numbers(values)
    if kind is Kind.MONEY and pa.types.is_integer(values.type):
        return _numbers(values, times=100)
    if kind is Kind.NUMBER and (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        numbers = pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)
        known = np.isfinite(numbers)
        return Numbers(np.where(known, numbers, 0.0), known)
    if kind is Kind.INTEGER and pa.types.is_string(values.type):
        try:
            return _numbers(pc.cast(_cleaned(values), pa.int64()))
        except pa.ArrowInvalid:
            return None
    return None


def _numbers(values: Any, plus: int = 0, times: int = 1) -> Numbers:
    known = pc.is_valid(values).to_numpy(zero_copy_only=False)
    filled = pc.fill_null(pc.cast(values, pa.int64()), 0).to_numpy(zero_copy_only=False)
    return Numbers(filled.astype(np.int64) * times + plus, known)


def _cleaned(values: Any) -> Any:
    """Text without blanks around it; the words for unknown become null."""
    words = pc.utf8_trim_whitespace(values)
    unknown = pc.is_in(pc.utf8_lower(words), value_set=pa.array(sorted(UNKNOWN_WORDS)))
    return pc.if_else(unknown, pa.scalar(None, pa.string()), words)


def _read_each(attribute: Attribute, values: Any, file: str, first_record: int) -> Sequence[Any]:
    """Each distinct value read once."""
    if pa.types.is_nested(values.type):
        plain = [_unpaired(value) for value in values.to_pylist()]
        return [_read(attribute, value, file, first_record + i) for i, value in enumerate(plain)]
    encoded = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)
    indices = encoded.indices.to_numpy(zero_copy_only=False)
    words = encoded.dictionary.to_pylist()
    facts: list[Any] = []
    for i, word in enumerate(words):
        try:
            facts.append(fact_from(attribute.kind, word))
        except Unreadable as error:
            record = first_record + int(np.argmax(indices == i))
            raise wrong_value(file, record, attribute.name, word, error.expected) from error
    known = ~np.isnan(indices.astype(np.float64))
    return [facts[int(i)] if is_known else None for i, is_known in zip(indices, known, strict=True)]


def _unpaired(value: Any) -> Any:
    """An Arrow map comes as pairs; a struct's absent members as None."""
    if isinstance(value, list) and value and all(isinstance(each, tuple) for each in value):
        return dict(value)
    return value


def _read(attribute: Attribute, raw: Any, file: str, record: int) -> Any:
    try:
        return fact_from(attribute.kind, raw)
    except Unreadable as error:
        raise wrong_value(file, record, attribute.name, raw, error.expected) from error


def wrong_value(file: str, record: int, column: str, raw: Any, expected: Text) -> Exception:
    """A refusal of one value of a firm's file."""
    return refuse(
        "policies.firms.value",
        f"第 {record} 条记录的 {column} 应为{expected.zh}",
        f"Record {record}: {column} should be {expected.en}",
        where=Where(file=file, record=record, column=column, value=str(raw)[:120]),
    )


def set_of(attr: str, members: dict[str, Any], size: int, *, file: str, first_record: int) -> Sets:
    """A set from one Arrow column a member."""
    states: dict[str, npt.NDArray[np.int8]] = {}
    for member, values in members.items():
        try:
            facts = [fact_from(Kind.FLAG, fact_or_none(raw)) for raw in values.to_pylist()]
        except Unreadable as error:
            raise wrong_value(file, first_record, f"{attr}.{member}", "", error.expected) from error
        states[member] = np.fromiter((state_of(None if fact is None else bool(fact)) for fact in facts), np.int8, size)
    empty = sets_from([SetFact({})] * size)
    return Sets(states, empty.rest)
