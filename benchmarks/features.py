"""The feature library on a simulated province: does a card trained on pooled features find the risk that is known?

The province is simulated with its departments' dirt, pooled, resolved; the features of every firm are made as of each
month in which banks lent, from the pool alone. Loans are dealt into five folds by firm; a card is trained on four and
scores the fifth. It is held against the simulator's own probability of default, which no card can beat but by luck.

`expected` weighs every loan by its true probability instead of tossing the coin, so that it is not noise that differs.
The peer is a logistic regression on the same features (median, missing flag, standardised), and LightGBM.
"""

from __future__ import annotations

import shutil
import time
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks._measuring import options, show
from tulou.demo.pooling import delivery_id, manifest, received_at
from tulou.demo.running import day_after, new_pool, resolve_pool
from tulou.finance.core.batch import probabilities, score
from tulou.finance.core.features import FEATURES, PANELS
from tulou.finance.core.features.answering import answer_from, read_panels
from tulou.finance.core.training import Wishes, train
from tulou.pool.core.ingest import ControlTotals, ingest
from tulou.pool.core.lake import Lake
from tulou.pool.core.profile.engines import DuckEngine
from tulou.simulate.deliveries.contracts import read_contract
from tulou.simulate.province import Wish, read_province, simulate_province

SEED, FOLDS, PROMISED = 20200922, 5, 0.02
DEPARTMENTS = ("tax", "power", "courts", "market", "hrss")
WANTED = {panel.dataset for panel in PANELS} | {"tax_registration", "power_customer", "social_insurance_unit"}
ARGUMENTS = ("headcount", "age", "leverage", "growth", "late_months", "power_trend", "lawsuits", "closed_days")
"""What the risk function is of. No card sees it but the one that is called so."""
SIGNS = {each.name: -each.direction for each in FEATURES if each.direction}
"""Points rise where risk falls."""
Numbers = npt.NDArray[np.float64]


def pooled(folder: Path, firms: int, months: int) -> Path:
    """A province in `folder` and its pool with the datasets that features read; made where they are not there."""
    province, pool = folder / "province", folder / "pool"
    if read_province(province) is None:
        simulate_province(province, Wish(firms, months, SEED, departments=DEPARTMENTS), lambda *_: None)
    if not (folder / "resolved").exists():
        shutil.rmtree(pool, ignore_errors=True)
        new_pool(pool)
        with closing(Lake.open(pool)) as lake:
            for line in sorted(manifest(province), key=lambda line: line.period.rpartition("_")[2]):
                if line.dataset in WANTED:
                    contract = read_contract(province / "contracts", line.dataset)
                    file, at = province / "deliveries" / line.file, received_at(line, contract)
                    totals = ControlTotals(line.rows, line.sha256)
                    ingest(lake, file, contract, received_at=at, delivery_id=delivery_id(line), totals=totals)
            resolve_pool(lake, day_after(lake), lambda *_: None)
        (folder / "resolved").touch()
    return pool


def material(folder: Path, history: int) -> tuple[pl.DataFrame, float]:
    """One row a loan: the truth, and the firm's features on the first of its month; and seconds for all firms."""
    truth = folder / "province" / "truth"
    loans = pl.read_parquet(truth / "loans" / "*.parquet").with_columns(month=pl.col("granted_on").dt.truncate("1mo"))
    firms = pl.read_parquet(truth / "firms.parquet").select("firm", "uscc")
    loans = loans.join(firms, on="firm").rename({name: f"true_{name}" for name in ARGUMENTS})
    months = sorted(loans["month"].unique())[history:]
    tables, seconds = [], []
    with closing(Lake.open(folder / "pool")) as lake:
        known = day_after(lake).date()
        with DuckEngine.open(lake.stage("bench")) as engine:
            panels = read_panels(engine, lake, known, known)
            for month in months:
                start = time.perf_counter()
                found = pl.from_arrow(answer_from(engine, panels, month).table)
                seconds.append(time.perf_counter() - start)
                assert isinstance(found, pl.DataFrame)
                tables.append(found.with_columns(month=pl.lit(month)))
    names = [each.name for each in panels.features]
    features = pl.concat(tables).filter(pl.col("uscc").is_not_null()).unique(["uscc", "month"], keep="first")
    rows = loans.join(features.select("uscc", "month", *names), on=["uscc", "month"])
    return rows.sort("firm", "granted_on", "amount"), float(np.median(seconds))


def auc(value: Numbers, positive: Numbers, negative: Numbers) -> float:
    """The chance that a bad loan has the higher score than a good one; loans may be bad in part."""
    order = np.argsort(value, kind="stable")
    ranked, up, down = value[order], positive[order], negative[order]
    _, group = np.unique(ranked, return_inverse=True)
    bad, good = np.bincount(group, up), np.bincount(group, down)
    below = np.cumsum(good) - good
    return float((bad * (below + good / 2)).sum() / (bad.sum() * good.sum()))


def peers(train_x: Numbers, train_y: Numbers, test_x: Numbers) -> dict[str, Numbers]:
    """Logistic regression and LightGBM on the same numbers."""
    from lightgbm import LGBMClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import RobustScaler, StandardScaler

    plain = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True),
        RobustScaler(),
        StandardScaler(),
        LogisticRegression(C=0.1),
    )
    trees = LGBMClassifier(n_estimators=200, num_leaves=7, learning_rate=0.03, random_state=SEED, n_jobs=1, verbose=-1)
    answers = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clipped = np.clip(train_x, *(limits := np.nanpercentile(train_x, [1, 99], axis=0)))
        answers["logistic regression"] = plain.fit(clipped, train_y).predict_proba(np.clip(test_x, *limits))[:, 1]
        answers["LightGBM"] = trees.fit(train_x, train_y).predict_proba(test_x)[:, 1]
    return answers


def main() -> None:
    """Simulate, pool, make features, train, compare."""
    asked = options(__doc__ or "", firms=12_000, months=40, history=3, folder="")
    cache = Path(asked.folder) if asked.folder else Path.home() / ".cache" / "tulou" / f"features-{asked.firms}"
    cache.mkdir(parents=True, exist_ok=True)
    pooled(cache, asked.firms, asked.months)
    rows, seconds = material(cache, asked.history)
    names = [each.name for each in FEATURES if each.name in rows.columns]
    x = rows.select(pl.col(names).cast(pl.Float64)).to_numpy()
    bad, risk = rows["default"].cast(pl.Float64).to_numpy(), rows["true_pd"].to_numpy()
    fold = np.random.default_rng(SEED).permutation(int(rows["firm"].max()) + 1)[rows["firm"].to_numpy()] % FOLDS
    truth_only = [f"true_{name}" for name in ARGUMENTS]
    scores: dict[str, Numbers] = {}
    for number in range(FOLDS):
        learn, test = fold != number, fold == number
        answers = peers(x[learn], bad[learn], x[test])
        for label, columns, method in (
            ("Tulou card (boosted)", names, "boosted"),
            ("Tulou card (weight of evidence)", names, "woe"),
            ("the same card on the truth's own arguments", truth_only, "boosted"),
        ):
            data: dict[str, Any] = {name: rows[name].cast(pl.Float64).to_numpy()[learn] for name in columns}
            signs = {name: sign for name, sign in SIGNS.items() if name in columns}
            wishes = Wishes("bad", method=method, leakage="warn", directions=signs, pairs=0)  # type: ignore[arg-type]
            trained = train({**data, "bad": bad[learn].astype(int)}, wishes)
            given = {name: rows[name].cast(pl.Float64).to_numpy()[test] for name in columns}
            answers[label] = probabilities(trained.card.calibration, score(trained.card, given))
        for label, answer in answers.items():
            scores.setdefault(label, np.zeros(len(bad)))[test] = answer
    scores["the simulator's own probability"] = risk

    def figures(value: Numbers) -> tuple[float, float]:
        parts = [fold == number for number in range(FOLDS)]
        seen = np.mean([auc(value[part], bad[part], 1 - bad[part]) for part in parts])
        expected = np.mean([auc(value[part], risk[part], 1 - risk[part]) for part in parts])
        return float(seen), float(expected)

    own = figures(risk)
    table = [
        {"score": label, "AUC": found[0], "below the truth's": own[0] - found[0], "expected AUC": found[1]}
        | {"expected below": own[1] - found[1]}
        for label, found in ((label, figures(value)) for label, value in sorted(scores.items()))
    ]
    best = min(row["below the truth's"] for row in table if str(row["score"]).startswith("Tulou card"))
    notes = {
        "firms, months": f"{asked.firms:,}, {asked.months}",
        "loans, defaults": f"{len(bad):,}, {int(bad.sum()):,}",
        "features": len(names),
        "seconds to answer all features of all firms as of a day": seconds,
        "promised: AUC below the truth's own, at most": PROMISED,
        "AUC below the truth's own (card)": best,
        "held": best <= PROMISED,
    }
    show("Features from the pool", table, notes, as_json=asked.json)


if __name__ == "__main__":
    main()
