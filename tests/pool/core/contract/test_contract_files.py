"""Contracts as files: what an officer writes is read exactly, and what is wrong is told with its line."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pool.core.contract.strategies import contracts

from tulou.kernel.errors import Refused, WrongUse
from tulou.pool.core.catalogue import contract_of, reference_catalogue
from tulou.pool.core.contract import Contract, KeyRole, LogicalType, load_contract
from tulou.pool.core.contract.codec import contract_from_json, contract_to_json
from tulou.pool.core.contract.documents import parse_document, write_document
from tulou.pool.core.contract.faults import Faulty
from tulou.pool.core.contract.odcs import contract_from_odcs, contract_to_odcs
from tulou.pool.core.contract.predicates import predicate_fault
from tulou.pool.core.contract.yaml_form import contract_from_yaml, contract_to_yaml

DRAFT = """\
contract: 1
dataset: loans
department: banks
version: 0.1.0
title: {zh: 贷款, en: Loans}
grain: event
primary_key: [loan_no]
columns:
  - name: loan_no
    type: string
    required: true
  - name: amount
    title: {zh: 金额, en: Amount}
    type: number
    precision: 18
    scale: 2
    minimum: 0.10
    required_if: loan_no LIKE 'A%'
"""


def faults_of(text: str) -> list[tuple[str, int | None, str]]:
    with pytest.raises(Faulty) as caught:
        contract_from_yaml(parse_document(text, "loans.yaml"))
    return [(finding.code, finding.where.line, finding.text.en) for finding in caught.value.findings]


@given(contracts())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_contract_comes_back_from_yaml_as_it_was(contract: Contract) -> None:
    remarks = {"": ["two\nlines"], contract.columns[0].name: ["why: #1"]}
    assert contract_from_yaml(parse_document(contract_to_yaml(contract, remarks), "c.yaml")) == contract


@given(contracts())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_contract_comes_back_from_odcs_and_from_json_as_it_was(contract: Contract) -> None:
    document = parse_document(write_document(contract_to_odcs(contract)), "c.odcs.yaml")
    assert contract_from_odcs(document) == contract
    assert contract_from_json(contract_to_json(contract)) == contract


@given(contracts())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_odcs_document_that_we_write_is_valid(shared_data: Path, contract: Contract) -> None:
    valid_odcs(shared_data, contract_to_odcs(contract))


def valid_odcs(shared_data: Path, body: dict[str, Any]) -> None:
    schema = json.loads((shared_data / "pool" / "odcs-3.2.0.schema.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(body)] == []


scalars = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner), max_leaves=8
)


@given(trees)
@settings(max_examples=100, deadline=None)
def test_plain_values_come_back_from_yaml(value: Any) -> None:
    try:
        text = write_document({"value": value})
        back = parse_document(text, "x.yaml").value["value"]
    except Refused:
        return
    assert back == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
@settings(max_examples=100, deadline=None)
def test_a_number_comes_back_exactly_even_where_a_float_would_round_it(number: Decimal) -> None:
    back = parse_document(write_document([number]), "x.yaml").value[0]
    assert (Decimal(repr(back)) if isinstance(back, float) else back) == number


def test_a_contract_is_read_from_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "loans.yaml"
    path.write_text(DRAFT, encoding="utf-8-sig")
    contract = load_contract(path)
    assert contract.column("amount").minimum == Decimal("0.10")
    assert contract.column("loan_no").title.zh == "loan_no"
    (condition,) = contract.rules
    assert condition.name == "amount_required_if"
    assert "loan_no LIKE 'A%'" in condition.predicate


def test_every_reference_contract_survives_yaml() -> None:
    catalogue = reference_catalogue()
    for name in ("market_register", "balance_sheet_small", "court_case"):
        contract = contract_of(catalogue, name)
        assert contract_from_yaml(parse_document(contract_to_yaml(contract), name)) == contract


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "said"),
    [
        ("type: string", "type: strnig", "contract.choice", 10, "should be one of"),
        ("required: true", "requird: true", "contract.unknown_name", 11, "not known"),
        ("required: true", "required: maybe", "contract.flag", 11, "true or false"),
        ("precision: 18", "precision: 99", "contract.precision", 15, "1 to 38"),
        ("precision: 18", "precision: wide", "contract.whole", 15, "whole number"),
        ("minimum: 0.10", "minimum: low", "contract.number", 17, "a number"),
        ("minimum: 0.10", "minimum: 5\n    maximum: 1", "contract.limit", 12, "5 > 1"),
        ("minimum: 0.10", "pattern: '['", "contract.pattern", 17, "regular expression"),
        ("primary_key: [loan_no]", "primary_key: [nobody]", "contract.no_column", 7, "no column nobody"),
        ("primary_key: [loan_no]", "primary_key: [{a: 1}]", "contract.texts", 7, "list of texts"),
        ("name: amount", "name: loan_no", "contract.twice", 12, "stands twice"),
        ("name: amount", "name: Betrag €", "contract.name", 12, "lower-case"),
        ("department: banks\n", "", "contract.missing", 1, "is missing"),
        ("dataset: loans", "dataset: [1]", "contract.text", 2, "a text"),
        ("contract: 1", "contract: 7", "contract.format", 1, "format"),
        ("title: {zh: 贷款, en: Loans}", "title: [a]", "contract.text", 5, "a text"),
        ("loan_no LIKE 'A%'", "loan_no IN (SELECT 1)", "contract.predicate", 1, "other tables"),
        ("columns:\n", "columns: none\nrules:\n", "contract.list", 8, "a list"),
    ],
)
def test_a_fault_is_told_with_its_line(old: str, new: str, code: str, line: int, said: str) -> None:
    assert old in DRAFT
    found = faults_of(DRAFT.replace(old, new, 1))
    assert any(c == code and at == line and said in text for c, at, text in found), found


def test_a_misspelt_name_comes_with_the_name_that_was_meant() -> None:
    with pytest.raises(Faulty) as caught:
        contract_from_yaml(parse_document(DRAFT.replace("required: true", "requird: true"), "x.yaml"))
    (finding,) = caught.value.findings
    assert finding.remedy is not None
    assert finding.remedy.en == "Did you mean required?"
    assert finding.remedy.zh == "是否想写 required?"


def test_all_faults_are_told_at_once() -> None:
    text = DRAFT.replace("type: string", "type: strnig").replace("precision: 18", "precision: wide")
    assert [code for code, _, _ in faults_of(text)] == ["contract.choice", "contract.whole"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a: [1", "yaml.syntax"),
        (b"a: 1\na: 2\n", "yaml.twice"),
        (b"a: &x 1\nb: *x\n", "yaml.alias"),
        (b"a: \x07", "yaml.syntax"),
        (b"[" * 60, "yaml.syntax"),
        (b"[" * 60 + b"]" * 60, "yaml.deep"),
        ("标题: 贷款".encode("gb18030"), "text.encoding"),
        (b"", "contract.empty"),
        (b"- 1\n", "contract.empty"),
    ],
)
def test_what_is_no_contract_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    with pytest.raises(Refused) as caught:
        load_contract(path)
    assert caught.value.finding.code == code


def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(WrongUse):
        load_contract(tmp_path / "none.yaml")


def test_real_odcs_contracts_are_read(shared_data: Path) -> None:
    contract = load_contract(shared_data / "pool" / "odcs_all_data_types.yaml")
    kinds = {column.name: column.logical_type for column in contract.columns}
    assert kinds["account_id"] is LogicalType.STRING
    assert kinds["txn_timestamp"] is LogicalType.TIMESTAMP
    assert kinds["amount"] is LogicalType.NUMBER
    assert kinds["latest_txns"] is LogicalType.STRING
    assert contract.column("account_id").pattern == "ACC[0-9]{8}"
    assert contract.column("age").minimum == 18

    full = load_contract(shared_data / "pool" / "odcs_full_example.yaml", dataset="tbl")
    assert full.primary_key == ("rcvr_id",)
    assert full.column("rcvr_id").max_length == 18
    assert full.column("transaction_reference_date").aliases == ("txn_ref_dt",)


def test_an_odcs_contract_with_several_tables_asks_which(shared_data: Path) -> None:
    path = shared_data / "pool" / "odcs_adventureworks.yaml"
    with pytest.raises(Refused) as caught:
        load_contract(path)
    assert caught.value.finding.code == "odcs.which"
    assert caught.value.finding.where.line == 7
    assert load_contract(path, dataset="employee").column("businessentityid").logical_type is LogicalType.INTEGER
    with pytest.raises(Refused) as caught:
        load_contract(path, dataset="moon")
    assert caught.value.finding.code == "odcs.no_table"


def test_a_count_of_failing_records_becomes_a_rule(tmp_path: Path) -> None:
    path = tmp_path / "c.odcs.yaml"
    path.write_text(
        """\
apiVersion: v3.1.0
kind: DataContract
id: x
version: 1.0.0
schema:
  - name: Orders
    quality:
      - {type: sql, query: "SELECT COUNT(*) FROM orders WHERE qty < 0;", mustBe: 0, severity: warning}
      - {type: sql, query: "SELECT COUNT(*) FROM orders GROUP BY qty", mustBe: 0}
      - {type: text, description: be good}
    properties:
      - {name: Qty, physicalType: "numeric(9,3)"}
      - {name: 名称, physicalType: "varchar(20)"}
      - {name: When, physicalType: datetime}
slaProperties: [{property: latency, value: 4, unit: d}]
"""
    )
    contract = load_contract(path)
    (rule,) = contract.rules
    assert (rule.predicate, rule.columns, rule.severity) == ("NOT (qty < 0)", ("qty",), "warn")
    qty, name, when = contract.columns
    assert (qty.logical_type, qty.precision, qty.scale, qty.aliases) == (LogicalType.NUMBER, 9, 3, ())
    assert (name.name, name.max_length, name.aliases) == ("c_540d_79f0", 20, ("名称",))
    assert when.logical_type is LogicalType.TIMESTAMP
    assert (contract.dataset, contract.department, contract.max_delay_days) == ("orders", "imported", 4)


@pytest.mark.parametrize(
    "predicate",
    [
        "a > (SELECT 1)",
        "a IN (SELECT * FROM read_csv('x'))",
        "EXISTS (FROM 'x.csv')",
        "getenv('A') = 'b'",
        "sum(a) > 1",
        "a > 1; DROP TABLE x",
        "b = 1",
        "a = random()",
        "current_date > a",
        "SELECT 1",
        "1 = 1) OR (1 = 1",
        "",
    ],
)
def test_a_condition_that_reaches_beyond_its_record_is_refused(predicate: str) -> None:
    assert predicate_fault(predicate, {"a"}) is not None


@pytest.mark.parametrize("predicate", ['"a" >= 0', "regexp_full_match(a, 'x')", "a LIKE 'x%' OR a IS NULL"])
def test_a_condition_over_the_record_is_taken(predicate: str) -> None:
    assert predicate_fault(predicate, {"a"}) is None


def test_a_limit_is_of_its_columns_kind() -> None:
    contract = contract_of(reference_catalogue(), "market_register")
    column = replace(contract.column("established_on"), minimum="2020-13-01", key_role=KeyRole.NONE)
    text = contract_to_yaml(replace(contract, columns=(column,), rules=(), primary_key=(), period_column=None))
    assert [code for code, _, _ in faults_of(text)] == ["contract.limit"]


def test_the_contract_in_the_reference_is_right() -> None:
    page = Path(__file__).resolve().parents[4] / "docs" / "reference" / "catalogue-item.md"
    text = page.read_text().split("```yaml\n")[1].split("```")[0]
    contract = contract_from_yaml(parse_document(text, page.name))
    assert [rule.name for rule in contract.rules] == ["order", "closed_on_required_if"]
