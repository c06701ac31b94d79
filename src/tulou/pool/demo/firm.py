"""Which of the simulated firms the demonstration is about."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tulou.pool.core.identity.register import Enterprise
from tulou.pool.courtyard import pool_folder
from tulou.pool.services.enrolment import known_enterprises

PEOPLE = range(10, 300)
"""How many people the demo's firms employ: small, but not alone."""


def demo_firm() -> Enterprise | None:
    """The firm of the demo's owner: of the small firms in business the one that most datasets speak of, else None."""
    return next(iter(rich_firms()), None)


def rich_firms() -> list[Enterprise]:
    """The small limited companies in business, those of which the pool knows most first; the same each time."""
    folder = pool_folder()
    return _rich(folder) if (folder / "pool.json").exists() else []


@cache
def _rich(_folder: Path) -> list[Enterprise]:
    found = [
        firm
        for firm in known_enterprises()
        if firm.in_business and firm.headcount in PEOPLE and firm.name.endswith("有限公司")
        and "股份" not in firm.name
    ]  # fmt: skip
    return sorted(found, key=lambda firm: (-firm.datasets, firm.uscc))
