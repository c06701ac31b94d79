"""One column of a sample: its distinct texts, how often each stands there, and what share has a form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

_WIDE = dict(zip("０１２３４５６７８９．，－＋　", "0123456789.,-+ ", strict=True))
NULL_WORDS = frozenset(
    {"NA", "N/A", "#N/A", "NULL", "NAN", "?", "-", "--", "—", "/", "\\N", "无", "未知", "不详", "暂无"}
)
"""Texts that stand for a value that is not known; upper-case."""


@dataclass(frozen=True)
class ColumnSample:
    """Distinct texts of a column with their counts; blanks are not among them. `header` is its name in the file."""

    header: str
    texts: pl.Series
    counts: pl.Series
    records: int
    blanks: int

    @classmethod
    def of(cls, series: pl.Series) -> ColumnSample:
        """The column as it stands in a sample."""
        known = series.drop_nulls()
        table = known.value_counts(sort=True, name="times")
        return cls(series.name, table[series.name], table["times"], len(series), len(series) - len(known))

    @cached_property
    def present(self) -> int:
        """How many records have a value."""
        return self.records - self.blanks

    @cached_property
    def tidy(self) -> pl.Series:
        """The texts without spaces at the ends and with ASCII digits."""
        return self.texts.str.replace_many(_WIDE).str.strip_chars()

    @property
    def distinct(self) -> int:
        """How many different texts there are."""
        return len(self.texts)

    def times(self, mask: pl.Series) -> int:
        """In how many records the texts stand that the mask marks."""
        return int(self.counts.filter(mask).sum())

    def matching(self, pattern: str) -> pl.Series:
        """Which of the tidy texts have the form, whole."""
        return self.tidy.str.contains(f"^(?:{pattern})$").fill_null(False)

    def share(self, pattern: str) -> float:
        """The share of records with a value whose text has the form."""
        return self.times(self.matching(pattern)) / self.present if self.present else 0.0

    def without(self, mask: pl.Series) -> ColumnSample:
        """The column without the texts that the mask marks; their records count as blank."""
        gone = self.times(mask)
        return ColumnSample(
            self.header, self.texts.filter(~mask), self.counts.filter(~mask), self.records, self.blanks + gone
        )

    @cached_property
    def null_words(self) -> pl.Series:
        """Which texts are words for a value that is not known, or are spaces alone."""
        return self.tidy.str.to_uppercase().is_in(list(NULL_WORDS)) | (self.tidy == "")

    def first(self, mask: pl.Series, most: int = 3) -> str:
        """Some of the texts that the mask marks, as one reads them."""
        return ", ".join(repr(text) for text in self.texts.filter(mask).head(most).to_list())
