"""Which records a dataset has in a period: of whom, how many, and on which days."""

from __future__ import annotations

import numpy as np
import polars as pl

from tulou.kernel.working_days import lunar_new_year
from tulou.pool.core.catalogue import Dataset
from tulou.simulate.activity import HISTORY
from tulou.simulate.books import Books, Span
from tulou.simulate.chance import Booleans, Floats, Indices
from tulou.simulate.circles import members
from tulou.simulate.forms.rows import Rows
from tulou.simulate.habits import Coverage
from tulou.simulate.population import add_months
from tulou.simulate.seasons import LOCKDOWN

_EPOCH = 719_163
"""The ordinal of 1970-01-01."""


def records(
    rng: np.random.Generator,
    books: Books,
    clients: pl.DataFrame,
    dataset: Dataset,
    coverage: Coverage,
    span: Span,
    share: float = 1.0,
) -> Rows:
    """The records of a block's firms in one period; `share` of them where only some are wanted."""
    own, at = _clients_of(books, clients)
    wanted = members(books, coverage.who, dataset.id, coverage.share)
    if dataset.grain != "enterprise":
        wanted = wanted & books.alive(span)
    if share < 1:
        wanted = wanted & (rng.random(len(wanted)) < share)
    keep = wanted[at]
    own, at = own.filter(pl.Series(keep)), at[keep]
    last = add_months(books.window.month(span.stop - 1 - HISTORY), 1).toordinal() - 1 - _EPOCH
    rows = Rows(books, at, own, span, np.zeros(0, np.int64), np.full(len(at), last), rng)
    if dataset.update_cycle == "daily" and "use_date" in dataset.primary_key:
        return _daily(rows)
    rows.life = dataset.grain == "enterprise"
    return _events(rows, coverage) if dataset.grain == "event" else rows


def _clients_of(books: Books, clients: pl.DataFrame) -> tuple[pl.DataFrame, Indices]:
    """The department's records of the block's firms, and the place of each one's firm in the block."""
    first, size = int(books.firms["firm"][0]), len(books.firms)
    start, stop = (int(clients["firm"].search_sorted(firm)) for firm in (first, first + size))
    own = clients.slice(start, stop - start)
    return own, own["firm"].to_numpy() - first


def _events(rows: Rows, coverage: Coverage) -> Rows:
    """As many records of each firm as it has events in the month, each on a day of it; first those with a cause."""
    counts = rows.rng.poisson(np.clip(coverage.rate * _growth(rows, coverage.by), 0, 60))
    causes = np.zeros_like(counts)
    if coverage.cause:
        happened = rows.books.over(coverage.cause, rows.span)[rows.at] * (rows.weight > 0.5)
        causes = rows.rng.binomial(happened.astype(np.int64), coverage.seen)
    each = np.arange(len(rows))
    which = np.concatenate([np.repeat(each, causes), np.repeat(each, counts)])
    month = rows.month
    days = add_months(month, 1).toordinal() - month.toordinal()
    day = month.toordinal() - _EPOCH + rows.rng.integers(0, days, len(which))
    chosen = _chosen(rows, which, day)
    chosen.caused, chosen.says = np.arange(len(which)) < causes.sum(), coverage.says
    return chosen


def _growth(rows: Rows, by: str) -> Floats:
    size = np.log1p(rows.books.over("headcount", rows.span)[rows.at]) / 2.2
    if by == "nothing":
        return np.ones(len(rows))
    if by == "trouble":
        return np.asarray(size * np.exp(-0.5 * rows.books.kept("health")[rows.at, rows.span.stop - 1]))
    if by == "exports":
        return np.asarray(rows.books.over("exports", rows.span)[rows.at] / 400_000)
    return size


def _daily(rows: Rows) -> Rows:
    """A record for every day of the month, with the share of the month's electricity that falls on it."""
    month = rows.month
    days = np.arange(month.toordinal(), add_months(month, 1).toordinal())
    at = rows.at
    idle = _idle(rows.books, at, days)
    sunday = np.where((days % 7) == 0, 0.74, 1.0)[None, :]
    weight = np.where(idle, 0.13, sunday) * np.exp(0.08 * rows.rng.standard_normal(idle.shape))
    share = weight / weight.sum(axis=1, keepdims=True)
    which = np.repeat(np.arange(len(at)), len(days))
    chosen = _chosen(rows, which, np.tile(days - _EPOCH, len(at)))
    chosen.share_of_month = share.ravel()
    return chosen


def _idle(books: Books, at: Indices, days: Indices) -> Booleans:
    """On which days each firm is closed: around the lunar new year, and by the epidemic."""
    before, after = books.kept("before")[at, None], books.kept("after")[at, None]
    idle = np.zeros((len(at), len(days)), dtype=bool)
    year = int(np.datetime64(int(days[0]) - _EPOCH, "D").astype("datetime64[Y]").astype(int)) + 1970
    for each in (year, year + 1):
        festival = lunar_new_year(each).toordinal()
        idle |= (days[None, :] >= festival - before) & (days[None, :] < festival + after)
    resumed = books.kept("resumed_on")[at, None]
    idle |= (days[None, :] >= LOCKDOWN.toordinal()) & (days[None, :] < resumed)
    return idle


def _chosen(rows: Rows, which: Indices, day: Indices) -> Rows:
    clients = rows.clients.gather(pl.Series(which, dtype=pl.UInt32))
    return Rows(rows.books, rows.at[which], clients, rows.span, np.zeros(0, np.int64), day, rows.rng, event=True)
