"""Features over the pool: declared once, the same on both engines, blind to what came later, near to the truth."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tulou.demo.pooling import delivery_id, manifest, received_at
from tulou.demo.running import day_after, new_pool, resolve_pool
from tulou.finance.cli import app
from tulou.finance.core.features import FEATURES, PANELS, answer_features, answer_features_on
from tulou.finance.core.features.answering import answer_from, read_panels
from tulou.kernel.errors import Refused, WrongUse
from tulou.pool.core.catalogue import reference_catalogue
from tulou.pool.core.ingest import ingest
from tulou.pool.core.lake import Lake
from tulou.pool.core.profile.engines import DuckEngine, SparkEngine
from tulou.simulate.deliveries.contracts import read_contract
from tulou.simulate.province import Wish, simulate_province

AS_OF = dt.date(2020, 10, 15)
WANTED = {panel.dataset for panel in PANELS} | {"tax_registration", "power_customer", "social_insurance_unit"}


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated province with a pool of what features read."""
    folder = tmp_path_factory.mktemp("features")
    made = folder / "province"
    wish = Wish(150, 26, 5, bundle=26, departments=("tax", "power", "courts", "market", "hrss"))
    simulate_province(made, wish, lambda *_: None)
    new_pool(folder / "pool")
    with closing(Lake.open(folder / "pool")) as lake:
        for line in sorted(manifest(made), key=lambda line: line.period.rpartition("_")[2]):
            if line.dataset in WANTED:
                contract = read_contract(made / "contracts", line.dataset)
                at = received_at(line, contract)
                ingest(lake, made / "deliveries" / line.file, contract, received_at=at, delivery_id=delivery_id(line))
        resolve_pool(lake, day_after(lake))
    return folder


@pytest.fixture
def lake(province: Path) -> Iterator[Lake]:
    with closing(Lake.open(province / "pool")) as opened:
        yield opened


@pytest.fixture(scope="module")
def known(province: Path) -> dt.date:
    with closing(Lake.open(province / "pool")) as opened:
        return day_after(opened).date()


def rows(table: Any) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: str(row["enterprise_id"]))


def same(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> bool:
    """Whether two answers are equal: unknowns alike, numbers to the last bits of a division."""

    def alike(a: Any, b: Any) -> bool:
        if isinstance(a, float) and isinstance(b, float):
            return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
        return bool(a == b)

    return len(ours) == len(theirs) and all(
        one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
        for one, other in zip(ours, theirs, strict=True)
    )


@pytest.mark.spark
def test_every_feature_has_the_same_answer_on_both_engines(lake: Lake, known: dt.date, tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    settings = {
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    with DuckEngine.open(tmp_path / "duck") as duck, SparkEngine.open(tmp_path / "spark", settings=settings) as spark:
        ours = answer_features_on(duck, lake, AS_OF, known=known)
        theirs = answer_features_on(spark, lake, AS_OF, known=known)
        assert same(rows(ours.table), rows(theirs.table))
    frame = pl.from_arrow(ours.table)
    assert isinstance(frame, pl.DataFrame)
    assert all(frame[each.name].drop_nulls().n_unique() > 1 for each in ours.features)


def test_every_source_is_an_item_of_the_reference_catalogue() -> None:
    items = reference_catalogue().items
    panels = {panel.dataset for panel in PANELS}
    assert len({each.name for each in FEATURES}) == len(FEATURES)
    for each in FEATURES:
        assert {each.panel, *each.also} <= panels
        assert (each.measure is None) != (each.rows is None)
        for source in each.sources:
            item = items[source.item]
            assert (item.dataset, item.technical_name) == (source.dataset, source.column), each.name


def test_features_that_the_pool_cannot_answer_are_named(lake: Lake, known: dt.date) -> None:
    answered = answer_features(lake, AS_OF, known=known)
    assert [each.name for each in answered.missing] == ["customer_concentration"]
    assert answered.table.column_names[2:] == [each.name for each in answered.features]
    with pytest.raises(Refused, match=r"features\.nothing"):
        answer_features(lake, AS_OF, features=answered.missing)


def test_what_came_later_changes_nothing(lake: Lake, known: dt.date, tmp_path: Path) -> None:
    """Panels read for a much later day answer an early day as panels read for that day alone do."""
    with DuckEngine.open(tmp_path) as engine:
        alone = rows(answer_features_on(engine, lake, AS_OF, known=known).table)
        panels = read_panels(engine, lake, known, known)
        assert same(rows(answer_from(engine, panels, AS_OF).table), alone)
        with pytest.raises(WrongUse, match=r"features\.later"):
            answer_from(engine, panels, known + dt.timedelta(days=1))


def test_what_had_not_been_received_is_not_known(lake: Lake) -> None:
    early = pl.from_arrow(answer_features(lake, dt.date(2018, 1, 1)).table)
    assert isinstance(early, pl.DataFrame)
    assert early["revenue_12m"].null_count() == len(early)
    assert early["sued_12m"].to_list() == [0.0] * len(early)


def test_the_command_lists_and_answers(province: Path, known: dt.date, tmp_path: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(app, ["features", "--json"])
    assert {row["name"] for row in json.loads(listed.stdout)} == {each.name for each in FEATURES}
    target = tmp_path / "features.parquet"
    words = ["features", "--pool", str(province / "pool"), "--as-of", str(AS_OF), "--known", str(known)]
    run = runner.invoke(app, [*words, "--out", str(target), "--json"])
    assert run.exit_code == 0, run.output
    table = pq.read_table(target)
    assert table.num_rows == json.loads(run.stdout)["firms"] > 150
    assert set(table["as_of"].to_pylist()) == {AS_OF}
    assert runner.invoke(app, words).exit_code == 2
    assert runner.invoke(app, [*words[:4], "yesterday", "--out", str(target)]).exit_code == 2


def test_features_tell_of_most_firms_what_the_truth_knows(lake: Lake, known: dt.date, province: Path) -> None:
    day, truth = dt.date(2020, 10, 1), province / "province" / "truth"
    table = pl.from_arrow(answer_features(lake, day, known=known).table)
    assert isinstance(table, pl.DataFrame)
    months = pl.read_parquet(truth / "series" / "*.parquet").filter(pl.col("month") < day)
    halves = months.filter(pl.col("month") >= dt.date(2020, 4, 1)).group_by("firm").agg(pl.col("late").sum())
    years = months.filter(pl.col("month") >= dt.date(2019, 10, 1)).group_by("firm").agg(pl.col("lawsuits").sum())
    firms = pl.read_parquet(truth / "firms.parquet").select("firm", "uscc")
    both = table.join(firms, on="uscc").join(halves, on="firm").join(years, on="firm")
    assert len(both) > 120
    assert (both["arrears_months"] == both["late"]).mean() > 0.9  # type: ignore[operator]
    assert (both["sued_12m"] == both["lawsuits"]).mean() > 0.9  # type: ignore[operator]
    assert 0.6 * both["lawsuits"].sum() < both["sued_12m"].sum() <= both["lawsuits"].sum()
