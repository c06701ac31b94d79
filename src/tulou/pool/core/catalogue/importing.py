"""A catalogue, or a part of one, from whatever file an official has: ours, the government's templates, or ODCS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tulou.kernel.errors import Text, Where, refuse, wrong_use
from tulou.pool.core.catalogue.csv_files import catalogue_from_csv
from tulou.pool.core.catalogue.drafting import drafted
from tulou.pool.core.catalogue.government import Imported, import_government, is_government
from tulou.pool.core.catalogue.odcs import catalogue_from_odcs
from tulou.pool.core.catalogue.table_columns import TABLES
from tulou.pool.core.catalogue.tables import from_tables
from tulou.pool.core.catalogue.values import Catalogue
from tulou.pool.core.catalogue.workbooks import rows_of, sheets_of
from tulou.pool.core.contract.loading import is_odcs, read_document
from tulou.pool.core.contract.yaml_form import contract_from_yaml

_WORDS = Text(
    zh="请提供: 我们导出的 xlsx 或 CSV 文件夹, 四种政务目录模板 (xlsx), ODCS 3 合同或其文件夹, 或推断出的合同 YAML",
    en="Give an xlsx or folder of CSV that we exported, one of the four government templates (xlsx), an ODCS 3 "
    "contract or a folder of them, or a contract YAML that was inferred",
)


def read_part(path: Path, *, dataset: str | None = None, department: str | None = None) -> Imported:
    """What a file or folder holds, as a part of a catalogue. `dataset` and `department` name what it does not say.

    Raises WrongUse where there is nothing, Refused where it is no catalogue, and Faulty with every fault.
    """
    if path.is_dir():
        return Imported(_folder(path), ())
    if not path.is_file():
        raise wrong_use("file.none", f"没有文件 {path}", f"There is no file {path}", where=Where(file=str(path)))
    suffix = path.suffix.lower()
    if suffix == ".csv" and path.stem in TABLES:
        return Imported(catalogue_from_csv(path.parent), ())
    if suffix in (".xlsx", ".xlsm"):
        return _workbook(path, dataset, department)
    if suffix in (".yaml", ".yml", ".json"):
        return Imported(_document(path, department), ())
    raise refuse(
        "catalogue.unknown_file",
        f"不认识的目录文件 {path.name}",
        f"{path.name} is no catalogue file that is known here",
        where=Where(file=path.name),
        remedy=_WORDS,
    )


def _workbook(path: Path, dataset: str | None, department: str | None) -> Imported:
    sheets = sheets_of(path)
    if {"items", "datasets"} <= set(sheets):
        tables = {name: rows_of(lines) for name, lines in sheets.items() if name in TABLES}
        return Imported(from_tables(tables, path.name), ())
    if is_government(sheets):
        return import_government(path, sheets, dataset=dataset, department=department)
    raise refuse(
        "catalogue.unknown_workbook",
        f"工作簿不是目录, 其工作表为: {', '.join(sheets)}",
        f"The workbook is no catalogue; its sheets are: {', '.join(sheets)}",
        where=Where(file=path.name),
        remedy=_WORDS,
    )


def _document(path: Path, department: str | None) -> Catalogue:
    document = read_document(path)
    if is_odcs(document):
        return catalogue_from_odcs(document)
    contract = contract_from_yaml(document)
    return drafted(replace(contract, department=department) if department else contract)


def _folder(path: Path) -> Catalogue:
    """A folder of CSV files of ours, or of ODCS contracts at any depth."""
    contracts = sorted(file for suffix in ("*.yaml", "*.yml") for file in path.rglob(suffix))
    if not contracts:
        return catalogue_from_csv(path)
    parts = [_document(file, None) for file in contracts]
    return Catalogue(
        {name: held for part in parts for name, held in part.departments.items()},
        {name: held for part in parts for name, held in part.datasets.items()},
        {name: held for part in parts for name, held in part.code_sets.items()},
    )
