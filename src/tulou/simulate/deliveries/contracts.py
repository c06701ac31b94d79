"""The contracts under which departments deliver: the catalogue's, with the forms of dates that a department writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from tulou.pool.core.catalogue import Catalogue
from tulou.pool.core.contract import Column, Contract, LogicalType
from tulou.pool.core.contract.documents import write_document
from tulou.pool.core.contract.loading import load_contract
from tulou.pool.core.contract.odcs import contract_to_odcs
from tulou.simulate.habits import Dates, drivers, habit_of

Items = Literal["core", "all"]

DATE_FORMS: dict[Dates, str] = {
    "iso": "%Y-%m-%d",
    "slashed": "%Y/%m/%d",
    "dotted": "%Y.%m.%d",
    "chinese": "%Y年%m月%d日",
    "compact": "%Y%m%d",
}


def contract_for(catalogue: Catalogue, dataset: str, items: Items = "all") -> Contract:
    """The contract of a dataset as its department fulfils it. Raises KeyError where the catalogue has none.

    With `items` core it promises the chosen columns only, and the rules that speak of no others.
    """
    contract = catalogue.contract(dataset)
    dates = habit_of(contract.department).dates
    chosen = set(chosen_items(catalogue, dataset, items))
    columns = tuple(_dated(column, dates) for column in contract.columns if column.name in chosen)
    rules = tuple(rule for rule in contract.rules if set(rule.columns) <= chosen)
    return replace(contract, columns=columns, rules=rules)


def _dated(column: Column, dates: Dates) -> Column:
    """A column that takes the department's form of dates beside the standard one."""
    if dates == "iso" or column.logical_type is not LogicalType.DATE:
        return column
    return replace(column, formats=tuple(dict.fromkeys((*column.formats, DATE_FORMS[dates]))))


def write_contracts(catalogue: Catalogue, folder: Path, items: Items) -> None:
    """Every dataset's contract as an Open Data Contract, `<dataset>.odcs.yaml` in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for dataset in catalogue.datasets:
        document = write_document(contract_to_odcs(contract_for(catalogue, dataset, items)))
        contract_file(folder, dataset).write_text(document, encoding="utf-8")


def contract_file(folder: Path, dataset: str) -> Path:
    """Where `write_contracts` puts the contract of a dataset."""
    return folder / f"{dataset}.odcs.yaml"


def read_contract(folder: Path, dataset: str) -> Contract:
    """The contract that `write_contracts` wrote."""
    return load_contract(contract_file(folder, dataset))


def chosen_items(catalogue: Catalogue, dataset: str, items: Items) -> list[str]:
    """The columns of a dataset that are delivered: all, or its core.

    The core is whose record it is, of when, what is required, what is a variable of the books, the sums that these
    stand in, and the first dozen items beside.
    """
    contract = catalogue.contract(dataset)
    names = [column.name for column in contract.columns]
    if items == "all":
        return names
    subject = {column.name for column in contract.columns if column.key_role.value != "none" or column.required}
    subject |= {*contract.primary_key, *([contract.period_column] if contract.period_column else [])}
    wanted = set(drivers()["exact"].get(dataset, {})) & set(names)
    for identity in catalogue.datasets[dataset].identities:
        parts = {identity.total, *(part for _, part in identity.parts)}
        if parts & wanted and len(parts) <= 16:
            wanted |= parts
    others = [name for name in names if name not in subject | wanted][:12]
    return [name for name in names if name in subject | wanted | set(others)]
