"""What only the simulator knows of the firms: their months, loans and defaults, people, and when they resumed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from tulou.simulate.activity import HISTORY, NEVER
from tulou.simulate.credit import WEIGHTS, lend
from tulou.simulate.ledger import Ledger
from tulou.simulate.population import Window
from tulou.simulate.seasons import LOCKDOWN
from tulou.simulate.work import employed, postings, professions

STOPPED, PARTIAL, NORMAL = "stopped", "partial", "normal"
"""States of a firm in a month, by the work it does against the year before the epidemic: under 0.3, under 0.8, more."""

SERIES = (
    "revenue",
    "profit",
    "headcount",
    "insured",
    "kwh",
    "exports",
    "imports",
    "vat",
    "debts",
    "assets",
    "lawsuits",
)
"""The variables of the books that are written down as truth, by month."""


def write_block(ledger: Ledger, window: Window, folder: Path) -> None:
    """The truth of a block of firms, one file a subject and block."""
    series = months(ledger, window)
    parts = {
        "series": series,
        "loans": lend(ledger, window),
        "professions": employed(ledger, ledger.months - 1),
        "postings": postings(ledger, window),
    }
    for name, frame in parts.items():
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(target / f"{ledger.block:04d}.parquet", compression="zstd")


def months(ledger: Ledger, window: Window) -> pl.DataFrame:
    """One row for each firm and month of the window in which it works: the books, `level`, `health` and `state`."""
    start, size = HISTORY, len(ledger.firms)
    level = ledger.activity.level[:, start:]
    firm = np.repeat(ledger.firms["firm"].to_numpy(), window.months)
    month = [window.month(at) for at in range(window.months)]
    columns = {
        "firm": firm.astype(np.int32),
        "month": pl.Series(month, dtype=pl.Date).gather(
            pl.Series(np.tile(np.arange(window.months), size), dtype=pl.UInt32)
        ),
        "level": level.ravel(),
        "health": ledger.activity.health[:, start:].ravel(),
        "late": ledger.activity.trouble[:, start:].astype(bool).ravel(),
        **{name: ledger.sheet(name)[:, start:].astype(np.float32).ravel() for name in SERIES},
        "state": states(ledger, window).ravel(),
    }
    return pl.DataFrame(columns).filter(pl.col("level") > 0)


def states(ledger: Ledger, window: Window) -> np.ndarray[tuple[int, ...], np.dtype[np.str_]]:
    """Stopped, partial or normal: the work done against the mean of the twelve months before February 2020.

    Where the window or the history does not reach so far, against the mean of all months.
    """
    level = ledger.activity.level.astype(np.float64)
    before = [at for at in range(level.shape[1]) if window.month(at - HISTORY) < LOCKDOWN.replace(day=1)][-12:]
    usual = level[:, before] if before else level
    known = (usual > 0).sum(axis=1)
    mean = np.where(known > 0, usual.sum(axis=1) / np.maximum(known, 1), 1.0)
    share = level[:, HISTORY:] / mean[:, None]
    return np.select([share < 0.3, share < 0.8], [STOPPED, PARTIAL], NORMAL)


def write_firms(firms: pl.DataFrame, activity: pl.DataFrame, window: Window, folder: Path) -> None:
    """`firms.parquet`: every firm with its names, numbers, address, and when it closed and resumed."""
    closes = activity["closes"].to_numpy()
    first = np.datetime64(window.month(-HISTORY), "M")
    stopped = (first + np.where(closes == NEVER, 0, closes)).astype("datetime64[D]")
    resumed = activity["resumed_on"].to_numpy() - 719_163
    frame = firms.with_columns(
        stopped_in=pl.when(pl.Series(closes != NEVER)).then(pl.Series(stopped)),
        resumed_on=pl.Series(resumed.astype("datetime64[D]")),
    )
    frame.write_parquet(folder / "firms.parquet", compression="zstd")


def write_words(folder: Path) -> None:
    """The risk function and the professions, for whoever reads the truth."""
    table = professions()
    (folder / "risk_function.json").write_text(json.dumps(dict(WEIGHTS), indent=2) + "\n", encoding="utf-8")
    pl.DataFrame({"code": table.codes, "zh": table.zh, "en": table.en}).write_csv(folder / "professions.csv")
