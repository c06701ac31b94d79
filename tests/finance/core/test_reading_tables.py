"""What columns are, what outcomes are, what knows too much, and what a mapping says."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tulou.finance.core.columns import combine, days, keys, numbers
from tulou.finance.core.files import read_table
from tulou.finance.core.fitting.axes import code, fine_axis
from tulou.finance.core.guard import dropped_by, suspicions
from tulou.finance.core.kinds import Reading, features_of
from tulou.finance.core.mapping import read_mapping
from tulou.finance.core.outcome import read_outcome, read_outcome_as
from tulou.kernel.errors import Refused, WrongUse


def kind_of(name: str, column: Any) -> tuple[str, str] | str:
    features, findings = features_of({name: column}, Reading())
    return (features[0].kind, features[0].items[0].form) if features else findings[0].code.rpartition(".")[2]


@pytest.mark.parametrize(
    ("name", "column", "kind"),
    [
        ("turnover", ["$1,200.00", "(300)", "n/a", "5"], ("number", "written")),
        ("turnover", ["1.200,50", "300,25", "1,5"], ("number", "comma")),
        ("turnover", ["1.5", "2", "?", "3"], ("number", "plain")),
        ("share", ["13%", "2.5%"], ("number", "written")),
        ("founded", ["2020-01-31", "1999-12-01"], ("date", "%Y-%m-%d")),
        ("founded", ["31/01/2020", "01/12/1999"], ("date", "%d/%m/%Y")),
        ("founded", ["2020年1月31日", "1999年12月1日"], ("date", "%Y年%m月%d日")),
        ("approval date", ["20200131", "19991201"], ("date", "%Y%m%d")),
        ("approval date", pa.array([20200131, 19991201]), ("date", "%Y%m%d")),
        ("approval date", pa.array([15074, 16000]), ("number", "plain")),
        ("day", pa.array([dt.date(2020, 1, 1), dt.date(2021, 1, 1)]), ("date", "%Y-%m-%d")),
        ("stamp", pa.array([0, 86_400_000_000], pa.timestamp("us")), ("date", "%Y-%m-%d")),
        ("money", pa.array([Decimal("1.20"), Decimal("3.00")]), ("number", "plain")),
        ("flag", pa.array([True, False]), ("number", "plain")),
        ("sector", ["制造", "零售"], ("category", "plain")),
        ("sector", pa.array(["a", "b"]).dictionary_encode(), ("category", "plain")),
        ("mixed", ["a", 2, None], ("category", "plain")),
        ("grade", ["NA", "?", "-", "n/a"], ("category", "plain")),
        ("empty", [None, None], "empty"),
        ("country", ["CN", "CN"], "constant"),
        ("list", pa.array([[1], [2]]), "nested"),
        ("blob", pa.array([b"a", b"b"]), "nested"),
        ("name", [f"firm {i}" for i in range(60)], "identifier"),
        ("loan_nr", [str(i * 7 % 61) for i in range(60)], "identifier"),
        ("rank", list(range(60)), "identifier"),
        ("profit", [i * 7 % 61 for i in range(60)], ("number", "plain")),
    ],
)
def test_a_column_is_what_its_cells_say(name: str, column: Any, kind: tuple[str, str] | str) -> None:
    assert kind_of(name, column) == kind


@pytest.mark.parametrize(
    ("name", "values", "bad"),
    [
        ("default", ["1", "0"], "1"),
        ("default", ["1.0", "0.0"], "1.0"),
        ("status", ["Charged Off", "Fully Paid"], "Charged Off"),
        ("status", ["P I F", "CHGOFF"], "CHGOFF"),
        ("late", ["否", "是"], "是"),
        ("late", [True, False], "true"),
        ("approved", ["yes", "no"], "no"),
        ("loan_paid_back", ["1", "0"], "0"),
        ("goodwill", ["1", "0"], "1"),
        ("kind", ["x", "z", "z"], "x"),
        ("default", ["yes", "no", "NA", "?"], "yes"),
    ],
)
def test_the_bad_outcome_is_known_by_its_word(name: str, values: list[Any], bad: str) -> None:
    outcome, target, _ = read_outcome(values, name)
    assert target.bad == bad
    assert np.nansum(outcome) == 1
    again = read_outcome_as(values, target)
    assert np.array_equal(outcome, again, equal_nan=True)


def test_what_is_guessed_is_said() -> None:
    for name, values in (("kind", ["x", "z", "z"]), ("approved", ["yes", "no"])):
        _, _, findings = read_outcome(values, name)
        assert [finding.code for finding in findings] == ["finance.target.guessed"]
    assert read_outcome(["x", "z"], "kind", bad="z")[2] == []


def leaks(values: dict[str, Any], bad: np.ndarray, late: dict[str, float] | None = None) -> dict[str, str]:
    features, _ = features_of(values, Reading())
    axes = [axis for feature in features if (axis := fine_axis(feature, values)) is not None]
    folds = np.arange(len(bad)) % 5
    given = {axis.feature.name: numbers(values[axis.feature.name]) for axis in axes if not axis.category}
    return {each.feature: each.code for each in suspicions(axes, code(axes, values), bad, folds, given, late or {})}


def test_a_leak_is_found_by_what_it_does_and_by_what_it_is_called() -> None:
    random = np.random.default_rng(4)
    bad = (random.random(1200) < 0.3).astype(float)
    honest = {f"x{i}": random.normal(size=1200) + 0.3 * bad for i in range(6)}
    leak = np.where(bad == 1, random.random(1200) * 100 + 1, 0.0)
    granted = random.integers(0, 3000, 1200).astype(float)
    values = {
        **honest,
        "collected": leak,
        "collected_cents": leak * 100,
        "ended": granted + leak,
        "granted": granted,
        "far_better": random.normal(size=1200) + 2.2 * bad,
        "balance_now": random.normal(size=1200),
        "split": random.integers(0, 2, 1200).astype(float),
        "last_visit": random.normal(size=1200),
    }
    assert leaks(values, bad, {"last_visit": 0.4}) == {
        "collected": "knows_outcome",
        "collected_cents": "knows_outcome",
        "ended": "same",
        "far_better": "too_good",
        "balance_now": "name",
        "split": "sample",
        "last_visit": "after_as_of",
    }


def test_a_leak_beside_columns_with_huge_values_takes_none_of_them_with_it() -> None:
    random = np.random.default_rng(5)
    bad = (random.random(1500) < 0.05).astype(float)
    values = {f"x{i}": random.standard_cauchy(1500) * 10**i for i in range(8)}
    values["twin"] = values["x7"] * 2 + random.normal(size=1500) * 1e-3
    values["recovered"] = np.where(bad == 1, random.random(1500) * 50, 0.0)
    assert leaks(values, bad) == {"recovered": "knows_outcome"}


def test_a_policy_says_what_is_done_about_leaks() -> None:
    random = np.random.default_rng(4)
    bad = (random.random(600) < 0.3).astype(float)
    values = {"leak": bad + random.random(600) * 0.1, "default_rate": random.normal(size=600)}
    features, _ = features_of(values, Reading())
    axes = [axis for feature in features if (axis := fine_axis(feature, values)) is not None]
    found = suspicions(axes, code(axes, values), bad, np.arange(600) % 5, values, {})
    assert dropped_by("warn", found) == []
    assert dropped_by("drop", found) == ["leak"]
    assert dropped_by("strict", found) == ["leak", "default_rate"]
    with pytest.raises(Refused):
        dropped_by("refuse", found)


def test_columns_of_mixed_cells_are_read_cell_by_cell() -> None:
    assert numbers([1, "2", None, "x", True]).tolist()[:2] == [1.0, 2.0]
    assert days([dt.date(1970, 1, 2), "1970-01-03", 5], "%Y-%m-%d").tolist()[:2] == [1.0, 2.0]
    assert keys([1, "a", None, 1.0])[1] == ["1", "a"]
    assert numbers(pa.chunked_array([[1], [2]])).tolist() == [1.0, 2.0]
    huge = np.array([1e300, 0.0, 3.0])
    assert np.isnan(combine("over", huge, np.array([1e-200, 0.0, 1.0]))).tolist() == [True, True, False]
    assert combine("times", huge, huge).tolist() == [1e150 * 1e150, 0.0, 9.0]
    assert combine("minus", huge, huge).tolist() == [0.0, 0.0, 0.0]


def test_tables_come_from_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes('﻿;名称;x\n1;福州;¥5\n\n2;"a;b";6\n'.encode())
    (tmp_path / "b.csv").write_bytes("名称,x\n福州,5\n".encode("gb18030"))
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "c.parquet")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["x", "day"])
    sheet.append([5, dt.date(2020, 1, 2)])
    book.save(tmp_path / "d.xlsx")
    first = read_table(tmp_path / "a.csv")
    assert list(first.columns) == ["unnamed_1", "名称", "x"]
    assert first.columns["名称"].to_pylist() == ["福州", "a;b"]
    assert read_table(tmp_path / "b.csv").columns["名称"].to_pylist() == ["福州"]
    assert read_table(tmp_path / "c.parquet").columns["x"].type == pa.int64()
    assert read_table(tmp_path / "d.xlsx").columns["day"].to_pylist() == ["2020-01-02"]


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "only.csv").write_text("a,b\n")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n1,2,3\n")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 torn")
    for name in ("only.csv", "ragged.csv", "torn.parquet", "absent.csv"):
        with pytest.raises(Refused):
            read_table(tmp_path / name)


def test_a_mapping_gives_meaning_to_columns(tmp_path: Path) -> None:
    path = tmp_path / "mapping.csv"
    path.write_text(
        "column,label_zh,label_en,department_zh,department_en,unit,direction,actionable,as_of,lag_days,kind\n"
        "growth,税收增长,tax growth,税务局,tax bureau,%,+,no,tax_day,30,\n"
        "staff,,headcount,,,,,yes,,,category\n"
        "secret,,,,,,,,,,exclude\n",
        encoding="utf-8",
    )
    mapped = read_mapping(path)
    growth = mapped.meanings["growth"]
    assert (growth.label.zh, growth.label.en) == ("税收增长", "tax growth")
    assert growth.department is not None
    assert (growth.direction, growth.actionable, growth.unit and growth.unit.en) == ("+", False, "%")
    assert (mapped.as_of["growth"].column, mapped.as_of["growth"].lag_days) == ("tax_day", 30)
    assert mapped.meanings["staff"].label.zh == "headcount"
    reading = mapped.reading(leave_out=["x"], columns=["growth", "staff"])
    assert reading.categories == ["staff"]
    assert set(reading.leave_out) == {"secret", "x"}
    assert mapped.directions == {"growth": 1}


@pytest.mark.parametrize("line", ["growth,up,,,", "growth,,perhaps,,", "growth,,,-1,", "growth,,,,text"])
def test_an_unknown_word_in_a_mapping_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    path = tmp_path / "mapping.csv"
    path.write_text(f"column,direction,actionable,lag_days,kind\n{line}\n")
    with pytest.raises(Refused) as caught:
        read_mapping(path)
    assert caught.value.finding.where.record == 1
    (tmp_path / "other.csv").write_text("name\nx\n")
    with pytest.raises(Refused, match=r"finance\.mapping\.columns"):
        read_mapping(tmp_path / "other.csv")


def test_a_wrong_bad_value_is_wrong_use() -> None:
    with pytest.raises(WrongUse):
        read_outcome(["a", "b"], "x", bad="c")
