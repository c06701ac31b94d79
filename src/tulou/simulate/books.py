"""The ledgers of all firms on disk, block by block: written once, read by every department's deliveries."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from tulou.simulate.activity import HISTORY, NEVER
from tulou.simulate.chance import Array, Booleans, Floats, Indices, stream
from tulou.simulate.ledger import STOCKS, VARIABLES, Ledger
from tulou.simulate.population import Window

BLOCK = 20_000
"""Firms that are worked on at a time: what bounds the memory, whatever the province's size."""


@dataclass(frozen=True, slots=True)
class Span:
    """Columns of the ledgers, `start` to `stop` (exclusive): a month, a quarter, a year."""

    start: int
    stop: int

    def earlier(self, months: int) -> Span:
        """The span so many months before."""
        return Span(self.start - months, self.stop - months)


def write_books(folder: Path, ledger: Ledger) -> None:
    """Keep all variables of a block's ledger in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = np.lib.format.open_memmap(
        folder / f"sheets-{ledger.block:04d}.npy",
        mode="w+",
        dtype=np.float32,
        shape=(len(VARIABLES), len(ledger.firms), ledger.months),
    )
    for place, name in enumerate(VARIABLES):
        sheets[place] = ledger.sheet(name)
    sheets.flush()
    activity = ledger.activity
    np.savez(
        folder / f"activity-{ledger.block:04d}.npz",
        closes=activity.closes,
        resumed_on=activity.resumed_on,
        level=activity.level,
        health=activity.health,
        before=activity.before,
        after=activity.after,
        exporter=ledger.trait("exporter"),
        research=ledger.trait("research"),
        online=ledger.trait("online"),
        wage=ledger.trait("wage"),
    )
    ledger.firms.write_ipc(folder / f"firms-{ledger.block:04d}.arrow", compression="uncompressed")


@dataclass
class Books:
    """The books of one block, read from disk a variable at a time."""

    folder: Path
    block: int
    seed: int
    window: Window
    firms: pl.DataFrame
    _sheets: Array
    _kept: dict[str, Array]
    _noise: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, block: int, seed: int, window: Window) -> Books:
        """The books that `write_books` wrote for `block`."""
        with np.load(folder / f"activity-{block:04d}.npz") as kept:
            held = {name: kept[name] for name in kept.files}
        return cls(
            folder,
            block,
            seed,
            window,
            pl.read_ipc(folder / f"firms-{block:04d}.arrow"),
            np.load(folder / f"sheets-{block:04d}.npy", mmap_mode="r"),
            held,
        )

    def over(self, name: str, span: Span) -> Floats:
        """The variable over a span: summed where it flows, as at the end where it stands. Before all memory: 0."""
        sheet = self._sheets[_PLACES[name]]
        start, stop = max(span.start, 0), min(span.stop, sheet.shape[1])
        if name in STOCKS:
            return np.asarray(sheet[:, max(stop - 1, 0)], dtype=np.float64)
        if stop <= start:
            return np.zeros(len(sheet))
        return np.asarray(sheet[:, start:stop].sum(axis=1, dtype=np.float64))

    def kept(self, name: str) -> Array:
        """What `write_books` kept beside the sheets: closes, resumed_on, level, health, exporter and the like."""
        return self._kept[name]

    def noise(self, name: str) -> Floats:
        """A standard normal number of each firm that belongs to `name`, always the same."""
        if name not in self._noise:
            rng = stream(self.seed, "firm noise", name, self.block)
            self._noise[name] = rng.standard_normal(len(self.firms))
        return self._noise[name]

    def chance(self, name: str) -> Floats:
        """A number in [0, 1) of each firm that belongs to `name`, always the same."""
        key = f"chance of {name}"
        if key not in self._noise:
            self._noise[key] = stream(self.seed, key, self.block).random(len(self.firms))
        return self._noise[key]

    def alive(self, span: Span) -> Booleans:
        """Which firms work in any month of a span."""
        level = self._kept["level"]
        start, stop = max(span.start, 0), min(span.stop, level.shape[1])
        return np.asarray((level[:, start:stop] > 0).any(axis=1))

    def closed_on(self) -> Indices:
        """The day (since 1970) on which each firm was struck off; -1 where it was not. Some weeks after it stopped."""
        closes = self._kept["closes"]
        lag = (20 + 200 * self.chance("strike off") ** 2).astype(np.int64)
        month = np.datetime64(self.window.month(-HISTORY), "M") + np.where(closes == NEVER, 0, closes)
        day = month.astype("datetime64[D]").astype(np.int64) + lag
        end = np.datetime64(self.window.end, "D").astype(np.int64)
        return np.where((closes == NEVER) | (day >= end), -1, day)

    def forget(self) -> None:
        """Give back the memory of noise."""
        self._noise.clear()


_PLACES = {name: place for place, name in enumerate(VARIABLES)}


def blocks_in(folder: Path) -> list[int]:
    """The blocks whose books lie in `folder`."""
    return sorted(int(path.stem.rpartition("-")[2]) for path in folder.glob("sheets-*.npy"))


def describe(folder: Path, window: Window, seed: int) -> None:
    """Write down what the books in `folder` are of."""
    text = json.dumps({"last": window.last.isoformat(), "months": window.months, "seed": seed})
    (folder / "books.json").write_text(text)
