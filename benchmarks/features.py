"""The feature library on a simulated province: does a card trained on pooled features find the risk that is known?

The province is simulated with its departments' dirt, pooled, resolved; the features of every firm are made as of the
first day of each month in which banks lent, from the pool alone; the loans' outcomes come after it. Loans are dealt
into five folds by firm; a card is trained on four and scores the fifth. It is held against the simulator's own
probability of default, which no card can beat but by luck. The pool reaches `history` months back before the first
loan, as far as features look.

Banks lend to one firm in a hundred a month: of 12,000 firms fewer than 300 fail, and a card that is given the very
arguments of the risk function then loses as much as is promised. `times` makes the book of loans that banks in a
province so many times as large would have, to the same firms; the banks' own book is measured beside it.

`expected` weighs every loan by its true probability instead of tossing the coin, so that it is not noise that differs.
`out of time` learns from loans whose outcome was known by the beginning of the last year, and scores that year's.
The peer is a logistic regression on the same features (median, missing flag, standardised), and LightGBM; `--peers 0`
leaves them out.
"""

from __future__ import annotations

import datetime as dt
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
from tulou.simulate.activity import act
from tulou.simulate.books import BLOCK
from tulou.simulate.credit import HORIZON, lend
from tulou.simulate.deliveries.contracts import read_contract
from tulou.simulate.ledger import Ledger
from tulou.simulate.population import Window, add_months, populate
from tulou.simulate.province import LAST_MONTH, Wish, read_province, simulate_province

SEED, FOLDS, PROMISED = 20200922, 5, 0.02
DEPARTMENTS = ("tax", "power", "courts", "market", "hrss")
WANTED = {panel.dataset for panel in PANELS} | {"tax_registration", "power_customer", "social_insurance_unit"}
ARGUMENTS = ("headcount", "age", "leverage", "growth", "late_months", "power_trend", "lawsuits", "closed_days")
"""What the risk function is of. No card sees it but the one that is called so."""
CARD, BOUND = "Tulou card (boosted)", "the same card on the truth's own arguments"
TRUTH = "the simulator's own probability"
SIGNS = {each.name: -each.direction for each in FEATURES if each.direction}
"""Points rise where risk falls."""
Numbers = npt.NDArray[np.float64]


def pooled(folder: Path, firms: int, months: int, seed: int) -> Path:
    """A province in `folder` and its pool with the datasets that features read; made where they are not there."""
    province, pool = folder / "province", folder / "pool"
    if read_province(province) is None:
        wish = Wish(firms, months, seed, departments=DEPARTMENTS, datasets=tuple(sorted(WANTED)))
        simulate_province(province, wish, lambda *_: None)
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


def book(firms: int, months: int, seed: int, times: float) -> pl.DataFrame:
    """The loans made to the province's firms, `times` as many as its banks make, with the truth about each."""
    window = Window(LAST_MONTH, months)
    population = populate(firms, window, seed)
    parts = []
    for block in range(-(-len(population) // BLOCK)):
        own = population.slice(block * BLOCK, BLOCK)
        ledger = Ledger(own, act(own, window, seed, block), seed, block)
        parts.append(lend(ledger, window, times).join(own.select("firm", "uscc"), on="firm"))
    loans = pl.concat(parts).with_columns(month=pl.col("granted_on").dt.truncate("1mo"))
    return loans.rename({name: f"true_{name}" for name in ARGUMENTS})


def answered(folder: Path, months: list[dt.date]) -> tuple[pl.DataFrame, float]:
    """The features of each firm on the first day of each month, and the median seconds that a day took."""
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
    return features.select("uscc", "month", *names), float(np.median(seconds))


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


def scored(rows: pl.DataFrame, columns: list[str], method: str, learn: Any, test: Any) -> Numbers:
    """The probabilities that a card trained on the rows `learn` gives to the rows `test`."""
    data: dict[str, Any] = {name: rows[name].cast(pl.Float64).to_numpy() for name in columns}
    signs = {name: sign for name, sign in SIGNS.items() if name in columns}
    wishes = Wishes("bad", method=method, leakage="warn", directions=signs, pairs=0)  # type: ignore[arg-type]
    bad = rows["default"].cast(pl.Int64).to_numpy()
    trained = train({**{name: values[learn] for name, values in data.items()}, "bad": bad[learn]}, wishes)
    given = {name: values[test] for name, values in data.items()}
    return probabilities(trained.card.calibration, score(trained.card, given))


def by_firm(rows: pl.DataFrame, names: list[str], *, against_peers: bool) -> list[dict[str, Any]]:
    """A line for each way to score: AUC over folds of firms, and how far it is below the truth's own."""
    x = rows.select(pl.col(names).cast(pl.Float64)).to_numpy()
    bad, risk = rows["default"].cast(pl.Float64).to_numpy(), rows["true_pd"].to_numpy()
    firm = rows["firm"].to_numpy()
    fold = np.random.default_rng(SEED).permutation(int(firm.max()) + 1)[firm] % FOLDS
    scores: dict[str, Numbers] = {}
    for number in range(FOLDS):
        learn, test = fold != number, fold == number
        answers = peers(x[learn], bad[learn], x[test]) if against_peers else {}
        cards = [(CARD, names, "boosted"), (BOUND, [f"true_{name}" for name in ARGUMENTS], "boosted")]
        if against_peers:
            cards.append(("Tulou card (weight of evidence)", names, "woe"))
        for label, columns, method in cards:
            answers[label] = scored(rows, columns, method, learn, test)
        for label, answer in answers.items():
            scores.setdefault(label, np.zeros(len(bad)))[test] = answer

    def figures(value: Numbers) -> tuple[float, float]:
        parts = [fold == number for number in range(FOLDS)]
        seen = np.mean([auc(value[part], bad[part], 1 - bad[part]) for part in parts])
        expected = np.mean([auc(value[part], risk[part], 1 - risk[part]) for part in parts])
        return float(seen), float(expected)

    own = figures(risk)
    found = {label: figures(value) for label, value in [*sorted(scores.items()), (TRUTH, risk)]}
    return [
        {"score": label, "AUC": seen, "below the truth's": own[0] - seen, "expected AUC": expected}
        | {"expected below": own[1] - expected}
        for label, (seen, expected) in found.items()
    ]


def out_of_time(rows: pl.DataFrame, names: list[str]) -> dict[str, Any]:
    """The card that knows only outcomes from before the last year, on the loans of that year."""
    start = add_months(rows["month"].max(), -11)  # type: ignore[arg-type]
    learn = (rows["month"] <= add_months(start, -HORIZON - 1)).to_numpy()
    test = (rows["month"] >= start).to_numpy()
    bad, risk = rows["default"].cast(pl.Float64).to_numpy()[test], rows["true_pd"].to_numpy()[test]
    seen, bound = (
        scored(rows, columns, "boosted", learn, test) for columns in (names, [f"true_{name}" for name in ARGUMENTS])
    )
    own, known = auc(risk, bad, 1 - bad), rows["default"].to_numpy()[learn].sum()
    return {
        "out of time: defaults learned from, loans scored": f"{known:,}, {len(bad):,}",
        "out of time: AUC of the card, of the truth": f"{auc(seen, bad, 1 - bad):.3f}, {own:.3f}",
        "out of time: below the truth's (card)": own - auc(seen, bad, 1 - bad),
        "out of time: below the truth's (on the truth's own arguments)": own - auc(bound, bad, 1 - bad),
    }


def main() -> None:
    """Simulate, pool, make features, train, compare."""
    asked = options(__doc__ or "", firms=12_000, months=52, history=15, times=5, seed=SEED, peers=1, folder="")
    name = f"features-{asked.firms}-{asked.months}-{asked.seed}"
    cache = Path(asked.folder) if asked.folder else Path.home() / ".cache" / "tulou" / name
    cache.mkdir(parents=True, exist_ok=True)
    pooled(cache, asked.firms, asked.months, asked.seed)
    books = [book(asked.firms, asked.months, asked.seed, times) for times in (asked.times, 1)]
    days = [add_months(LAST_MONTH, back) for back in range(1 - asked.months + asked.history, 1)]
    features, seconds = answered(cache, days)
    names = [each.name for each in FEATURES if each.name in features.columns]
    many, few = (loans.join(features, on=["uscc", "month"]).sort("firm", "granted_on", "amount") for loans in books)
    table = by_firm(many, names, against_peers=bool(asked.peers))
    small = {row["score"]: row for row in by_firm(few, names, against_peers=False)}
    best = next(row["below the truth's"] for row in table if row["score"] == CARD)
    notes = {
        "firms, months, months of history, seed": f"{asked.firms:,}, {asked.months}, {asked.history}, {asked.seed}",
        "loans, defaults": f"{len(many):,}, {many['default'].sum():,}",
        "features": len(names),
        "seconds to answer all features of all firms as of a day": seconds,
        "promised: AUC below the truth's own, at most": PROMISED,
        "AUC below the truth's own (card)": best,
        "held": best <= PROMISED,
        **out_of_time(many, names),
        "banks' own book: loans, defaults": f"{len(few):,}, {few['default'].sum():,}",
        "banks' own book: below the truth's (card)": small[CARD]["below the truth's"],
        "banks' own book: below the truth's (on the truth's own arguments)": small[BOUND]["below the truth's"],
        "banks' own book: expected below (card)": small[CARD]["expected below"],
        "banks' own book: expected below (on the truth's own arguments)": small[BOUND]["expected below"],
    }
    show("Features from the pool", table, notes, as_json=asked.json)


if __name__ == "__main__":
    main()
