"""What tells one record from another, and how often a subject stands in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import polars as pl

from tulou.kernel.errors import Text
from tulou.pool.core.contract.contract import Column, Grain, KeyRole, LogicalType
from tulou.pool.core.contract.inference.guesses import Guess, figure, sureness
from tulou.pool.core.contract.inference.kinds import ID_HINT, YEAR_HINT

_SUBJECT = (KeyRole.USCC, KeyRole.TAX_NO, KeyRole.LOCAL_ID, KeyRole.ORG_CODE, KeyRole.REG_NO, KeyRole.NAME)
_QUARTER_HINT = re.compile(r"(?i)quarter|季")
FEWEST = 20
MOST_PAIRS = 40


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of the records, the column of the period and the grain, each with its reason."""

    primary_key: tuple[str, ...]
    period_column: str | None
    grain: Grain
    guesses: tuple[Guess, ...]


def guess_keys(frame: pl.DataFrame, columns: Sequence[Column], headers: Mapping[str, str]) -> Keys:
    """Keys of a sample whose column `headers[name]` holds the contract's column `name`."""
    distinct = {column.name: frame[headers[column.name]].n_unique() for column in columns}
    full = [c for c in columns if frame[headers[c.name]].null_count() == 0]
    alone = [c for c in full if distinct[c.name] == frame.height and _may_be_key(c)]
    period = _period(columns, headers)
    subjects = [c for role in _SUBJECT for c in columns if c.key_role is role]
    key = _single(alone, headers) if frame.height >= FEWEST else None
    names: tuple[str, ...] = (key,) if key else _pair(frame, full, subjects, period, headers, distinct)
    grain, reason = _grain(names, subjects, period, headers)
    guesses = [Guess("", "grain", grain, 0.8 if period or grain == "enterprise" else 0.5, reason)]
    count = figure(frame.height)
    if names:
        shown = ", ".join(names)
        text = Text(zh=f"{count} 条记录中 {shown} 不重复", en=f"{shown} never repeats in {count} records")
        guesses.append(Guess("", "primary_key", shown, sureness(frame.height, frame.height), text))
    else:
        text = Text(
            zh="没有找到不重复的列, 按追加方式交付", en="no column or pair of columns never repeats; deliveries append"
        )
        guesses.append(Guess("", "primary_key", "", 0.5, text))
    told = period is not None and (period.name in names or period.logical_type is LogicalType.PERIOD)
    return Keys(names, period.name if period and told else None, grain, tuple(guesses))


def _may_be_key(column: Column) -> bool:
    return column.logical_type in (LogicalType.STRING, LogicalType.INTEGER) and column.key_role is not KeyRole.ADDRESS


def _single(alone: Sequence[Column], headers: Mapping[str, str]) -> str | None:
    def rank(column: Column) -> tuple[bool, bool, bool]:
        hinted = bool(ID_HINT.search(headers[column.name]))
        return (column.key_role not in _SUBJECT[:-1], not hinted, column.logical_type is not LogicalType.STRING)

    ranked = sorted((column for column in alone if min(rank(column)[:2]) is False), key=rank)
    return ranked[0].name if ranked else None


def _period(columns: Sequence[Column], headers: Mapping[str, str]) -> Column | None:
    for column in columns:
        if column.logical_type is LogicalType.PERIOD:
            return column
    for column in columns:
        if column.logical_type is LogicalType.INTEGER and YEAR_HINT.search(headers[column.name]):
            return column
    return None


def _pair(
    frame: pl.DataFrame,
    full: Sequence[Column],
    subjects: Sequence[Column],
    period: Column | None,
    headers: Mapping[str, str],
    distinct: Mapping[str, int],
) -> tuple[str, ...]:
    """Two columns that together never repeat: a subject and its period first, then identifiers with anything."""
    if frame.height < FEWEST:
        return ()
    tried = 0
    likely = [column for column in full if column in subjects or ID_HINT.search(headers[column.name])]
    times = [column for column in full if column is period or column.logical_type is LogicalType.DATE]
    pairs = [(a, b) for a in likely for b in times] + list(combinations(likely, 2))
    for one, two in pairs:
        if one.name == two.name or distinct[one.name] * distinct[two.name] < frame.height:
            continue
        tried += 1
        if tried > MOST_PAIRS:
            break
        if not frame.select(headers[one.name], headers[two.name]).is_duplicated().any():
            return (one.name, two.name)
    return ()


def _grain(
    key: tuple[str, ...],
    subjects: Sequence[Column],
    period: Column | None,
    headers: Mapping[str, str],
) -> tuple[Grain, Text]:
    if subjects and key == (subjects[0].name,):
        text = Text(zh="每个主体一条记录", en="there is one record for each subject")
        return "enterprise", text
    if subjects and period and set(key) == {subjects[0].name, period.name}:
        header = headers[period.name]
        if period.logical_type is LogicalType.INTEGER:
            return "enterprise-year", Text(zh="每个主体每年一条记录", en="one record for each subject and year")
        if _QUARTER_HINT.search(header):
            return "enterprise-quarter", Text(zh="每个主体每季一条记录", en="one record for each subject and quarter")
        return "enterprise-month", Text(zh="每个主体每月一条记录", en="one record for each subject and month")
    return "event", Text(zh="一个主体可有多条记录", en="a subject may have several records")
