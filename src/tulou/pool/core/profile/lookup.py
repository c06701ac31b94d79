"""One firm's record straight from the lake, as of any date: slower than the serving copy, and never behind it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from typing import Any

from tulou.pool.core.contract import Contract, KeyRole
from tulou.pool.core.identity import subject_key_sql
from tulou.pool.core.lake import Lake, literal, quoted
from tulou.pool.core.profile.asof import filled_columns, known_files
from tulou.pool.core.profile.build import FIRM_COLUMNS, kept_answer, last_period, older_keys, see_identities
from tulou.pool.core.profile.engines import DuckEngine
from tulou.pool.core.profile.expressions import ENTERPRISE, FIRM, SUBJECT
from tulou.pool.core.profile.features import FeatureKind
from tulou.pool.core.profile.record import HEAD, DatasetPart, Firm, Record, Value
from tulou.pool.core.profile.serving import asked_keys, several_firms, unknown_firm

_ROLES = {
    "uscc": (KeyRole.USCC, KeyRole.TAX_NO),
    "org": (KeyRole.ORG_CODE, KeyRole.USCC),
    "reg": (KeyRole.REG_NO,),
    "tax": (KeyRole.TAX_NO,),
    "loc": (KeyRole.LOCAL_ID,),
}
"""Roles of the columns in which the value of a subject key may stand, by the key's prefix."""


def read_record(lake: Lake, key: str, as_of: dt.date, *, kinds: Sequence[FeatureKind] = tuple(FeatureKind)) -> Record:
    """The record of the one firm that `key` means, as it was known at the end of the day `as_of`.

    Raises Refused where identities have not been resolved, where no firm is meant, or more than one.
    """
    folder = lake.stage("record")
    try:
        with DuckEngine.open(folder) as engine:
            see_identities(lake, engine)
            firm = _find(engine, key)
            keys = _subject_keys(engine, firm)
            values: list[Value] = []
            for dataset in sorted(set(lake.datasets()) & set(keys)):
                values += _values(lake, engine, lake.contract(dataset), as_of, kinds, keys[dataset])
        return Record(firm, as_of, tuple(values))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find(engine: DuckEngine, key: str) -> Firm:
    """The firm of today that a key means; enterprises that were retired lead to the one that took them over."""
    names = ", ".join(f"firm.{quoted(name)}" for name in FIRM_COLUMNS)
    engine.connection.execute(
        "CREATE OR REPLACE TEMP TABLE meant AS "
        f"SELECT DISTINCT key, {FIRM} AS firm FROM {ENTERPRISE}, (SELECT unnest($keys) AS key) "
        f"WHERE key IN ({FIRM}, uscc, org_code, name)",
        {"keys": asked_keys(key)},
    )
    rows = engine.connection.execute(
        f"WITH RECURSIVE older AS ({older_keys('meant')}), way(id) AS (SELECT firm FROM meant UNION "
        "SELECT firm FROM older WHERE key IN (SELECT unnest($keys)) AND NOT EXISTS (FROM meant) "
        f"UNION SELECT e.retired_into FROM way JOIN {ENTERPRISE} e ON e.{FIRM} = way.id "
        "WHERE e.retired_into IS NOT NULL) "
        f"SELECT {names} FROM way JOIN {ENTERPRISE} firm ON firm.{FIRM} = way.id WHERE firm.retired_into IS NULL "
        f"ORDER BY firm.{FIRM}",
        {"keys": asked_keys(key)},
    ).fetchall()
    firms = [Firm(*row) for row in rows]
    if not firms:
        raise unknown_firm(key)
    if len(firms) > 1:
        raise several_firms(key, firms)
    return firms[0]


def _subject_keys(engine: DuckEngine, firm: Firm) -> dict[str, list[str]]:
    """The firm's subject keys by dataset; `engine` forgets those of all other firms."""
    engine.connection.execute(f"DELETE FROM {SUBJECT} WHERE {FIRM} <> $firm", {"firm": firm.enterprise_id})
    rows = engine.connection.execute(f"SELECT dataset, list(subject_key) FROM {SUBJECT} GROUP BY dataset").fetchall()
    return dict(rows)


def _values(
    lake: Lake,
    engine: DuckEngine,
    contract: Contract,
    as_of: dt.date,
    kinds: Sequence[FeatureKind],
    keys: Sequence[str],
) -> list[Value]:
    files = known_files(lake, contract.dataset, as_of)
    if not files.paths:
        return []
    about = DatasetPart.of(contract, kinds, files.snapshot_id, filled_columns(lake, files))
    last = last_period(engine, files.duckdb(), contract, as_of)
    engine.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quoted(contract.dataset)} AS "
        f"SELECT * FROM {files.duckdb()} WHERE {_speaks_of(contract, keys)}"
    )
    rows = engine.connection.execute(kept_answer(engine, contract, as_of, about.features, last)).fetchall()
    names = [column[0] for column in engine.connection.description or ()]
    found: list[Value] = []
    for row in rows:
        by_name: dict[str, Any] = dict(zip(names, row, strict=True))
        stored = [*(by_name[name] for name in HEAD), *(by_name[each.name] for each in about.features)]
        found += about.values(stored)
    return found


def _speaks_of(contract: Contract, keys: Sequence[str]) -> str:
    """SQL that is true for every record whose subject key is one of `keys`, cheap where a column alone can tell."""
    wanted = ", ".join(literal(key) for key in keys)
    exact = f"{subject_key_sql(contract)} IN ({wanted})"
    if any(key.partition(":")[0] not in _ROLES for key in keys):
        return exact
    places: dict[str, set[str]] = {}
    for key in keys:
        prefix, _, value = key.partition(":")
        for role in _ROLES[prefix]:
            for column in contract.with_role(role)[:1]:
                places.setdefault(column.name, set()).add(value)
    quick = " OR ".join(
        f"replace(upper(trim({quoted(name)}::VARCHAR)), '-', '') IN "
        f"({', '.join(literal(value.replace('-', '')) for value in sorted(values))})"
        for name, values in places.items()
    )
    return f"({quick}) AND {exact}" if quick else exact
