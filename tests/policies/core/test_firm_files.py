"""Files of firms, in every form, give the same facts; what cannot be read is refused with its place."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tulou.kernel.errors import Refused
from tulou.policies.core.attributes import Kind
from tulou.policies.core.document.reading import read_policies
from tulou.policies.core.firms.facts import EXPECTED, LedgerEntry, SetFact, Unreadable, fact_from
from tulou.policies.core.firms.files import FirmFile, read_ledger

CATALOGUE = read_policies({"policies": []}).catalogue
HEADER = ["firm_id", "region", "headcount", "revenue", "tax_arrears", "registered_on", "tags", "revenue_growth", "shoe"]
ROWS = [
    ["F1", "350203001000", "12", "1234.56", "否", "2020-02-29", "high_tech;tech_sme", "-3.5", "42"],
    ["F2", "", "", "", "", "", "", "", ""],
    ["F3", "3501", "7", "10", "true", "1999-12-31", ";", "0", ""],
]
EXPECTED_FACTS: list[dict[str, Any]] = [
    {
        "region": "350203",
        "headcount": 12,
        "revenue": 123456,
        "tax_arrears": False,
        "registered_on": dt.date(2020, 2, 29).toordinal(),
        "revenue_growth": -3.5,
    },
    {},
    {
        "region": "350100",
        "headcount": 7,
        "revenue": 1000,
        "tax_arrears": True,
        "registered_on": dt.date(1999, 12, 31).toordinal(),
        "revenue_growth": 0.0,
    },
]


def text(delimiter: str = ",") -> str:
    return "\n".join(delimiter.join(row) for row in [HEADER, *ROWS]) + "\n"


def write_csv(path: Path) -> Path:
    path.with_suffix(".csv").write_text(text(), encoding="utf-8")
    return path.with_suffix(".csv")


def write_bom(path: Path) -> Path:
    path.with_suffix(".csv").write_text(text(), encoding="utf-8-sig")
    return path.with_suffix(".csv")


def write_gb18030(path: Path) -> Path:
    path.with_suffix(".csv").write_text(text("\t"), "gb18030")
    return path.with_suffix(".csv")


def write_excel(path: Path) -> Path:
    book = openpyxl.Workbook()
    for row in [HEADER, *ROWS]:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(path.with_suffix(".xlsx"))
    return path.with_suffix(".xlsx")


def plain_rows() -> list[dict[str, Any]]:
    return [dict(zip(HEADER, row, strict=True)) for row in ROWS]


def write_json(path: Path) -> Path:
    path.with_suffix(".json").write_text(json.dumps({"firms": plain_rows()}, ensure_ascii=False))
    return path.with_suffix(".json")


def write_lines(path: Path) -> Path:
    lines = [json.dumps(row, ensure_ascii=False) for row in plain_rows()]
    path.with_suffix(".jsonl").write_text("\n\n".join(lines))
    return path.with_suffix(".jsonl")


def write_parquet(path: Path) -> Path:
    table = pa.table(
        {
            "firm_id": ["F1", "F2", "F3"],
            "region": pa.array(["350203001000", None, "3501"]).dictionary_encode(),
            "headcount": pa.array([12, None, 7], pa.int16()),
            "revenue": pa.array([1234.56, None, 10.0]),
            "tax_arrears": [False, None, True],
            "registered_on": [dt.date(2020, 2, 29), None, dt.date(1999, 12, 31)],
            "tags": [["high_tech", "tech_sme"], None, []],
            "revenue_growth": pa.array([-3.5, float("nan"), 0.0]),
            "shoe": [42, None, None],
        }
    )
    pq.write_table(table, path.with_suffix(".data"))
    return path.with_suffix(".data")


@pytest.mark.parametrize(
    "write", [write_csv, write_bom, write_gb18030, write_excel, write_json, write_lines, write_parquet]
)
@pytest.mark.parametrize("batch", [2, 1000])
def test_every_form_gives_the_same_facts(tmp_path: Path, write: Any, batch: int) -> None:
    file = FirmFile(write(tmp_path / "firms"), CATALOGUE, batch=batch)
    firms = list(file.firms())
    assert [firm.firm_id for firm in firms] == ["F1", "F2", "F3"]
    tags = [firm.facts.get("tags", SetFact({})) for firm in firms]
    facts = [{name: fact for name, fact in firm.facts.items() if name != "tags"} for firm in firms]
    assert facts == EXPECTED_FACTS
    assert [[each.has(name) for name in ("high_tech", "gazelle")] for each in tags] == [  # type: ignore[union-attr]
        [True, False],
        [None, None],
        [False, False],
    ]
    assert file.ignored == ["shoe"]


def test_a_set_may_stand_in_columns_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    path.write_text("uscc,tags.high_tech,tags.gazelle\nF1,是,\nF2,false,yes\n")
    tags = [firm.facts["tags"] for firm in FirmFile(path, CATALOGUE).firms()]
    assert [(each.has("high_tech"), each.has("gazelle"), each.has("old_brand")) for each in tags] == [  # type: ignore[union-attr]
        (True, None, None),
        (False, True, None),
    ]


def test_each_firm_may_carry_its_own_day(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    path.write_text("firm_id,as_of\nF1,2026-06-12\nF2,\n")
    batch = next(FirmFile(path, CATALOGUE).batches())
    assert batch.days == [dt.date(2026, 6, 12), None]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("headcount", "12.5"),
        ("headcount", "many"),
        ("revenue", "1.234"),
        ("tax_arrears", "perhaps"),
        ("registered_on", "2026-13-01"),
        ("revenue_growth", "fast"),
        ("as_of", "soon"),
        ("tags.high_tech", "maybe"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_value_that_is_not_of_its_kind_is_refused_with_its_record(
    tmp_path: Path, column: str, value: str, form: str
) -> None:
    path = tmp_path / f"firms.{form}"
    rows = [{"firm_id": "F1", column: ""}, {"firm_id": "F2", column: value}]
    path.write_text(json.dumps(rows) if form == "json" else f"firm_id,{column}\nF1,\nF2,{value}\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        list(FirmFile(path, CATALOGUE).firms())
    where = refused.value.finding.where
    assert refused.value.finding.code == "policies.firms.value"
    assert where.file == path.name
    assert column.startswith(where.column or "-")
    if column != "tags.high_tech":
        assert (where.record, where.value) == (2, value)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("f.csv", "name\nX\n", "policies.firms.no_id"),
        ("f.csv", "firm_id,headcount\n,3\n", "policies.firms.no_id"),
        ("f.json", '[{"headcount": 3}]', "policies.firms.no_id"),
        ("f.json", "[3]", "policies.firms.row"),
        ("f.json", "{}", "policies.firms.form"),
        ("f.json", "{", "policies.firms.unreadable"),
        ("f.jsonl", "{", "policies.firms.unreadable"),
        ("f.csv", "firm_id,headcount\nF1,3,4\n", "policies.firms.unreadable"),
        ("absent.csv", None, "policies.file.absent"),
    ],
)
def test_a_file_that_holds_no_firms_is_refused(tmp_path: Path, name: str, content: str | None, code: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(Refused) as refused:
        list(FirmFile(tmp_path / name, CATALOGUE).firms())
    assert refused.value.finding.code == code


def test_a_ledger_of_its_own_is_joined_and_who_is_not_in_it_has_received_nothing(tmp_path: Path) -> None:
    (tmp_path / "ledger.csv").write_text("firm_id,date,amount,scheme\nF1,2026-01-02,100.50,a\nF1,2025-01-02,7,\n")
    (tmp_path / "firms.csv").write_text("firm_id\nF1\nF2\n")
    ledger = read_ledger(tmp_path / "ledger.csv")
    firms = list(FirmFile(tmp_path / "firms.csv", CATALOGUE, ledger).firms())
    assert firms[0].facts["aid"] == (
        LedgerEntry(dt.date(2025, 1, 2).toordinal(), 700, ""),
        LedgerEntry(dt.date(2026, 1, 2).toordinal(), 10050, "a"),
    )
    assert firms[1].facts["aid"] == ()


@pytest.mark.parametrize("form", ["json", "jsonl", "parquet"])
def test_a_ledger_may_have_any_form(tmp_path: Path, form: str) -> None:
    path, row = tmp_path / f"l.{form}", {"uscc": "F1", "date": "2026-01-02", "amount": 3, "scheme": "a"}
    if form == "parquet":
        pq.write_table(pa.table({name: [value] for name, value in row.items()}), path)
    else:
        path.write_text(json.dumps([row] if form == "json" else row))
    assert read_ledger(path)["F1"][0].amount == 300


@pytest.mark.parametrize("row", ["F1,2026-01-02,-5,a", ",2026-01-02,5,a", "F1,yesterday,5,a"])
def test_a_wrong_entry_of_a_ledger_is_refused(tmp_path: Path, row: str) -> None:
    (tmp_path / "l.csv").write_text(f"firm_id,date,amount,scheme\n{row}\n")
    with pytest.raises(Refused):
        read_ledger(tmp_path / "l.csv")
    with pytest.raises(Refused):
        read_ledger(tmp_path / "absent.csv")


def test_every_kind_says_what_it_expects() -> None:
    for kind in Kind:
        assert EXPECTED[kind].zh
        wrong: Any = [{"date": 1}] if kind is Kind.LEDGER else object()
        with pytest.raises(Unreadable):
            fact_from(kind, wrong)
