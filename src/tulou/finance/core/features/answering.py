"""From the pool's records to a table of firms and features, on either engine.

Each dataset is read once into a panel (records known by a day, tied to their firms, copies left out, accounts added
up); features are aggregates over panels. What a pool does not have is left out and named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ibis
import pyarrow as pa

from tulou.finance.core.features.declared import FIRM, PERIOD, Expression, Feature, Months, Panel
from tulou.finance.core.features.library import FEATURES, PANELS
from tulou.kernel.errors import refuse, wrong_use
from tulou.pool.core.contract import Contract, KeyRole
from tulou.pool.core.lake import Lake
from tulou.pool.core.lake.schema import DELIVERY_ID, RECEIVED_AT, RECORD_NO
from tulou.pool.core.profile.asof import known_files
from tulou.pool.core.profile.build import ENTITY_ENTERPRISE, ENTITY_LINK
from tulou.pool.core.profile.engines import DuckEngine, Engine
from tulou.pool.core.profile.expressions import ENTERPRISE, LINK, SUBJECT, known_records, subject_key, subjects
from tulou.pool.core.profile.features import account_columns
from tulou.pool.core.profile.portable import check_portable

_KEY_ROLES = frozenset(
    {
        KeyRole.USCC,
        KeyRole.TAX_NO,
        KeyRole.ORG_CODE,
        KeyRole.REG_NO,
        KeyRole.LOCAL_ID,
        KeyRole.NAME,
        KeyRole.DISTRICT,
        KeyRole.ADDRESS,
    }
)
_HOPS = 3
"""So often, at most, an enterprise that was retired into another was retired again."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One row a firm (`enterprise_id`, `uscc`, then the features), and the features that the pool cannot answer."""

    table: pa.Table
    features: tuple[Feature, ...]
    missing: tuple[Feature, ...]


def answer_features(
    lake: Lake, as_of: dt.date, *, known: dt.date | None = None, features: Sequence[Feature] = FEATURES
) -> Answered:
    """The features of all firms as of a day, by DuckDB. See `answer_features_on`."""
    folder = lake.stage("features")
    with DuckEngine.open(folder) as engine:
        return answer_features_on(engine, lake, as_of, known=known, features=features)


def answer_features_on(
    engine: Engine,
    lake: Lake,
    as_of: dt.date,
    *,
    known: dt.date | None = None,
    features: Sequence[Feature] = FEATURES,
) -> Answered:
    """The features of all firms as of a day.

    Parameters
    ----------
    known
        The day whose knowledge is used: records received later are left out. The as-of day itself where not given. A
        later day tells the past as it is known since, for training on years in which no pool was kept; late
        corrections are then in it, so such figures are a little better than what was known at the time.

    Raises Refused where identities have not been resolved, or no dataset that is asked for is in the pool.
    """
    panels = read_panels(engine, lake, as_of, as_of if known is None else known, features)
    return answer_from(engine, panels, as_of)


@dataclass(frozen=True, slots=True)
class Panels:
    """What an engine keeps of a pool for some features: all that had ended by one day and was known by another."""

    last: dt.date
    tables: Mapping[str, Expression]
    features: tuple[Feature, ...]
    missing: tuple[Feature, ...]


def read_panels(
    engine: Engine, lake: Lake, last: dt.date, known: dt.date, features: Sequence[Feature] = FEATURES
) -> Panels:
    """Read each dataset once into the engine, for `answer_from` on days up to `last`."""
    _see_identities(engine, lake)
    have = _have(lake, features)
    if not have:
        raise refuse("features.nothing", "数据池没有这些特征所需的数据项", "The pool has none of the items asked for")
    needed = {name for each in have for name in (each.panel, *each.also)}
    tables: dict[str, Expression] = {}
    for panel in PANELS:
        if panel.dataset in needed:
            contract = lake.contract(panel.dataset)
            engine.see(panel.dataset, known_files(lake, panel.dataset, known))
            engine.keep(panel.table, panel_rows(panel, contract, last, known))
            tables[panel.dataset] = panel_table(panel, contract)
    return Panels(last, tables, tuple(have), tuple(each for each in features if each not in have))


def answer_from(engine: Engine, panels: Panels, as_of: dt.date) -> Answered:
    """The features of all firms as of a day, from panels that the engine keeps; what came after the day is left out."""
    if as_of > panels.last:
        raise wrong_use("features.later", f"面板只到 {panels.last}", f"The panels end on {panels.last}")
    parts = _by_panel(panels.features, panels.tables, Months(as_of))
    names = []
    for number, part in enumerate(parts):
        names.append(f"features_{number}")
        engine.keep(names[-1], check_portable(part))
    table = engine.fetch(_joined(panels.features, names, parts))
    kept = [FIRM, "uscc", *(each.name for each in panels.features)]
    return Answered(table.select(kept), panels.features, panels.missing)


def panel_rows(panel: Panel, contract: Contract, as_of: dt.date, known: dt.date) -> Expression:
    """The rows of a panel over the dataset's records and the subjects of step 1 of the profile."""
    accounts = account_columns(contract) if panel.grain != "event" else ()
    columns = _columns(panel, contract)
    keys = [column.name for column in contract.columns if column.key_role in _KEY_ROLES]
    record = known_records(contract, known, [*keys, *columns, *accounts, *panel.dates])
    period = _period(panel, record)
    narrow = record.select(
        *columns,
        **{PERIOD: period},
        key=subject_key(record, contract),
        received=record[RECEIVED_AT],
        delivery=record[DELIVERY_ID],
        number=record[RECORD_NO],
        **{f"account{place}": record[name] for place, name in enumerate(accounts)},
    )
    subject = ibis.table({"dataset": "string", "subject_key": "string", FIRM: "string", "own": "int32"}, name=SUBJECT)
    mine = subject.filter(subject.dataset == contract.dataset).select("subject_key", FIRM, "own")
    found = narrow.join(mine, narrow.key == mine.subject_key)
    if panel.grain == "event":
        return check_portable(found.filter(found[PERIOD].notnull()).select(FIRM, PERIOD, *columns))
    ended = _ended(panel, found[PERIOD], as_of)
    found = found.filter(ended) if ended is not None else found
    group = [found[FIRM], *(found[f"account{place}"] for place in range(len(accounts)))]
    if panel.grain != "firm":
        group.append(found[PERIOD])
    order = [found[name].desc() for name in ("own", "received", "delivery", "number")]
    ranked = found.mutate(rank=ibis.row_number().over(ibis.window(group_by=group, order_by=order)))
    kept = ranked.filter(ranked["rank"] == 0)
    if panel.grain == "firm":
        return check_portable(kept.select(FIRM, PERIOD, *columns))
    added = {name: _sum(kept[name]) for name in columns}
    return check_portable(kept.group_by(FIRM, PERIOD).aggregate(**added))


def panel_table(panel: Panel, contract: Contract) -> Expression:
    """A kept panel as an unbound table."""
    added = panel.grain in ("month", "quarter", "year")
    record = known_records(contract, dt.date(2000, 1, 1), [*_columns(panel, contract), *panel.dates])
    types = {name: (_sum(record[name]).type() if added else record[name].type()) for name in _columns(panel, contract)}
    return ibis.table({FIRM: "string", PERIOD: "date"} | types, name=panel.table)


def _see_identities(engine: Engine, lake: Lake) -> None:
    if not {ENTITY_ENTERPRISE, ENTITY_LINK} <= set(lake.tables()):
        raise refuse(
            "features.no_identity", "数据池还没有解析企业身份", "The pool's enterprises have not been resolved yet"
        )
    engine.see(LINK, lake.plan(ENTITY_LINK))
    engine.see(ENTERPRISE, lake.plan(ENTITY_ENTERPRISE))
    engine.keep(SUBJECT, subjects(_HOPS))


def _have(lake: Lake, features: Iterable[Feature]) -> list[Feature]:
    """The features whose datasets and columns the pool has."""
    there = {name: {column.name for column in lake.contract(name).columns} for name in lake.datasets()}

    def answered(each: Feature) -> bool:
        return all(source.column in there.get(source.dataset, ()) for source in each.sources)

    return [each for each in features if answered(each)]


def _by_panel(have: Sequence[Feature], panels: Mapping[str, Expression], months: Months) -> list[Expression]:
    """One table of firm and values for each panel, and one for each feature that needs several."""
    tables = []
    for name in dict.fromkeys(each.panel for each in have if each.measure is not None):
        panel = panels[name]
        measures = {each.name: each.measure(panel, months) for each in have if each.panel == name and each.measure}
        tables.append(panel.group_by(FIRM).aggregate(**measures))
    for each in have:
        if each.rows is not None:
            rows = each.rows(panels, months)
            tables.append(rows.select(FIRM, **{each.name: rows.value}))
    return tables


def _joined(have: Sequence[Feature], names: Sequence[str], parts: Sequence[Expression]) -> Expression:
    """All firms of today with their features side by side."""
    firms = ibis.table({FIRM: "string", "uscc": "string", "retired_into": "string"}, name=ENTERPRISE)
    joined = firms.filter(firms.retired_into.isnull()).select(FIRM, "uscc")
    for name, part in zip(names, parts, strict=True):
        columns = [column for column in part.columns if column != FIRM]
        kept = ibis.table({FIRM: "string"} | dict.fromkeys(columns, "float64"), name=name)
        both = joined.left_join(kept, joined[FIRM] == kept[FIRM])
        joined = both.select(*(joined[column] for column in joined.columns), *(kept[column] for column in columns))
    absent = {each.name: joined[each.name].fill_null(each.absent) for each in have if each.absent is not None}
    return check_portable(joined.mutate(**absent).order_by(FIRM))


def _columns(panel: Panel, contract: Contract) -> tuple[str, ...]:
    """The columns of a panel that the contract has."""
    there = {column.name for column in contract.columns}
    return tuple(name for name in (*panel.columns, *panel.texts) if name in there)


def _period(panel: Panel, record: Expression) -> Expression:
    """The day of a row: the first of the panel's dates that is there, else the period of the record."""
    if not panel.dates:
        return record["_period"]
    days = [record[name].cast("date") for name in panel.dates]
    return days[0] if len(days) == 1 else ibis.coalesce(*days)


def _ended(panel: Panel, period: Expression, as_of: dt.date) -> Expression | None:
    """Whether a period was over before the as-of day."""
    if panel.grain == "year":
        return period < ibis.literal(dt.date(as_of.year, 1, 1))
    if panel.grain in ("month", "quarter"):
        return period < ibis.literal(as_of.replace(day=1))
    return None


def _sum(value: Expression) -> Expression:
    if value.type().is_decimal():
        return value.sum().cast(f"decimal(38, {value.type().scale})")
    return value.sum().cast("decimal(38, 0)").cast("int64") if value.type().is_integer() else value.sum()
