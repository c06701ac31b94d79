"""What the pool's records say of their subjects: numbers, names, addresses, people, by dataset and subject key."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from tulou.kernel.uscc import normalise_usccs, org_codes_of, org_codes_valid
from tulou.pool.core.contract import Contract, KeyRole
from tulou.pool.core.identity.entity_tables import LINK
from tulou.pool.core.identity.subject import subject_key_sql
from tulou.pool.core.lake import DataFiles, Lake
from tulou.pool.core.lake.schema import literal, quoted

RESOLVED = "tulou.resolved"
"""Where a version of `entity.link` keeps which version of every dataset it has seen, as JSON."""

TRAITS: Mapping[str, KeyRole] = {
    "name": KeyRole.NAME,
    "address": KeyRole.ADDRESS,
    "district": KeyRole.DISTRICT,
    "phone": KeyRole.PHONE,
    "person": KeyRole.PERSON,
    "established": KeyRole.ESTABLISHED,
}
"""What a record may tell of its subject beside numbers."""

_NUMBERS: Mapping[str, KeyRole] = {
    "uscc": KeyRole.USCC,
    "org": KeyRole.ORG_CODE,
    "reg": KeyRole.REG_NO,
    "tax": KeyRole.TAX_NO,
    "local": KeyRole.LOCAL_ID,
}
_ONE_SIGN = "^(?:" + "|".join(f"{sign}+" for sign in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") + ")$"
_KEYS = {"dataset": pl.String, "subject_key": pl.String}


@dataclass(frozen=True, slots=True)
class Observed:
    """What records say.

    numbers: dataset, subject_key, kind (uscc, org, reg, tax, local:department.column), value, distinct, normalised.
    traits: dataset, subject_key, the traits, `known` (how many) and `register` (whether a record is about the firm
    itself and not about a month or an event). versions: the version of every dataset that was read.
    """

    numbers: pl.DataFrame
    traits: pl.DataFrame
    versions: Mapping[str, int]


def observe(
    lake: Lake, *, as_of: dt.datetime | None, everything: bool, report: Callable[[str, int, int], None]
) -> Observed:
    """Read what is new in the pool since it was last resolved (or `everything`), as it was known at `as_of`."""
    seen = {} if everything else seen_versions(lake)
    names = lake.datasets()
    numbers, traits, versions = [], [], {}
    with duckdb.connect() as connection:
        for place, name in enumerate(names):
            report(name, place, len(names))
            contract = lake.contract(name)
            files = _fresh(lake, name, seen.get(name), as_of)
            if files.snapshot_id is not None:
                versions[name] = files.snapshot_id
            if files.paths and subject_key_sql(contract) != "NULL::VARCHAR":
                lay_out(connection, contract, files)
                traits.append(traits_of(connection, contract))
                numbers.append(_numbers(connection, contract))
    report("", len(names), len(names))
    empty = {**_KEYS, "kind": pl.String, "value": pl.String}
    every = pl.concat([pl.DataFrame(schema=empty), *numbers])
    told = pl.concat([pl.DataFrame(schema=_trait_schema()), *traits])
    return Observed(normalised(every), told, {**seen, **versions})


def _trait_schema() -> dict[str, type[pl.DataType]]:
    return {**_KEYS, **dict.fromkeys(TRAITS, pl.String), "known": pl.Int32, "register": pl.Boolean}


def seen_versions(lake: Lake) -> dict[str, int]:
    """The version of every dataset that the last resolution has seen."""
    if LINK not in lake.tables():
        return {}
    table = lake.table(LINK)
    for snapshot in sorted(table.snapshots(), key=lambda each: -each.sequence_number if each.sequence_number else 0):
        about = snapshot.summary.additional_properties if snapshot.summary else {}
        if document := about.get(RESOLVED):
            return {str(name): int(version) for name, version in json.loads(document).items()}
    return {}


def _fresh(lake: Lake, dataset: str, seen: int | None, as_of: dt.datetime | None) -> DataFiles:
    """The files of a dataset that were not there in the version that was seen."""
    now = lake.plan(dataset, as_of=as_of)
    if seen is None or now.snapshot_id is None:
        return now
    if seen == now.snapshot_id:
        return DataFiles(dataset, now.snapshot_id, (), now.schema)
    known = set(lake.plan(dataset, snapshot_id=seen).paths)
    return DataFiles(dataset, now.snapshot_id, tuple(path for path in now.paths if path not in known), now.schema)


def _column(contract: Contract, role: KeyRole) -> str | None:
    columns = contract.with_role(role)
    return quoted(columns[0].name) if columns else None


def lay_out(connection: duckdb.DuckDBPyConnection, contract: Contract, files: DataFiles) -> None:
    """A table `told` with every combination of subject key, numbers and traits that the files hold, once."""
    columns = {_column(contract, role) for role in (*TRAITS.values(), *_NUMBERS.values())} - {None}
    chosen = ", ".join(sorted(str(column) for column in columns))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE told AS SELECT {subject_key_sql(contract)} AS subject_key, {chosen}, "
        f"max(_received_at) AS received FROM {files.duckdb()} WHERE subject_key IS NOT NULL GROUP BY ALL"
    )


def traits_of(connection: duckdb.DuckDBPyConnection, contract: Contract) -> pl.DataFrame:
    """The latest traits of every subject key."""
    columns = {trait: _column(contract, role) for trait, role in TRAITS.items()}
    chosen = ", ".join(
        f"arg_max(nullif(trim({column}::VARCHAR), ''), received) AS {name}"
        if column is not None
        else f"NULL::VARCHAR AS {name}"
        for name, column in columns.items()
    )
    counted = " + ".join(f"({name} IS NOT NULL)::INTEGER" for name in TRAITS)
    query = (
        f"SELECT *, {counted} AS known, {str(contract.grain == 'enterprise').lower()} AS register FROM ("
        f"SELECT {literal(contract.dataset)} AS dataset, subject_key, {chosen} FROM told GROUP BY subject_key)"
    )
    return _polars(connection, query).cast(_trait_schema())  # type: ignore[arg-type]


def _numbers(connection: duckdb.DuckDBPyConnection, contract: Contract) -> pl.DataFrame:
    """Every number that stands beside a subject key, as it is written; every key also once with the kind `none`."""
    columns = [(kind, _column(contract, role)) for kind, role in _NUMBERS.items()]
    kinds = [(kind if kind != "local" else _local(contract), column) for kind, column in columns if column is not None]
    parts = [
        f"SELECT DISTINCT subject_key, {literal(kind)} AS kind, upper(trim({column}::VARCHAR)) AS value FROM told "
        f"WHERE trim({column}::VARCHAR) <> ''"
        for kind, column in kinds
    ]
    every = [*parts, "SELECT DISTINCT subject_key, 'none' AS kind, '' AS value FROM told"]
    query = f"SELECT {literal(contract.dataset)} AS dataset, * FROM ({' UNION ALL '.join(every)})"
    return _polars(connection, query)


def _local(contract: Contract) -> str:
    """The kind of a department's own numbers: they mean the same in all its datasets."""
    return f"local:{contract.department}.{contract.with_role(KeyRole.LOCAL_ID)[0].name}"


def _polars(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    frame = pl.from_arrow(connection.execute(query).to_arrow_table())
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a query answers a table")
    return frame


def normalised(numbers: pl.DataFrame) -> pl.DataFrame:
    """Numbers in one form each: valid USCCs and organisation codes also as `org`; placeholders are left out.

    A tax number of 18 places is a USCC; one of 15 holds an organisation code behind its six digits of region.
    """
    plain = numbers.with_columns(value=pl.Series(normalise_usccs(numbers["value"].to_arrow())))
    same = pl.col("value").str.contains(_ONE_SIGN)
    plain = plain.filter(~(pl.col("kind").is_in(["reg", "tax"]) & (same | (pl.col("value").str.len_bytes() < 6))))
    whole = plain.filter(pl.col("kind").is_in(["uscc", "tax"]) & (pl.col("value").str.len_bytes() == 18))
    whole = whole.with_columns(org=pl.Series(org_codes_of(whole["value"].to_arrow()))).drop_nulls("org")
    short = plain.filter(pl.col("kind").is_in(["org", "uscc"]) & (pl.col("value").str.len_bytes() == 9))
    short = short.filter(pl.Series(org_codes_valid(short["value"].to_arrow())))
    inner = plain.filter((pl.col("kind") == "tax") & pl.col("value").str.contains(r"^\d{6}[0-9A-Z]{9}$"))
    inner = inner.with_columns(code=pl.col("value").str.slice(6))
    inner = inner.filter(pl.Series(org_codes_valid(inner["code"].to_arrow())))
    keys = ["dataset", "subject_key"]
    parts: Sequence[pl.DataFrame] = [
        plain.filter(~pl.col("kind").is_in(["uscc", "org"])),
        whole.select(*keys, kind=pl.lit("uscc"), value="value"),
        whole.select(*keys, kind=pl.lit("org"), value="org"),
        short.select(*keys, kind=pl.lit("org"), value="value"),
        inner.select(*keys, kind=pl.lit("inner"), value="code"),
        plain.filter(pl.col("kind") == "uscc").select(*keys, kind=pl.lit("written"), value="value"),
    ]
    return pl.concat(parts).unique()
