"""The table of all firms, as of a date, and the serving copy: one pass over each dataset, one over the firms.

First every dataset is answered on its own (a scan, not a join of a hundred tables) and kept as a file with one row a
firm, in the order of the firms. Then the files are read side by side, some thousand firms at a time: their columns
together are the table's rows, their JSON together is a firm's record. Memory does not grow with the number of firms.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tulou.kernel.errors import Text, refuse
from tulou.pool.core.contract import Contract
from tulou.pool.core.lake import Lake, quoted
from tulou.pool.core.lake.schema import DELIVERY_ID, RECEIVED_AT, RECORD_NO, literal
from tulou.pool.core.profile.asof import end_of_day, filled_columns, known_files
from tulou.pool.core.profile.engines import DuckEngine
from tulou.pool.core.profile.expressions import (
    ENTERPRISE,
    FIRM,
    LINK,
    PERIOD,
    RECORDS12,
    STANDING,
    SUBJECT,
    profile_rows,
    standing,
    subjects,
    window_of,
)
from tulou.pool.core.profile.features import PERIODIC, Feature, FeatureKind, check_names
from tulou.pool.core.profile.record import DatasetPart
from tulou.pool.core.profile.serving import FILE, writing
from tulou.pool.core.profile.table import HEAD_JSON, STORED, Part, Report, assemble

ENTITY_ENTERPRISE, ENTITY_LINK, ENTITY_IDENTIFIER = "entity.enterprise", "entity.link", "entity.identifier"
IDENTIFIER = "entity_identifier"
KEY_KINDS = ("uscc", "org", "reg", "tax", "name")
"""Kinds of identifiers by which a firm is found; local numbers of two departments may be the same."""
FIRM_COLUMNS = (FIRM, "uscc", "org_code", "name", "region", "established")


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: how many firms and columns, of how many datasets, and what lies where."""

    as_of: dt.date
    firms: int
    datasets: int
    columns: int
    snapshot_id: int
    table_bytes: int
    serving_bytes: int


def build_profiles(
    lake: Lake,
    as_of: dt.date,
    *,
    built_at: dt.datetime,
    kinds: Sequence[FeatureKind] = tuple(FeatureKind),
    datasets: Sequence[str] | None = None,
    report: Report = lambda _step, _done, _total: None,
) -> Built:
    """Build the table `profile.enterprise` as of a date and the serving copy, from what the lake knew on that date.

    A second build for the same date takes the place of the first; builds for other dates stay. Identities are those of
    today: a firm whose records were tied together later is one firm in the past, too.

    Raises Refused where identities have not been resolved yet.
    """
    names = lake.datasets() if datasets is None else list(datasets)
    folder = lake.stage("profile")
    try:
        with DuckEngine.open(folder) as engine:
            firms = _see_firms(lake, engine)
            parts: list[Part] = []
            for done, name in enumerate(names):
                report(name, done, len(names))
                part = answer_dataset(lake, engine, lake.contract(name), as_of, kinds, folder, number=len(parts))
                if part is not None:
                    parts.append(part)
            report("", len(names), len(names))
            check_names(each for part in parts for each in part.about.features)
            head = _firm_file(engine, folder)
            with writing(lake.root / FILE) as serving:
                made = assemble(lake, head, parts, as_of, folder, serving, report)
                serving.add_keys(_keys(engine))
                size = serving.finish(as_of, built_at, [part.about for part in parts])
        return Built(as_of, firms, len(parts), made.columns, made.snapshot_id, made.bytes, size)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answer_dataset(
    lake: Lake,
    engine: DuckEngine,
    contract: Contract,
    as_of: dt.date,
    kinds: Sequence[FeatureKind],
    folder: Path,
    *,
    number: int,
) -> Part | None:
    """Answer one dataset for every firm, as part `number` of a record; None where nothing of it was known yet."""
    files = known_files(lake, contract.dataset, as_of)
    if not files.paths:
        return None
    about = DatasetPart.of(contract, kinds, files.snapshot_id, filled_columns(lake, files))
    engine.see(contract.dataset, files)
    last = last_period(engine, quoted(contract.dataset), contract, as_of)
    sql = kept_answer(engine, contract, as_of, about.features, last)
    path = folder / f"{contract.dataset}.parquet"
    stored = [
        str(number),
        f"{quoted(PERIOD)}::VARCHAR",
        quoted(DELIVERY_ID),
        quoted(RECORD_NO),
        f"{quoted(RECEIVED_AT)}::VARCHAR",
        quoted(RECORDS12),
        *(_stored(each) for each in about.features),
    ]
    engine.connection.execute(
        f"COPY (SELECT answer.* EXCLUDE ({FIRM}), CASE WHEN answer.{FIRM} IS NOT NULL "
        f"THEN json_array({', '.join(stored)})::VARCHAR END AS {STORED} "
        f"FROM firm LEFT JOIN ({sql}) AS answer USING ({FIRM}) ORDER BY no) "
        f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION snappy)"
    )
    return Part(about, path)


def kept_answer(
    engine: DuckEngine, contract: Contract, as_of: dt.date, features: tuple[Feature, ...], last: dt.date | None
) -> str:
    """DuckDB SQL of a dataset's rows of the profile, after step 2 has been kept in `engine`, which sees the records."""
    engine.keep(STANDING, standing(contract, as_of))
    ((copies,),) = engine.connection.execute(f"SELECT count(*) FROM {STANDING} WHERE NOT latest").fetchall()
    window = window_of(contract, as_of, last)
    return engine.sql(profile_rows(contract, as_of, window, copies=copies > 0, features=features))


def last_period(engine: DuckEngine, relation: str, contract: Contract, as_of: dt.date) -> dt.date | None:
    """The last month or quarter that the department had delivered by a date, whomever it spoke of."""
    if contract.grain not in PERIODIC or contract.period_column is None:
        return None
    period = quoted(contract.period_column)
    ((last,),) = engine.connection.execute(
        f"SELECT max({period})::DATE FROM {relation} WHERE {period} <= $day AND {RECEIVED_AT} < $end",
        {"day": as_of, "end": end_of_day(as_of)},
    ).fetchall()
    return last if last is None else dt.date.fromisoformat(str(last))


def see_identities(lake: Lake, engine: DuckEngine) -> None:
    """Keep step 1 in `engine`: which enterprise every subject key speaks of today."""
    tables = lake.tables()
    for name in (ENTITY_ENTERPRISE, ENTITY_LINK):
        if name not in tables:
            raise refuse(
                "profile.no_identity",
                "数据池还没有解析企业身份",
                "The pool's enterprises have not been resolved yet",
                remedy=Text(zh="请先运行 tulou pool resolve", en="Run: tulou pool resolve"),
            )
    engine.see(LINK, lake.plan(ENTITY_LINK))
    engine.see(ENTERPRISE, lake.plan(ENTITY_ENTERPRISE))
    if ENTITY_IDENTIFIER in tables:
        engine.see(IDENTIFIER, lake.plan(ENTITY_IDENTIFIER))
    else:
        engine.connection.execute(f"CREATE TEMP TABLE {IDENTIFIER} ({FIRM} VARCHAR, kind VARCHAR, value VARCHAR)")
    engine.keep(SUBJECT, subjects(_hops(engine)))


def _see_firms(lake: Lake, engine: DuckEngine) -> int:
    see_identities(lake, engine)
    columns = ", ".join(quoted(name) for name in FIRM_COLUMNS)
    engine.connection.execute(
        f"CREATE TEMP TABLE firm AS SELECT row_number() OVER (ORDER BY {FIRM}) - 1 AS no, {columns} "
        f"FROM {ENTERPRISE} WHERE retired_into IS NULL ORDER BY {FIRM}"
    )
    ((firms,),) = engine.connection.execute("SELECT count(*) FROM firm").fetchall()
    return int(firms)


def _hops(engine: DuckEngine) -> int:
    """How often, at most, an enterprise was retired into one that was retired into another."""
    ((hops,),) = engine.connection.execute(
        f"WITH RECURSIVE way(firm, hop) AS (SELECT retired_into, 1 FROM {ENTERPRISE} WHERE retired_into IS NOT NULL "
        f"UNION ALL SELECT e.retired_into, hop + 1 FROM way JOIN {ENTERPRISE} e ON e.{FIRM} = way.firm "
        "WHERE e.retired_into IS NOT NULL AND hop < 50) SELECT coalesce(max(hop), 0) FROM way"
    ).fetchall()
    return int(hops)


def _firm_file(engine: DuckEngine, folder: Path) -> Path:
    """The firms in their order, each with the JSON of who it is."""
    path = folder / "firm.parquet"
    names = ", ".join(quoted(name) for name in FIRM_COLUMNS)
    engine.connection.execute(
        f"COPY (SELECT {names}, json_array({names})::VARCHAR AS {HEAD_JSON} FROM firm ORDER BY no) "
        f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION snappy)"
    )
    return path


def _keys(engine: DuckEngine) -> Iterator[tuple[str, int]]:
    """Every key by which a firm is found: ids (those of enterprises that went into it, too), codes, exact names."""
    engine.connection.execute(
        f"CREATE TEMP TABLE heir AS WITH RECURSIVE way(firm, heir) AS "
        f"(SELECT {FIRM}, {FIRM} FROM firm UNION ALL "
        f"SELECT e.{FIRM}, way.heir FROM way JOIN {ENTERPRISE} e ON e.retired_into = way.firm) SELECT * FROM way"
    )
    own = " UNION ALL ".join(
        f"SELECT {column} AS key, {FIRM} AS firm FROM {ENTERPRISE} WHERE {column} IS NOT NULL"
        for column in (FIRM, "uscc", "org_code", "name")
    )
    engine.connection.execute(f"CREATE TEMP TABLE own AS {own}")
    cursor = engine.connection.execute(
        f"SELECT DISTINCT key, no FROM (FROM own UNION ALL {older_keys('own')}) k "
        f"JOIN heir ON heir.firm = k.firm JOIN firm ON firm.{FIRM} = heir.heir ORDER BY key, no"
    )
    while rows := cursor.fetchmany(50_000):
        yield from rows


def older_keys(own: str) -> str:
    """SQL of the other keys of firms: old registry and tax numbers, codes and names that no firm has for its `own`."""
    kinds = ", ".join(map(literal, KEY_KINDS))
    return (
        f"SELECT value AS key, {FIRM} AS firm FROM {IDENTIFIER} ANTI JOIN {own} ON key = value WHERE kind IN ({kinds})"
    )


def _stored(feature: Feature) -> str:
    """A feature as the serving copy keeps it: exact numbers as text, so that no decimal becomes a float."""
    name = quoted(feature.name)
    return f"{name}::VARCHAR" if feature.exact or feature.logical_type.value == "timestamp" else name
