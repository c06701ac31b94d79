"""What goes wrong with single records on their way into a file, and whether the pool must reject them for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tulou.pool.core.catalogue import Dataset
from tulou.pool.core.contract import Column, Contract, LogicalType
from tulou.simulate.chance import Booleans, Indices
from tulou.simulate.dirt.texts import full_width

RECORD_RATES: Mapping[str, float] = {
    "key_missing": 0.0015,
    "key_garbled": 0.002,
    "bad_number": 0.0015,
    "out_of_range": 0.0015,
    "bad_date": 0.0015,
    "unknown_code": 0.001,
    "broken_sum": 0.002,
    "too_long": 0.0003,
    "ragged": 0.002,
    "full_width": 0.001,
    "grouped": 0.001,
    "padded": 0.002,
    "repeated": 0.002,
    "corrected": 0.004,
}
"""How many of the records each kind happens to, where it can happen to them at all; `ragged` in `RAGGED_FILES` only."""

RAGGED_FILES = 0.15
"""How many files have ragged records: one old export program makes them, the others none."""

REJECTED = frozenset(
    [
        "key_missing",
        "key_garbled",
        "bad_number",
        "out_of_range",
        "bad_date",
        "unknown_code",
        "broken_sum",
        "too_long",
        "ragged",
    ]
)
"""The kinds for which a record is to be rejected. A repeated one is where its key may stand once only."""

_NUMERIC = (LogicalType.INTEGER, LogicalType.NUMBER)
Change = Callable[[np.random.Generator, "Blemished", Indices], None]

_BAD_NUMBERS = ["—", "暂无", "#N/A", "1.2.3", "约300"]
_BAD_DATES = ["2020-02-30", "0000-00-00", "2020-13-01", "待定"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to some records: `kind` to `column` (`*`: the whole record), which held `original` before."""

    rows: Indices
    column: str
    kind: str
    original: pl.Series


def as_frame(faults: Sequence[Fault]) -> pl.DataFrame:
    """Faults as rows: record, column, kind, original."""
    sizes = [len(fault.rows) for fault in faults]
    originals = [text for fault in faults for text in fault.original.cast(pl.String).to_list()]
    return pl.DataFrame(
        {
            "record": np.concatenate([fault.rows for fault in faults]) if faults else np.zeros(0, np.int64),
            "column": np.repeat([fault.column for fault in faults], sizes).tolist(),
            "kind": np.repeat([fault.kind for fault in faults], sizes).tolist(),
            "original": pl.Series(originals, dtype=pl.String),
        },
        schema={"record": pl.Int64, "column": pl.String, "kind": pl.String, "original": pl.String},
    )


@dataclass
class Blemished:
    """Records, which of them are to be rejected, and what was done to them."""

    frame: pl.DataFrame
    rejected: Booleans
    log: list[Fault] = field(default_factory=list)

    def note(self, rows: Indices, column: str, kind: str, original: pl.Series) -> None:
        """Write a fault down."""
        if kind in REJECTED:
            self.rejected[rows] = True
        self.log.append(Fault(rows, column, kind, original))


@dataclass(frozen=True)
class Blemisher:
    """Puts faults into records of one dataset. `typed` files cannot hold a word in a column of numbers."""

    dataset: Dataset
    contract: Contract
    rates: Mapping[str, float]
    typed: bool
    delimiter: str | None

    def spoil(self, rng: np.random.Generator, frame: pl.DataFrame) -> Blemished:
        """The records with some spoilt; no record is spoilt twice."""
        result = Blemished(frame, np.zeros(len(frame), dtype=bool))
        order = rng.permutation(len(frame))
        taken = 0
        for kind, change in self._changes().items():
            count = int(rng.binomial(len(frame), min(self.rates.get(kind, 0.0), 1.0)))
            rows = np.sort(order[taken : taken + count])
            taken += count
            if len(rows):
                change(rng, result, rows)
        return result

    def _changes(self) -> dict[str, Change]:
        free: dict[str, Change] = {
            "key_missing": self._key_missing,
            "key_garbled": self._key_garbled,
            "out_of_range": self._out_of_range,
            "unknown_code": self._unknown_code,
            "broken_sum": self._broken_sum,
            "too_long": self._too_long,
            "padded": self._padded,
        }
        words: dict[str, Change] = {
            "bad_number": self._bad_number,
            "bad_date": self._bad_date,
            "full_width": self._full_width,
            "grouped": self._grouped,
        }
        chosen = free if self.typed else {**free, **words}
        return {**chosen, "ragged": self._ragged} if self.delimiter else chosen

    # Each change picks a column that it can spoil, and the rows in which there is something to spoil.

    def _key_missing(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        needed = [c for c in self._columns(result) if c.required or c.name in self.contract.primary_key]
        self._set(
            rng, result, rows, needed, "key_missing", lambda _column, old: pl.Series([None] * len(old), dtype=old.dtype)
        )

    def _key_garbled(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        coded = [c for c in self._columns(result) if c.pattern and c.logical_type is LogicalType.STRING and not c.codes]
        self._set(rng, result, rows, coded, "key_garbled", lambda _column, old: "?" + old.str.slice(1))

    def _out_of_range(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        bounded = [c for c in self._numbers(result) if c.minimum is not None and float(c.minimum) == 0]
        self._set(rng, result, rows, bounded, "out_of_range", lambda _column, old: -old - 1)

    def _unknown_code(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        coded = [c for c in self._columns(result) if c.codes]
        self._set(
            rng,
            result,
            rows,
            coded,
            "unknown_code",
            lambda _column, old: pl.Series(["ZZ9"]).new_from_index(0, len(old)),
        )

    def _too_long(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        named = [
            c
            for c in self._columns(result)
            if c.max_length and c.max_length <= 300 and c.pattern is None and not c.codes
        ]
        named = [c for c in named if c.logical_type is LogicalType.STRING]
        self._set(rng, result, rows, named, "too_long", lambda column, old: old + "长" * (1 + (column.max_length or 0)))

    def _padded(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        named = [c for c in self._columns(result) if c.key_role.value in ("name", "address", "person")]
        named = [c for c in named if c.name not in self.contract.primary_key]
        self._set(rng, result, rows, named, "padded", lambda _column, old: " " + old + "  ")

    def _bad_number(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        def word(_column: Column, old: pl.Series) -> pl.Series:
            return pl.Series(rng.choice(_BAD_NUMBERS, len(old)).tolist(), dtype=pl.String)

        self._set(rng, result, rows, self._numbers(result), "bad_number", word)

    def _bad_date(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        def word(_column: Column, old: pl.Series) -> pl.Series:
            return pl.Series(rng.choice(_BAD_DATES, len(old)).tolist(), dtype=pl.String)

        dated = [c for c in self._columns(result) if c.logical_type is LogicalType.DATE]
        self._set(rng, result, rows, dated, "bad_date", word)

    def _full_width(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        self._set(rng, result, rows, self._numbers(result), "full_width", lambda _column, old: full_width(_plain(old)))

    def _grouped(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        def thousands(_column: Column, old: pl.Series) -> pl.Series:
            text = grouped(old)
            quoted = '"' + text + '"'
            return pl.select(
                pl.when(text.str.contains(self.delimiter or "\0", literal=True)).then(quoted).otherwise(text)
            ).to_series()

        self._set(rng, result, rows, self._numbers(result), "grouped", thousands)

    def _broken_sum(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        names = set(result.frame.columns)
        sums = [each for each in self.dataset.identities if each.severity == "reject"]
        sums = [each for each in sums if {each.total, *(part for _, part in each.parts)} <= names]
        if not sums:
            return
        each = sums[int(rng.integers(len(sums)))]
        whole = result.frame.select(each.total, *(part for _, part in each.parts))
        known = whole.select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
        self._put(result, rows[known[rows]], each.total, "broken_sum", result.frame[each.total] + 137)

    def _ragged(self, rng: np.random.Generator, result: Blemished, rows: Indices) -> None:
        """One field too many: a delimiter in the last column that nobody quoted."""
        name = result.frame.columns[-1]
        text = _plain(result.frame[name]).fill_null("")
        self._put(result, rows, name, "ragged", text + f"{self.delimiter}0")

    def _columns(self, result: Blemished) -> list[Column]:
        known = set(result.frame.columns)
        return [column for column in self.contract.columns if column.name in known]

    def _numbers(self, result: Blemished) -> list[Column]:
        """Columns of numbers that no rule speaks of, so that a change of one breaks nothing else."""
        ruled = {name for rule in self.contract.rules for name in rule.columns} | set(self.contract.primary_key)
        found = [c for c in self._columns(result) if c.logical_type in _NUMERIC and c.name not in ruled]
        return [column for column in found if result.frame[column.name].dtype.is_numeric()]

    def _set(
        self,
        rng: np.random.Generator,
        result: Blemished,
        rows: Indices,
        columns: Sequence[Column],
        kind: str,
        change: Callable[[Column, pl.Series], pl.Series],
    ) -> None:
        """Spoil the rows in up to three of the columns; rows in which a column is empty are left as they are."""
        if not columns:
            return
        for part, place in zip(np.array_split(rows, 3), rng.integers(0, len(columns), 3), strict=True):
            column = columns[int(place)]
            old = result.frame[column.name].gather(pl.Series(part, dtype=pl.UInt32))
            known = old.is_not_null()
            if known.any():
                chosen, old = part[known.to_numpy()], old.filter(known)
                self._write(result, chosen, column.name, kind, change(column, old), old)

    def _put(self, result: Blemished, rows: Indices, name: str, kind: str, values: pl.Series) -> None:
        if len(rows):
            at = pl.Series(rows, dtype=pl.UInt32)
            self._write(result, rows, name, kind, values.gather(at), result.frame[name].gather(at))

    @staticmethod
    def _write(result: Blemished, rows: Indices, name: str, kind: str, new: pl.Series, old: pl.Series) -> None:
        column = result.frame[name]
        if new.dtype != column.dtype and new.dtype == pl.String:
            column = _plain(column)
        at = pl.Series(rows, dtype=pl.UInt32)
        result.frame = result.frame.with_columns(column.clone().scatter(at, new.cast(column.dtype)).alias(name))
        result.note(rows, name, kind, old)


def _plain(values: pl.Series) -> pl.Series:
    """Values as the file would have them."""
    return values.cast(pl.String)


def grouped(values: pl.Series) -> pl.Series:
    """Numbers with commas between their thousands, up to a billion.

    >>> grouped(pl.Series([1234567.5, 12.0, -4000.0])).to_list()
    ['1,234,567.5', '12.0', '-4,000.0']
    """
    text = _plain(values)
    for _ in range(3):
        text = text.str.replace(r"^(-?\d+)(\d{3})($|[.,])", "$1,$2$3")
    return text
