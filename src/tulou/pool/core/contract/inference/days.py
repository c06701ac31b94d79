"""The forms in which files write days, months and moments, and which of them a column has."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from tulou.pool.core.contract.contract import LogicalType
from tulou.pool.core.contract.inference.column_sample import ColumnSample

_YEAR = r"(?:19|20|21)\d\d"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_TIME = r"\d{1,2}:\d\d(?::\d\d)?"
_NAMED = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"


@dataclass(frozen=True, slots=True)
class Form:
    """A way of writing a date: its shape, and its strptime format (empty where the pool needs none)."""

    shape: str
    format: str
    kind: LogicalType


FORMS = (
    Form(rf"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", "", LogicalType.DATE),
    Form(rf"{_YEAR}-{_MONTH}-{_DAY}", "%Y-%m-%d", LogicalType.DATE),
    Form(rf"{_YEAR}/{_MONTH}/{_DAY}", "%Y/%m/%d", LogicalType.DATE),
    Form(rf"{_YEAR}\.{_MONTH}\.{_DAY}", "%Y.%m.%d", LogicalType.DATE),
    Form(rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", "%Y%m%d", LogicalType.DATE),
    Form(rf"{_YEAR}年{_MONTH}月{_DAY}日", "%Y年%m月%d日", LogicalType.DATE),
    Form(rf"{_DAY}-{_NAMED}-\d\d", "%d-%b-%y", LogicalType.DATE),
    Form(rf"{_DAY}-{_NAMED}-{_YEAR}", "%d-%b-%Y", LogicalType.DATE),
    Form(rf"{_DAY} {_NAMED} {_YEAR}", "%d %b %Y", LogicalType.DATE),
    Form(rf"{_NAMED} {_DAY}, {_YEAR}", "%b %d, %Y", LogicalType.DATE),
    Form(rf"{_DAY}/{_MONTH}/{_YEAR}", "%d/%m/%Y", LogicalType.DATE),
    Form(rf"{_MONTH}/{_DAY}/{_YEAR}", "%m/%d/%Y", LogicalType.DATE),
    Form(rf"{_DAY}\.{_MONTH}\.{_YEAR}", "%d.%m.%Y", LogicalType.DATE),
    Form(rf"{_YEAR}-(?:0[1-9]|1[0-2])", "", LogicalType.PERIOD),
    Form(rf"{_YEAR}年{_MONTH}月", "", LogicalType.PERIOD),
    Form(rf"{_YEAR}/{_MONTH}", "%Y/%m", LogicalType.PERIOD),
    Form(rf"{_YEAR}(?:0[1-9]|1[0-2])", "", LogicalType.PERIOD),
    Form(rf"{_YEAR}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{{1,6}})?)?(?:Z|[+-]\d\d:?\d\d)?", "", LogicalType.TIMESTAMP),
    Form(rf"{_YEAR}-{_MONTH}-{_DAY} {_TIME}", "%Y-%m-%d %H:%M:%S", LogicalType.TIMESTAMP),
    Form(rf"{_YEAR}/{_MONTH}/{_DAY} {_TIME}", "%Y/%m/%d %H:%M:%S", LogicalType.TIMESTAMP),
    Form(rf"{_YEAR}年{_MONTH}月{_DAY}日 ?{_TIME}", "%Y年%m月%d日 %H:%M:%S", LogicalType.TIMESTAMP),
)
COMPACT_MONTH = FORMS[16]
"""Six digits: a month only where the header or the values leave no doubt."""


@dataclass(frozen=True, slots=True)
class DayGuess:
    """The kind of a column of dates, its declared formats, and in how many records it holds. `doubtful`: day or month
    first cannot be told."""

    kind: LogicalType
    formats: tuple[str, ...]
    records: int
    doubtful: bool = False


def guess_days(column: ColumnSample) -> DayGuess | None:
    """The forms of date that together cover the column, or None where there are none worth naming."""
    found: dict[Form, int] = {}
    covered = pl.Series([False] * column.distinct)
    masks = {form: column.matching(form.shape) for form in FORMS}
    for form in sorted(FORMS, key=lambda form: -column.times(masks[form])):
        mask = masks[form] & ~covered
        if mask.any() and _reads(column.tidy.filter(mask), form):
            found[form] = column.times(mask)
            covered = covered | mask
    if not found:
        return None
    kinds = {form.kind for form in found}
    records = column.times(covered)
    formats = tuple(form.format for form in found if form.format)
    if kinds == {LogicalType.PERIOD}:
        return DayGuess(LogicalType.PERIOD, formats, records)
    if LogicalType.PERIOD in kinds:
        return None
    kind = LogicalType.TIMESTAMP if LogicalType.TIMESTAMP in kinds else LogicalType.DATE
    if kind is LogicalType.TIMESTAMP and not column.matching(r".*\D0?0:00(?::00(?:\.0+)?)?").not_().any():
        kind = LogicalType.DATE
        formats = tuple(form.format or "%Y-%m-%d %H:%M:%S" for form in found if form.format or ":" in form.shape)
    doubtful = "%d/%m/%Y" in formats and "%m/%d/%Y" not in formats and _both_ways(column)
    return DayGuess(kind, formats, records, doubtful)


def _reads(texts: pl.Series, form: Form) -> bool:
    """Whether DuckDB reads every one of the texts, so that ingest will."""
    if not form.format:
        return True
    with duckdb.connect() as connection:
        connection.register("texts", pl.DataFrame({"text": texts}).to_arrow())
        (unread,) = connection.execute(
            "SELECT count(*) FROM texts WHERE try_strptime(text, ?) IS NULL", [form.format]
        ).fetchone() or (0,)
    return not unread


def _both_ways(column: ColumnSample) -> bool:
    return bool(column.matching(rf"{_MONTH}/{_MONTH}/{_YEAR}").all())
