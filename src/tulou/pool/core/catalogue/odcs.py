"""Datasets as ODCS 3.2 contracts with everything that the catalogue knows, and foreign contracts kept whole.

What the standard has no word for stands under custom properties of vendor `tulou`: the records of dataset, items and
code sets, as the catalogue's tables hold them. What a foreign contract says and the catalogue has no place for is kept
in `extras`, and comes back when the contract is written again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue.contracts import contract_of, identity_rule
from tulou.pool.core.catalogue.drafting import drafted
from tulou.pool.core.catalogue.table_columns import TABLES
from tulou.pool.core.catalogue.tables import Row, from_tables, to_tables
from tulou.pool.core.catalogue.values import Catalogue, CodeSet, Dataset, Department, Item
from tulou.pool.core.contract import Column, Contract
from tulou.pool.core.contract.documents import Document, write_document
from tulou.pool.core.contract.faults import raise_if_any
from tulou.pool.core.contract.odcs import contract_to_odcs, elements_of, read_contract
from tulou.pool.core.contract.odcs_columns import column_of, custom, ours, property_of, theirs
from tulou.pool.core.contract.reading import Reader

KEPT, KEPT_DOCUMENT, ORIGIN = "odcs.kept", "odcs.document", "odcs.origin"
"""Names in `extras`: what else an element or property said, what else the document said, where it came from."""

FOREIGN = "foreign"
CLASSES = {1: "public", 2: "internal", 3: "restricted", 4: "confidential"}
_DOCUMENT_KEYS = frozenset(
    {"version", "apiVersion", "kind", "id", "name", "domain", "status", "description", "schema", "slaProperties"}
)
_ELEMENT_KEYS = frozenset(
    {"name", "businessName", "logicalType", "physicalType", "dataGranularityDescription", "properties", "quality"}
)
_PROPERTY_KEYS = frozenset(
    {
        "name",
        "businessName",
        "description",
        "classification",
        "logicalType",
        "physicalType",
        "logicalTypeOptions",
        "required",
        "unique",
        "primaryKey",
        "primaryKeyPosition",
        "quality",
    }
)
_CORRECTABLE = (
    "logical_type",
    "title",
    "aliases",
    "required",
    "unique",
    "precision",
    "scale",
    "max_length",
    "unit",
    "minimum",
    "maximum",
    "pattern",
    "formats",
    "key_role",
)
"""What the standard says of a column: where a document was edited, it wins over the record."""


def odcs_files(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Path and YAML text of every contract; tables that came in one foreign document go out in one."""
    groups: dict[str, list[Dataset]] = {}
    for dataset in catalogue.datasets.values():
        groups.setdefault(dataset.extras.get(KEPT_DOCUMENT) or dataset.id, []).append(dataset)
    for datasets in groups.values():
        first = datasets[0]
        yield f"{first.department}/{first.id}.odcs.yaml", write_document(odcs_document(catalogue, datasets))


def odcs_document(catalogue: Catalogue, datasets: Sequence[Dataset]) -> dict[str, Any]:
    """The ODCS document of one dataset, or of those that came in one document."""
    first = datasets[0]
    fresh = contract_to_odcs(contract_of(catalogue, first.id))
    elements = [_element(catalogue, dataset) for dataset in datasets]
    kept = json.loads(first.extras.get(KEPT_DOCUMENT, "{}"))
    if first.extras.get(ORIGIN) == FOREIGN:
        body = {name: value for name, value in kept.items() if name != "schema"}
        position = list(kept).index("schema") if "schema" in kept else len(body)
        return dict([*list(body.items())[:position], ("schema", elements), *list(body.items())[position:]])
    return _joined({**fresh, "schema": elements}, kept)


def _element(catalogue: Catalogue, dataset: Dataset) -> dict[str, Any]:
    contract = contract_of(catalogue, dataset.id)
    fresh: dict[str, Any] = contract_to_odcs(contract)["schema"][0]
    positions = {name: number for number, name in enumerate(contract.primary_key, 1)}
    pairs = zip(dataset.items, contract.columns, strict=True)
    properties = [_property(catalogue, item, column, positions.get(column.name)) for item, column in pairs]
    records = custom(_records(catalogue, dataset))
    kept = json.loads(dataset.extras.get(KEPT, "{}"))
    if dataset.extras.get(ORIGIN) == FOREIGN:
        body = {name: value for name, value in kept.items() if name != "customProperties"}
        body["properties"] = properties
        return {**body, "customProperties": [*kept.get("customProperties", []), *records]}
    element = {**fresh, "properties": properties, "customProperties": records}
    return _joined(element, kept)


def _property(catalogue: Catalogue, item: Item, column: Column, position: int | None) -> dict[str, Any]:
    fresh = property_of(column, position)
    fresh["description"] = item.definition.zh
    fresh["classification"] = CLASSES.get(item.sensitivity, CLASSES[4])
    record = custom({"item": _record(_item_row(catalogue, item)), "extras": _own_extras(item.extras)})
    kept = json.loads(item.extras.get(KEPT, "{}"))
    if item.extras.get(ORIGIN) == FOREIGN:
        if _says(kept, column):
            return {**kept, "customProperties": [*kept.get("customProperties", []), *record]}
        body = {**kept, **{name: value for name, value in fresh.items() if name != "customProperties"}}
        customs = [*kept.get("customProperties", []), *fresh["customProperties"], *record]
        return {**body, "customProperties": customs}
    fresh["customProperties"] += record
    return _joined(fresh, kept)


def _says(kept: Mapping[str, Any], column: Column) -> bool:
    """Whether a foreign property still describes the column, so that its own words can stand."""
    return column_of(Reader(Document(dict(kept), ""))) == replace(column, item_code=None)


def _joined(fresh: dict[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """What we write, and beside it what somebody had added."""
    customs = [*fresh.get("customProperties", []), *kept.get("customProperties", [])]
    return {**fresh, **kept, **({"customProperties": customs} if customs else {})}


def _item_row(catalogue: Catalogue, item: Item) -> Row:
    """The row of one item in the catalogue's tables."""
    dataset = replace(catalogue.datasets[item.dataset], items=(item,), rules=(), identities=())
    return to_tables(Catalogue({}, {dataset.id: dataset}))["items"][0]


def _records(catalogue: Catalogue, dataset: Dataset) -> dict[str, Any]:
    used = {item.code_set for item in dataset.items if item.code_set}
    part = Catalogue(
        {dataset.department: catalogue.departments[dataset.department]},
        {dataset.id: replace(dataset, items=())},
        {name: known for name, known in catalogue.code_sets.items() if name in used},
    )
    tables = to_tables(part)
    return {
        "dataset": _record(tables["datasets"][0]),
        "department": _record(tables["departments"][0]),
        "identities": [_record(row) for row in tables["identities"]],
        "codeSets": [_record(row) for row in tables["code_sets"]],
        "codes": [_record(row) for row in tables["codes"]],
        "extras": _own_extras(dataset.extras),
        "origin": dataset.extras.get(ORIGIN),
    }


def _record(row: Row) -> Row:
    """A row without its empty cells."""
    return {name: value for name, value in row.items() if value != ""}


def _own_extras(extras: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in extras.items() if name not in (KEPT, KEPT_DOCUMENT, ORIGIN)}


def catalogue_from_odcs(document: Document) -> Catalogue:
    """The datasets in an ODCS document. Those of foreign origin have no codes yet: `adopt` gives them.

    Raises Faulty with every fault and its line.
    """
    reader = Reader(document)
    parts = [_dataset(reader, number) for number in range(len(elements_of(document)))]
    if not parts:
        reader.fault("schema", "odcs.no_table", "合同里没有表", "the contract has no table")
    raise_if_any(reader.findings, document.file)
    departments: dict[str, Department] = {}
    datasets: dict[str, Dataset] = {}
    code_sets: dict[str, CodeSet] = {}
    for part in parts:
        departments |= part.departments
        datasets |= part.datasets
        code_sets |= part.code_sets
    return Catalogue(departments, datasets, code_sets)


def _dataset(reader: Reader, number: int) -> Catalogue:
    element = Reader(reader.document, ("schema", number), reader.findings)
    contract = read_contract(reader, number)
    mine = ours(element.value)
    if "dataset" in mine and mine.get("origin") != FOREIGN:
        return _own(reader, element, contract)
    return _foreign(reader, element, contract, mine)


def _own(reader: Reader, element: Reader, contract: Contract) -> Catalogue:
    """A dataset that Tulou wrote: its records, corrected by what the document says now in the standard's words."""
    part = _from_records(ours(element.value), element.value.get("properties", []), reader.document.file)
    (dataset,) = part.datasets.values()
    columns = {column.item_code: column for column in contract.columns}
    bodies = {ours(body).get("itemCode"): body for body in element.value.get("properties", [])}
    items = tuple(
        _corrected(item, columns[item.code], part.code_sets, _rest(bodies[item.code], _PROPERTY_KEYS))
        for item in dataset.items
        if item.code in columns
    )
    extras = dict(dataset.extras)
    if kept := _rest(element.value, _ELEMENT_KEYS):
        extras[KEPT] = kept
    if kept := _rest(reader.value, _DOCUMENT_KEYS):
        extras[KEPT_DOCUMENT] = kept
    generated = {identity_rule(dataset, identity).name for identity in dataset.identities}
    dataset = replace(
        dataset,
        items=items,
        extras=extras,
        rules=tuple(rule for rule in contract.rules if rule.name not in generated),
        title=contract.title,
        description=contract.description or dataset.description,
        version=contract.version,
        grain=contract.grain,
        primary_key=contract.primary_key,
        period_column=contract.period_column,
        update_cycle=contract.update_cycle,  # type: ignore[arg-type]
        max_delay_days=contract.max_delay_days,
        delivery_mode=contract.delivery_mode,
        legal_basis=contract.legal_basis,
    )
    code_sets = {**part.code_sets, **_corrected_codes(items, columns, part.code_sets)}
    return replace(part, datasets={dataset.id: dataset}, code_sets=code_sets)


def _corrected_codes(
    items: Iterable[Item], columns: Mapping[str | None, Column], code_sets: Mapping[str, CodeSet]
) -> dict[str, CodeSet]:
    """Code sets whose codes were changed in the document; a code that is new means itself."""
    changed = {}
    for item in items:
        known = code_sets[item.code_set] if item.code_set else None
        codes = columns[item.code].codes
        if known is not None and codes != tuple(known.codes):
            changed[known.id] = replace(known, codes={c: known.codes.get(c, Text(zh=c, en=c)) for c in codes})
    return changed


def _from_records(mine: Mapping[str, Any], properties: Iterable[Any], file: str) -> Catalogue:
    held = [ours(body) for body in properties if isinstance(body, dict)]
    extras = [
        {"of": "item", "key": str(record["item"]["code"]), "name": name, "value": str(value)}
        for record in held
        if isinstance(record.get("item"), dict)
        for name, value in (record.get("extras") or {}).items()
    ]
    own = {"of": "dataset", "key": str(mine["dataset"].get("id", ""))}
    extras += [{**own, "name": name, "value": str(value)} for name, value in (mine.get("extras") or {}).items()]
    return from_tables(
        {
            "departments": _rows([mine.get("department")], "departments"),
            "datasets": _rows([mine["dataset"]], "datasets"),
            "items": _rows([record.get("item") for record in held], "items"),
            "code_sets": _rows(mine.get("codeSets") or (), "code_sets"),
            "codes": _rows(mine.get("codes") or (), "codes"),
            "identities": _rows(mine.get("identities") or (), "identities"),
            "extras": extras,
        },
        file,
    )


def _rows(records: Iterable[Any], table: str) -> list[Row]:
    """Records as full rows: cells that were left out are empty."""
    empty = {column.name: "" for column in TABLES[table]}
    return [
        {**empty, **{name: str(value) for name, value in record.items()}}
        for record in records
        if isinstance(record, dict)
    ]


def _corrected(item: Item, column: Column, code_sets: Mapping[str, CodeSet], kept: str) -> Item:
    said = item.column(code_sets)
    changes: dict[str, Any] = {
        attribute: getattr(column, attribute)
        for attribute in _CORRECTABLE
        if getattr(column, attribute) != getattr(said, attribute)
    }
    if kept:
        changes["extras"] = {**item.extras, KEPT: kept}
    return replace(item, **changes) if changes else item


def _rest(body: Mapping[str, Any], known: frozenset[str]) -> str:
    """What an element says beside what we write, as JSON; empty where it says nothing else."""
    left = {name: value for name, value in theirs(body).items() if name not in known}
    return json.dumps(left, ensure_ascii=False) if left else ""


def _foreign(reader: Reader, element: Reader, contract: Contract, mine: Mapping[str, Any]) -> Catalogue:
    """A dataset that somebody else described; one that has been here before comes with its records."""
    element_kept = {name: value for name, value in theirs(element.value).items() if name != "properties"}
    document_kept = {name: value for name, value in reader.value.items() if name != "schema"}
    position = list(reader.value).index("schema")
    ordered = [*list(document_kept.items())[:position], ("schema", None), *list(document_kept.items())[position:]]
    extras = {
        ORIGIN: FOREIGN,
        KEPT: json.dumps(element_kept, ensure_ascii=False),
        KEPT_DOCUMENT: json.dumps(dict(ordered), ensure_ascii=False),
    }
    bodies = [json.dumps(theirs(body), ensure_ascii=False) for body in element.value.get("properties", [])]
    if "dataset" in mine:
        part = _from_records(mine, element.value.get("properties", []), reader.document.file)
        (dataset,) = part.datasets.values()
        items = tuple(
            replace(item, extras={**item.extras, ORIGIN: FOREIGN, KEPT: body})
            for item, body in zip(dataset.items, bodies, strict=False)
        )
        dataset = replace(dataset, items=items, extras={**dataset.extras, **extras}, rules=contract.rules)
        return replace(part, datasets={dataset.id: dataset})
    return _drafted(contract, bodies, extras)


def _drafted(contract: Contract, bodies: Sequence[str], extras: Mapping[str, str]) -> Catalogue:
    part = drafted(contract)
    (dataset,) = part.datasets.values()
    items = tuple(
        replace(item, extras={ORIGIN: FOREIGN, KEPT: body}) for item, body in zip(dataset.items, bodies, strict=True)
    )
    return replace(part, datasets={dataset.id: replace(dataset, items=items, extras=dict(extras))})
