"""The catalogue as DCAT-AP 3 in JSON-LD; DCAT stops at the dataset, so columns follow as CSV on the Web (csvw)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue.values import Catalogue, Dataset, Department, Item, OpenType
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import LogicalType

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "csvw": "http://www.w3.org/ns/csvw#",
    "eli": "http://data.europa.eu/eli/ontology#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_FREQUENCIES = {
    "realtime": "CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "half-yearly": "ANNUAL_2",
    "yearly": "ANNUAL",
    "irregular": "IRREG",
    "other": "OTHER",
}
_DATATYPES = {
    LogicalType.STRING: "string",
    LogicalType.INTEGER: "integer",
    LogicalType.NUMBER: "decimal",
    LogicalType.BOOLEAN: "boolean",
    LogicalType.DATE: "date",
    LogicalType.TIMESTAMP: "dateTime",
    LogicalType.PERIOD: "gYearMonth",
}


def dcat_catalogue(catalogue: Catalogue) -> dict[str, Any]:
    """The DCAT-AP document of the whole catalogue: one `dcat:Dataset` a dataset, each with its columns."""
    return {
        "@context": CONTEXT,
        "@id": "urn:tulou:catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _said(Text(zh="政务数据目录", en="Catalogue of government data")),
        "dct:description": _said(
            Text(zh="各部门归集到数据池的数据集和数据项", en="Datasets and items that departments bring to the pool")
        ),
        "dct:publisher": [_agent(department) for department in catalogue.departments.values()],
        "dct:language": [{"@id": f"{_AUTHORITY}/language/{code}"} for code in ("ZHO", "ENG")],
        "dcat:dataset": [dcat_dataset(catalogue, name) for name in catalogue.datasets],
    }


def dcat_dataset(catalogue: Catalogue, name: str) -> dict[str, Any]:
    """One dataset as DCAT-AP sees it. Raises KeyError where the catalogue has none of that name."""
    dataset = catalogue.datasets[name]
    department = catalogue.departments[dataset.department]
    return {
        "@id": f"urn:tulou:dataset:{dataset.id}",
        "@type": "dcat:Dataset",
        "dct:identifier": f"{department.code}-{dataset.code}",
        "dct:title": _said(dataset.title),
        "dct:description": _said(dataset.description),
        "dct:publisher": _agent(department),
        "dcat:contactPoint": {"@type": "vcard:Organization", "vcard:fn": _said(department.steward)},
        "dct:accrualPeriodicity": {"@id": f"{_AUTHORITY}/frequency/{_FREQUENCIES[dataset.update_cycle]}"},
        "dct:accessRights": {"@id": f"{_AUTHORITY}/access-right/{access_right(dataset.items)}"},
        "dcatap:applicableLegislation": [
            {"@type": "eli:LegalResource", "dct:title": _plain(law)} for law in dataset.legal_basis
        ],
        "dct:conformsTo": {"@id": f"urn:tulou:contract:{dataset.id}:{dataset.version}", "@type": "dct:Standard"},
        "dcat:version": dataset.version,
        "dcat:keyword": [_plain(dataset.grain), _plain(dataset.update_cycle)],
        "dcat:distribution": [_distribution(catalogue, dataset)],
    }


def _distribution(catalogue: Catalogue, dataset: Dataset) -> dict[str, Any]:
    return {
        "@id": f"urn:tulou:dataset:{dataset.id}:table",
        "@type": "dcat:Distribution",
        "dcat:accessURL": {"@id": f"urn:tulou:pool:{dataset.department}.{dataset.id}"},
        "dct:format": {"@id": f"{_AUTHORITY}/file-type/PARQUET"},
        "csvw:tableSchema": {
            "@type": "csvw:Schema",
            "csvw:primaryKey": list(dataset.primary_key),
            "csvw:column": [dcat_column(catalogue, item) for item in dataset.items],
        },
    }


def dcat_column(catalogue: Catalogue, item: Item) -> dict[str, Any]:
    """One item as a csvw column, with its sharing under terms of our own."""
    column: dict[str, Any] = {
        "@id": f"urn:tulou:item:{item.code}",
        "@type": "csvw:Column",
        "csvw:name": item.technical_name,
        "csvw:titles": _said(item.title),
        "csvw:required": item.required,
        "csvw:datatype": _datatype(item),
        "dct:identifier": item.code,
        "dct:title": _said(item.name),
        "dct:description": _said(item.definition),
        "dct:accessRights": {"@id": f"{_AUTHORITY}/access-right/{access_right([item])}"},
        "urn:tulou:sharingType": int(item.sharing_type),
        "urn:tulou:sensitivity": item.sensitivity,
    }
    if item.unit:
        column["schema:unitCode"] = item.unit
    if item.code_set:
        known = catalogue.code_sets[item.code_set]
        column["dct:conformsTo"] = {"@id": f"urn:tulou:code-set:{known.id}", "dct:title": _said(known.title)}
    if item.sharing_condition:
        column["dct:rights"] = {"@type": "dct:RightsStatement", "dct:description": _said(item.sharing_condition)}
    return column


def access_right(items: Iterable[Item]) -> str:
    """PUBLIC, RESTRICTED or NON_PUBLIC: the strictest of the items decides.

    >>> access_right([])
    'PUBLIC'
    """
    strictest = "PUBLIC"
    for item in items:
        if item.sharing_type is SharingType.NONE:
            return "NON_PUBLIC"
        if item.sharing_type is SharingType.CONDITIONAL or item.open_type is not OpenType.OPEN:
            strictest = "RESTRICTED"
    return strictest


def _datatype(item: Item) -> dict[str, Any]:
    facts = {
        "csvw:base": _DATATYPES[item.logical_type],
        "csvw:minimum": _limit(item.minimum),
        "csvw:maximum": _limit(item.maximum),
        "csvw:maxLength": item.max_length,
        "csvw:format": item.pattern,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _limit(limit: object) -> str | None:
    return None if limit is None else str(limit)


def _agent(department: Department) -> dict[str, Any]:
    agent = {
        "@id": f"urn:tulou:department:{department.id}",
        "@type": "foaf:Agent",
        "foaf:name": _said(department.title),
    }
    return {**agent, "dct:identifier": department.uscc} if department.uscc else agent


def _said(text: Text) -> list[dict[str, str]]:
    return [{"@value": text.zh, "@language": "zh-Hans"}, {"@value": text.en, "@language": "en"}]


def _plain(text: str) -> dict[str, str]:
    return {"@value": text}
