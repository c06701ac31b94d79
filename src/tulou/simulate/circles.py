"""The circles of firms that datasets are about: exporters, employers, those who pay VAT as general taxpayers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tulou.simulate.books import Books, Span
from tulou.simulate.chance import Booleans, Floats
from tulou.simulate.names import BRANCH, COOPERATIVE, SOLE_TRADER

Circle = Callable[[Books], Booleans]


def _always(books: Books) -> Booleans:
    return np.ones(len(books.firms), dtype=bool)


def _usual(books: Books, name: str) -> Floats:
    """The variable over the last twelve months of the books, which every firm's circle hangs on."""
    months = books.kept("level").shape[1]
    return books.over(name, Span(months - 12, months))


def _best(books: Books) -> Floats:
    """The greatest yearly revenue of the last two years: classes are kept through a bad year."""
    months = books.kept("level").shape[1]
    return np.maximum(_usual(books, "revenue"), books.over("revenue", Span(max(months - 24, 0), months - 12)))


def _form(books: Books) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return books.firms["form"].to_numpy()


def _division(books: Books) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return books.firms["division"].cast(int).to_numpy()


def _registered(books: Books) -> Booleans:
    return books.firms["registered"].to_numpy()


def _company(books: Books) -> Booleans:
    return np.asarray(_registered(books) & ~np.isin(_form(books), [SOLE_TRADER, COOPERATIVE, BRANCH]))


def _heads(books: Books) -> Floats:
    return books.firms["headcount"].cast(float).to_numpy()


def _manufacturer(books: Books) -> Booleans:
    return books.firms["works"].to_numpy()


def _in(books: Books, *divisions: range) -> Booleans:
    division = _division(books)
    return np.asarray(np.logical_or.reduce([np.isin(division, each) for each in divisions]))


def _general(books: Books) -> Booleans:
    """General VAT payers: yearly sales over five million yuan, and one in eight of the smaller ones by choice."""
    chosen = books.chance("general taxpayer") < 0.12
    return np.asarray(_company(books) & ((_best(books) > 5_000_000) | chosen))


def _full_accounts(books: Books) -> Booleans:
    """Firms that keep books by the accounting standards for enterprises, not by those for small ones."""
    return np.asarray(_company(books) & ((_best(books) > 20_000_000) | (books.chance("accounting standard") < 0.06)))


def _exports(books: Books) -> Booleans:
    return np.asarray(books.kept("exporter") > 0)


def _large(books: Books, threshold: float) -> Booleans:
    return np.asarray(_company(books) & (_best(books) > threshold))


CIRCLES: dict[str, Circle] = {
    "any": _always,
    "registered": _registered,
    "companies": _company,
    "general": _general,
    "small_taxpayer": lambda b: _registered(b) & ~_general(b) & (_form(b) != BRANCH),
    "full_accounts": _full_accounts,
    "small_accounts": lambda b: _company(b) & ~_full_accounts(b),
    "employers": lambda b: _registered(b) & (_heads(b) >= 3),
    "insured": lambda b: _registered(b) & (_usual(b, "insured") > 0) & (_heads(b) >= 2),
    "funded": lambda b: (
        _company(b) & (_usual(b, "insured") > 0) & ((_heads(b) > 15) | (b.chance("housing fund") < 0.25))
    ),
    "exporters": lambda b: _registered(b) & _exports(b),
    "traders": lambda b: _registered(b) & (_exports(b) | (_usual(b, "imports") > 0)),
    "manufacturers": lambda b: _registered(b) & _manufacturer(b),
    "polluters": lambda b: _registered(b) & _manufacturer(b) & (b.chance("polluter") < 0.45),
    "large": lambda b: _large(b, 12_000_000),
    "large_industry": lambda b: _large(b, 20_000_000) & _manufacturer(b),
    "large_trade": lambda b: _large(b, 12_000_000) & _in(b, range(51, 53), range(61, 63)),
    "large_construction": lambda b: _large(b, 8_000_000) & _in(b, range(47, 51), range(70, 71)),
    "large_service": lambda b: _large(b, 8_000_000) & _in(b, range(53, 61), range(63, 66), range(71, 91)),
    "large_power": lambda b: _usual(b, "kwh") > 120_000,
    "metered": lambda b: (_usual(b, "kwh") > 60_000) | (b.chance("smart meter") < 0.1),
    "researchers": lambda b: _company(b) & (b.kept("research") > 0),
    "software": lambda b: _company(b) & _in(b, range(63, 66)),
    "transporters": lambda b: _registered(b) & _in(b, range(54, 61)),
    "hauliers": lambda b: _registered(b) & (_in(b, range(54, 61)) | (_manufacturer(b) & (_heads(b) > 20))),
    "online": lambda b: _registered(b) & (b.kept("online") > 0),
    "foreign": lambda b: _company(b) & (b.chance("foreign capital") < 0.02 + 0.06 * _exports(b)),
    "holders": lambda b: _registered(b) & (b.chance("land holder") < np.where(_manufacturer(b), 0.4, 0.1)),
    "miners": lambda b: _registered(b) & _in(b, range(6, 13), range(30, 31)) & (b.chance("mine") < 0.2),
}
"""Circle by name; each answers which firms of a block are in it, whether they work at the moment or not."""


def members(books: Books, circle: str, dataset: str, share: float) -> Booleans:
    """The firms of a block that a dataset is about: `share` of the circle, always the same ones."""
    return np.asarray(CIRCLES[circle](books) & (books.chance(f"member of {dataset}") < share))
