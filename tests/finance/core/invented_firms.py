"""A table of firms whose risk is known, with the dirt of real tables; small enough to train on in a test."""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.training import Wishes, train

ROWS = 900
PAIRS = [("staff", "founded"), ("growth", "sector")]
SECTORS = ["制造", "零售", "建筑", "餐饮", "物流"]
Columns = dict[str, list[Any]]


def firms(rows: int = ROWS, seed: int = 7, drift: float = 0.0) -> Columns:
    """Columns of text, as a CSV file would have them; `late` is yes for the bad ones."""
    random = np.random.default_rng(seed)
    growth = random.normal(0.05 - drift, 0.2, rows)
    arrears = random.exponential(20_000, rows) * (random.random(rows) < 0.5)
    sector = random.integers(0, len(SECTORS), rows)
    age = random.integers(1, 40, rows)
    staff = random.integers(1, 200, rows)
    founded = [dt.date(2020, 1, 1) - dt.timedelta(days=int(years * 365.25)) for years in age]
    year = 2015 + np.arange(rows) * 6 // rows
    risk = -1.6 - 4 * growth + arrears / 15_000 + 0.5 * (sector == 3) - 0.03 * age + 1.2 * ((staff > 100) & (age < 10))
    late = random.random(rows) < 1 / (1 + np.exp(-risk - drift))
    known = random.random(rows) < 0.9
    return {
        "firm_id": [f"F{i:05d}" for i in random.permutation(rows)],
        "growth": [f"{value:.4f}" if there else "" for value, there in zip(growth, known, strict=True)],
        "arrears": [f"¥{value:,.2f}" for value in arrears],
        "sector": [SECTORS[k] for k in sector],
        "founded": [day.isoformat() for day in founded],
        "staff": [str(value) for value in staff],
        "country": ["CN"] * rows,
        "write_off": [f"{value:.2f}" if bad else "0" for value, bad in zip(arrears + 1, late, strict=True)],
        "year": [str(value) for value in year],
        "late": ["yes" if bad else "no" for bad in late],
    }


def write_csv(path: Path, columns: Columns) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


@cache
def card(method: str = "boosted") -> Scorecard:
    """A scorecard of the invented firms."""
    return train(firms(), Wishes("late", method="woe" if method == "woe" else "boosted", declared_pairs=PAIRS)).card
