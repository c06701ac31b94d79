"""A catalogue goes out as Excel, CSV, ODCS and the pool's own copy, and comes back as it was."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from tests.pool.core.catalogue.strategies import catalogues

from tulou.kernel.errors import Refused, Text
from tulou.pool.core.catalogue import Catalogue, ItemState, reference_catalogue
from tulou.pool.core.catalogue.csv_files import catalogue_from_csv, csv_files, guarded, unguarded
from tulou.pool.core.catalogue.drafting import adopt, drafted
from tulou.pool.core.catalogue.odcs import catalogue_from_odcs, odcs_files
from tulou.pool.core.catalogue.store import install_reference, pool_catalogue, save_catalogue, versions
from tulou.pool.core.catalogue.tables import from_tables, to_tables
from tulou.pool.core.catalogue.workbooks import header_of, read_workbook, write_workbook
from tulou.pool.core.contract import Column, Contract, LogicalType
from tulou.pool.core.contract.documents import parse_document, write_document
from tulou.pool.core.contract.faults import Faulty

SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def some(*names: str) -> Catalogue:
    """A part of the reference with these datasets."""
    whole = reference_catalogue()
    datasets = {name: whole.datasets[name] for name in names}
    used = {item.code_set for dataset in datasets.values() for item in dataset.items}
    return Catalogue(
        {d.department: whole.departments[d.department] for d in datasets.values()},
        datasets,
        {name: known for name, known in whole.code_sets.items() if name in used},
    )


def write_csv(catalogue: Catalogue, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in csv_files(catalogue).items():
        (folder / name).write_bytes(content)
    return folder


@given(catalogues())
@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
def test_a_catalogue_comes_back_from_csv(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> None:
    assert catalogue_from_csv(write_csv(catalogue, tmp_path_factory.mktemp("csv"))) == catalogue


@given(catalogues())
@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
def test_a_catalogue_comes_back_from_excel(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> None:
    path = tmp_path_factory.mktemp("excel") / "catalogue.xlsx"
    write_workbook(catalogue, path)
    assert read_workbook(path) == catalogue


@given(catalogues())
@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
def test_a_catalogue_comes_back_from_odcs(catalogue: Catalogue) -> None:
    ((name, text),) = odcs_files(catalogue)
    assert catalogue_from_odcs(parse_document(text, name)) == catalogue


def test_the_whole_reference_comes_back_from_tables_and_odcs() -> None:
    whole = reference_catalogue()
    assert from_tables(to_tables(whole), "reference") == whole
    for name, text in odcs_files(some("vat_sheet_sales", "court_case", "stat_energy", "tax_credit")):
        (dataset,) = catalogue_from_odcs(parse_document(text, name)).datasets.values()
        assert dataset == whole.datasets[dataset.id]


def test_every_kind_of_contract_that_we_write_is_valid_odcs(shared_data: Path) -> None:
    validator = odcs_validator(shared_data)
    for name, text in odcs_files(some("market_register", "vat_return", "power_daily", "stat_unit")):
        body = parse_document(text, name).value
        assert [error.message for error in validator.iter_errors(body)] == []


def odcs_validator(shared_data: Path) -> Any:
    schema = json.loads((shared_data / "pool" / "odcs-3.2.0.schema.json").read_text())
    return jsonschema.validators.validator_for(schema)(schema)


@pytest.mark.parametrize(
    ("name", "tables", "columns"),
    [("odcs_all_data_types", 1, 10), ("odcs_full_example", 2, 7), ("odcs_adventureworks", 68, 456)],
)
def test_foreign_contracts_are_taken_and_come_back_with_everything_they_said(
    shared_data: Path, name: str, tables: int, columns: int
) -> None:
    text = (shared_data / "pool" / f"{name}.yaml").read_text()
    original = parse_document(text, name)
    catalogue, changes = adopt(reference_catalogue(), catalogue_from_odcs(original))
    assert (len(changes.datasets_added), len(changes.items_added)) == (tables, columns)
    part = replace(catalogue, datasets={key: catalogue.datasets[key] for key in changes.datasets_added})
    ((_, written),) = odcs_files(part)
    again = parse_document(written, name)
    assert list(missing(original.value, again.value)) == []
    assert [error.message for error in odcs_validator(shared_data).iter_errors(again.value)] == []
    assert catalogue_from_odcs(again).datasets == part.datasets


def missing(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """What a document said that another does not say; custom properties may be added."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            if key in found:
                yield from missing(value, found[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(wanted, list) and path.endswith("customProperties"):
        yield from (f"{path}: {value}" for value in wanted if value not in found)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, two) in enumerate(zip(wanted, found, strict=True)):
            yield from missing(one, two, f"{path}[{number}]")
    elif wanted != found:
        yield f"{path}: {wanted!r} became {found!r}"


def test_what_an_officer_changes_in_an_odcs_document_wins() -> None:
    ((name, text),) = odcs_files(some("tax_credit"))
    body = parse_document(text, name).value
    body["team"] = [{"username": "zhang", "role": "owner"}]
    grade = next(p for p in body["schema"][0]["properties"] if p["name"] == "grade")
    grade |= {"required": True, "businessName": "级别", "examples": ["A"]}
    grade["quality"][0]["arguments"]["validValues"] = ["A", "E"]
    catalogue = catalogue_from_odcs(parse_document(write_document(body), name))
    (dataset,) = catalogue.datasets.values()
    item = dataset.item("grade")
    assert (item.required, item.title.zh) == (True, "级别")
    assert catalogue.code_sets["tax_credit_grade"].codes == {
        "A": Text(zh="A级", en="Grade A"),
        "E": Text(zh="E", en="E"),
    }
    ((_, again),) = odcs_files(catalogue)
    written = parse_document(again, name).value
    assert written["team"] == body["team"]
    assert next(p for p in written["schema"][0]["properties"] if p["name"] == "grade")["examples"] == ["A"]


def test_a_foreign_column_that_was_changed_here_is_written_anew() -> None:
    text = "apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: '1'\nschema:\n- name: T\n  properties:\n"
    text += "  - {name: Amount, physicalType: 'numeric(9,3)', tags: [money]}\n"
    catalogue, _ = adopt(reference_catalogue(), catalogue_from_odcs(parse_document(text, "x")))
    dataset = catalogue.datasets["t"]
    (item,) = dataset.items
    changed = replace(dataset, items=(replace(item, scale=4, precision=12),))
    ((_, written),) = odcs_files(replace(catalogue, datasets={"t": changed}))
    (body,) = parse_document(written, "x").value["schema"][0]["properties"]
    assert (body["physicalType"], body["tags"]) == ("DECIMAL(12,4)", ["money"])
    (back,) = catalogue_from_odcs(parse_document(written, "x")).datasets["t"].items
    assert (back.precision, back.scale) == (12, 4)


def test_a_long_text_is_split_over_cells_and_joined_again(tmp_path: Path) -> None:
    catalogue = some("tax_credit")
    dataset = replace(catalogue.datasets["tax_credit"], extras={"note": "长" * 70_000, "formula": "=1+1", "na": "#N/A"})
    catalogue = replace(catalogue, datasets={"tax_credit": dataset})
    write_workbook(catalogue, tmp_path / "c.xlsx")
    assert read_workbook(tmp_path / "c.xlsx") == catalogue
    cells = [row[3] for row in openpyxl.load_workbook(tmp_path / "c.xlsx")["extras"].iter_rows(values_only=True)]
    assert max(len(str(cell)) for cell in cells) <= 32_767


def test_no_cell_of_a_csv_is_a_formula() -> None:
    for text in ("=1+1", "+a -b", "-a", "@x", "\tx", "'=x", "''-y"):
        assert guarded(text)[0] == "'"
        assert unguarded(guarded(text)) == text
    assert guarded("-5") == "-5"


def edited(tmp_path: Path, sheet: str, column: str, value: object) -> Path:
    path = tmp_path / "c.xlsx"
    write_workbook(some("tax_credit"), path)
    book = openpyxl.load_workbook(path)
    names = [str(cell.value).rsplit("\n", 1)[-1] for cell in book[sheet][1]]
    book[sheet].cell(2, names.index(column) + 1).value = value  # type: ignore[union-attr]
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("sheet", "column", "value", "said"),
    [
        ("items", "sensitivity", "high", "whole number"),
        ("items", "sharing_type", "4", "one of 1, 2, 3"),
        ("items", "valid_from", "soon", "a date"),
        ("items", "required", "perhaps", "yes or no"),
        ("items", "code", None, "a value"),
        ("items", "logical_type", "money", "one of string"),
        ("items", "dataset", "elsewhere", "a dataset that is there"),
        ("datasets", "grain", "village", "one of enterprise"),
        ("departments", "level", "galaxy", "one of own"),
    ],
)
def test_a_wrong_cell_is_told_with_sheet_row_and_column(
    tmp_path: Path, sheet: str, column: str, value: object, said: str
) -> None:
    with pytest.raises(Faulty) as caught:
        read_workbook(edited(tmp_path, sheet, column, value))
    first = caught.value.findings[0]
    assert first.where.file == f"c.xlsx › {sheet}"
    assert first.where.column == column
    assert said in first.text.en


def test_numbers_and_dates_that_excel_made_of_texts_are_read(tmp_path: Path) -> None:
    path = edited(tmp_path, "items", "sensitivity", 2.0)
    assert read_workbook(path).datasets["tax_credit"].items[0].sensitivity == 2


def test_a_table_without_a_column_that_is_needed_says_which(tmp_path: Path) -> None:
    folder = write_csv(some("tax_credit"), tmp_path / "csv")
    text = (folder / "items.csv").read_text(encoding="utf-8-sig").replace("technical_name", "column", 1)
    (folder / "items.csv").write_text(text, encoding="utf-8-sig")
    with pytest.raises(Faulty) as caught:
        catalogue_from_csv(folder)
    assert caught.value.findings[0].where.column == "technical_name"


def test_what_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    folder = write_csv(some("tax_credit"), tmp_path / "csv")
    (folder / "other.csv").write_text("a\n1\n")
    with pytest.raises(Refused) as caught:
        catalogue_from_csv(folder)
    assert caught.value.finding.code == "catalogue.files"
    (folder / "other.csv").unlink()
    (folder / "items.csv").write_bytes("标题".encode("gb18030"))
    with pytest.raises(Refused) as caught:
        catalogue_from_csv(folder)
    assert caught.value.finding.code == "catalogue.csv"


def test_headers_are_bilingual_and_end_with_the_name() -> None:
    from tulou.pool.core.catalogue.table_columns import TABLES

    for columns in TABLES.values():
        for column in columns:
            assert header_of(column).endswith(f"\n{column.name}")
            assert column.title.zh != column.title.en


def test_a_pool_keeps_every_version_of_its_catalogue(tmp_path: Path) -> None:
    assert pool_catalogue(tmp_path) == reference_catalogue()
    assert install_reference(tmp_path) == 1
    assert install_reference(tmp_path) == 1
    small = some("tax_credit")
    assert save_catalogue(tmp_path, small, expected=1) == 2
    assert pool_catalogue(tmp_path) == small
    assert pool_catalogue(tmp_path, version=1) == reference_catalogue()
    assert versions(tmp_path) == [1, 2]
    with pytest.raises(Refused) as caught:
        save_catalogue(tmp_path, small, expected=1)
    assert caught.value.finding.code == "catalogue.changed"
    with pytest.raises(Refused) as caught:
        pool_catalogue(tmp_path, version=7)
    assert caught.value.finding.code == "catalogue.no_version"
    (tmp_path / "catalogue" / "catalogue-000003.json.gz").write_bytes(gzip.compress(b"{")[:-3])
    with pytest.raises(Refused) as caught:
        pool_catalogue(tmp_path)
    assert caught.value.finding.code == "catalogue.damaged"


def contract(*names: str, department: str = "tax", dataset: str = "new_form") -> Contract:
    columns = tuple(Column(name, LogicalType.STRING, Text(zh=f"列{name}", en=f"Column {name}")) for name in names)
    return Contract(dataset, department, "1", Text(zh="新表", en="New form"), columns)


def test_new_items_get_the_next_codes_and_dropped_ones_stay_revoked() -> None:
    base = reference_catalogue()
    first, changes = adopt(base, drafted(contract("a", "b")))
    dataset = first.datasets["new_form"]
    assert changes.datasets_added == ("new_form",)
    assert dataset.code == f"{max(int(d.code) for d in base.of_department('tax')) + 1:04d}"
    assert [item.code[-4:] for item in dataset.items] == ["0001", "0002"]
    second, changes = adopt(first, drafted(contract("b", "c")))
    assert [(item.technical_name, item.code[-4:]) for item in second.datasets["new_form"].items] == [
        ("b", "0002"),
        ("c", "0003"),
        ("a", "0001"),
    ]
    assert second.datasets["new_form"].items[-1].state is ItemState.REVOKED
    assert [code[-4:] for code in changes.items_added] == ["0003"]
    assert [code[-4:] for code in changes.items_revoked] == ["0001"]
    third, changes = adopt(second, drafted(contract("b", "c")))
    assert (third, bool(changes)) == (second, False)


def test_a_department_is_found_by_id_title_or_wish_or_becomes_the_next_one() -> None:
    base = reference_catalogue()
    catalogue, _ = adopt(base, drafted(contract("a", department="税务局")))
    assert catalogue.datasets["new_form"].department == "tax"
    catalogue, _ = adopt(base, drafted(contract("a", department="banks")))
    assert catalogue.departments["banks"].code == "18"
    catalogue, _ = adopt(base, drafted(contract("a", department="banks")), department="courts")
    assert catalogue.datasets["new_form"].department == "courts"
    with pytest.raises(Refused) as caught:
        adopt(base, drafted(contract("a", department="banks")), department="moon")
    assert caught.value.finding.code == "catalogue.no_department"
    with pytest.raises(Refused) as caught:
        adopt(base, drafted(contract("a", department="courts", dataset="tax_credit")))
    assert caught.value.finding.code == "catalogue.other_department"
