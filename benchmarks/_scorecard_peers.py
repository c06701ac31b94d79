"""Run by `tulou bench scorecard` inside the peers' environment: OptBinning's scorecards and the EBM on folds of data.

python _scorecard_peers.py FOLDER        data.parquet, folds.json -> peers.json, predictions in peers.npz
python _scorecard_peers.py FOLDER speed  train.parquet, big.parquet, one.parquet -> speed.json
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")


def card_of(categories: list[str], names: list[str], *, monotone: bool, missing: str | int) -> Any:
    """OptBinning's scorecard: selection by information value as its documentation has it, points from 300 to 850."""
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV

    settings = {name: {"monotonic_trend": "auto_asc_desc"} for name in names if name not in categories}
    process = BinningProcess(
        names,
        categorical_variables=categories or None,
        selection_criteria={"iv": {"min": 0.02}},
        binning_fit_params=settings if monotone else None,
    )
    estimator = LogisticRegressionCV(max_iter=1000) if monotone else LogisticRegression(max_iter=1000)
    card = Scorecard(
        process,
        estimator,
        scaling_method="min_max",
        scaling_method_params={"min": 300, "max": 850},
    )
    return card, {"metric_missing": missing}


def optbinning(*, monotone: bool, missing: str | int) -> Callable[..., Any]:
    def fit_and_forecast(train: pd.DataFrame, bad: Any, test: pd.DataFrame, categories: list[str]) -> Any:
        card, how = card_of(categories, list(train.columns), monotone=monotone, missing=missing)
        card.fit(train, bad, **how)
        return lambda: card.predict_proba(test)[:, 1]

    return fit_and_forecast


def boosting_machine(train: pd.DataFrame, bad: Any, test: pd.DataFrame, categories: list[str]) -> Any:
    from interpret.glassbox import ExplainableBoostingClassifier

    kinds = ["nominal" if name in categories else "continuous" for name in train.columns]
    model = ExplainableBoostingClassifier(
        feature_types=kinds, interactions=0, outer_bags=8, n_jobs=1, random_state=20200922
    )
    model.fit(train, bad)
    return lambda: model.predict_proba(test)[:, 1]


MODELS: dict[str, Callable[..., Any]] = {
    "OptBinning, defaults": optbinning(monotone=False, missing=0),
    "OptBinning, missing empirical": optbinning(monotone=False, missing="empirical"),
    "OptBinning, monotone, LR CV": optbinning(monotone=True, missing="empirical"),
    "EBM, additive, 8 bags": boosting_machine,
}


def quality(folder: Path) -> None:
    frame = pd.read_parquet(folder / "data.parquet")
    meta = json.loads((folder / "folds.json").read_text())
    bad = frame.pop("__bad__").to_numpy()
    folds = np.asarray(meta["folds"])
    answer: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    for name, model in MODELS.items():
        forecast, cpu, failed = np.full(len(bad), np.nan), 0.0, ""
        for fold in range(5):
            inside, outside = folds != fold, folds == fold
            start = time.process_time()
            try:
                predict = model(frame[inside], bad[inside], frame[outside], meta["categories"])
                cpu += time.process_time() - start
                forecast[outside] = predict()
            except Exception as error:  # noqa: BLE001 - what a peer cannot do is part of the answer
                failed = repr(error)[:200]
                break
        answer[name] = {"fit_cpu": cpu / 5, "failed": failed}
        arrays[name] = forecast
    np.savez(folder / "peers.npz", **arrays)
    (folder / "peers.json").write_text(json.dumps(answer))


def fit(folder: Path) -> None:
    """CPU seconds of OptBinning's fits on four fifths of the rows: the cheaper of two, so that imports do not count."""
    frame = pd.read_parquet(folder / "data.parquet")
    meta = json.loads((folder / "folds.json").read_text())
    bad = frame.pop("__bad__").to_numpy()
    inside = np.asarray(meta["folds"]) != 0
    frame, bad = frame[inside], bad[inside]
    cards = [name for name in MODELS if name.startswith("OptBinning")]
    answer = {}
    for name in cards:
        times = []
        for _ in range(2):
            start = time.process_time()
            MODELS[name](frame, bad, frame, meta["categories"])
            times.append(time.process_time() - start)
        answer[name] = min(times)
    (folder / "fit.json").write_text(json.dumps(answer))


def speed(folder: Path) -> None:
    train = pd.read_parquet(folder / "train.parquet")
    bad = train.pop("__bad__").to_numpy()
    categories = [name for name in train.columns if train[name].dtype == object]
    start = time.process_time()
    card, how = card_of(categories, list(train.columns), monotone=False, missing="empirical")
    card.fit(train, bad, **how)
    fit = time.process_time() - start
    big = pd.read_parquet(folder / "big.parquet")
    times = []
    for _ in range(3):
        start = time.process_time()
        card.score(big)
        times.append(time.process_time() - start)
    one = []
    for place in range(20):
        row = big.iloc[place : place + 1]
        start = time.process_time()
        card.score(row)
        one.append(time.process_time() - start)
    answer = {"fit_cpu": fit, "score_cpu": min(times), "one_row_ms": 1000 * float(np.median(one))}
    (folder / "speed.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    place = Path(sys.argv[1])
    {"fit": fit, "speed": speed, "quality": quality}[sys.argv[2] if len(sys.argv) > 2 else "quality"](place)
