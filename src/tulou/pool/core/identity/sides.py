"""What a person looks at to decide a pair: what the records of either side say, trait by trait."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

import duckdb
import polars as pl

from tulou.pool.core.identity import state
from tulou.pool.core.identity.entity_tables import ENTERPRISE
from tulou.pool.core.identity.observing import TRAITS, lay_out, traits_of
from tulou.pool.core.identity.register import REGISTER
from tulou.pool.core.identity.review import Pair
from tulou.pool.core.lake import Lake


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair. Values as the records have them; None where they are silent."""

    name: str | None = None
    address: str | None = None
    district: str | None = None
    phone: str | None = None
    person: str | None = None
    established: str | None = None
    uscc: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """The values by trait."""
        return asdict(self)


def sides_of(lake: Lake, pairs: Sequence[Pair]) -> dict[str, tuple[Side, Side]]:
    """By review id the two sides: the subject of the pair, and the enterprise that it may be.

    The enterprise is shown as the business register has it, else as resolution last saw it.
    """
    keys: dict[str, set[str]] = {}
    for pair in pairs:
        keys.setdefault(pair.dataset, set()).add(pair.subject_key)
    told = {(dataset, key): side for dataset, wanted in keys.items() for key, side in _told(lake, dataset, wanted)}
    enterprises = _enterprises(lake, {pair.enterprise_id for pair in pairs})
    return {
        pair.review_id: (
            told.get((pair.dataset, pair.subject_key), Side(name=pair.own_name)),
            enterprises.get(pair.enterprise_id, Side(name=pair.name)),
        )
        for pair in pairs
    }


def _told(lake: Lake, dataset: str, keys: Collection[str]) -> list[tuple[str, Side]]:
    """What the latest records of some subjects of a dataset say."""
    if dataset not in lake.tables() or not keys:
        return []
    contract, files = lake.contract(dataset), lake.plan(dataset)
    if not files.paths:
        return []
    with duckdb.connect() as connection:
        lay_out(connection, contract, files)
        connection.execute("CREATE TEMP TABLE wanted AS SELECT unnest(?::VARCHAR[]) AS subject_key", [sorted(keys)])
        connection.execute("DELETE FROM told WHERE subject_key NOT IN (SELECT subject_key FROM wanted)")
        rows = traits_of(connection, contract).to_dicts()
    return [
        (row["subject_key"], Side(**{trait: row[trait] for trait in TRAITS}, uscc=_uscc_of(row["subject_key"])))
        for row in rows
    ]


def _uscc_of(key: str) -> str | None:
    prefix, _, value = key.partition(":")
    return value if prefix == "uscc" else None


def _enterprises(lake: Lake, ids: Collection[str]) -> dict[str, Side]:
    wanted = pl.DataFrame({"enterprise_id": sorted(ids)}, schema={"enterprise_id": pl.String})
    condition = "t.enterprise_id IN (SELECT enterprise_id FROM more)"
    known = state.read(lake, ENTERPRISE, condition, wanted).to_dicts()
    registered = dict(_told(lake, REGISTER, {f"uscc:{row['uscc']}" for row in known if row["uscc"]}))
    return {row["enterprise_id"]: registered.get(f"uscc:{row['uscc']}") or _as_resolved(row) for row in known}


def _as_resolved(row: Mapping[str, object]) -> Side:
    established = row["established"]
    return Side(
        name=_text(row["name"]),
        address=_text(row["address"]),
        district=_text(row["region"]),
        established=None if established is None else str(established),
        uscc=_text(row["uscc"]),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
