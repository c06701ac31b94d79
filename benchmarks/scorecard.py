"""Interpretable scorecards against LightGBM, WoE + logistic regression, OptBinning and the EBM; speed; time.

tulou bench scorecard                    everything (the peers' environment is made on the first run)
tulou bench scorecard --peers no         ours and LightGBM only
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from benchmarks._measuring import measured, options, show
from benchmarks._peers import environment
from benchmarks._scorecard_data import FOLDER, SBA_LEAKS, SEED, SETS, Asked, Data, load
from tulou.finance.core import score_one
from tulou.finance.core.batch import probabilities, score, take_rows
from tulou.finance.core.calibration import recalibrated
from tulou.finance.core.drift import ALARM, monitor
from tulou.finance.core.files import read_table
from tulou.finance.core.kinds import Reading
from tulou.finance.core.metrics import auc, log_loss, quality
from tulou.finance.core.outcome import read_outcome_as
from tulou.finance.core.training import Method, Wishes, train

PEERS = ("optbinning==1.0.0", "interpret-core==0.7.8", "pandas<3", "numpy<2.5", "pyarrow")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
Forecast = npt.NDArray[np.float64]
Answer = dict[str, Any]


def by_fold(
    data: Data, fit: Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], tuple[Forecast, Answer]]
) -> Answer:
    """Forecasts of every row by the model that did not see it, mean CPU seconds of a fit, and what it looked like."""
    forecast, cpu, notes = np.empty(len(data.bad)), [], []
    for fold in range(5):
        inside, outside = np.flatnonzero(data.folds != fold), np.flatnonzero(data.folds == fold)
        forecast[outside], note = fit(inside, outside)
        cpu.append(note.pop("cpu"))
        notes.append(note)
    return {"forecast": forecast, "fit_cpu": float(np.mean(cpu)), "notes": notes}


def ours(data: Data, asked: Asked, method: Method) -> Answer:
    """A scorecard of ours, from the columns as they came, with everything that `tulou finance train` does."""

    def fit(inside: npt.NDArray[np.int64], outside: npt.NDArray[np.int64]) -> tuple[Forecast, Answer]:
        rows = take_rows(data.columns, inside)
        start = time.process_time()
        card = train(rows, Wishes(asked.target, method=method)).card
        cpu = time.process_time() - start
        scores = score(card, take_rows(data.columns, outside))
        cells = sum(feature.cells for feature in card.features)
        note = {"cpu": cpu, "features": len(card.features), "pairs": len(card.pairs), "cells": cells}
        return probabilities(card.calibration, scores), note

    return by_fold(data, fit)


def lightgbm_of(data: Data, **settings: Any) -> Answer:
    """LightGBM on the same columns, categories as its own kind of category."""
    import lightgbm

    frame = data.frame.astype(dict.fromkeys(data.categories, "category"))

    def fit(inside: npt.NDArray[np.int64], outside: npt.NDArray[np.int64]) -> tuple[Forecast, Answer]:
        model = lightgbm.LGBMClassifier(random_state=SEED, n_jobs=1, verbose=-1, **settings)
        start = time.process_time()
        model.fit(frame.iloc[inside], data.bad[inside])
        cpu = time.process_time() - start
        return np.asarray(model.predict_proba(frame.iloc[outside]))[:, 1], {"cpu": cpu}

    return by_fold(data, fit)


def run_ours(asked: Asked) -> dict[str, Answer]:
    """All models that live in our environment, on one set."""
    data = load(asked)
    free = {"n_estimators": 300, "num_leaves": 15, "learning_rate": 0.03}
    stumps = {"n_estimators": 1500, "num_leaves": 2, "learning_rate": 0.03}
    return {
        "tulou scorecard": ours(data, asked, "boosted"),
        "tulou, WoE + LR": ours(data, asked, "woe"),
        "LightGBM, unconstrained": lightgbm_of(data, **free),
        "LightGBM, additive": lightgbm_of(data, **stumps),
    }


def run_peers(asked: Asked, python: Path) -> dict[str, Answer]:
    """OptBinning and the EBM, in a process of their own environment."""
    data = load(asked)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store(data, folder)
        run_script(python, folder)
        answer: dict[str, Answer] = json.loads((folder / "peers.json").read_text())
        with np.load(folder / "peers.npz") as arrays:
            for model in answer:
                answer[model]["forecast"] = arrays[model]
    return answer


def run_script(python: Path, folder: Path, *more: str) -> None:
    script = Path(__file__).with_name("_scorecard_peers.py")
    done = subprocess.run(
        [str(python), str(script), str(folder), *more], env=os.environ | ONE_THREAD, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"the peers' process failed:\n{done.stderr[-2000:]}")


def judged(asked: Asked, name: str, answer: Answer) -> Answer:
    """AUC and log-loss: means over the five folds."""
    data = load(asked)
    row: Answer = {"data": asked.name, "model": name}
    if answer.get("failed"):
        return {**row, "AUC": "failed", "log-loss": answer["failed"][:60]}
    figures = []
    for fold in range(5):
        rows = data.folds == fold
        bad, chance = data.bad[rows], answer["forecast"][rows]
        figures.append((auc(bad, chance) or 0.5, log_loss(bad, chance)))
    means = np.mean(figures, axis=0)
    row |= {"AUC": round(float(means[0]), 4), "log-loss": round(float(means[1]), 4)}
    row |= {"sd AUC": round(float(np.std(figures, axis=0)[0]), 4), "fit CPU s": round(answer["fit_cpu"], 2)}
    notes = answer.get("notes") or [{}]
    for key in ("features", "pairs", "cells"):
        row[key] = max(note[key] for note in notes) if key in notes[0] else ""
    return row


def quality_rows(python: Path | None) -> tuple[list[Answer], Answer]:
    rows: list[Answer] = []
    figures: Answer = {}
    for asked in SETS:
        answers = measured(run_ours, asked).answer
        if python is not None:
            answers |= measured(run_peers, asked, python).answer
        found = [judged(asked, name, answer) for name, answer in answers.items()]
        rows += found
        figures |= asked_figures(asked, {row["model"]: row for row in found})
    return rows, figures


def asked_figures(asked: Asked, by_model: dict[str, Answer]) -> Answer:
    mine, free = by_model["tulou scorecard"], by_model["LightGBM, unconstrained"]
    additive = by_model["LightGBM, additive"]
    figures: Answer = {
        f"{asked.name}: AUC (asked: >= {asked.auc})": mine["AUC"],
        f"{asked.name}: log-loss (asked: <= {asked.log_loss})": mine["log-loss"],
        f"{asked.name}: AUC less unconstrained LightGBM's (asked: >= -0.005)": round(mine["AUC"] - free["AUC"], 4),
        f"{asked.name}: additive LightGBM's AUC less unconstrained": round(additive["AUC"] - free["AUC"], 4),
        f"{asked.name}: pair tables (asked: <= 10)": mine["pairs"],
    }
    peers = [row for name, row in by_model.items() if name.startswith(("OptBinning", "EBM")) and row["AUC"] != "failed"]
    if peers:
        best = max(peers, key=lambda row: row["AUC"])
        figures[f"{asked.name}: AUC less the best of OptBinning and EBM (asked: >= 0)"] = round(
            mine["AUC"] - best["AUC"], 4
        )
    return figures


def our_fit(asked: Asked) -> float:
    """CPU seconds of a fit on four fifths of the columns that the peers get, everything imported before."""
    import lightgbm  # noqa: F401 - its import is no part of a fit

    data = load(asked)
    inside = np.flatnonzero(data.folds != 0)
    columns = {name: pa.array(data.frame[name].to_numpy()[inside], from_pandas=True) for name in data.frame.columns}
    table = {**columns, "bad": data.bad[inside].astype(np.int64)}
    wishes = Wishes("bad", leakage="warn", reading=Reading(categories=data.categories))
    return min(timed(lambda: train(table, wishes)) for _ in range(2))


def fit_figures(python: Path) -> Answer:
    """Fits of ours and of OptBinning's cards on the same rows of the same table, in turn."""
    figures: Answer = {}
    for asked in SETS:
        mine = measured(our_fit, asked).answer
        with tempfile.TemporaryDirectory() as name:
            store(load(asked), Path(name))
            run_script(python, Path(name), "fit")
            theirs: dict[str, float] = json.loads((Path(name) / "fit.json").read_text())
        figures[f"{asked.name}: fit CPU s, ours with pairs, validation and report"] = round(mine, 2)
        for model, cpu in theirs.items():
            figures[f"{asked.name}: fit CPU, {model} / ours (asked: >= 1)"] = round(cpu / mine, 2)
    return figures


def store(data: Data, folder: Path) -> None:
    """What the peers' process reads."""
    data.frame.assign(__bad__=data.bad).to_parquet(folder / "data.parquet")
    meta = {"folds": data.folds.tolist(), "categories": data.categories}
    (folder / "folds.json").write_text(json.dumps(meta))


def invented(rows: int, seed: int) -> tuple[dict[str, Any], npt.NDArray[np.int64]]:
    """30 columns: 25 of numbers, a third of them 8 % missing, 5 of 8 categories; a risk that most of them carry."""
    random = np.random.default_rng(seed)
    risk = np.full(rows, -2.0)
    columns: dict[str, Any] = {}
    for i in range(25):
        values = random.normal(i % 3, 1 + i % 4, rows)
        risk += np.tanh(values / (1 + i % 4)) * (0.5 - 0.015 * i)
        if i % 3 == 0:
            values[random.random(rows) < 0.08] = np.nan
        columns[f"number_{i}"] = values
    for i in range(5):
        codes = random.integers(0, 8, rows)
        risk += 0.08 * (codes - 3.5)
        columns[f"category_{i}"] = np.array([f"level {k}" for k in range(8)], dtype=object)[codes]
    return columns, (random.random(rows) < 1 / (1 + np.exp(-risk))).astype(np.int64)


def our_speed(train_rows: int, rows: int, pairs: int) -> Answer:
    """CPU seconds: fit, score a large table in the forms that it may have, one row."""
    columns, bad = invented(train_rows, SEED)
    start = time.process_time()
    card = train({**columns, "bad": bad}, Wishes("bad", pairs=pairs)).card
    fit = time.process_time() - start
    big, _ = invented(rows, SEED + 1)
    arrow = {name: pa.array(values, from_pandas=True) for name, values in big.items()}
    coded = {
        name: values.dictionary_encode() if pa.types.is_string(values.type) else values
        for name, values in arrow.items()
    }
    frame = pd.DataFrame(big)
    forms = {"coded": coded, "arrow": arrow, "pandas": {name: frame[name] for name in frame.columns}}
    answer: Answer = {"fit_cpu": fit, "features": len(card.features), "pairs": len(card.pairs)}
    score(card, coded)
    for form, table in forms.items():
        answer[form] = min(timed(lambda table=table: score(card, table)) for _ in range(5))  # type: ignore[misc]
    answer["cuts"] = sum(len(feature.cuts) for feature in card.features)
    some = [{name: values[i].as_py() for name, values in arrow.items()} for i in range(200)]
    answer["one_row_ms"] = 1000 * float(np.median([timed(lambda row=row: score_one(card, row)) for row in some]))  # type: ignore[misc]
    return answer


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def their_speed(train_rows: int, rows: int, python: Path) -> Answer:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        columns, bad = invented(train_rows, SEED)
        pd.DataFrame({**columns, "__bad__": bad}).to_parquet(folder / "train.parquet")
        pd.DataFrame(invented(rows, SEED + 1)[0]).to_parquet(folder / "big.parquet")
        run_script(python, folder, "speed")
        answer: Answer = json.loads((folder / "speed.json").read_text())
        return answer


def speed_figures(train_rows: int, rows: int, python: Path | None) -> Answer:
    mine = measured(our_speed, train_rows, rows, 10).answer
    size = f"{rows:,} x 30"
    figures: Answer = {
        f"{size}: features, cuts, pairs of our card": f"{mine['features']}, {mine['cuts']}, {mine['pairs']}",
        f"{size}: CPU s, coded categories, as the lake holds them": round(mine["coded"], 4),
        f"{size}: CPU s, Arrow text": round(mine["arrow"], 4),
        f"{size}: CPU s, pandas objects": round(mine["pandas"], 4),
        "one row with reasons, ms (asked: <= 1)": round(mine["one_row_ms"], 3),
        f"fit {train_rows:,} x 30: CPU s": round(mine["fit_cpu"], 2),
    }
    if python is None:
        return figures
    peer = measured(their_speed, train_rows, rows, python).answer
    return figures | {
        f"{size}: OptBinning Scorecard.score, CPU s": round(peer["score_cpu"], 3),
        f"{size}: ratio to Scorecard.score (asked: >= 25)": round(peer["score_cpu"] / mine["coded"], 1),
        f"{size}: ratio from Arrow text": round(peer["score_cpu"] / mine["arrow"], 1),
        f"{size}: ratio from pandas objects, the peer's own form": round(peer["score_cpu"] / mine["pandas"], 1),
        "one row, OptBinning, ms": round(peer["one_row_ms"], 1),
        f"fit {train_rows:,} x 30: OptBinning's CPU / ours (asked: >= 1)": round(peer["fit_cpu"] / mine["fit_cpu"], 2),
    }


def out_of_time(draws: int) -> Answer:
    """SBA, trained up to the fiscal year 2005, met by the years after; set right with 60 outcomes."""
    table = read_table(FOLDER / "sba_case_2101.csv")
    leave_out = [name for name in SBA_LEAKS if name in table.columns]
    wishes = Wishes("Default", time="ApprovalFY", split="2005", reading=Reading(leave_out=leave_out))
    card = train(table.columns, wishes).card
    year = np.array([int(value) for value in table.columns["ApprovalFY"].to_pylist()])
    day = np.array([int(value) for value in table.columns["ApprovalDate"].to_pylist()])
    later = np.flatnonzero(year > 2005)
    columns = take_rows(table.columns, later)
    bad = read_outcome_as(columns["Default"], card.target)
    scores = score(card, columns)
    before = quality(bad, probabilities(card.calibration, scores))
    seen = monitor(card, columns, bad)

    def loss_after(rows: npt.NDArray[np.int64]) -> float:
        rest = np.ones(len(bad), dtype=bool)
        rest[rows] = False
        new = recalibrated(card.calibration, scores[rows], bad[rows])
        return log_loss(bad[rest], probabilities(new, scores[rest]))

    random = np.random.default_rng(SEED)
    losses = [loss_after(random.choice(len(bad), 60, replace=False)) for _ in range(draws)]
    first = np.argsort(day[later], kind="stable")[:60]
    return {
        "out of time: rows before, after": f"{int((year <= 2005).sum())}, {len(later)}",
        "out of time: AUC": round(before.auc or 0.5, 4),
        "out of time: mean forecast, observed": f"{before.mean_probability:.3f}, {before.bad_rate:.3f}",
        f"out of time: PSI of the score (alarm from {ALARM})": round(seen["score"]["psi"], 3),
        "out of time: drift (asked: alarm)": seen["state"],
        "out of time: log-loss before recalibration": round(before.log_loss, 4),
        f"out of time: log-loss after 60 outcomes, mean of {draws} draws, on the rest (asked: < 0.66)": round(
            float(np.mean(losses)), 4
        ),
        f"out of time: worst 5 % of {draws} draws": round(float(np.quantile(losses, 0.95)), 4),
        "out of time: log-loss after the first 60 in time, on the rest": round(loss_after(first), 4),
    }


def main() -> None:
    given = options(
        __doc__ or "", peers="yes", parts="quality,fit,speed,time", rows=437_000, train_rows=20_000, draws=200
    )
    os.environ.update(ONE_THREAD)
    python = environment("scorecard-peers-1", PEERS) if given.peers == "yes" else None
    parts = given.parts.split(",")
    rows, figures = quality_rows(python) if "quality" in parts else ([], {})
    if "fit" in parts and python is not None:
        figures |= fit_figures(python)
    if "speed" in parts:
        figures |= speed_figures(given.train_rows, given.rows, python)
    if "time" in parts:
        figures |= measured(out_of_time, given.draws).answer
    show("scorecard", rows, figures, as_json=given.json)


if __name__ == "__main__":
    main()
