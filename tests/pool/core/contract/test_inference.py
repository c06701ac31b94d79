"""Drafts of contracts from files: what is concluded, how sure, and that ingest takes what the file holds."""

from __future__ import annotations

import csv
import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tulou.kernel.errors import Refused, WrongUse
from tulou.kernel.uscc import make_uscc
from tulou.pool.core.contract import Column, KeyRole, LogicalType
from tulou.pool.core.contract.documents import parse_document
from tulou.pool.core.contract.inference import Draft, infer_contract
from tulou.pool.core.contract.inference.sampling import take_sample
from tulou.pool.core.contract.yaml_form import contract_from_yaml
from tulou.pool.core.ingest import ingest
from tulou.pool.core.intake import open_sources
from tulou.pool.core.lake import Lake

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
USCCS = [make_uscc("9", "1", "350203", f"MA{number:06d}") for number in range(60)]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake.create(tmp_path_factory.mktemp("pool") / "pool")


@pytest.fixture
def draft(tmp_path: Path) -> Callable[..., Draft]:
    def of(columns: dict[str, Sequence[object]], *, encoding: str = "utf-8", **options: object) -> Draft:
        path = tmp_path / "data.csv"
        with path.open("w", encoding=encoding, newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        return infer_contract(path, tmp_path, **options)  # type: ignore[arg-type]

    return of


def only(draft: Draft) -> Column:
    (column,) = draft.contract.columns
    return column


def repeated(values: Sequence[str], times: int = 40) -> list[str]:
    return [values[number % len(values)] for number in range(times)]


@pytest.mark.parametrize(
    ("values", "kind", "formats"),
    [
        (["2024-01-02", "2023-12-31"], LogicalType.DATE, ()),
        (["2024/1/2", "2023/12/31"], LogicalType.DATE, ("%Y/%m/%d",)),
        (["20240102", "20231231"], LogicalType.DATE, ("%Y%m%d",)),
        (["2024年1月2日", "2023年12月31日"], LogicalType.DATE, ("%Y年%m月%d日",)),
        (["2-Jan-24", "31-Dec-23"], LogicalType.DATE, ("%d-%b-%y",)),
        (["2 Jan 2024", "31 Dec 2023"], LogicalType.DATE, ("%d %b %Y",)),
        (["31/12/2023", "02/01/2024"], LogicalType.DATE, ("%d/%m/%Y",)),
        (["12/31/2023", "01/02/2024"], LogicalType.DATE, ("%m/%d/%Y",)),
        (["2024.1.2", "2023.12.31"], LogicalType.DATE, ("%Y.%m.%d",)),
        (["2024-01-02", "2024/1/3"], LogicalType.DATE, ("%Y/%m/%d",)),
        (["2024-01-02 00:00:00", "2024-01-03 00:00:00"], LogicalType.DATE, ("%Y-%m-%d %H:%M:%S",)),
        (["2024-01-02 08:15:00", "2024-01-03 00:00:00"], LogicalType.TIMESTAMP, ()),
        (["2024/1/2 8:15:00", "2024/1/3 0:00:00"], LogicalType.TIMESTAMP, ("%Y/%m/%d %H:%M:%S",)),
        (["2024-01", "2023-12"], LogicalType.PERIOD, ()),
        (["2024年1月", "2023年12月"], LogicalType.PERIOD, ()),
        (["2024/01", "2023/12"], LogicalType.PERIOD, ("%Y/%m",)),
        (["202401", "202312"], LogicalType.PERIOD, ()),
        (["1", "22", "-3"], LogicalType.INTEGER, ()),
        (["1.0", "22.00"], LogicalType.INTEGER, ()),
        (["1,234", "22"], LogicalType.INTEGER, ()),
        (["1.5", "22"], LogicalType.NUMBER, ()),
        (["１２３", "４５"], LogicalType.INTEGER, ()),
        (["是", "否"], LogicalType.BOOLEAN, ()),
        (["TRUE", "false"], LogicalType.BOOLEAN, ()),
        (["007", "123"], LogicalType.STRING, ()),
        (["a", "1"], LogicalType.STRING, ()),
        (["20241301", "20240102"], LogicalType.INTEGER, ()),
    ],
)
def test_the_type_of_a_column_is_told_by_its_values(
    draft: Callable[..., Draft], values: list[str], kind: LogicalType, formats: tuple[str, ...]
) -> None:
    column = only(draft({"月份" if kind is LogicalType.PERIOD else "x": repeated(values)}))
    assert (column.logical_type, column.formats) == (kind, formats)


def test_numbers_have_room_to_grow_and_measurements_are_doubles(draft: Callable[..., Draft]) -> None:
    drafted = draft(
        {
            "money": repeated(["1,234,567.89", "12.5"]),
            "rate": repeated(["0.123456789", "2.5"]),
            "power": repeated(["1e-5", "2.5"]),
            "large": repeated(["123456789012345678.12", "1"]),
        }
    )
    sizes = {column.name: (column.precision, column.scale) for column in drafted.contract.columns}
    assert sizes == {"money": (18, 2), "rate": (None, None), "power": (None, None), "large": (38, 2)}


def test_six_digits_are_a_month_only_where_the_header_says_so(draft: Callable[..., Draft]) -> None:
    months = repeated(["202401", "202312", "202311"])
    assert only(draft({"amount": months})).logical_type is LogicalType.INTEGER
    assert only(draft({"报告期": months})).logical_type is LogicalType.PERIOD


def test_words_for_not_known_are_null_tokens(draft: Callable[..., Draft]) -> None:
    column = only(draft({"amount": repeated(["1.5", "2.5", "N/A", "-", " "])}))
    assert set(column.null_tokens) == {"N/A", "-", ""}
    assert (column.logical_type, column.required) == (LogicalType.NUMBER, False)


def test_a_few_wrong_values_do_not_make_a_number_a_text(draft: Callable[..., Draft]) -> None:
    values = ["1.5"] * 399 + ["n.a. today"]
    drafted = draft({"amount": values})
    assert only(drafted).logical_type is LogicalType.NUMBER
    (wrong,) = [guess for guess in drafted.guesses if guess.about == "wrong values"]
    assert "n.a. today" in wrong.evidence.en


def test_whether_day_or_month_comes_first_is_asked_where_it_cannot_be_told(draft: Callable[..., Draft]) -> None:
    drafted = draft({"x": repeated(["01/02/2024", "03/04/2024"])})
    assert any("day or the month" in guess.evidence.en for guess in drafted.guesses if guess.about == "note")


def test_day_numbers_and_amounts_with_signs_are_pointed_out(draft: Callable[..., Draft]) -> None:
    drafted = draft({"ApprovalDate": repeated(["15074", "16175"]), "price": repeated(["$1,200.00", "$3.50"])})
    notes = " ".join(guess.evidence.en for guess in drafted.guesses if guess.about == "note")
    assert "day numbers" in notes
    assert "currency" in notes


def test_subjects_are_told_by_check_digits_and_forms(draft: Callable[..., Draft]) -> None:
    names = [f"厦门第{number}电子有限公司" for number in range(60)]
    drafted = draft(
        {
            "代码": USCCS,
            "机构": [code[8:17] for code in USCCS],
            "单位": names,
            "手机": [f"1380013{number:04d}" for number in range(60)],
            "位置": [f"厦门市思明区湖滨路{number}号" for number in range(60)],
            "法定代表人": repeated(["张三", "李四海", "王五"], 60),
            "行政区划": repeated(["350203", "350102"], 60),
            "成立日期": repeated(["2010-01-02", "2011-02-03"], 60),
            "余额": repeated(["1.5", "2.5"], 60),
        },
        encoding="gb18030",
    )
    roles = {column.title.zh: column.key_role for column in drafted.contract.columns}
    assert roles == {
        "代码": KeyRole.USCC,
        "机构": KeyRole.ORG_CODE,
        "单位": KeyRole.NAME,
        "手机": KeyRole.PHONE,
        "位置": KeyRole.ADDRESS,
        "法定代表人": KeyRole.PERSON,
        "行政区划": KeyRole.DISTRICT,
        "成立日期": KeyRole.ESTABLISHED,
        "余额": KeyRole.NONE,
    }
    assert drafted.contract.grain == "enterprise"
    assert drafted.contract.primary_key == ("dai_ma",)


def test_a_header_alone_makes_a_role_likely_and_says_so(draft: Callable[..., Draft]) -> None:
    drafted = draft({"统一社会信用代码": repeated(["X1", "X2"])})
    assert only(drafted).key_role is KeyRole.USCC
    (role,) = [guess for guess in drafted.guesses if guess.about == "role"]
    assert role.confidence == 0.5
    assert "fail the check" in role.evidence.en


@pytest.mark.parametrize(
    ("header", "values", "grain"),
    [
        ("月份", ["2024-01", "2024-02"], "enterprise-month"),
        ("季度月份", ["2024-01", "2024-04"], "enterprise-quarter"),
        ("年度", ["2023", "2024"], "enterprise-year"),
    ],
)
def test_a_subject_and_its_period_are_the_key(
    draft: Callable[..., Draft], header: str, values: list[str], grain: str
) -> None:
    periods = [value for value in values for _ in USCCS]
    drafted = draft({"信用代码": USCCS * 2, header: periods, "税额": [f"{n}.5" for n in range(len(periods))]})
    assert drafted.contract.grain == grain
    assert len(drafted.contract.primary_key) == 2
    assert drafted.contract.period_column == drafted.contract.columns[1].name
    assert drafted.contract.delivery_mode == "merge"


def test_names_that_the_catalogue_knows_are_taken_from_it(draft: Callable[..., Draft]) -> None:
    drafted = draft(
        {"统一社会信用代码": USCCS, "纳税额（万元）": repeated(["1", "2"], 60)},
        known_names={"统一社会信用代码": "uscc"},
    )
    uscc, tax = drafted.contract.columns
    assert uscc.name == "uscc"
    assert (tax.name, tax.unit) == ("na_shui_e", "10*4.CNY")


def test_every_kind_of_file_gives_the_same_draft(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": list(range(1, 41)), "when": ["2024-01-02"] * 40, "kind": ["a", "b"] * 20})
    frame.write_csv(tmp_path / "data.csv")
    book = openpyxl.Workbook()
    for row in (frame.columns, *frame.rows()):
        book.active.append(row)
    book.save(tmp_path / "data.xlsx")
    frame.write_parquet(tmp_path / "data.parquet")
    frame.write_ndjson(tmp_path / "data.jsonl")
    drafts = []
    for number, name in enumerate(("data.csv", "data.xlsx", "data.parquet", "data.jsonl")):
        folder = tmp_path / str(number)
        folder.mkdir()
        drafts.append(infer_contract(tmp_path / name, folder).contract)
    assert drafts[0] == drafts[1] == drafts[2] == drafts[3]


def test_a_large_file_is_sampled_evenly_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("n\n" + "\n".join(str(number) for number in range(1, 10_001)) + "\n")
    sample = take_sample(open_sources(path, tmp_path).sources, most=1_000)
    numbers = sample.frame["n"].cast(pl.Int64).to_list()
    assert sample.records == 10_000
    assert not sample.complete
    assert 500 <= len(numbers) <= 1_000
    assert {after - before for before, after in pairwise(numbers)} == {16}


def test_a_file_without_records_and_one_that_is_not_there_say_so(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n")
    with pytest.raises(Refused) as caught:
        infer_contract(path, tmp_path)
    assert caught.value.finding.code == "file.no_records"
    with pytest.raises(WrongUse):
        infer_contract(tmp_path / "none.csv", tmp_path)


def test_the_draft_is_yaml_with_its_evidence_as_comments(draft: Callable[..., Draft]) -> None:
    drafted = draft({"loan_no": [f"L{number:05d}" for number in range(60)], "amount": repeated(["1.5", "2"], 60)})
    for language, words in (("en", "values are numbers"), ("zh", "个值都是数字")):
        text = drafted.to_yaml(language)  # type: ignore[arg-type]
        assert words in text
        assert contract_from_yaml(parse_document(text, "draft.yaml")) == drafted.contract


REAL = [
    ("sba_case_2101.csv", 2_101, {"loan_nr_chk_dgt"}, {"name": KeyRole.NAME}),
    ("german_credit.csv", 1_000, set(), {}),
    ("polish_bankruptcy_1year.arff.gz", 7_027, set(), {}),
    ("loanapp_boston_hmda.csv", 1_989, {"rownames"}, {}),
]


@pytest.mark.parametrize(("name", "records", "key", "roles"), REAL, ids=[row[0] for row in REAL])
def test_ingest_takes_every_record_of_a_real_file_under_its_drafted_contract(
    shared_data: Path, tmp_path: Path, pool: Lake, name: str, records: int, key: set[str], roles: dict[str, KeyRole]
) -> None:
    path = shared_data / "finance" / name
    drafted = infer_contract(path, tmp_path)
    contract = contract_from_yaml(parse_document(drafted.to_yaml("en"), "draft.yaml"))
    assert set(contract.primary_key) == key
    assert {column.name: column.key_role for column in contract.columns if column.key_role is not KeyRole.NONE} == roles
    receipt = ingest(pool, path, contract, received_at=NOW)
    assert (receipt.records_in, receipt.accepted, receipt.rejected) == (records, records, 0), receipt.rules_failed


cells = st.sampled_from(
    ["", "1", "-2.50", "1,234.5", "2024/1/2", "20240102", "2024年1月", "是", "N/A", "厦门", "007", "1e5", "$3", " x "]
)
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=40))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_whatever_a_file_holds_its_own_draft_takes_all_records(
    tmp_path_factory: pytest.TempPathFactory, pool: Lake, rows: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("inferred")
    path = folder / "data.csv"
    filled = [[*row[:2], row[2] or "z"] for row in rows]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([["a", "月份", "c"], *filled])
    drafted = infer_contract(path, folder)
    contract = replace(drafted.contract, dataset=f"d_{uuid.uuid4().hex}")
    receipt = ingest(pool, path, contract, received_at=NOW)
    assert receipt.accepted == receipt.records_in == len(rows), (receipt.rules_failed, contract)
