"""The questions of a profile as unbound Ibis expressions: written once, run on DuckDB and on Spark alike.

A dataset is answered in three steps, each over named tables, so that an engine can keep what lies between them:

1. `subjects`: which enterprise every subject key of `entity.link` speaks of today (retired ones followed);
2. `standing`: which record of a firm is its latest, and which are copies (a firm that took another one over, or had two
   numbers, may be reported twice for one month: its own record counts, of several the one received last);
3. `profile_rows`: one row a firm with the features of the dataset, and where they come from.

Records received after the as-of date are not known yet, and periods after it have not happened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import ibis

from tulou.kernel.periods import add_months
from tulou.pool.core.contract import Contract, KeyRole, LogicalType
from tulou.pool.core.lake.schema import DELIVERY_ID, RECEIVED_AT, RECORD_NO
from tulou.pool.core.profile.features import (
    PERIODIC,
    Feature,
    FeatureKind,
    account_columns,
    adds_accounts,
    event_date,
    features_of,
    is_amount,
)
from tulou.pool.core.profile.portable import check_portable, positive

Expression: TypeAlias = Any
LINK, ENTERPRISE, SUBJECT, STANDING = "entity_link", "entity_enterprise", "profile_subject", "profile_standing"
FIRM, PERIOD, RECORDS12 = "enterprise_id", "_period", "_records12"
TIME_ZONE = ZoneInfo("Asia/Shanghai")

_TYPES = {
    LogicalType.STRING: "string",
    LogicalType.INTEGER: "int64",
    LogicalType.BOOLEAN: "boolean",
    LogicalType.DATE: "date",
    LogicalType.PERIOD: "date",
    LogicalType.TIMESTAMP: "timestamp('UTC')",
}
_PROVENANCE = {DELIVERY_ID: "string", RECORD_NO: "int64", RECEIVED_AT: "timestamp('UTC')"}
_USCC = "^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"
_ORG_CODE = "^[0-9A-Z]{8}-?[0-9X]$"
_NUMBER = "^[0-9A-Z()-]{6,40}$"
_IDENTIFIERS = (
    ("uscc", KeyRole.USCC, _USCC),
    ("uscc", KeyRole.TAX_NO, _USCC),
    ("org", KeyRole.ORG_CODE, _ORG_CODE),
    ("org", KeyRole.USCC, _ORG_CODE),
    ("reg", KeyRole.REG_NO, _NUMBER),
    ("tax", KeyRole.TAX_NO, _NUMBER),
    ("loc", KeyRole.LOCAL_ID, None),
)

_KEY_ROLES = {role for _, role, _ in _IDENTIFIERS} | {KeyRole.NAME, KeyRole.DISTRICT, KeyRole.ADDRESS}


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def trim(text: str) -> str:  # type: ignore[empty-body]
    """The engine's own trim: blanks only, on both."""


@dataclass(frozen=True, slots=True)
class Window:
    """The 12 months that amounts are added up over: they end with the period `last` (or the as-of day, for events)."""

    last: dt.date
    months: int = 12

    def holds(self, day: Expression, *, back: int = 0) -> Expression:
        """Whether `day` lies in the window, or in the one `back` windows before it."""
        end = add_months(self.last, -self.months * back)
        start = add_months(self.last, -self.months * (back + 1))
        return (day > ibis.literal(start)) & (day <= ibis.literal(end))


def record_table(contract: Contract, columns: Collection[str] | None = None) -> Expression:
    """The unbound table of a dataset's records (or some columns of it), with the provenance that the lake adds."""
    types = {
        column.name: _type(column.logical_type, column.precision, column.scale)
        for column in contract.columns
        if columns is None or column.name in columns
    }
    return ibis.table(types | _PROVENANCE, name=contract.dataset)


def subject_key(record: Expression, contract: Contract) -> Expression:
    """The subject key of a record, the same that identity resolution keeps in `entity.link`."""
    branches = []
    for prefix, role, form in _IDENTIFIERS:
        for column in contract.with_role(role)[:1]:
            value = trim(record[column.name].cast("string")).upper()
            plain = value.replace("-", "") if prefix == "org" else value
            branches.append((_stands(value, form), ibis.literal(f"{prefix}:") + plain))
    if contract.with_role(KeyRole.NAME):
        roles = (KeyRole.NAME, KeyRole.DISTRICT, KeyRole.ADDRESS)
        words = [
            trim(record[column.name].cast("string")).fill_null("")
            for role in roles
            for column in contract.with_role(role)[:1]
        ]
        joined = words[0]
        for word in words[1:]:
            joined = joined + "|" + word
        branches.append((words[0] != "", ibis.literal("nam:") + joined.hexdigest("md5")))
    return ibis.cases(*branches) if branches else ibis.null("string")


def subjects(hops: int = 1) -> Expression:
    """Step 1: the enterprise of today by dataset and subject key, and whether the key was always its own.

    `hops` is how often, at most, an enterprise was retired into one that was retired into another.
    """
    link = ibis.table({"dataset": "string", "subject_key": "string", FIRM: "string"}, name=LINK)
    enterprise = ibis.table({FIRM: "string", "retired_into": "string"}, name=ENTERPRISE)
    found = link.select("dataset", "subject_key", FIRM, was=link[FIRM])
    for hop in range(hops):
        old, into = f"old{hop}", f"into{hop}"  # Names of their own, or Ibis takes the second join for the first.
        gone = enterprise.retired_into.notnull()
        retired = enterprise.filter(gone).select(**{old: FIRM, into: "retired_into"})
        joined = found.left_join(retired, found[FIRM] == retired[old])
        firm = ibis.coalesce(joined[into], joined[FIRM])
        found = joined.select("dataset", "subject_key", "was", **{FIRM: firm}).view()
    own = (found.was == found[FIRM]).cast("int32")
    return check_portable(found.group_by("dataset", "subject_key", FIRM).aggregate(own=own.max()))


def known_records(contract: Contract, as_of: dt.date, columns: Collection[str]) -> Expression:
    """The records that were known at the end of the day `as_of`: some columns, and the period as a date."""
    dated = event_date(contract) if contract.grain == "event" else contract.period_column
    record = record_table(contract, {*columns, dated or ""})
    end = dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time(), TIME_ZONE).astimezone(dt.UTC)
    wanted = [*dict.fromkeys((*columns, *_PROVENANCE))]
    known = record.select(*wanted, **{PERIOD: _period(record, dated)}).filter(record[RECEIVED_AT] < ibis.literal(end))
    if contract.period_column is not None and contract.grain != "event":
        known = known.filter(known[PERIOD].isnull() | (known[PERIOD] <= ibis.literal(as_of)))
    return known


def standing(contract: Contract, as_of: dt.date) -> Expression:
    """Step 2: firm, record and period of every firm's latest record (`latest`), and of the copies that do not count."""
    told_apart = account_columns(contract)
    known = known_records(contract, as_of, (*_key_columns(contract), *told_apart))
    accounts = {f"account{i}": known[name] for i, name in enumerate(told_apart)}
    narrow = known.select(PERIOD, RECEIVED_AT, DELIVERY_ID, RECORD_NO, key=subject_key(known, contract), **accounts)
    found = _with_firm(narrow, contract.dataset)
    received = [found[name].desc() for name in ("own", RECEIVED_AT, DELIVERY_ID, RECORD_NO)]
    same = [found[FIRM], found[PERIOD], *(found[name] for name in accounts)]
    ranked = found.mutate(
        copy=_rank(same, received),
        rank=_rank([found[FIRM]], [found[PERIOD].desc(nulls_first=False), *received]),
    )
    kept = ranked.filter((ranked["rank"] == 0) | (ranked["copy"] > 0))
    return check_portable(kept.select(FIRM, DELIVERY_ID, RECORD_NO, PERIOD, latest=kept["rank"] == 0))


def standing_table() -> Expression:
    """What step 2 left, as a table."""
    columns = {FIRM: "string", DELIVERY_ID: "string", RECORD_NO: "int64", PERIOD: "date", "latest": "boolean"}
    return ibis.table(columns, name=STANDING)


@cache
def standing_copies() -> Expression:
    """How many records step 2 found that do not count."""
    state = standing_table()
    return check_portable(state.aggregate(copies=(~state.latest).sum()))


def window_of(contract: Contract, as_of: dt.date, last: dt.date | None) -> Window | None:
    """The 12 months of a dataset: to the last period that was delivered, or to the as-of date for events."""
    if contract.grain == "event":
        return Window(as_of)
    return Window(last) if contract.grain in PERIODIC and last is not None else None


def profile_rows(
    contract: Contract,
    as_of: dt.date,
    window: Window | None,
    *,
    copies: bool,
    features: tuple[Feature, ...] | None = None,
) -> Expression:
    """Step 3: one row a firm: its id, where its latest record stands, and the dataset's features.

    Parameters
    ----------
    window
        The 12 months that sums are over; None where the dataset has no dated record.
    copies
        Whether step 2 found records that do not count.
    features
        Those that are wanted; all of the dataset's where not given.
    """
    wanted = features_of(contract) if features is None else features
    state = standing_table()
    latest = state.filter(state.latest).drop("latest")
    record = record_table(contract, {each.column for each in wanted})
    head = record.join(latest, [DELIVERY_ID, RECORD_NO])
    added = {each.name for each in wanted if _is_added(contract, each)}
    plain = [each for each in wanted if each.kind is FeatureKind.LATEST and each.name not in added]
    rows = head.select(
        FIRM,
        PERIOD,
        DELIVERY_ID,
        RECORD_NO,
        RECEIVED_AT,
        **{each.name: head[each.column] for each in plain},
    )
    counted = [each for each in wanted if each not in plain]
    sums = _sums(contract, as_of, window, counted, latest, state.filter(~state.latest) if copies else None)
    if sums is None:
        return check_portable(rows.mutate(**{RECORDS12: ibis.null("int64")}))
    joined = rows.left_join(sums, FIRM)
    return check_portable(joined.select(*rows.columns, RECORDS12, *(each.name for each in counted)))


def _sums(
    contract: Contract,
    as_of: dt.date,
    window: Window | None,
    features: list[Feature],
    latest: Expression,
    copies: Expression | None,
) -> Expression | None:
    added = adds_accounts(contract)
    if not (contract.grain in PERIODIC or contract.grain == "event" or added):
        return None
    columns = sorted({each.column for each in features})
    known = known_records(contract, as_of, (*_key_columns(contract), *columns))
    found = _with_firm(
        known.select(PERIOD, DELIVERY_ID, RECORD_NO, *columns, key=subject_key(known, contract)), contract.dataset
    )
    if copies is not None:
        found = found.anti_join(copies.filter(~copies.latest), [DELIVERY_ID, RECORD_NO])
    if added:
        last = latest.select(FIRM, last_period=latest[PERIOD])
        found = found.join(last, FIRM)
    never = found[DELIVERY_ID].isnull()
    in_window = window.holds(found[PERIOD]) if window else never
    before = window.holds(found[PERIOD], back=1) if window else never
    measures = {RECORDS12: _whole(in_window.cast("int64").sum())}
    for each in features:
        value = found[each.column]
        match each.kind:
            case FeatureKind.LATEST:
                now = (found[PERIOD] == found.last_period) | (found[PERIOD].isnull() & found.last_period.isnull())
                measures[each.name] = _total(value, now)
            case FeatureKind.SUM12:
                measures[each.name] = _total(value, in_window)
            case FeatureKind.PRIOR12:
                measures[each.name] = _total(value, before)
            case FeatureKind.MEAN12:
                measures[each.name] = _mean(value, in_window)
    totals = found.group_by(FIRM).aggregate(**measures)
    return totals if window else totals.mutate(**{RECORDS12: ibis.null("int64")})


def _is_added(contract: Contract, feature: Feature) -> bool:
    return feature.kind is FeatureKind.LATEST and adds_accounts(contract) and is_amount(contract.column(feature.column))


def _key_columns(contract: Contract) -> tuple[str, ...]:
    return tuple(column.name for column in contract.columns if column.key_role in _KEY_ROLES)


def _with_firm(narrow: Expression, dataset: str) -> Expression:
    subject = ibis.table({"dataset": "string", "subject_key": "string", FIRM: "string", "own": "int32"}, name=SUBJECT)
    mine = subject.filter(subject.dataset == dataset).select("subject_key", FIRM, "own")
    return narrow.join(mine, narrow.key == mine.subject_key).drop("key", "subject_key")


def _rank(group: list[Expression], order: list[Expression]) -> Expression:
    return ibis.row_number().over(ibis.window(group_by=group, order_by=order))


def _total(value: Expression, where: Expression) -> Expression:
    """The sum: decimals keep their scale and get room, whole numbers stay whole, floats are settled."""
    if value.type().is_floating():
        return settled(value, where)
    total = value.sum(where=where)
    return total.cast(f"decimal(38, {value.type().scale})") if value.type().is_decimal() else _whole(total)


def settled(value: Expression, where: Expression | None = None) -> Expression:
    """A sum of floats to 12 digits of their size: the digits after them depend on the order in which they are read."""
    total, size = value.sum(where=where), value.abs().sum(where=where)
    finite = ibis.ifelse(size < 1e280, size, ibis.null("float64"))
    unit = ibis.literal(10.0) ** ibis.least(11 - positive(finite).log10().floor(), 290).cast("float64")
    whole = (ibis.ifelse(size < 1e280, total, ibis.null("float64")) * unit).round().cast("float64")
    return ibis.coalesce(whole / unit.nullif(0), total)


def _whole(total: Expression) -> Expression:
    """A sum of whole numbers as a 64-bit integer, which DuckDB adds up as one of 128 bits."""
    return total.cast("decimal(38, 0)").cast("int64")


def _mean(value: Expression, where: Expression) -> Expression:
    """The mean as one division of sums that do not depend on the order in which values are read."""
    return _total(value, where).cast("float64") / value.count(where=where).cast("float64").nullif(0)


def _period(record: Expression, name: str | None) -> Expression:
    if name is None:
        return ibis.null("date")
    column = record[name]
    if column.type().is_integer():
        return ibis.date(column.cast("int32"), 1, 1)
    return column.cast("date") if not column.type().is_string() else ibis.null("date")


def _stands(value: Expression, form: str | None) -> Expression:
    """Whether a value has the form and is no placeholder: not one sign repeated, nor a code that is all zeros."""
    if form is None:
        return value != ""
    several = value.replace(value.substr(0, 1), "") != ""
    return value.re_search(form) & several & ~value.contains("000000000")


def _type(kind: LogicalType, precision: int | None, scale: int | None) -> str:
    if kind is LogicalType.NUMBER:
        return "float64" if precision is None else f"decimal({precision}, {scale or 0})"
    return _TYPES[kind]
