"""Some records of a dataset on their way: whose they are, of which months, and what their firms' books say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tulou.simulate.activity import HISTORY
from tulou.simulate.books import Books, Span
from tulou.simulate.chance import Booleans, Floats, Indices
from tulou.simulate.forms.plan import Plan, When


@dataclass
class Rows:
    """Records of one block and one period.

    at: the place of each record's firm in the block; clients: the department's record of each (see `archive`);
    weight: the part of the firm that it stands for; serial: a number of its own in the dataset; day: the day (since
    1970) of an event, or the last one of the period; caused: which events something in the books is behind; says:
    codes that these have and the others do not.
    """

    books: Books
    at: Indices
    clients: pl.DataFrame
    span: Span
    serial: Indices
    day: Indices
    rng: np.random.Generator
    event: bool = False
    life: bool = False
    share_of_month: Floats | None = None
    caused: Booleans | None = None
    says: Mapping[str, str] = field(default_factory=dict)
    _bases: dict[tuple[str, When], Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.at)

    @property
    def month(self) -> dt.date:
        """The first day of the last month."""
        return self.books.window.month(self.span.stop - 1 - HISTORY)

    @property
    def weight(self) -> Floats:
        """What part of its firm each record stands for."""
        return self.clients["weight"].to_numpy()

    def base(self, driver: str, when: When) -> Floats:
        """The variable of the books, over the months that `when` means, for each record."""
        key = (driver, when)
        if key not in self._bases:
            value = self.books.over(driver, self._span(when))[self.at] * self.weight
            if self.share_of_month is not None:
                value = value * self.share_of_month
            self._bases[key] = value
        return self._bases[key]

    def factor(self, plan: Plan) -> Floats:
        """How far each record's firm is from the usual share of the item; always the same for a firm and a line."""
        return np.exp(0.5 * self.books.noise(plan.stem)[self.at])

    def present(self, plan: Plan) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which records have the line at all."""
        return np.asarray(self.books.chance(plan.stem)[self.at] < plan.presence)

    def _span(self, when: When) -> Span:
        january = self.span.stop - self.month.month
        year = Span(january, self.span.stop)
        spans: dict[When, Span] = {
            "now": self.span,
            "ytd": year,
            "lag": self.span.earlier(12),
            "lag_ytd": year.earlier(12),
            "begin": Span(january - 1, january),
        }
        return spans[when]
