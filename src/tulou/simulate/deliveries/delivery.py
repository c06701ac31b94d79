"""One file of a department: records drawn from the books, spoilt a little, written in its manner, with the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tulou.pool.core.catalogue import Dataset
from tulou.pool.core.contract import Contract
from tulou.simulate.books import Books, Span
from tulou.simulate.chance import Booleans, Indices, share_of, stream
from tulou.simulate.deliveries.drawing import records
from tulou.simulate.deliveries.manners import Manner
from tulou.simulate.deliveries.parcels import Parcel
from tulou.simulate.deliveries.subject import numbered, own_numbers, period, subject
from tulou.simulate.deliveries.writing import sha256_of, writer_for
from tulou.simulate.dirt.records import RAGGED_FILES, RECORD_RATES, Blemished, Blemisher, Fault, as_frame
from tulou.simulate.forms.fill import Form, keep_rules
from tulou.simulate.forms.rows import Rows
from tulou.simulate.habits import Coverage, Habit
from tulou.simulate.population import Window

UNIT_SLIPS = 0.01
"""How many files come in another unit than the one before: a thousand times as much."""

_SCALED = 1000.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What all files of a province have in common. `dirt` multiplies the rates of everything that goes wrong."""

    work: Path
    window: Window
    seed: int
    blocks: int
    dirt: float = 1.0


@lru_cache(maxsize=1)
def _books(setting: Setting, block: int) -> Books:
    """The books of a block; a province of one block opens them once."""
    return Books.open(setting.work, block, setting.seed, setting.window)


@dataclass(frozen=True)
class Maker:
    """Makes the files of one dataset, with the columns that its contract promises."""

    setting: Setting
    dataset: Dataset
    contract: Contract
    habit: Habit
    coverage: Coverage

    def make(self, parcel: Parcel, folder: Path, truth: Path) -> dict[str, Any] | None:
        """Write the file of `parcel` into `folder`, its truth into `truth`; answers its line of the manifest.

        None where there is nothing to deliver.
        """
        folder.mkdir(parents=True, exist_ok=True)
        slip = self._slip(parcel)
        manner = Manner.of(self.habit, self.contract, parcel.label, self.setting.dirt)
        writer = None
        account = _Account()
        for spoilt, rows in self._pieces(parcel, slip):
            account.add(spoilt, rows, [_hashes(spoilt.frame, key) for key in self._keys])
            text = manner.written(spoilt.frame)
            if writer is None:
                cells = len(text.columns) * len(text) * len(parcel.spans) * self.setting.blocks
                writer = writer_for(self.habit, folder / f"{self.dataset.id}-{parcel.label}", cells)
            writer.write(text)
        if writer is None:
            return None
        path = writer.close()
        total, rejected = account.write(truth, path.stem)
        return {
            "department": self.dataset.department,
            "dataset": self.dataset.id,
            "period": parcel.label,
            "file": f"{self.dataset.department}/{path.name}",
            "encoding": self.habit.encoding if path.suffix in (".csv", ".zip") else path.suffix[1:],
            "rows": total,
            "to_be_rejected": rejected,
            "unit_slip": slip or "",
            "bytes": path.stat().st_size,
            "sha256": sha256_of(path),
        }

    @property
    def _columns(self) -> list[str]:
        return [column.name for column in self.contract.columns]

    @cached_property
    def _form(self) -> Form:
        elsewhere = {column.name for column in self.contract.columns if column.key_role.value != "none"}
        elsewhere |= {self.contract.period_column or "", *numbered(self.contract)}
        return Form.of(self.dataset, self.contract, [name for name in self._columns if name not in elsewhere])

    @cached_property
    def _order(self) -> list[str]:
        """The columns in the department's own order: the contract's, or one that only its old system can explain."""
        if self.habit.header == "technical":
            return self._columns
        return sorted(self._columns, key=lambda name: share_of(f"{self.dataset.id} {name}"))

    @cached_property
    def _keys(self) -> list[tuple[str, ...]]:
        """The columns whose values may stand once only in a file."""
        merged = self.contract.primary_key and self.contract.delivery_mode != "append"
        keys = [self.contract.primary_key] if merged else []
        return keys + [(c.name,) for c in self.contract.columns if c.unique and (c.name,) not in keys]

    @cached_property
    def _clients(self) -> pl.DataFrame:
        return pl.read_ipc(self.setting.work / "archives" / f"{self.dataset.department}.arrow")

    def _slip(self, parcel: Parcel) -> str | None:
        """The unit in which all figures of the file are a thousand times too great, in a few files."""
        rng = stream(self.setting.seed, self.dataset.id, "unit", parcel.label)
        units = [
            plan.column.unit for plan in self._form.plans if plan.exact and plan.column.unit not in (None, "{person}")
        ]
        if rng.random() >= UNIT_SLIPS * self.setting.dirt or not units or parcel.number == 0:
            return None
        return units[0]

    def _pieces(self, parcel: Parcel, slip: str | None) -> Iterator[tuple[Blemished, Rows]]:
        """The records of each block and period; then those that correct the end of the parcel before."""
        delimiter = self.habit.delimiter if self.habit.format in ("csv", "csv.zip") else None
        rates = {kind: rate * self.setting.dirt for kind, rate in RECORD_RATES.items()}
        if share_of(f"ragged {self.dataset.id} {parcel.label}") >= RAGGED_FILES:
            rates["ragged"] = 0.0
        spoiler = Blemisher(self.dataset, self.contract, rates, self.habit.format == "parquet", delimiter)
        spans: list[tuple[int, Span, float]] = [(place, span, 1.0) for place, span in enumerate(parcel.spans)]
        if parcel.number and self.contract.period_column and self._keys and self.setting.dirt:
            first = parcel.spans[0]
            spans.append((120, first.earlier(first.stop - first.start), rates["corrected"]))
        for block in range(self.setting.blocks):
            books = _books(self.setting, block)
            for place, span, share in spans:
                rng = stream(self.setting.seed, self.dataset.id, parcel.label, block, place)
                rows = records(rng, books, self._clients, self.dataset, self.coverage, span, share)
                if not len(rows):
                    continue
                rows.serial = self._serials(parcel, place, block, len(rows))
                if share < 1:
                    rows.clients = rows.clients.with_columns(pl.col("weight") * 1.04)
                frame = keep_rules(self._filled(rows, slip), self.contract, self.dataset.rules)
                yield self._spoilt(rng, spoiler, frame, rows, corrects=share < 1)
            books.forget()

    @staticmethod
    def _serials(parcel: Parcel, place: int, block: int, size: int) -> Indices:
        """A number for each record that no other record of the dataset has."""
        return ((parcel.number * 128 + place) * 64 + block) * 1_000_000 + np.arange(size, dtype=np.int64)

    def _filled(self, rows: Rows, slip: str | None) -> pl.DataFrame:
        keys = {
            **subject(self.contract, rows),
            **period(self.dataset, self.contract, rows),
            **own_numbers(self.contract, rows),
        }
        frame = self._form.fill(rows).with_columns(**keys).select(self._order)
        if slip is None:
            return frame
        scaled = [c.name for c in self.contract.columns if c.unit == slip and c.name in frame.columns]
        scaled = [name for name in scaled if frame[name].dtype.is_float()]
        return frame.with_columns(pl.col(scaled) * _SCALED)

    def _spoilt(
        self, rng: np.random.Generator, spoiler: Blemisher, frame: pl.DataFrame, rows: Rows, *, corrects: bool
    ) -> tuple[Blemished, Rows]:
        result = spoiler.spoil(rng, frame)
        for name in frame.columns:
            column = self.contract.column(name)
            if column.required or name in self.contract.primary_key:
                lacking = np.flatnonzero(frame[name].is_null().to_numpy())
                if len(lacking):
                    result.note(lacking, name, "key_missing", pl.Series([None] * len(lacking), dtype=pl.String))
        if corrects:
            everything = np.arange(len(rows))
            result.note(everything, "*", "corrected", pl.Series([None] * len(rows), dtype=pl.String))
        again = np.flatnonzero(rng.random(len(frame)) < spoiler.rates.get("repeated", 0.0))
        if len(again):
            at = pl.Series(again, dtype=pl.UInt32)
            added = np.arange(len(frame), len(frame) + len(again))
            result.frame = pl.concat([result.frame, result.frame[again]])
            result.rejected = np.concatenate([result.rejected, result.rejected[again]])
            result.note(added, "*", "repeated", pl.Series(again))
            rows = replace(
                rows,
                at=np.concatenate([rows.at, rows.at[again]]),
                clients=pl.concat([rows.clients, rows.clients.gather(at)]),
            )
        return result, rows


@dataclass
class _Account:
    """What becomes the truth of a file: whose each record is, and what was done to it."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    keys: list[list[pl.Series]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    records: int = 0

    def add(self, spoilt: Blemished, rows: Rows, keys: list[pl.Series]) -> None:
        """Take down a piece of the file."""
        firm = rows.books.firms["firm"].to_numpy()[rows.at]
        self.frames.append(
            pl.DataFrame(
                {
                    "record": np.arange(self.records + 1, self.records + len(spoilt.frame) + 1, dtype=np.int32),
                    "firm": firm.astype(np.int32),
                    "client": rows.clients["client"].cast(pl.Int32),
                    "reject": spoilt.rejected,
                }
            )
        )
        self.keys.append(keys)
        self.faults += [replace(fault, rows=fault.rows + self.records + 1) for fault in spoilt.log]
        self.records += len(spoilt.frame)

    def write(self, folder: Path, stem: str) -> tuple[int, int]:
        """Write the truth of the file; answers how many records it has and how many are to be rejected."""
        schema = {"record": pl.Int32, "firm": pl.Int32, "client": pl.Int32, "reject": pl.Boolean}
        truth = pl.concat(self.frames) if self.frames else pl.DataFrame(schema=schema)
        rejected = truth["reject"].to_numpy().copy()
        for place in range(len(self.keys[0]) if self.keys else 0):
            rejected |= _repeated(pl.concat([keys[place] for keys in self.keys]), rejected)
        truth = truth.with_columns(reject=pl.Series(rejected))
        truth.write_parquet(_inside(folder / "records") / f"{stem}.parquet", compression="zstd")
        faults = as_frame(self.faults)
        faults = faults.join(truth.select(pl.col("record").cast(pl.Int64), "reject"), on="record", how="left")
        faults.sort("record").write_parquet(_inside(folder / "dirt") / f"{stem}.parquet", compression="zstd")
        return len(truth), int(rejected.sum())


def _hashes(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.Series:
    """One number for each record that stands for its key; null where a part of the key is missing."""
    texts = frame.select(pl.col(name).cast(pl.String) for name in key)
    whole = texts.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
    return pl.select(pl.when(whole).then(texts.hash_rows(seed=1))).to_series()


def _repeated(keys: pl.Series, rejected: Booleans) -> Booleans:
    """Which records bear the key of an earlier one, among those that are not rejected anyway."""
    standing = keys.filter(pl.Series(~rejected))
    again = ~standing.is_first_distinct() & standing.is_not_null()
    result = np.zeros(len(rejected), dtype=bool)
    result[np.flatnonzero(~rejected)[again.to_numpy()]] = True
    return result


def _inside(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
