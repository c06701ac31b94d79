"""A simulated province: whole, repeatable, agreeing with itself, and as hard on the pool as its truth says."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from tests.simulate.conftest import SEEN

from tulou.kernel.errors import WrongUse
from tulou.kernel.uscc import is_org_code, is_reg_no, usccs_valid
from tulou.pool.core.catalogue import reference_catalogue
from tulou.pool.core.ingest import ControlTotals, ingest
from tulou.pool.core.lake import Lake
from tulou.simulate import Province, Wish, simulate_province
from tulou.simulate.deliveries.contracts import read_contract


def lines(folder: Path) -> list[dict[str, str]]:
    with (folder / "deliveries" / "manifest.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def stem(line: dict[str, str]) -> str:
    return f"{line['dataset']}-{line['period']}"


def test_every_file_is_in_the_manifest_with_its_control_totals(province: Province, folder: Path) -> None:
    manifest = lines(folder)
    files = {str(path.relative_to(folder / "deliveries")) for path in (folder / "deliveries").glob("*/*")}
    assert files == {line["file"] for line in manifest}
    assert len(manifest) == province.files
    assert sum(int(line["rows"]) for line in manifest) == province.records
    for line in manifest[::7]:
        content = (folder / "deliveries" / line["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == line["sha256"]
        assert len(content) == int(line["bytes"])


def test_departments_have_formats_of_their_own_and_a_contract_for_every_dataset(folder: Path) -> None:
    suffixes = {line["department"]: Path(line["file"]).suffix for line in lines(folder)}
    assert set(suffixes) == set(SEEN)
    assert set(suffixes.values()) == {".csv", ".parquet", ".jsonl", ".zip", ".xlsx"}
    names = {path.name.removesuffix(".odcs.yaml") for path in (folder / "contracts").iterdir()}
    assert names == set(reference_catalogue().datasets)


def test_the_truth_knows_every_record_of_every_file(folder: Path) -> None:
    firms = set(pl.read_parquet(folder / "truth" / "firms.parquet")["firm"])
    for line in lines(folder):
        truth = pl.read_parquet(folder / "truth" / "records" / f"{stem(line)}.parquet")
        assert truth["record"].to_list() == list(range(1, int(line["rows"]) + 1))
        assert set(truth["firm"]) <= firms
        dirt = pl.read_parquet(folder / "truth" / "dirt" / f"{stem(line)}.parquet")
        assert set(dirt["record"]) <= set(truth["record"])


def test_the_pool_rejects_exactly_the_records_that_the_truth_says(folder: Path, tmp_path: Path) -> None:
    now = dt.datetime(2020, 5, 1, tzinfo=dt.UTC)
    seen: set[str] = set()
    with closing(Lake.create(tmp_path / "pool")) as lake:
        for line in lines(folder):
            if line["department"] in seen and line["dataset"] not in ("power_monthly", "customs_monthly"):
                continue
            seen.add(line["department"])
            contract = read_contract(folder / "contracts", line["dataset"])
            totals = ControlTotals(int(line["rows"]), line["sha256"])
            receipt = ingest(lake, folder / "deliveries" / line["file"], contract, received_at=now, totals=totals)
            assert receipt.verdict != "refused", receipt.findings
            truth = pl.read_parquet(folder / "truth" / "records" / f"{stem(line)}.parquet")
            rejects = lake.rejects_file(receipt.delivery_id)
            got = pl.read_parquet(rejects)["record_no"].to_list() if rejects else []
            assert sorted(got) == truth.filter("reject")["record"].to_list(), line["file"]


def test_the_same_wish_makes_the_same_files_with_one_worker_or_two(tmp_path: Path) -> None:
    sums = []
    for number, workers in enumerate((1, 2)):
        wish = Wish(60, 1, seed=3, departments=("water", "environment"), workers=workers)
        simulate_province(tmp_path / str(number), wish)
        sums.append({line["file"]: line["sha256"] for line in lines(tmp_path / str(number))})
    other = simulate_province(tmp_path / "other", Wish(60, 1, seed=4, departments=("water", "environment")))
    assert sums[0] == sums[1]
    assert sums[0] != {line["file"]: line["sha256"] for line in lines(other.folder)}


def test_a_clean_province_has_nothing_to_reject(tmp_path: Path) -> None:
    province = simulate_province(tmp_path / "clean", Wish(80, 1, seed=1, dirt=0, departments=("market", "tax")))
    assert province.to_be_rejected <= province.records * 0.02
    kinds = pl.concat([pl.read_parquet(path) for path in (province.folder / "truth" / "dirt").glob("*.parquet")])
    assert set(kinds["kind"]) <= {"key_missing"}


def test_all_items_means_every_column_of_the_catalogue(tmp_path: Path) -> None:
    province = simulate_province(tmp_path / "all", Wish(90, 1, seed=1, items="all", departments=("water",)))
    wanted = reference_catalogue().datasets["water_monthly"].items
    assert province.items == sum(len(dataset.items) for dataset in reference_catalogue().of_department("water"))
    truth = json.loads((province.folder / "province.json").read_text())
    assert truth["items"] == province.items > len(wanted)


def test_numbers_of_firms_are_valid_and_belong_to_one_firm_each(folder: Path) -> None:
    firms = pl.read_parquet(folder / "truth" / "firms.parquet")
    assert usccs_valid(firms["uscc"].to_arrow(), strict=True).all()
    assert firms["uscc"].n_unique() == firms["name"].n_unique() == len(firms)
    assert all(is_org_code(code) for code in firms["org_code"])
    assert all(is_reg_no(number) for number in firms["reg_no"].drop_nulls())
    assert firms.filter(~pl.col("registered")).height == 1


def test_the_meter_the_truth_and_the_tax_office_speak_of_the_same_months(folder: Path) -> None:
    series = pl.read_parquet(folder / "truth" / "series" / "*.parquet")
    path = next((folder / "deliveries" / "power").glob("power_monthly-2020-03.csv"))
    text = path.read_bytes().decode("gb18030")
    power = pl.read_csv(text.encode(), separator="|", infer_schema=False)
    truth = pl.read_parquet(folder / "truth" / "records" / "power_monthly-2020-03.parquet")
    clients = pl.read_parquet(folder / "truth" / "clients" / "power.parquet").filter(pl.col("weight") == 1)
    power = power.with_columns(truth).filter(~pl.col("reject") & pl.col("电费年月").eq("2020-03"))
    both = power.join(clients, on=["client", "firm"]).join(series.filter(month=dt.date(2020, 3, 1)), on="firm")
    difference = (both["总用电量"].cast(pl.Float64) - both["kwh"]).abs()
    assert len(both) > 60
    assert difference.max() < 0.02  # type: ignore[operator]


def test_february_2020_stands_still_and_march_comes_back(folder: Path) -> None:
    series = pl.read_parquet(folder / "truth" / "series" / "*.parquet")
    states = series.group_by("month", "state").len().sort("month")
    share = {row["month"]: row["len"] for row in states.filter(state="normal").iter_rows(named=True)}
    total = {row["month"]: row["len"] for row in series.group_by("month").len().iter_rows(named=True)}
    february, march = dt.date(2020, 2, 1), dt.date(2020, 3, 1)
    assert share.get(february, 0) / total[february] < 0.2
    assert share[march] / total[march] > 0.45


def test_loans_fail_as_often_as_their_true_probabilities_say(tmp_path: Path) -> None:
    wish = Wish(6000, 12, seed=2, last=dt.date(2019, 12, 1), departments=("ip",), dirt=0)
    loans = pl.read_parquet(simulate_province(tmp_path / "loans", wish).folder / "truth" / "loans" / "*.parquet")
    expected, seen = float(loans["true_pd"].sum()), int(loans["default"].sum())
    assert len(loans) > 500
    assert abs(seen - expected) < 4 * float((loans["true_pd"] * (1 - loans["true_pd"])).sum()) ** 0.5
    risky = loans.filter(pl.col("late_months") >= 3)["true_pd"].mean()
    assert risky > 2 * loans.filter(pl.col("late_months") == 0)["true_pd"].mean()  # type: ignore[operator]
    assert loans.filter(pl.col("default_on").is_not_null())["default"].all()


def test_a_folder_with_something_in_it_and_a_wish_that_makes_no_sense_are_refused(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(WrongUse):
        simulate_province(tmp_path, Wish(10))
    for wish in (Wish(0), Wish(10, 0), Wish(10, dirt=-1), Wish(10, departments=("weather",))):
        with pytest.raises(WrongUse):
            simulate_province(tmp_path / "new", wish)
    assert not (tmp_path / "new").exists()
