"""What raises a firm's risk leaves a trace in the files of those who would see it, at the right time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tulou.simulate import Wish, simulate_province
from tulou.simulate.activity import act
from tulou.simulate.credit import lend
from tulou.simulate.habits import coverage_of
from tulou.simulate.ledger import Ledger
from tulou.simulate.population import Window, populate
from tulou.simulate.province import LAST_MONTH

SEEN = ("court_case", "court_enforcement", "tax_arrears", "tax_credit")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,200 firms and two years of the courts and the tax bureau, without dirt."""
    made = tmp_path_factory.mktemp("traces") / "province"
    simulate_province(made, Wish(1200, 24, seed=11, dirt=0.0, departments=("courts", "tax"), datasets=SEEN))
    return made


def told(folder: Path, department: str, dataset: str) -> pl.DataFrame:
    """All records of a dataset, with the firm that the truth says they are of."""
    frames = []
    for path in sorted((folder / "deliveries" / department).glob(f"{dataset}-*")):
        read = pl.read_ndjson(path) if path.suffix == ".jsonl" else pl.read_csv(path, encoding="gb18030")
        truth = pl.read_parquet(folder / "truth" / "records" / f"{path.stem}.parquet")
        frames.append(read.with_columns(firm=truth["firm"]))
    return pl.concat(frames, how="diagonal_relaxed")


def by_month(records: pl.DataFrame, column: str) -> pl.DataFrame:
    """How many records each firm has in a month, by the day in `column`."""
    month = pl.col(column).str.to_date("%Y-%m-%d").dt.truncate("1mo")
    return records.group_by("firm", month.alias("month")).len()


def series(folder: Path) -> pl.DataFrame:
    """Firms and months as they were."""
    return pl.read_parquet(folder / "truth" / "series" / "*.parquet")


def test_firms_that_were_sued_stand_in_the_courts_register_as_defendants_in_that_month(folder: Path) -> None:
    cases = told(folder, "courts", "court_case")
    sued = by_month(cases.filter(pl.col("party_role") == "2"), "filed_on")
    both = sued.join(series(folder), on=["firm", "month"], how="inner").filter(pl.col("lawsuits") > 0)
    assert len(both) == len(sued)
    assert (both["len"] <= both["lawsuits"]).all()
    happened = float(series(folder)["lawsuits"].sum())
    roles = cases.filter(pl.col("party_role").is_not_null())
    assert happened > 150
    assert sued["len"].sum() / happened == pytest.approx(coverage_of("court_case").seen, abs=0.06)
    assert 0.2 < (roles["party_role"] != "2").mean() < 0.7  # type: ignore[operator]


def test_cases_come_to_enforcement_after_the_firm_was_sued(folder: Path) -> None:
    enforced = told(folder, "courts", "court_enforcement")["firm"].unique()
    sued = set(series(folder).filter(pl.col("lawsuits") > 0)["firm"])
    assert len(sued & set(enforced)) / len(enforced) > 0.6
    assert len(sued) / series(folder)["firm"].n_unique() < 0.3


def test_a_month_of_late_payment_is_on_the_tax_bureaus_list_of_arrears(folder: Path) -> None:
    owed = by_month(told(folder, "tax", "tax_arrears"), "欠税缴款期限")
    late = series(folder).filter(pl.col("late")).join(owed, on=["firm", "month"], how="left")
    clients = pl.read_parquet(folder / "truth" / "clients" / "tax.parquet")["firm"]
    late = late.filter(pl.col("firm").is_in(clients.implode()))
    assert late["len"].is_not_null().mean() == pytest.approx(coverage_of("tax_arrears").seen, abs=0.03)
    timely = series(folder).filter(~pl.col("late")).join(owed, on=["firm", "month"], how="semi")
    assert len(timely) < 0.1 * len(late)
    assert (owed["month"] < dt.date(2021, 1, 1)).all()


def test_the_tax_bureaus_grade_counts_the_months_of_the_year(folder: Path) -> None:
    grades = told(folder, "tax", "tax_credit").select("firm", "信用评价年度", "逾期申报月数")
    late = series(folder).group_by("firm", pl.col("month").dt.year().cast(pl.Int64).alias("信用评价年度"))
    both = grades.join(late.agg(pl.col("late").sum()), on=["firm", "信用评价年度"])
    assert len(both) > 500
    assert (both["late"] == both["逾期申报月数"]).all()


def test_another_book_of_loans_is_larger_and_the_banks_own_is_the_truths(folder: Path) -> None:
    window = Window(LAST_MONTH, 24)
    firms = populate(1200, window, 11)
    ledger = Ledger(firms, act(firms, window, 11, 0), 11, 0)
    own = lend(ledger, window)
    assert own.equals(pl.read_parquet(folder / "truth" / "loans" / "*.parquet"))
    many = lend(ledger, window, times=5)
    assert len(many) / len(own) == pytest.approx(5, abs=0.7)
    assert many["true_pd"].mean() == pytest.approx(own["true_pd"].mean(), abs=0.02)
