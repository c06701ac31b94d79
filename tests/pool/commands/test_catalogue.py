"""`tulou pool catalogue` and `tulou pool contract`, as a person and as a script use them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from tulou.pool.cli import app
from tulou.pool.core.catalogue import reference_catalogue
from tulou.pool.core.catalogue.store import pool_catalogue, save_catalogue, versions


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TULOU_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answer(*arguments: object, code: int = 0) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    root = tmp_path / "pool"
    root.mkdir()
    (root / "pool.json").write_text("{}")
    whole = reference_catalogue()
    datasets = {dataset.id: dataset for dataset in whole.of_department("water")}
    save_catalogue(root, replace(whole, datasets=datasets))
    return root


def test_the_departments_and_their_datasets_are_listed() -> None:
    rows = answer("catalogue", "list")
    assert [row["department"] for row in rows] == list(reference_catalogue().departments)
    assert sum(row["items"] for row in rows) == len(reference_catalogue().items)
    rows = answer("catalogue", "list", "--department", "power")
    assert {"power_customer", "power_monthly"} <= {row["dataset"] for row in rows}
    assert "17 departments" in run("catalogue", "list").stdout
    assert run("catalogue", "list", "--department", "moon").exit_code == 2


def test_words_find_items_in_the_language_of_the_words() -> None:
    assert answer("catalogue", "search", "总用电量", "--limit", 1)[0]["column"] == "power_monthly.total_energy"
    assert "月度用电 · 总用电量" in run("catalogue", "search", "总用电量").stdout
    assert "Monthly electricity" in run("catalogue", "search", "total", "electricity", "used").stdout
    assert run("catalogue", "search", "qwertyuiop").exit_code == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("markdown", "| Item code | 03-0001-0014 |"),
        ("html", "<h1>Market register · Registered capital</h1>"),
        ("odcs", "apiVersion: v3.2.0"),
        ("dcat-ap", '"csvw:name": "capital"'),
        ("sql", "count(*) FILTER"),
        ("policy", '"sharing_type": 1'),
        ("contract", "dataset: market_register"),
    ],
)
def test_an_item_is_shown_in_every_form_that_is_made_of_it(form: str, said: str) -> None:
    result = run("catalogue", "show", "market_register.capital", "--format", form)
    assert result.exit_code == 0
    assert said in result.stdout


def test_a_dataset_and_a_code_are_shown_and_what_is_not_there_is_wrong_use() -> None:
    assert "# Register of market entities" in run("catalogue", "show", "market_register").stdout
    assert '"dcat:Dataset"' in run("catalogue", "show", "market_register", "--format", "dcat-ap").stdout
    assert answer("catalogue", "show", "03-0001-0014")["technical_name"] == "capital"
    assert run("catalogue", "show", "market_register.nothing").exit_code == 2
    assert run("catalogue", "show", "market_register", "--format", "pdf").exit_code == 2


def test_the_catalogue_is_written_in_every_format(tmp_path: Path) -> None:
    formats = "xlsx,csv,odcs,dcat-ap,sql,policy,markdown,html"
    written = answer("catalogue", "export", "--format", formats, "--out", tmp_path / "all", "--department", "courts")
    assert written["datasets"] == 5
    kinds = {Path(file).relative_to(tmp_path / "all").parts[0] for file in written["files"]}
    assert kinds == set(formats.split(","))
    one = answer(
        "catalogue", "export", "--format", "dcat-ap", "--out", tmp_path / "c.jsonld", "--dataset", "court_case"
    )
    assert json.loads(Path(one["files"][0]).read_text())["@type"] == "dcat:Catalog"
    assert run("catalogue", "export", "--format", "pdf", "--out", tmp_path).exit_code == 2
    assert run("catalogue", "export", "--dataset", "nothing", "--out", tmp_path).exit_code == 2


@pytest.mark.parametrize("form", ["xlsx", "csv", "odcs"])
def test_what_was_exported_comes_back_without_a_change(tmp_path: Path, pool: Path, form: str) -> None:
    out = tmp_path / ("c.xlsx" if form == "xlsx" else form)
    assert (
        run("catalogue", "export", "--pool", pool, "--format", form, "--out", out, "--department", "water").exit_code
        == 0
    )
    back = answer("catalogue", "import", out, "--pool", pool)
    assert not any(back["changes"].values())
    assert versions(pool) == [1]
    if form == "csv":
        assert not any(answer("catalogue", "import", out / "items.csv", "--pool", pool)["changes"].values())


def test_an_edited_workbook_makes_a_new_version_and_revoking_needs_apply(tmp_path: Path, pool: Path) -> None:
    path = tmp_path / "c.xlsx"
    run("catalogue", "export", "--out", path, "--dataset", "water_customer", "--pool", pool)
    book = openpyxl.load_workbook(path)
    sheet = book["items"]
    names = [str(cell.value).rsplit("\n", 1)[-1] for cell in sheet[1]]
    sheet.cell(2, names.index("sensitivity") + 1).value = 4
    book.save(path)
    assert answer("catalogue", "import", path, "--pool", pool)["version"] == 2
    assert pool_catalogue(pool).datasets["water_customer"].items[0].sensitivity == 4
    assert "Saved" not in run("catalogue", "import", path, "--pool", pool).stdout

    gone = sheet.cell(sheet.max_row, names.index("code") + 1).value
    sheet.delete_rows(sheet.max_row)
    book.save(path)
    held = answer("catalogue", "import", path, "--pool", pool, code=1)
    assert (held["changes"]["items_revoked"], held["version"]) == ([gone], None)
    assert "--apply" in run("catalogue", "import", path, "--pool", pool).stdout
    assert answer("catalogue", "import", path, "--pool", pool, "--apply")["version"] == 3
    assert pool_catalogue(pool).items[str(gone)].state.value == "revoked"


def test_an_import_that_would_break_the_catalogue_is_refused_with_every_fault(tmp_path: Path, pool: Path) -> None:
    path = tmp_path / "c.xlsx"
    run("catalogue", "export", "--out", path, "--dataset", "water_customer")
    book = openpyxl.load_workbook(path)
    names = [str(cell.value).rsplit("\n", 1)[-1] for cell in book["items"][1]]
    for line, value in ((2, 9), (3, 0)):
        book["items"].cell(line, names.index("sensitivity") + 1).value = value
    book.save(path)
    refused = answer("catalogue", "import", path, "--pool", pool, code=1)
    assert [finding["code"] for finding in refused["findings"]] == ["item.sensitivity"] * 2
    result = run("catalogue", "import", path)
    assert result.exit_code == 1
    assert result.stderr.count("Sensitivity is 1 to 4") == 2


def test_foreign_contracts_and_government_templates_are_taken(shared_data: Path, pool: Path) -> None:
    taken = answer("catalogue", "import", shared_data / "pool" / "odcs_full_example.yaml", "--pool", pool)
    assert taken["changes"]["datasets_added"] == ["tbl", "receivers"]
    assert taken["version"] == 2
    refused = answer("catalogue", "import", shared_data / "pool" / "指标模板.xlsx", code=1)
    assert refused["error"]["code"] == "template.empty"


def test_what_is_no_catalogue_says_what_is(tmp_path: Path, pool: Path) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(b"%PDF")
    assert answer("catalogue", "import", path, code=1)["error"]["code"] == "catalogue.unknown_file"
    book = openpyxl.Workbook()
    book.save(tmp_path / "x.xlsx")
    assert answer("catalogue", "import", tmp_path / "x.xlsx", code=1)["error"]["code"] == "catalogue.unknown_workbook"
    assert answer("catalogue", "import", tmp_path / "none", code=2)["error"]["code"] == "file.none"
    assert answer("catalogue", "list", "--pool", tmp_path, code=2)["error"]["code"] == "pool.none"


def test_a_contract_is_drafted_checked_and_taken_into_the_catalogue(tmp_path: Path, pool: Path) -> None:
    data = tmp_path / "loans.csv"
    rows = "\n".join(f"L{number:04d},{number}.50,2024/1/{number % 28 + 1}" for number in range(60))
    data.write_text(f"贷款编号,金额（万元）,放款日期\n{rows}\n", encoding="gb18030")
    target = tmp_path / "loans.yaml"
    options = ("--out", target, "--dataset", "loans", "--department", "banks")
    assert "key dai_kuan_bian_hao" in run("contract", "infer", data, *options).stdout
    assert "3 columns" in run("contract", "check", target).stdout
    assert answer("contract", "check", target)["columns"][1]["unit"] == "10*4.CNY"
    assert answer("contract", "infer", data)["contract"]["grain"] == "event"
    assert "# type = date" in run("contract", "infer", data).stdout
    assert answer("catalogue", "import", target, "--pool", pool)["changes"]["datasets_added"] == ["loans"]
    assert pool_catalogue(pool).departments["banks"].code == "18"


def test_every_fault_of_a_contract_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("contract: 1\ndataset: a\ndepartment: b\nversion: 1\ntitle: t\ncolumns:\n- {name: X, type: txt}\n")
    result = run("contract", "check", path)
    assert result.exit_code == 1
    assert result.stderr.count("line: 7") == 2
    codes = [finding["code"] for finding in answer("contract", "check", path, code=1)["findings"]]
    assert sorted(codes) == ["contract.choice", "contract.name"]
