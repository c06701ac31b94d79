"""How well the pool found out whose record is whose, against the truth that the simulator kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from tulou.pool.core.identity import subject_key_sql
from tulou.pool.core.lake import Lake, literal

LINK, ENTERPRISE = "entity.link", "entity.enterprise"


def score_identities(lake: Lake, province: Path) -> list[dict[str, Any]]:
    """Links, and how many of them are right, by the rung of the ladder that made them; the last row is all of them.

    A subject key of a dataset (see `entity.link`) is right when its enterprise bears the credit code of the firm that
    the records of the key are truly about. `precision`: of the keys that were tied to an enterprise of the register;
    `recall`: of all keys that speak of registered firms. A key that stands on records of several firms counts once for
    each. Keys of firms that no register knows are right when they are tied to no registered enterprise.
    """
    with duckdb.connect() as connection:
        _see_truth(connection, lake, province)
        rows = connection.execute(
            """
            WITH link AS (
                SELECT k.dataset, k.subject_key, k.firm, k.registered, l.rung, e.uscc = k.uscc AS same,
                       e.uscc IS NOT NULL AND e.uscc IN (SELECT uscc FROM registered) AS claimed
                FROM keys k
                LEFT JOIN links l USING (dataset, subject_key)
                LEFT JOIN enterprises e USING (enterprise_id)
            )
            SELECT coalesce(rung, 'none') AS rung, count(*) AS keys,
                   count_if(registered) AS of_registered, count_if(claimed) AS claimed,
                   count_if(claimed AND same) AS right
            FROM link GROUP BY rung ORDER BY keys DESC
            """
        ).fetchall()
    names = ("rung", "keys", "of_registered", "claimed", "right")
    table = [dict(zip(names, row, strict=True)) for row in rows]
    total = {"rung": "all", **{name: sum(row[name] for row in table) for name in names[1:]}}
    return [_rated(row) for row in [*table, total]]


def _rated(row: dict[str, Any]) -> dict[str, Any]:
    right, claimed, real = (int(str(row[name])) for name in ("right", "claimed", "of_registered"))
    return {
        "rung": row["rung"],
        "keys": row["keys"],
        "precision": round(right / claimed, 4) if claimed else None,
        "recall": round(right / real, 4) if real else None,
    }


def _see_truth(connection: duckdb.DuckDBPyConnection, lake: Lake, province: Path) -> None:
    """Tables `keys` (every subject key with the firm that it is truly about), `links`, `enterprises`, `registered`."""
    firms = literal(str(province / "truth" / "firms.parquet"))
    connection.execute(f"CREATE TABLE firms AS SELECT firm, uscc, registered FROM read_parquet({firms})")
    connection.execute("CREATE TABLE registered AS SELECT uscc FROM firms WHERE registered")
    connection.execute(
        f"CREATE TABLE links AS SELECT dataset, subject_key, enterprise_id, rung FROM {lake.relation(LINK)}"
    )
    connection.execute(f"CREATE TABLE enterprises AS {_followed(lake)}")
    parts = [_keys_of(lake, province, dataset) for dataset in lake.datasets()]
    connection.execute(
        "CREATE TABLE keys AS SELECT DISTINCT k.dataset, k.subject_key, f.firm, f.uscc, f.registered "
        f"FROM ({' UNION ALL '.join(parts)}) AS k JOIN firms AS f USING (firm) WHERE k.subject_key IS NOT NULL"
    )


def _keys_of(lake: Lake, province: Path, dataset: str) -> str:
    """SQL of the subject keys of a dataset's records, each with the firm that the truth names."""
    contract = lake.contract(dataset)
    truth = literal(str(province / "truth" / "records" / f"{dataset}-[12]*.parquet"))
    records = (
        f"SELECT {subject_key_sql(contract)} AS subject_key, _delivery_id, _record_no FROM {lake.relation(dataset)}"
    )
    known = f"SELECT record, firm, parse_filename(filename, true) AS file FROM read_parquet({truth}, filename=true)"
    return (
        f"SELECT DISTINCT {literal(dataset)} AS dataset, r.subject_key, t.firm FROM ({records}) AS r "
        f"JOIN ({known}) AS t ON t.file = r._delivery_id AND t.record = r._record_no"
    )


def _followed(lake: Lake) -> str:
    """SQL of every enterprise id with the credit code of the enterprise that it is today."""
    return (
        "WITH RECURSIVE now AS ("
        f"SELECT enterprise_id, uscc, retired_into, enterprise_id AS origin FROM {lake.relation(ENTERPRISE)} "
        f"UNION ALL SELECT e.enterprise_id, e.uscc, e.retired_into, now.origin FROM now "
        f"JOIN {lake.relation(ENTERPRISE)} AS e ON e.enterprise_id = now.retired_into) "
        "SELECT origin AS enterprise_id, uscc FROM now WHERE retired_into IS NULL"
    )
