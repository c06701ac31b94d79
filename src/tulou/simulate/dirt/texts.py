"""Slips of the pen over whole columns: each changes some rows of a column of text and leaves the others as they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from tulou.simulate.chance import Booleans, pick
from tulou.simulate.vocabulary import characters, gathered

_WIDE = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
_BRACKETS = {"（": "(", "）": ")"}

Change = Callable[[pl.Series], pl.Series]


def altered(texts: pl.Series, mask: Booleans, change: Change) -> pl.Series:
    """The column with `change` made where `mask` is true."""
    places = np.flatnonzero(mask)
    if len(places) == 0:
        return texts
    at = pl.Series(places, dtype=pl.UInt32)
    return texts.clone().scatter(at, change(texts.gather(at)))


def traditional(texts: pl.Series) -> pl.Series:
    """In traditional characters.

    >>> traditional(pl.Series(["东华"])).to_list()
    ['東華']
    """
    table = characters().traditional
    return texts.str.replace_many(list(table), list(table.values()))


def full_width(texts: pl.Series) -> pl.Series:
    """Digits, letters and signs at full width.

    >>> full_width(pl.Series(["12-3号"])).to_list()
    ['１２－３号']
    """
    return texts.str.replace_many(list(_WIDE), list(_WIDE.values()))


def half_brackets(texts: pl.Series) -> pl.Series:
    """Brackets as a keyboard without Chinese writes them."""
    return texts.str.replace_many(list(_BRACKETS), list(_BRACKETS.values()))


def _at_random(rng: np.random.Generator, texts: pl.Series, room: int = 0) -> pl.Series:
    """A place in each text, at least `room` before its end."""
    length = np.maximum(texts.str.len_chars().to_numpy().astype(np.int64) - room, 1)
    return pl.Series("at", (rng.random(len(texts)) * length).astype(np.int64))


def _replaced(texts: pl.Series, at: pl.Series, sign: pl.Expr, length: int = 1) -> pl.Series:
    frame = pl.DataFrame({"t": texts, "at": at})
    return frame.select(
        pl.col("t").str.slice(0, pl.col("at")) + sign + pl.col("t").str.slice(pl.col("at") + length)
    ).to_series()


def homophone(rng: np.random.Generator, texts: pl.Series) -> pl.Series:
    """One character written as another of the same sound, where there is one."""
    at = _at_random(rng, texts)
    sound = pl.col("t").str.slice(pl.col("at"), 1).replace(characters().homophones)
    return _replaced(texts, at, sound)


def other_sign(rng: np.random.Generator, texts: pl.Series) -> pl.Series:
    """One character written as any other."""
    at = _at_random(rng, texts)
    table = characters()
    drawn = gathered(table.signs, pick(rng, table.weights("two_2") + 1, len(texts)))
    return _replaced(texts, at, pl.lit(drawn))


def dropped(rng: np.random.Generator, texts: pl.Series) -> pl.Series:
    """One character forgotten, of those that have more than two."""
    at = _at_random(rng, texts)
    short = texts.str.len_chars() <= 2
    return pl.select(pl.when(short).then(texts).otherwise(_replaced(texts, at, pl.lit("")))).to_series()


def doubled(rng: np.random.Generator, texts: pl.Series) -> pl.Series:
    """One character typed twice."""
    sign = pl.col("t").str.slice(pl.col("at"), 1)
    return _replaced(texts, _at_random(rng, texts), sign + sign)


def swapped(rng: np.random.Generator, texts: pl.Series) -> pl.Series:
    """Two neighbours in the wrong order."""
    at = _at_random(rng, texts, 1)
    turned = pl.col("t").str.slice(pl.col("at") + 1, 1) + pl.col("t").str.slice(pl.col("at"), 1)
    return _replaced(texts, at, turned, 2)


def spaced(rng: np.random.Generator, texts: pl.Series) -> pl.Series:
    """A space where none belongs."""
    return _replaced(texts, _at_random(rng, texts), pl.lit(" "), 0)
