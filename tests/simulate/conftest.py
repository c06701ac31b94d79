"""A small province that many tests look at."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tulou.simulate import Province, Wish, simulate_province

SEEN = ("power", "customs", "hrss", "courts", "land", "housing_fund", "ip", "market", "commerce")
"""Departments of every format: CSV in GB18030, UTF-16, UTF-8 with mark, semicolons, Parquet, JSON lines, zip, Excel."""


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """220 firms, February and March 2020, the core of nine departments."""
    folder = tmp_path_factory.mktemp("simulated") / "province"
    wish = Wish(220, 2, seed=7, last=dt.date(2020, 3, 1), departments=SEEN)
    return simulate_province(folder, wish)


@pytest.fixture(scope="session")
def folder(province: Province) -> Path:
    """Where it lies."""
    return province.folder
