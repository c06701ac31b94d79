"""The facts that the simulator draws from: industries, districts, characters and words, as plain arrays."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np
import polars as pl
import yaml

from tulou.simulate.chance import Floats, Indices

_FACTS = files("tulou.simulate") / "facts"


@dataclass(frozen=True)
class Industries:
    """Divisions of GB/T 4754 in which small firms work, one row each, with what is usual there.

    headcount: median of a company; revenue_per_head: thousand yuan a year; wage: yuan a month; kwh_per_head: a month;
    exporters: share of companies that export; depth, resume_days, rebound: how the epidemic of 2020 went (share of
    activity lost in February, median days of closure after 2 February, level a year later against the level before).
    """

    table: pl.DataFrame

    @cached_property
    def division(self) -> list[str]:
        """Two-digit codes."""
        return self.table["division"].to_list()

    @cached_property
    def words(self) -> list[list[str]]:
        """The words by which companies of the division say in their names what they do."""
        return [text.split() for text in self.table["words"]]

    @cached_property
    def shop_words(self) -> list[list[str]]:
        """The same for sole traders."""
        return [text.split() for text in self.table["shop_words"]]

    def number(self, column: str) -> Floats:
        """A numeric column as an array."""
        return self.table[column].cast(pl.Float64).to_numpy()


@dataclass(frozen=True)
class Characters:
    """Characters of trade names: how often each stands where, how it is read, and its traditional form."""

    table: pl.DataFrame

    @cached_property
    def signs(self) -> pl.Series:
        """The characters."""
        return self.table["character"]

    def weights(self, place: str) -> Floats:
        """How often each character stands at `place` (two_1, two_2, three_1, three_2, three_3)."""
        return self.table[place].cast(pl.Float64).to_numpy()

    @cached_property
    def traditional(self) -> dict[str, str]:
        """Simplified -> traditional, where they differ."""
        rows = self.table.filter(pl.col("traditional") != "")
        return dict(zip(rows["character"], rows["traditional"], strict=True))

    @cached_property
    def homophones(self) -> dict[str, str]:
        """Each character -> the next one of the same reading, where there is another."""
        sounds: dict[str, list[str]] = {}
        for sign, sound in zip(self.table["character"], self.table["pinyin"], strict=True):
            sounds.setdefault(sound, []).append(sign)
        return {
            sign: group[(place + 1) % len(group)]
            for group in sounds.values()
            if len(group) > 1
            for place, sign in enumerate(group)
        }


@dataclass(frozen=True)
class Words:
    """Words for addresses, persons and names; a mapping gives each word its weight."""

    body: Mapping[str, str | Mapping[str, float]]

    def plain(self, name: str) -> pl.Series:
        """A list of words, each as likely as the other; a word that stands twice is twice as likely."""
        return pl.Series(name, str(self.body[name]).split())

    def weighted(self, name: str) -> tuple[pl.Series, Floats]:
        """Words and their weights."""
        table = self.body[name]
        if not isinstance(table, Mapping):
            raise TypeError(f"{name} has no weights")
        return pl.Series(name, list(table)), np.array(list(table.values()), dtype=np.float64)


@cache
def industries() -> Industries:
    """The table of industries."""
    return Industries(_table("industries.csv"))


@cache
def characters() -> Characters:
    """The table of characters."""
    return Characters(_table("characters.csv"))


@cache
def districts() -> pl.DataFrame:
    """Districts of Fujian: region (GB/T 2260), city, district, weight, works (industry there against the mean), shore
    (0 or 1), lag (days by which work resumed later than elsewhere) and towns."""
    return _table("districts.csv").with_columns(pl.col("weight", "works", "shore", "lag").cast(pl.Float64))


@cache
def words() -> Words:
    """Words for addresses, persons and names."""
    return Words(yaml.safe_load((_FACTS / "words.yaml").read_text(encoding="utf-8")))


def gathered(values: pl.Series | list[str], places: Indices) -> pl.Series:
    """The value at each place."""
    series = values if isinstance(values, pl.Series) else pl.Series(values)
    return series.gather(pl.Series(places, dtype=pl.UInt32))


def from_lists(lists: list[list[str]], which: Indices, chance: Floats) -> pl.Series:
    """For each row one entry of the list that `which` names, by a number in [0, 1)."""
    lengths = np.array([len(entries) for entries in lists], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    flat = pl.Series([entry for entries in lists for entry in entries])
    return gathered(flat, starts[which] + (chance * lengths[which]).astype(np.int64))


def _table(name: str) -> pl.DataFrame:
    with (_FACTS / name).open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return pl.DataFrame(rows)
