"""Draft records of the catalogue from contracts, and their place in a catalogue that is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tulou.kernel.errors import Text, refuse
from tulou.pool.core.catalogue.values import Catalogue, CodeSet, Dataset, Department, Item, ItemState
from tulou.pool.core.contract import Column, Contract

UNSTATED = Text(zh="导入草稿, 共享条件待部门确认", en="Imported draft: the department has yet to state its condition")
_MAX_DEPARTMENT = 99
_MAX_DATASET = 9999


def drafted(contract: Contract) -> Catalogue:
    """A catalogue of one dataset in state draft, without codes; closed, and shared under a condition to be stated."""
    department = Department(contract.department, "", _titled(contract.department), _titled(contract.department))
    code_sets: dict[str, CodeSet] = {}
    items = tuple(_item(contract, column, code_sets) for column in contract.columns)
    dataset = Dataset(
        id=contract.dataset,
        code="",
        department=contract.department,
        title=contract.title,
        short=contract.title,
        description=contract.description or contract.title,
        grain=contract.grain,
        items=items,
        primary_key=contract.primary_key,
        period_column=contract.period_column,
        update_cycle=contract.update_cycle,  # type: ignore[arg-type]
        max_delay_days=contract.max_delay_days,
        delivery_mode=contract.delivery_mode,
        rules=contract.rules,
        legal_basis=contract.legal_basis,
        version=contract.version,
        extras=dict(contract.tags),
    )
    return Catalogue({department.id: department}, {dataset.id: dataset}, code_sets)


def _titled(name: str) -> Text:
    return Text(zh=name, en=name.replace("_", " ").capitalize())


def _item(contract: Contract, column: Column, code_sets: dict[str, CodeSet]) -> Item:
    code_set = None
    if column.codes:
        code_set = f"{contract.dataset}_{column.name}"
        codes = {code: Text(zh=code, en=code) for code in column.codes}
        code_sets[code_set] = CodeSet(code_set, column.title, codes)
    short = contract.title
    return Item(
        code=column.item_code or "",
        dataset=contract.dataset,
        department=contract.department,
        name=Text(zh=f"{short.zh} · {column.title.zh}", en=f"{short.en} · {column.title.en}"),
        title=column.title,
        technical_name=column.name,
        definition=column.title,
        logical_type=column.logical_type,
        precision=column.precision,
        scale=column.scale,
        max_length=column.max_length,
        unit=column.unit,
        code_set=code_set,
        minimum=column.minimum,
        maximum=column.maximum,
        pattern=column.pattern,
        formats=column.formats,
        aliases=column.aliases,
        required=column.required,
        unique=column.unique,
        key_role=column.key_role,
        sharing_condition=UNSTATED,
        legal_basis=contract.legal_basis,
        contract_version=contract.version,
        state=ItemState.DRAFT,
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """What an import would do to a catalogue, by ids and codes."""

    datasets_added: tuple[str, ...]
    datasets_changed: tuple[str, ...]
    items_added: tuple[str, ...]
    items_changed: tuple[str, ...]
    items_revoked: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.datasets_added or self.datasets_changed)


def adopt(base: Catalogue, part: Catalogue, *, department: str | None = None) -> tuple[Catalogue, Changes]:
    """`base` with the datasets of `part` in it, and what that changes. Items that have no code are given the next one.

    `department` is where datasets without a known department go. An item that a dataset no longer has stays, revoked:
    its code never means anything else. Raises Refused where a dataset belongs to another department already.
    """
    departments = dict(base.departments)
    datasets = dict(base.datasets)
    added, changed = [], []
    items_added: list[str] = []
    items_changed: list[str] = []
    items_revoked: list[str] = []
    for dataset in part.datasets.values():
        home = _home(departments, part, dataset, department)
        known = base.datasets.get(dataset.id)
        if known and known.department != home.id:
            raise refuse(
                "catalogue.other_department",
                f"数据集 {dataset.id} 属于部门 {known.department}",
                f"The dataset {dataset.id} belongs to the department {known.department}",
                remedy=Text(zh="请为新数据集另取标识", en="Give the new dataset another id"),
            )
        settled = _settled(datasets, home, dataset, known)
        if known is None:
            added.append(settled.id)
        elif known != settled:
            changed.append(settled.id)
        before = {item.code: item for item in known.items} if known else {}
        for item in settled.items:
            if item.code not in before:
                items_added.append(item.code)
            elif before[item.code] != item:
                gone = item.state is ItemState.REVOKED and before[item.code].state is not ItemState.REVOKED
                (items_revoked if gone else items_changed).append(item.code)
        datasets[settled.id] = settled
    catalogue = Catalogue(departments, datasets, {**base.code_sets, **part.code_sets})
    lists = (added, changed, items_added, items_changed, items_revoked)
    return catalogue, Changes(*(tuple(codes) for codes in lists))


def _home(departments: dict[str, Department], part: Catalogue, dataset: Dataset, wanted: str | None) -> Department:
    """The department of a dataset; one that is new gets the next free code and is added."""
    stated = part.departments[dataset.department]
    titles = {known.title.zh: known for known in departments.values()}
    found = departments.get(stated.id) or titles.get(stated.title.zh)
    if found is None and wanted is not None:
        found = departments.get(wanted)
        if found is None:
            raise refuse(
                "catalogue.no_department",
                f"没有部门 {wanted}, 有: {', '.join(departments)}",
                f"There is no department {wanted}; there are: {', '.join(departments)}",
            )
    if found is not None:
        return found
    taken = {known.code for known in departments.values()}
    free = (f"{number:02d}" for number in range(1, _MAX_DEPARTMENT + 1) if f"{number:02d}" not in taken)
    fresh = replace(stated, code=stated.code if stated.code and stated.code not in taken else next(free))
    departments[fresh.id] = fresh
    return fresh


def _settled(datasets: Mapping[str, Dataset], home: Department, dataset: Dataset, known: Dataset | None) -> Dataset:
    """The dataset in its department, with codes for it and for every item; items that it dropped are revoked."""
    code = known.code if known else dataset.code or _next_code(datasets, home)
    prefix = f"{home.code}-{code}-"
    before = {item.technical_name: item for item in known.items} if known else {}
    numbers = [int(item.code[-4:]) for item in (*before.values(), *dataset.items) if re.search(r"-\d{4}$", item.code)]
    number = max(numbers, default=0)
    items = []
    for item in dataset.items:
        held = item.code or (before[item.technical_name].code if item.technical_name in before else "")
        if not held:
            number += 1
            held = f"{prefix}{number:04d}"
        items.append(replace(item, code=held, dataset=dataset.id, department=home.id))
    codes = {item.code for item in items}
    names = {item.technical_name for item in items}
    for item in before.values():
        if item.code not in codes and item.technical_name not in names:
            items.append(replace(item, state=ItemState.REVOKED, required=False))
    return replace(dataset, code=code, department=home.id, items=tuple(items))


def _next_code(datasets: Mapping[str, Dataset], home: Department) -> str:
    taken = {int(held.code) for held in datasets.values() if held.department == home.id and held.code.isdigit()}
    number = max(taken, default=0) + 1
    if number > _MAX_DATASET:
        raise refuse("catalogue.full", f"部门 {home.id} 的数据集代码已用完", f"{home.id} has no dataset code left")
    return f"{number:04d}"
