"""The look of a department's file: its header, how it writes days, months, figures and yes."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tulou.pool.core.contract import Column, Contract, LogicalType
from tulou.simulate.chance import share_of
from tulou.simulate.deliveries.contracts import DATE_FORMS
from tulou.simulate.dirt.records import grouped
from tulou.simulate.habits import Dates, Habit

EXTRA_COLUMNS = 0.03
"""How many files have a column that no contract knows."""

_MONTH_FORMS: dict[Dates, str] = {
    "iso": "%Y-%m",
    "slashed": "%Y-%m",
    "dotted": "%Y-%m",
    "chinese": "%Y年%m月",
    "compact": "%Y%m",
}


@dataclass(frozen=True)
class Manner:
    """How the columns of one file look."""

    habit: Habit
    contract: Contract
    remark: bool

    @classmethod
    def of(cls, habit: Habit, contract: Contract, label: str, dirt: float) -> Manner:
        """The manner of the file of `label`."""
        return cls(habit, contract, share_of(f"remark {contract.dataset} {label}") < EXTRA_COLUMNS * dirt)

    def written(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The records as they are written, under the header of the file."""
        columns = {}
        if self.remark:
            columns["备注"] = pl.Series([None], dtype=pl.String).new_from_index(0, len(frame))
        for name in frame.columns:
            column = self.contract.column(name)
            columns[self._title(column)] = self._values(column, frame[name])
        return pl.DataFrame(columns)

    def _title(self, column: Column) -> str:
        title = {"zh": column.title.zh, "en": column.title.en, "technical": column.name}[self.habit.header]
        return f'"{title}"' if self.habit.delimiter in title and self.habit.format.startswith("csv") else title

    def _values(self, column: Column, values: pl.Series) -> pl.Series:
        kind = values.dtype
        if kind == pl.Date:
            if column.logical_type is LogicalType.PERIOD:
                return values.dt.strftime(_MONTH_FORMS[self.habit.dates])
            return values if self.habit.format == "parquet" else values.dt.strftime(DATE_FORMS[self.habit.dates])
        if isinstance(kind, pl.Datetime):
            return values if self.habit.format == "parquet" else values.dt.strftime("%Y-%m-%d %H:%M:%S")
        if kind == pl.Boolean and self.habit.format != "parquet":
            yes, no = ("是", "否") if self.habit.header == "zh" else ("true", "false")
            return pl.select(pl.when(values).then(pl.lit(yes)).when(~values).then(pl.lit(no))).to_series()
        if kind.is_float() and self.habit.numbers == "grouped":
            text = grouped(values)
            quoted = pl.when(text.str.contains(",", literal=True)).then('"' + text + '"').otherwise(text)
            return pl.select(quoted).to_series()
        return values
