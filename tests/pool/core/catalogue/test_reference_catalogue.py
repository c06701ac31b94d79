"""The reference catalogue: seventeen departments and their items, complete and without contradiction."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tulou.pool.core.catalogue import Catalogue, contract_of, reference_catalogue
from tulou.pool.core.catalogue.checking import check_catalogue
from tulou.pool.core.catalogue.composing import CatalogueSourceError, Composer, identities_of, parse_formula
from tulou.pool.core.catalogue.reference_files import ROOT, compose, read_codes
from tulou.pool.core.catalogue.register import extended, write_register
from tulou.pool.core.consent.purpose import PURPOSES
from tulou.pool.core.contract import KeyRole
from tulou.pool.core.lake.schema import duckdb_type, iceberg_type

DEPARTMENTS = [
    "tax",
    "power",
    "market",
    "customs",
    "hrss",
    "housing_fund",
    "courts",
    "environment",
    "science",
    "commerce",
    "telecoms",
    "statistics",
    "land",
    "water",
    "transport",
    "ip",
    "industry",
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return reference_catalogue()


def facts(catalogue: Catalogue) -> list[str]:
    """The codes of items that say something about an enterprise: neither its identity, nor a key, nor the period."""
    return [
        item.code
        for dataset in catalogue.datasets.values()
        for item in dataset.items
        if item.key_role is KeyRole.NONE and item.technical_name not in (*dataset.primary_key, dataset.period_column)
    ]


def test_the_seventeen_departments_of_a_province_are_there(catalogue: Catalogue) -> None:
    assert list(catalogue.departments) == DEPARTMENTS
    assert [catalogue.departments[name].code for name in DEPARTMENTS] == [f"{n:02d}" for n in range(1, 18)]
    assert {dataset.department for dataset in catalogue.datasets.values()} == set(DEPARTMENTS)


def test_there_are_at_least_4400_items_even_without_identities_keys_and_periods(catalogue: Catalogue) -> None:
    assert len(facts(catalogue)) >= 4_400


def test_the_catalogue_is_in_order(catalogue: Catalogue) -> None:
    assert [f"{found.where}: {found.text.en}" for found in check_catalogue(catalogue)] == []


def test_every_item_has_a_code_and_names_of_its_own_in_both_languages(catalogue: Catalogue) -> None:
    items = [item for dataset in catalogue.datasets.values() for item in dataset.items]
    assert len({item.code for item in items}) == len(items)
    for names in ([item.name.zh for item in items], [item.name.en for item in items]):
        assert [name for name, times in Counter(names).items() if times > 1] == []
    assert not {item.name.zh for item in items} & {item.name.en for item in items}


def test_no_name_differs_from_another_by_a_number_alone(catalogue: Catalogue) -> None:
    """Two names that are equal once digits are gone would be numbered filler; real figures are units of measure."""
    for dataset in catalogue.datasets.values():
        for language in ("zh", "en"):
            bare = Counter(re.sub(r"[\d.]+", "#", item.title.render(language)) for item in dataset.items)  # type: ignore[arg-type]
            for name, times in bare.items():
                assert times == 1 or re.search(r"%|千伏|kV|岁|aged|元|级|class|类|HW|征收率|税率", name), (
                    dataset.id,
                    name,
                )


def test_the_english_names_hold_no_chinese_and_the_chinese_ones_are_chinese(catalogue: Catalogue) -> None:
    han = re.compile(r"[\u3400-\u9fff]")
    for item in catalogue.items.values():
        for text in (item.title, item.definition, catalogue.datasets[item.dataset].title):
            assert han.search(text.zh)
            assert not han.search(text.en), (item.code, text.en)


def test_every_code_set_is_defined_and_used(catalogue: Catalogue) -> None:
    used = {item.code_set for item in catalogue.items.values() if item.code_set}
    assert used == set(catalogue.code_sets)
    assert all(known.codes or known.pattern for known in catalogue.code_sets.values())


def test_every_dataset_says_whom_its_records_are_about(catalogue: Catalogue) -> None:
    roles = {KeyRole.USCC, KeyRole.ORG_CODE, KeyRole.REG_NO, KeyRole.TAX_NO, KeyRole.LOCAL_ID, KeyRole.NAME}
    for dataset in catalogue.datasets.values():
        assert {item.key_role for item in dataset.subject} & roles, dataset.id
        assert dataset.primary_key, dataset.id
        assert (dataset.period_column is not None) == dataset.grain.startswith("enterprise-"), dataset.id


def test_departments_know_firms_by_different_keys_and_only_the_register_by_all(catalogue: Catalogue) -> None:
    def roles(name: str) -> set[KeyRole]:
        return {item.key_role for item in catalogue.datasets[name].subject}

    register = roles("market_register")
    assert register >= {KeyRole.USCC, KeyRole.REG_NO, KeyRole.ORG_CODE, KeyRole.NAME, KeyRole.ADDRESS, KeyRole.PERSON}
    for name in ("power_customer", "water_customer", "telecom_customer", "ip_year"):
        assert KeyRole.NAME in roles(name)
        assert not roles(name) & {KeyRole.USCC, KeyRole.ORG_CODE}
    for department in ("hrss", "statistics", "housing_fund"):
        assert any(KeyRole.ORG_CODE in roles(dataset.id) for dataset in catalogue.of_department(department))


def test_purposes_are_those_that_consent_knows(catalogue: Catalogue) -> None:
    assert {purpose for item in catalogue.items.values() for purpose in item.purposes} <= set(PURPOSES)


def test_every_rule_of_every_contract_runs_over_typed_columns(catalogue: Catalogue) -> None:
    rules = 0
    with duckdb.connect() as connection:
        for name in catalogue.datasets:
            contract = contract_of(catalogue, name)
            columns = ", ".join(f'NULL::{duckdb_type(iceberg_type(c))} AS "{c.name}"' for c in contract.columns)
            predicates = ", ".join(f"({rule.predicate})" for rule in contract.rules)
            if predicates:
                assert set(connection.execute(f"SELECT {predicates} FROM (SELECT {columns})").fetchall()[0]) == {None}
            rules += len(contract.rules)
    assert rules >= 200


def test_an_identity_holds_for_a_form_that_adds_up_and_fails_for_one_that_does_not(catalogue: Catalogue) -> None:
    (rule,) = [r for r in contract_of(catalogue, "income_statement_small").rules if r.name == "sum_net_profit_y"]
    with duckdb.connect() as connection:

        def holds(total: str, tax: str, net: str) -> object:
            row = f"SELECT {total} AS profit_total_y, {tax} AS income_tax_y, {net} AS net_profit_y"
            return connection.execute(f"SELECT {rule.predicate} FROM ({row})").fetchall()[0][0]

        assert holds("100.00", "25.00", "75.00") is True
        assert holds("100.00", "25.00", "70.00") is False
        assert holds("100.00", "NULL::DECIMAL(18,2)", "70.00") is None
    assert rule.text.zh == "净利润（本年累计金额） 应等于 利润总额（本年累计金额） - 减：所得税费用（本年累计金额）"


def test_the_register_of_codes_covers_the_data_files_and_never_gives_a_code_twice() -> None:
    codes = read_codes(ROOT / "item_codes.csv")
    assert extended(codes, compose(codes)) == codes, "run python -m tulou.pool.core.catalogue.register"
    assert len(set(codes.values())) == len(codes)


def test_a_new_item_gets_the_next_number_and_a_removed_one_keeps_its_own(catalogue: Catalogue) -> None:
    codes = read_codes(ROOT / "item_codes.csv")
    register = {key: code for key, code in codes.items() if key != ("market_register", "website")}
    register["market_register", "fax"] = "03-0001-9000"
    again = extended(register, catalogue)
    assert again["market_register", "website"] == "03-0001-9001"
    assert again["market_register", "fax"] == "03-0001-9000"


def test_the_register_is_written_as_it_is_kept(tmp_path: Path) -> None:
    write_register(tmp_path / "codes.csv")
    fresh = read_codes(tmp_path / "codes.csv")
    assert set(fresh) <= set(read_codes(ROOT / "item_codes.csv"))
    write_register(tmp_path / "codes.csv")
    assert read_codes(tmp_path / "codes.csv") == fresh


def test_a_fault_in_a_catalogue_is_named_with_its_item(catalogue: Catalogue) -> None:
    tax = catalogue.datasets["tax_credit"]
    first, second, *rest = tax.items
    wrong = replace(
        tax,
        id="Tax credit",
        department="moon",
        primary_key=("nobody",),
        items=(
            replace(first, code="1", sensitivity=9, secret=True, code_set="none", title=second.title),
            replace(second, sharing_condition=None, sharing_type=type(second.sharing_type)(3), precision=3, scale=9),
            replace(rest[0], name=second.name, technical_name=rest[1].technical_name, valid_to=rest[0].valid_from),
            *rest[1:],
        ),
    )
    found = {finding.code for finding in check_catalogue(replace(catalogue, datasets={"tax_credit": wrong}))}
    assert found >= {
        "dataset.id",
        "dataset.department",
        "dataset.column_unknown",
        "item.title_twice",
        "item.name_twice",
        "item.code",
        "item.sensitivity",
        "item.secret",
        "item.code_set",
        "item.sharing",
        "item.open",
        "item.precision",
        "item.validity",
    }


def test_data_files_that_contradict_themselves_are_a_fault_that_says_where(catalogue: Catalogue) -> None:
    body = {"id": "form", "code": "0001", "title": ["表格", "Form"], "grain": "event", "cycle": "monthly"}
    composer = Composer(catalogue.departments["tax"], {"system": "x"}, {}, {})
    with pytest.raises(CatalogueSourceError, match=r"form\.cash: there is no kind 'gold'"):
        composer.dataset({**body, "blocks": [{"lines": "cash | 货币资金 | Cash | gold"}]})
    with pytest.raises(CatalogueSourceError, match="no column holds all of 't = a \\+ b'"):
        list(identities_of({**body, "identities": ["t = a + b"]}, {"t", "a"}))


def test_a_formula_is_read_with_its_signs() -> None:
    assert parse_formula("t = a + b - c_d2") == ("t", [(1, "a"), (1, "b"), (-1, "c_d2")], "reject")
