"""The enterprises that the pool knows, as somebody enrols them: code, name, place, and how much is known of each."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from tulou.pool.core.identity.entity_tables import ENTERPRISE, LINK
from tulou.pool.core.lake import Lake

REGISTER = "market_register"
IN_BUSINESS = "1"
"""The code of the state of registration 存续."""


@dataclass(frozen=True, slots=True)
class Enterprise:
    """An enterprise with a credit code. `datasets` is how many datasets speak of it.

    `headcount` and `in_business` come from the business register; None where it says nothing.
    """

    enterprise_id: str
    uscc: str
    name: str
    region: str
    datasets: int
    headcount: int | None
    in_business: bool | None


def enterprises(lake: Lake) -> list[Enterprise]:
    """Every enterprise in being that has a credit code and a name, in the order of its code."""
    tables = lake.tables()
    if ENTERPRISE not in tables or LINK not in tables:
        return []
    known = REGISTER in tables and {"headcount", "registration_status"} <= set(lake.plan(REGISTER).schema.duckdb_types)
    register = (
        f"(SELECT uscc, max(headcount) AS headcount, arg_max(registration_status, _received_at) AS status"
        f" FROM {lake.relation(REGISTER)} GROUP BY uscc)"
        if known
        else "(SELECT NULL::VARCHAR AS uscc, NULL::INTEGER AS headcount, NULL::VARCHAR AS status)"
    )
    query = f"""
        WITH spoken AS (
            SELECT enterprise_id, count(DISTINCT dataset) AS datasets FROM {lake.relation(LINK)} GROUP BY enterprise_id
        )
        SELECT e.enterprise_id, e.uscc, e.name, coalesce(e.region, ''), coalesce(s.datasets, 0), r.headcount, r.status
        FROM {lake.relation(ENTERPRISE)} AS e
        LEFT JOIN spoken AS s USING (enterprise_id)
        LEFT JOIN {register} AS r ON r.uscc = e.uscc
        WHERE e.retired_into IS NULL AND e.uscc IS NOT NULL AND e.name IS NOT NULL
        ORDER BY e.uscc
    """
    with duckdb.connect() as connection:
        rows = connection.execute(query).fetchall()
    return [
        Enterprise(
            enterprise_id, uscc, name, region[:6], int(datasets),
            None if headcount is None else int(headcount),
            None if status is None else str(status) == IN_BUSINESS,
        )
        for enterprise_id, uscc, name, region, datasets, headcount, status in rows
    ]  # fmt: skip
