"""The three public sets that scorecards are measured on, and how their columns look to the peers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from tulou.finance.core.artefact import Feature
from tulou.finance.core.cells import key_of
from tulou.finance.core.files import read_table
from tulou.finance.core.kinds import Reading, features_of
from tulou.finance.core.outcome import read_outcome
from tulou.finance.core.values import values_of

SEED = 20200922
FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "finance"
SBA_LEAKS = (
    *("MIS_Status", "ChgOffDate", "ChgOffPrinGr", "BalanceGross", "xx", "daysterm", "Selected", "Term", "Recession"),
    *("LoanNr_ChkDgt", "Name"),
)


@dataclass(frozen=True)
class Asked:
    """A file, its target, what is left out, and the figures asked for."""

    name: str
    file: str
    target: str
    auc: float
    log_loss: float
    leave_out: tuple[str, ...] = ()


SETS = (
    Asked("SBA, no Term, no leaks", "sba_case_2101.csv", "Default", 0.868, 0.420, SBA_LEAKS),
    Asked("Polish companies, 1 year", "polish_bankruptcy_1year.arff.gz", "bankruptcy", 0.945, 0.073),
    Asked("German credit", "german_credit.csv", "creditability", 0.790, 0.503),
)


@dataclass(frozen=True)
class Data:
    """One set: its columns as they came, the outcome, the fold of each row, and the same for the peers."""

    columns: dict[str, Any]
    bad: npt.NDArray[np.float64]
    folds: npt.NDArray[np.int64]
    frame: pd.DataFrame
    categories: list[str]


def load(asked: Asked, folder: Path = FOLDER) -> Data:
    table = read_table(folder / asked.file)
    columns = {name: column for name, column in table.columns.items() if name not in asked.leave_out}
    bad, _, _ = read_outcome(columns[asked.target], asked.target)
    folds = np.empty(len(bad), dtype=np.int64)
    splitter = StratifiedKFold(5, shuffle=True, random_state=SEED)
    for fold, (_, outside) in enumerate(splitter.split(bad, bad)):
        folds[outside] = fold
    given = {name: column for name, column in columns.items() if name != asked.target}
    features, _ = features_of(given, Reading())
    # LightGBM takes no name with brackets or commas, so the peers' columns are numbered.
    frame = pd.DataFrame({f"f{place}": series(feature, given) for place, feature in enumerate(features)})
    categories = [f"f{place}" for place, feature in enumerate(features) if feature.kind == "category"]
    return Data(columns, bad, folds, frame, categories)


def series(feature: Feature, columns: dict[str, Any]) -> Any:
    """Numbers and days as numbers, categories as text with a word for missing."""
    if feature.kind == "category":
        cells = columns[feature.items[0].column].to_pylist()
        return np.array([key_of(cell) or "missing" for cell in cells], dtype=object)
    return values_of(feature, columns)
