"""Dates of a form: of a firm's life, of a filing, of the steps of a case."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import polars as pl

from tulou.pool.core.contract import LogicalType
from tulou.simulate.chance import Indices, share_of
from tulou.simulate.forms.plan import Plan
from tulou.simulate.forms.rows import Rows
from tulou.simulate.habits import drivers

_ENDS = re.compile(r"注销|销户|终止|吊销|取消|封存|退库|离网|非正常|停业|清算|报废|解除|移出")
_EXPIRES = re.compile(r"至$|到期|届满|期限止|截止|有效期至|营业期限至")
_GRANTED = re.compile(r"认定日期|登记日期|发证|入库|复工|开户|取得")
_BEGINS = re.compile(r"成立|开业|设立|营业期限自")
_SOMETIMES = re.compile(r"复业|变更|缓缴|暂停|查封|限制|失信|闲置|复电|停电|转让|续展|优先权|无效|重整|复机")


def day(plan: Plan, rows: Rows, place: int) -> pl.Series:
    """The dates of an item, null where it has not come to that; `place` is how many dates stand before it."""
    if plan.column.logical_type is LogicalType.PERIOD:
        return _as_month(rows.day)
    days, known = _event(plan, rows, place) if rows.event else _of_life(plan, rows, place)
    end = np.datetime64(rows.books.window.end, "D").astype(np.int64)
    if not _EXPIRES.search(plan.column.title.zh):
        known &= days < end
    if plan.column.required:
        days, known = np.minimum(days, end - 1), np.ones(len(days), dtype=bool)
    return _as_dates(days, known)


def _event(plan: Plan, rows: Rows, place: int) -> tuple[Indices, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """The first date is the event's own, each further step follows the one before; a few follow the calendar."""
    if (rule := drivers()["days"].get(plan.stem.partition("/")[0], {}).get(plan.name)) is not None:
        return _by_calendar(rows, *rule), np.ones(len(rows), dtype=bool)
    rng, size, title = rows.rng, len(rows), plan.column.title.zh
    steps = np.zeros(size)
    for _ in range(place):
        steps = steps + rng.exponential(24.0, size)
    known = rng.random(size) < (1.0 if not place else 0.25 if _SOMETIMES.search(title) else 0.97)
    if _EXPIRES.search(title):
        return rows.day + 180 + (rng.random(size) * 900).astype(np.int64), known
    return rows.day + steps.astype(np.int64), known


def _by_calendar(rows: Rows, months: int, day: int) -> Indices:
    """A day of the month that lies `months` after the event's; day 0 is the last one of the month before."""
    month = rows.day.astype("datetime64[D]").astype("datetime64[M]") + months
    return np.asarray(month.astype("datetime64[D]").astype(np.int64) + day - 1)


def _of_life(plan: Plan, rows: Rows, place: int) -> tuple[Indices, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    title, size = plan.column.title.zh, len(rows)
    born = rows.books.firms["established"].to_numpy()[rows.at].astype("datetime64[D]").astype(np.int64)
    closed = rows.books.closed_on()[rows.at]
    chance = rows.books.chance(f"day of {plan.stem}")[rows.at]
    always = np.ones(size, dtype=bool)
    if _EXPIRES.search(title):
        return rows.day + 30 + (chance * 3600).astype(np.int64), chance < 0.9
    if _ENDS.search(title):
        return np.where(closed < 0, born, closed), closed >= 0
    if _BEGINS.search(title):
        return born, always
    if "名称变更" in title:
        renamed = rows.books.firms["renamed_on"].gather(pl.Series(rows.at, dtype=pl.UInt32))
        return renamed.fill_null(dt.date(1970, 1, 1)).to_physical().to_numpy().astype(
            np.int64
        ), renamed.is_not_null().to_numpy()
    if _SOMETIMES.search(title):
        return born + ((rows.day - born) * chance).astype(np.int64), chance < 0.12
    if not rows.life and not _GRANTED.search(title):
        return rows.day + 1 + (chance * 20).astype(np.int64), always
    lived = np.maximum(rows.day - born, 0)
    early = 20 + 60 * place + 300 * share_of(plan.stem) * chance
    return born + np.minimum(early, lived * chance).astype(np.int64), always


def _as_dates(days: Indices, known: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pl.Series:
    dates = pl.Series(days.astype("datetime64[D]"))
    return pl.select(pl.when(pl.Series(known)).then(dates)).to_series()


def _as_month(days: Indices) -> pl.Series:
    return pl.Series(days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]"))


def moment(rows: Rows) -> pl.Series:
    """A moment of the record's day."""
    seconds = rows.day * 86_400 + (rows.rng.random(len(rows)) * 86_400).astype(np.int64)
    return pl.Series(seconds.astype("datetime64[s]").astype("datetime64[us]"))
