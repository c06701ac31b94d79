"""A whole form for some records: every item, with its sums right and its rules kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from tulou.pool.core.catalogue import Dataset, Identity
from tulou.pool.core.contract import Contract, LogicalType, Rule
from tulou.simulate.chance import Booleans, Floats, Indices
from tulou.simulate.forms import days, numbers, words
from tulou.simulate.forms.balance import balance
from tulou.simulate.forms.plan import Plan, plans
from tulou.simulate.forms.rows import Rows

_NUMERIC = (LogicalType.INTEGER, LogicalType.NUMBER)
_DATED = (LogicalType.DATE, LogicalType.PERIOD)


@dataclass(frozen=True)
class Form:
    """A dataset's items that are to be filled in; the columns of the subject and the period are somebody else's."""

    dataset: Dataset
    contract: Contract
    plans: tuple[Plan, ...]

    @classmethod
    def of(cls, dataset: Dataset, contract: Contract, wanted: Sequence[str]) -> Form:
        """The form of the `wanted` columns."""
        chosen = [contract.column(name) for name in wanted]
        return cls(dataset, contract, tuple(plans(dataset.id, chosen)))

    def fill(self, rows: Rows) -> pl.DataFrame:
        """Every planned column for the records."""
        filled = self._numbers(rows)
        thin: dict[str, Booleans] = {}
        dates = 0
        for plan in self.plans:
            kind = plan.column.logical_type
            sparse = plan.presence < 1
            if kind in _DATED:
                filled[plan.name] = days.day(plan, rows, dates)
                sparse = sparse and not (rows.event and not dates)
                dates += 1
            elif kind is LogicalType.TIMESTAMP:
                filled[plan.name] = days.moment(rows)
            elif kind is LogicalType.BOOLEAN:
                filled[plan.name] = words.flag(plan, rows)
            elif kind is LogicalType.STRING:
                filled[plan.name] = words.code(plan, rows) if plan.column.codes else words.words(plan, rows)
            if sparse and kind not in _NUMERIC and kind is not LogicalType.BOOLEAN:
                thin[plan.name] = rows.present(plan)
        frame = pl.DataFrame({plan.name: filled[plan.name] for plan in self.plans})
        return frame.with_columns(
            pl.when(pl.Series(mask)).then(pl.col(name)).alias(name) for name, mask in thin.items()
        )

    def _numbers(self, rows: Rows) -> dict[str, pl.Series]:
        numeric = {plan.name: plan for plan in self.plans if plan.column.logical_type in _NUMERIC}
        drawn = {name: numbers.number(plan, rows) for name, plan in numeric.items()}
        sums = [each for each in self.dataset.identities if {each.total, *(n for _, n in each.parts)} <= set(numeric)]
        involved = {name for each in sums for name in (each.total, *(part for _, part in each.parts))}
        scale = {name: 10 ** numbers.digits(plan) for name, plan in numeric.items()}
        cents: dict[str, Indices] = {
            name: np.rint(np.where(drawn[name][1], drawn[name][0], 0.0) * scale[name]).astype(np.int64)
            for name in involved
        }
        exact = {name for name in involved if numeric[name].exact}
        loose = {name for name in involved if numbers.limits(numeric[name])[0] < 0}
        balance(cents, sums, exact, loose)
        known = {name: np.ones(len(rows), dtype=bool) for name in involved}
        self._give_up(cents, sums, known, scale)
        for name in involved:
            low, high = numbers.limits(numeric[name])
            known[name] &= (cents[name] >= low * scale[name]) & (cents[name] <= high * scale[name])
        series = {}
        for name, plan in numeric.items():
            values, there = (cents[name] / scale[name], known[name]) if name in involved else drawn[name]
            series[name] = _number_series(plan, values, there)
        return series

    def _give_up(
        self, cents: dict[str, Indices], sums: list[Identity], known: dict[str, Booleans], scales: dict[str, int]
    ) -> None:
        """Leave out the lines of a sum in the records in which it could not be made right."""
        needed = {column.name for column in self.contract.columns if column.required} | set(self.contract.primary_key)
        for each in sums:
            if each.severity != "reject":
                continue
            scale = scales[each.total]
            parts = np.asarray(sum(sign * cents[name] for sign, name in each.parts))
            wrong = np.abs(cents[each.total] - parts) > float(each.tolerance) * scale
            if wrong.any():
                for name in {each.total, *(part for _, part in each.parts)} - needed:
                    known[name] &= ~wrong


def _number_series(plan: Plan, values: Floats, known: Booleans) -> pl.Series:
    whole = plan.column.logical_type is LogicalType.INTEGER
    chosen = values.astype(np.int64) if whole else values
    if plan.column.required or known.all():
        return pl.Series(chosen)
    return pl.Series(pl.from_arrow(pa.array(chosen, mask=~known)))


def keep_rules(frame: pl.DataFrame, contract: Contract, rules: Sequence[Rule]) -> pl.DataFrame:
    """`frame` with those columns emptied that would break one of the rules; what is required stays.

    A rule lets unknown values pass, so that a record without them is right.
    """
    tested = [rule for rule in rules if rule.severity == "reject" and set(rule.columns) <= set(frame.columns)]
    if not tested or frame.is_empty():
        return frame
    names = sorted({name for rule in tested for name in rule.columns})
    tests = ", ".join(f"(({rule.predicate}) IS FALSE) AS b{place}" for place, rule in enumerate(tested))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("form", frame.select(names).to_arrow())
        broken = connection.execute(f"SELECT {tests} FROM form").pl()
    needed = {column.name for column in contract.columns if column.required} | set(contract.primary_key)
    for place, rule in enumerate(tested):
        wrong = broken[f"b{place}"]
        if wrong.any():
            empty = [name for name in rule.columns if name not in needed]
            frame = frame.with_columns(pl.when(~wrong).then(pl.col(name)).alias(name) for name in empty)
    return frame
