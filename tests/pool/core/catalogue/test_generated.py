"""What is made from one item record: pages, DCAT-AP, validation SQL, access policy; and finding it."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb
import pytest

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue import Catalogue, ItemState, contract_of, reference_catalogue
from tulou.pool.core.catalogue.access import access_of, access_policy
from tulou.pool.core.catalogue.checks_sql import validation_sql
from tulou.pool.core.catalogue.dcat import access_right, dcat_catalogue, dcat_dataset
from tulou.pool.core.catalogue.pages import dataset_page, item_page
from tulou.pool.core.catalogue.search import SearchIndex
from tulou.pool.core.consent.purpose import PURPOSES
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import LogicalType
from tulou.pool.core.lake.schema import duckdb_type, iceberg_type


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return reference_catalogue()


@pytest.fixture(scope="module")
def index(catalogue: Catalogue) -> SearchIndex:
    return SearchIndex(catalogue)


def code(catalogue: Catalogue, dataset: str, column: str) -> str:
    return catalogue.datasets[dataset].item(column).code


@pytest.mark.parametrize(
    ("words", "dataset", "column"),
    [
        ("总用电量", "power_monthly", "total_energy"),
        ("electricity used", "power_monthly", "total_energy"),
        ("增值税 销项税额", "vat_return", "output_tax_gen_m"),
        ("注册资本", "market_register", "capital"),
        ("registered capital", "market_register", "capital"),
        ("专利授权公告日", "patent", "granted_on"),
        ("被执行人 未履行金额", "court_enforcement", "unperformed_amount"),
        ("pension insurance paid", "social_insurance_monthly", "pension_paid"),
        ("tax credit grade", "tax_credit", "grade"),
        ("total_energy", "power_monthly", "total_energy"),
    ],
)
def test_words_of_either_language_find_the_item(
    catalogue: Catalogue, index: SearchIndex, words: str, dataset: str, column: str
) -> None:
    assert code(catalogue, dataset, column) in [hit.key for hit in index.search(words, limit=5)]


def test_a_code_an_id_and_one_sign_find_too(catalogue: Catalogue, index: SearchIndex) -> None:
    wanted = code(catalogue, "market_register", "capital")
    assert index.search(wanted)[0].key == wanted
    assert index.search("VAT_RETURN")[0] == replace(index.search("vat_return")[0], kind="dataset")
    assert index.search("税")
    assert index.search("") == []
    assert index.search("qwertyuiop") == []


def test_a_hit_with_all_words_comes_before_hits_with_one(index: SearchIndex, catalogue: Catalogue) -> None:
    best = index.search("利润总额 本年累计")[0]
    assert catalogue.items[best.key].title.zh.startswith("利润总额（本年累计")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_says_everything_that_an_official_asks(catalogue: Catalogue, language: str) -> None:
    page = item_page(catalogue, code(catalogue, "tax_credit", "grade"), language)  # type: ignore[arg-type]
    text = page.markdown()
    assert ("纳税信用等级" if language == "zh" else "Tax credit grade") in page.title
    assert "| M | M级 | Grade M (new, or no revenue) |" in text
    assert ("共享类型" if language == "zh" else "Sharing") in text
    html = page.html(language)  # type: ignore[arg-type]
    assert html.count("<h1>") == 1
    assert f'lang="{"zh-Hans" if language == "zh" else "en"}"' in html


def test_what_stands_in_a_record_cannot_break_its_page(catalogue: Catalogue) -> None:
    dataset = catalogue.datasets["tax_credit"]
    hostile = replace(dataset.item("grade"), name=Text(zh="<script>|\n", en="a|b"), source_system="<img src=x>")
    changed = replace(catalogue, datasets={"tax_credit": replace(dataset, items=(hostile,))})
    page = item_page(changed, hostile.code, "zh")
    assert "<script>" not in page.html("zh")
    assert "<img" not in page.html("zh")
    assert "\n# " not in page.markdown()[1:]
    assert "<script>" not in page.markdown()


def test_the_page_of_a_dataset_lists_its_items_and_that_of_an_item_its_rules(catalogue: Catalogue) -> None:
    page = dataset_page(catalogue, "balance_sheet_small", "en")
    ((_, _, rows),) = page.tables
    assert len(rows) == len(catalogue.datasets["balance_sheet_small"].items)
    total = item_page(catalogue, code(catalogue, "balance_sheet_small", "assets_e"), "en")
    assert "should equal Total current assets, closing balance + Total non-current assets" in total.markdown()
    assert "[0, ]" in item_page(catalogue, code(catalogue, "power_monthly", "total_energy"), "en").markdown()
    assert (
        "[0-9A-HJ-NPQRTUWXY]{18}" in item_page(catalogue, code(catalogue, "market_register", "uscc"), "zh").markdown()
    )


def test_dcat_has_every_dataset_with_its_columns(catalogue: Catalogue) -> None:
    document = dcat_catalogue(catalogue)
    assert json.loads(json.dumps(document)) == document
    assert len(document["dcat:dataset"]) == len(catalogue.datasets)
    columns = [
        column["dct:identifier"]
        for dataset in document["dcat:dataset"]
        for column in dataset["dcat:distribution"][0]["csvw:tableSchema"]["csvw:column"]
    ]
    assert columns == list(catalogue.items)
    for dataset in document["dcat:dataset"]:
        for wanted in ("dct:title", "dct:description", "dct:publisher", "dct:accrualPeriodicity", "dct:accessRights"):
            assert dataset[wanted]
        assert {text["@language"] for text in dataset["dct:title"]} == {"zh-Hans", "en"}


def test_dcat_tells_the_strictest_access_of_a_dataset(catalogue: Catalogue) -> None:
    def right(name: str) -> str:
        return str(dcat_dataset(catalogue, name)["dct:accessRights"]["@id"]).rsplit("/", 1)[-1]

    assert (right("stat_unit"), right("power_monthly")) == ("NON_PUBLIC", "RESTRICTED")
    assert access_right(i for i in catalogue.datasets["patent"].items) == "PUBLIC"


def test_the_validation_query_counts_what_fails(catalogue: Catalogue) -> None:
    contract = contract_of(catalogue, "tax_credit")
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{c.name}" {duckdb_type(iceberg_type(c))}' for c in contract.columns)
        connection.execute(f"CREATE TABLE delivered ({columns})")
        insert = "INSERT INTO delivered (taxpayer_no, grade_year, grade, declared_rate) VALUES"
        connection.execute(
            f"{insert} ('1' || repeat('0', 14), 2020, 'A', 100), ('1' || repeat('0', 14), 2020, 'Z', 101)"
        )
        connection.execute(f"{insert} (NULL, 1800, NULL, NULL)")
        rows = connection.execute(validation_sql(contract, "delivered")).fetchall()
    failing = {(column, rule): count for column, rule, count in rows if count}
    assert failing == {
        ("taxpayer_no", "required"): 1,
        ("grade_year", "minimum"): 1,
        ("grade", "codes"): 1,
        ("declared_rate", "maximum"): 1,
        ("taxpayer_no, grade_year", "primary_key"): 1,
    }


def test_limits_of_every_kind_and_unique_columns_are_checked(catalogue: Catalogue) -> None:
    contract = contract_of(catalogue, "tax_credit")
    day, month, moment, text = (
        replace(contract.columns[0], name=kind.value, logical_type=kind, pattern=None, minimum=least, unique=unique)
        for kind, least, unique in (
            (LogicalType.DATE, "2020-01-01", False),
            (LogicalType.PERIOD, "2020-01", False),
            (LogicalType.TIMESTAMP, "2020-01-01T00:00:00+08:00", False),
            (LogicalType.STRING, "b", True),
        )
    )
    limited = replace(contract, columns=(day, month, moment, text), primary_key=(), rules=())
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{c.name}" {duckdb_type(iceberg_type(c))}' for c in limited.columns)
        connection.execute(f"CREATE TABLE t ({columns})")
        bad = "(DATE '2019-01-01', DATE '2019-12-01', TIMESTAMPTZ '2019-01-01 00:00:00+00', 'a')"
        connection.execute(f"INSERT INTO t VALUES {bad}, {bad}")
        rows = connection.execute(validation_sql(limited, "t")).fetchall()
    failing = {(column, rule): count for column, rule, count in rows if count}
    assert failing == {(name, "minimum"): 2 for name in ("date", "period", "timestamp", "string")} | {
        ("string", "unique"): 1
    }


def test_every_contract_has_a_validation_query_that_runs(catalogue: Catalogue) -> None:
    with duckdb.connect() as connection:
        for name in ("market_register", "balance_sheet_small", "court_case", "stat_energy", "power_daily"):
            contract = contract_of(catalogue, name)
            columns = ", ".join(f'"{c.name}" {duckdb_type(iceberg_type(c))}' for c in contract.columns)
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
            assert all(count == 0 for _, _, count in connection.execute(validation_sql(contract)).fetchall())


def test_the_policy_of_an_item_is_the_stricter_of_its_terms_and_the_purposes_ceiling(catalogue: Catalogue) -> None:
    item = catalogue.datasets["vat_return"].item("tax_payable_gen_m")
    loan, collect = PURPOSES["LOAN_APPLY"], PURPOSES["LOAN_COLLECT"]
    assert access_of(item, loan).allowed
    assert access_of(item, loan).consent
    for changed, purpose, said in (
        (replace(item, sharing_type=SharingType.NONE), loan, "not shared"),
        (replace(item, purposes=()), loan, "does not allow"),
        (replace(item, state=ItemState.REVOKED), loan, "revoked"),
        (replace(item, purposes=("LOAN_COLLECT",)), collect, "ceiling of 2"),
        (item, replace(loan, sharing_types=frozenset({SharingType.UNCONDITIONAL})), "sharing type"),
    ):
        access = access_of(changed, purpose)
        assert access.reason is not None
        assert (access.allowed, said in access.reason.en) == (False, True)


def test_nothing_personal_is_shared_without_condition_or_open_unless_its_line_says_so(catalogue: Catalogue) -> None:
    for item in catalogue.items.values():
        if item.sensitivity >= 3:
            assert item.sharing_type is not SharingType.UNCONDITIONAL, item.code
            assert item.open_type.value != "open", item.code


def test_a_policy_is_plain_json_for_whoever_enforces_it(catalogue: Catalogue) -> None:
    items = catalogue.datasets["court_case"].items
    policy = access_policy(catalogue, items)
    assert json.loads(json.dumps(policy)) == policy
    assert [row["item"] for row in policy] == [item.code for item in items]
    assert set(policy[0]["purposes"]) == set(PURPOSES)
