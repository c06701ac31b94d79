"""What registers say of a firm itself: its kind, its state, its size class, its grade."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from tulou.kernel.sizes import SizeRule, size_rule
from tulou.simulate.books import Books, Span
from tulou.simulate.chance import Booleans, Floats, Indices
from tulou.simulate.circles import CIRCLES
from tulou.simulate.forms.plan import Plan
from tulou.simulate.forms.rows import Rows
from tulou.simulate.names import COOPERATIVE, SOLE_OWNER, SOLE_TRADER, STOCK
from tulou.simulate.vocabulary import gathered

Made = Callable[[Plan, Rows], "pl.Series | None"]

_ENTITY_TYPES = ("151", "151", "160", "171", "172", "410", "420", "151")
_GRADES = ("A", "B", "M", "C", "D")


def of_the_firm(plan: Plan, rows: Rows) -> pl.Series | None:
    """The codes that speak of the firm itself; None for all other columns."""
    codes = set(plan.column.codes)
    for marks, made in _SETS:
        if marks == codes or (marks <= codes and len(marks) > 4):
            return made(plan, rows)
    if "状态" in plan.column.title.zh and not rows.event:
        return _state(plan, rows)
    return _NAMED[plan.name](plan, rows) if plan.name in _NAMED else None


def closed(rows: Rows) -> Booleans:
    """Which firms had been struck off by the end of the records' period."""
    day = rows.books.closed_on()[rows.at]
    return np.asarray((day >= 0) & (day <= rows.day))


def size_classes(books: Books, at: Indices) -> Indices:
    """0 large, 1 medium, 2 small, 3 micro, by the rules of 2011; the industries that these leave out as `other`."""
    months = books.kept("level").shape[1]
    year = Span(months - 12, months)
    figures = {
        "employees": books.over("headcount", year)[at],
        "revenue": books.over("revenue", year)[at],
        "assets": books.over("assets", year)[at],
    }
    codes = books.firms["industry"].gather(pl.Series(at, dtype=pl.UInt32))
    known = codes.unique().to_list()
    place = codes.replace_strict(known, list(range(len(known))), return_dtype=pl.Int64).to_numpy()
    rules = [size_rule(code) or size_rule("M7411") for code in known]
    lowest = np.full(len(at), 3)
    for name, values in figures.items():
        bounds = np.array([_bounds(rule, name) for rule in rules])[place]
        lowest = np.minimum(lowest, (values[:, None] >= bounds).sum(axis=1))
    return np.asarray(3 - lowest)


def _bounds(rule: SizeRule | None, name: str) -> tuple[float, float, float]:
    """The lower bounds of a rule; a figure of which it says nothing is above all of them."""
    found = getattr(rule, name) if rule else None
    return found if found is not None else (-np.inf, -np.inf, -np.inf)


def _entity_type(_plan: Plan, rows: Rows) -> pl.Series:
    form = rows.books.firms["form"].to_numpy()[rows.at]
    return gathered(list(_ENTITY_TYPES), form)


def _registration(_plan: Plan, rows: Rows) -> pl.Series:
    revoked = rows.books.chance("revoked")[rows.at] < 0.12
    gone = closed(rows)
    return gathered(["1", "3", "2"], np.where(gone, np.where(revoked, 2, 1), 0))


def _tax_status(_plan: Plan, rows: Rows) -> pl.Series:
    stopped: Floats = rows.books.over("one", rows.span)[rows.at]
    return gathered(["03", "05", "07"], np.where(closed(rows), 2, np.where(stopped == 0, 1, 0)))


def _size(plan: Plan, rows: Rows) -> pl.Series:
    return gathered(list(plan.column.codes), size_classes(rows.books, rows.at))


def _grade(_plan: Plan, rows: Rows) -> pl.Series:
    """Tax credit: by quality and lateness of the last year; new firms are graded M."""
    books, at = rows.books, rows.at
    late = books.over("trouble", Span(rows.span.stop - 12, rows.span.stop))[at]
    quality = books.firms["quality"].to_numpy()[at] - 0.45 * late
    born = books.firms["established"].to_numpy()[at].astype("datetime64[D]").astype(np.int64)
    grade = np.select([quality > 0.4, quality > -1.3, quality > -2.6], [0, 1, 3], 4)
    return gathered(list(_GRADES), np.where(rows.day - born < 365, 2, grade))


def _taxpayer(_plan: Plan, rows: Rows) -> pl.Series:
    return gathered(["1", "2"], np.where(CIRCLES["general"](rows.books)[rows.at], 0, 1))


def _accounting(_plan: Plan, rows: Rows) -> pl.Series:
    return gathered(["1", "2"], np.where(CIRCLES["full_accounts"](rows.books)[rows.at], 0, 1))


def _employer(_plan: Plan, rows: Rows) -> pl.Series:
    form = rows.books.firms["form"].to_numpy()[rows.at]
    other = np.isin(form, [SOLE_OWNER, COOPERATIVE])
    return gathered(["10", "50", "90"], np.select([form == SOLE_TRADER, other & (form == COOPERATIVE)], [1, 2], 0))


def _holding(_plan: Plan, rows: Rows) -> pl.Series:
    form = rows.books.firms["form"].to_numpy()[rows.at]
    foreign = CIRCLES["foreign"](rows.books)[rows.at]
    state = rows.books.chance("held by the state")[rows.at] < np.where(form == STOCK, 0.12, 0.01)
    return gathered(["3", "5", "1"], np.select([foreign, state], [1, 2], 0))


def _state(plan: Plan, rows: Rows) -> pl.Series:
    """The first code for those who work, the last for those who are gone, one between for a few in trouble."""
    codes = list(plan.column.codes)
    odd = rows.books.chance(f"state of {plan.stem}")[rows.at]
    between = np.where(odd < 0.03, 1 + (odd * 33 * max(len(codes) - 2, 0)).astype(np.int64), 0)
    return gathered(codes, np.where(closed(rows), len(codes) - 1, np.minimum(between, len(codes) - 1)))


_SETS: tuple[tuple[set[str], Made], ...] = (
    ({"151", "152", "160", "410", "420"}, _entity_type),
    (
        {"1", "2", "3", "4", "5", "6"},
        lambda plan, rows: _registration(plan, rows) if "登记" in plan.column.title.zh else None,
    ),
    ({"03", "04", "05", "07", "08"}, _tax_status),
    (set(_GRADES), _grade),
    ({"10", "20", "30", "40", "50", "90"}, _employer),
)
_NAMED: dict[str, Made] = {
    "taxpayer_kind": _taxpayer,
    "size_class": _size,
    "accounting_standard": _accounting,
    "holding": _holding,
}
