"""Columns of any kind made ready and compared: text, Chinese text, dates, e-mail, codes, categories, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import polars as pl
import pyarrow as pa

from tulou.kernel.errors import Text
from tulou.pool.core.identity.comparison import BlockingKey, Comparison, Distance, Level, bucketed
from tulou.pool.core.identity.firms import days
from tulou.pool.core.identity.signs import Signs

RARE, PAIR_LIMIT = 60, 120
"""The most pairs that one value of one column, and of two columns together, may bring."""

MOST_KEYS = 24


class Kind(StrEnum):
    """How a column is compared."""

    TEXT = "text"
    HAN = "han"
    DATE = "date"
    EMAIL = "email"
    CODE = "code"
    CATEGORY = "category"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class General:
    """A column under its name in the prepared table (`x0`, `x1`, …), its title for people and its kind."""

    name: str
    title: Text
    kind: Kind


def prepare_general(column: General, values: pa.Array) -> dict[str, pl.Series]:
    """The columns of the prepared table that a column's comparison reads; null where the value is missing."""
    text = pl.Series(Signs.of(values).folded().strings())
    if column.kind is Kind.DATE:
        day = days(values)
        text = day.cast(pl.Date).cast(pl.String).fill_null("")
        return _plain(column.name, text) | {f"{column.name}_day": day}
    if column.kind is Kind.NUMBER:
        number = text.str.replace_all(",", "").cast(pl.Float64, strict=False)
        return _plain(column.name, number.cast(pl.String).fill_null("")) | {f"{column.name}_number": number}
    if column.kind is Kind.EMAIL:
        return _plain(column.name, text) | {f"{column.name}_local": text.str.extract(r"^([^@]+)@", 1)}
    if column.kind is Kind.CODE:
        text = text.str.replace_all(r"[^0-9a-z]", "")
    return _plain(column.name, text)


def _plain(name: str, text: pl.Series) -> dict[str, pl.Series]:
    filled = pl.select(pl.when(text.str.len_bytes() > 0).then(text)).to_series()
    return {name: hashed(filled), f"{name}_text": filled}


def hashed(text: pl.Series) -> pl.Series:
    """Text as one number each, equal for equal text; null stays null."""
    return pl.select(pl.when(text.is_not_null()).then(text.hash(seed=1).reinterpret(signed=True))).to_series()


def general_comparison(column: General) -> Comparison:
    """How a column is compared."""
    name, title = column.name, column.title
    null = f"{name}_l IS NULL OR {name}_r IS NULL"
    same = bucketed(
        Text(zh=f"{title.zh}相同", en=f"same {title.en}"),
        f"{name}_l = {name}_r",
        f"n_{name}",
        (3, 9, 33, 129),
        m=0.75,
        u=1e-4,
    )
    near, distance, derived = _near(column)
    levels = (*same, *near, Level(Text(zh=f"{title.zh}不同", en=f"another {title.en}"), "ELSE", 0.1, 0.95))
    return Comparison(name, title, null, levels, distance, derived)


def _near(column: General) -> tuple[list[Level], Distance | None, tuple[tuple[str, str], ...]]:
    """The levels between equal and different, and what their conditions read."""
    name, title = column.name, column.title
    close = Text(zh=f"{title.zh}极相近", en=f"{title.en} nearly the same")
    like = Text(zh=f"{title.zh}相近", en=f"{title.en} much alike")
    text = f"{name}_text_l", f"{name}_text_r"
    if column.kind is Kind.HAN:
        distance = Distance(f"{name}_distance", f"{name}_text", f"{name}_l <> {name}_r")
        shorter = f"least(length({text[0]}), length({text[1]}))"
        return (
            [
                Level(close, f"{name}_distance <= 0.25 * {shorter}", 0.06, 1e-3),
                Level(like, f"{name}_distance <= 0.5 * {shorter}", 0.05, 1e-2),
            ],
            distance,
            (),
        )
    if column.kind is Kind.NUMBER:
        first, second = f"{name}_number_l", f"{name}_number_r"
        gap = f"abs({first} - {second}) / greatest(abs({first}), abs({second}))"
        return [Level(close, f"{gap} <= 0.01", 0.05, 0.01), Level(like, f"{gap} <= 0.2", 0.05, 0.1)], None, ()
    if column.kind is Kind.DATE:
        edits = (f"{name}_edits", f"CASE WHEN {name}_l <> {name}_r THEN damerau_levenshtein({text[0]}, {text[1]}) END")
        month = f"left({text[0]}, 7) = left({text[1]}, 7) OR abs({name}_day_l - {name}_day_r) <= 31"
        swapped = f"left({text[0]}, 4) = left({text[1]}, 4) AND {text[0]}[6:7] = {text[1]}[9:10]"
        year = f"left({text[0]}, 4) = left({text[1]}, 4) OR {text[0]}[6:10] = {text[1]}[6:10]"
        return (
            [
                Level(close, f"{name}_edits <= 1 OR ({swapped} AND {text[1]}[6:7] = {text[0]}[9:10])", 0.06, 1e-3),
                Level(like, month, 0.05, 3e-3),
                Level(Text(zh=f"{title.zh}同年", en=f"{title.en} in the same year"), year, 0.06, 0.03),
            ],
            None,
            (edits,),
        )
    if column.kind is Kind.CODE:
        edits = (f"{name}_edits", f"CASE WHEN {name}_l <> {name}_r THEN damerau_levenshtein({text[0]}, {text[1]}) END")
        longer = f"greatest(length({text[0]}), length({text[1]}))"
        return (
            [
                Level(close, f"{name}_edits <= 1 AND {longer} >= 4", 0.06, 1e-4),
                Level(like, f"{name}_edits <= 2 AND {longer} >= 6", 0.03, 1e-3),
            ],
            None,
            (edits,),
        )
    likeness = (
        f"{name}_like",
        f"CASE WHEN {name}_l <> {name}_r THEN jaro_winkler_similarity({text[0]}, {text[1]}) END",
    )
    levels = [Level(close, f"{name}_like >= 0.92", 0.08, 1e-3), Level(like, f"{name}_like >= 0.8", 0.05, 1e-2)]
    if column.kind is Kind.EMAIL:
        part = Text(zh=f"{title.zh}用户名相同", en=f"same name before the @ in {title.en}")
        levels.insert(0, Level(part, f"{name}_local_l = {name}_local_r", 0.03, 1e-4))
    return levels, None, (likeness,)


def general_keys(columns: Sequence[General]) -> list[BlockingKey]:
    """Keys of every column alone where its value is rare, and of every two columns together."""
    single = [BlockingKey(column.name, (column.name,), RARE) for column in columns]
    double = [
        BlockingKey(f"{one.name}_{other.name}", (f"{one.name}_{other.name}",), PAIR_LIMIT)
        for one, other in combinations(columns, 2)
    ]
    return (single + double)[:MOST_KEYS]


def with_pairs(frame: pl.DataFrame, columns: Sequence[General]) -> pl.DataFrame:
    """The prepared table with one number for every two columns, for blocking; null where either is missing."""
    return frame.with_columns(
        pl.when(pl.col(one.name).is_not_null() & pl.col(other.name).is_not_null())
        .then(pl.struct(one.name, other.name).hash(seed=7).reinterpret(signed=True))
        .alias(f"{one.name}_{other.name}")
        for one, other in combinations(columns, 2)
    )
