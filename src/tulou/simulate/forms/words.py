"""Codes, flags and words of a form."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import polars as pl

from tulou.pool.core.contract import Column
from tulou.simulate.chance import Indices, share_of
from tulou.simulate.forms.plan import Plan
from tulou.simulate.forms.registers import of_the_firm
from tulou.simulate.forms.rows import Rows
from tulou.simulate.habits import labels
from tulou.simulate.identifiers import digits, text
from tulou.simulate.vocabulary import gathered

_COUNTRIES = ["USA", "JPN", "KOR", "DEU", "VNM", "MYS", "IDN", "THA", "PHL", "GBR", "RUS", "AUS", "NLD", "FRA", "SGP"]
_CURRENCIES = ["CNY", "USD", "EUR", "HKD"]
_GOODS = [
    "64029929",
    "61091000",
    "84818040",
    "94036099",
    "69111019",
    "95030089",
    "39269090",
    "62034390",
    "85171300",
    "63053300",
    "68029319",
    "42029200",
]
_PATENTS = [
    "A43B13/04",
    "B65D5/42",
    "C02F1/52",
    "G06F16/90",
    "H01M10/05",
    "B29C45/17",
    "D06B3/10",
    "F16K11/00",
    "A47G19/22",
    "B23P19/00",
]
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def flag(plan: Plan, rows: Rows) -> pl.Series:
    """Yes or no, the same for a firm at all times; most flags are rare."""
    rate = 0.02 + 0.5 * share_of(f"rate of {plan.stem}") ** 2
    return pl.Series(rows.books.chance(f"flag of {plan.stem}")[rows.at] < rate)


def code(plan: Plan, rows: Rows) -> pl.Series:
    """A code of the column's set: by the firm where the set speaks of firms, else the first ones more often."""
    made = of_the_firm(plan, rows)
    if made is not None:
        return made
    told = rows.says.get(plan.name)
    codes = [each for each in plan.column.codes if each != told]
    ladder = np.cumsum(1 / np.arange(1, len(codes) + 1) ** 1.2)
    chance = rows.rng.random(len(rows)) if rows.event else rows.books.chance(f"code of {plan.stem}")[rows.at]
    drawn = np.searchsorted(ladder / ladder[-1], chance, side="right")
    if told is None or rows.caused is None:
        return gathered(codes, drawn)
    return gathered([*codes, told], np.where(rows.caused, len(codes), drawn))


def words(plan: Plan, rows: Rows) -> pl.Series:
    """Text, by what the item's title says it is."""
    column = plan.column
    if column.pattern is not None and (made := _by_pattern(column, plan, rows)) is not None:
        return made
    templates = templates_for(column.title.zh)
    chance = rows.rng.random(len(rows)) if rows.event else rows.books.chance(f"words of {plan.stem}")[rows.at]
    choice = (chance * len(templates)).astype(np.int64)
    filled = [_filled(template, plan, rows) for template in templates]
    chosen = pl.select(pl.coalesce(*(pl.when(pl.Series(choice == n)).then(series) for n, series in enumerate(filled))))
    limit = column.max_length or 4000
    return chosen.to_series().str.slice(0, limit)


@lru_cache(maxsize=5000)
def templates_for(title: str) -> tuple[str, ...]:
    """The phrases for a title: the first pattern of `facts/labels.yaml` that stands in it."""
    for pattern, entries in labels():
        if re.search(pattern, title):
            return tuple(entries)
    return ("其他",)


def _filled(template: str, plan: Plan, rows: Rows) -> pl.Series:
    pieces: list[pl.Series | pl.Expr] = []
    end = 0
    for match in _PLACEHOLDER.finditer(template):
        pieces += [pl.lit(template[end : match.start()]), _FILLERS[match[1]](plan, rows)]
        end = match.end()
    pieces.append(pl.lit(template[end:]))
    length = pl.Series("n", np.zeros(len(rows), dtype=np.int8))
    frame = length.to_frame()
    return frame.select(
        pl.concat_str(*[piece if isinstance(piece, pl.Expr) else pl.lit(piece) for piece in pieces])
    ).to_series()


def _firms(rows: Rows, column: str) -> pl.Series:
    return gathered(rows.books.firms[column], rows.at)


def _number(plan: Plan, rows: Rows, width: int) -> pl.Series:
    own = rows.serial if rows.event else rows.books.firms["firm"].to_numpy()[rows.at]
    scattered = (own * 7_368_787 + int(share_of(plan.stem) * 10**7)) % 10**width
    return text(digits(scattered.astype(np.int64), width))


_FILLERS: dict[str, Callable[[Plan, Rows], pl.Series]] = {
    "account": lambda p, r: "f" + _number(p, r, 7),
    "digits4": lambda p, r: _number(p, r, 4),
    "digits5": lambda p, r: _number(p, r, 5),
    "number": lambda p, r: _number(p, r, 10),
    "phone": lambda _p, r: _firms(r, "phone"),
    "word": lambda _p, r: _firms(r, "word").replace("", "服务"),
    "former": lambda _p, r: _firms(r, "former_name"),
    "address": lambda _p, r: _firms(r, "address"),
    "district": lambda _p, r: _firms(r, "district"),
    "city": lambda _p, r: _firms(r, "city"),
    "short": lambda _p, r: _firms(r, "trade"),
    "person": lambda _p, r: _firms(r, "clerk"),
}


def _by_pattern(column: Column, plan: Plan, rows: Rows) -> pl.Series | None:
    """Text in the form of a standard, where the column asks for one."""
    pattern = column.pattern or ""
    if "PQRTUWXY" in pattern and "隶属" in column.title.zh:
        return _firms(rows, "head_uscc")
    if "PQRTUWXY" in pattern:
        return gathered(rows.books.firms["uscc"], _others(plan, rows))
    if pattern == r"\d{6}":
        return _firms(rows, "region")
    if pattern.startswith("[A-T]?"):
        return _firms(rows, "industry")
    choices = {"[A-Z]{3}": _CURRENCIES if "币" in column.title.zh else _COUNTRIES, r"\d{8}(\d{2})?": _GOODS}
    if pattern in choices:
        return _one_of(choices[pattern], plan, rows)
    if pattern.startswith("[A-H]"):
        return _one_of(_PATENTS, plan, rows)
    if pattern.startswith("([1-9]"):
        return _one_of([str(number) for number in range(1, 46)], plan, rows)
    return None


def _one_of(values: list[str], plan: Plan, rows: Rows) -> pl.Series:
    chance = rows.rng.random(len(rows)) if rows.event else rows.books.chance(f"one of {plan.stem}")[rows.at]
    steep = (6.0 if rows.event else 40.0) if values == _CURRENCIES else 1.4
    return gathered(values, (chance**steep * len(values)).astype(np.int64))


def _others(plan: Plan, rows: Rows) -> Indices:
    """Another firm of the block for each record: its head office, or a partner."""
    shift = 1 + int(share_of(plan.stem) * 97)
    return (rows.at + shift) % len(rows.books.firms)
