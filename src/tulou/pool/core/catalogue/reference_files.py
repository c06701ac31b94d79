"""The reference catalogue: seventeen departments of a province, read from the data files beside this module."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue.composing import CatalogueSourceError, Composer, Kind, text
from tulou.pool.core.catalogue.values import Catalogue, CodeSet, Dataset, Department, SourceLevel
from tulou.pool.core.contract import KeyRole, LogicalType

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ROOT = files("tulou.pool.core.catalogue") / "reference"


@cache
def reference_catalogue() -> Catalogue:
    """The catalogue that every new pool begins with. Raises CatalogueSourceError where its files are at odds."""
    codes = read_codes(ROOT / "item_codes.csv")
    catalogue = compose(codes)
    missing = [item for dataset in catalogue.datasets.values() for item in dataset.items if not item.code]
    if missing:
        first = missing[0]
        raise CatalogueSourceError(
            f"{len(missing)} items have no code, the first is {first.dataset}.{first.technical_name}"
        )
    return catalogue


def compose(codes: Mapping[tuple[str, str], str]) -> Catalogue:
    """The catalogue of the data files, with these item codes; an item without one has an empty code."""
    kinds = {name: _kind(body) for name, body in _read(ROOT / "kinds.yaml").items()}
    departments, datasets = {}, {}
    for body in _read(ROOT / "departments.yaml"):
        department = Department(
            id=body["id"],
            code=str(body["code"]),
            title=text(body["title"]),
            steward=text(body["steward"]),
            level=SourceLevel(body.get("level", "provincial")),
        )
        departments[department.id] = department
        composer = Composer(department, body["defaults"], kinds, codes)
        for dataset in _datasets(composer, ROOT / department.id):
            if dataset.id in datasets:
                raise CatalogueSourceError(f"two datasets are called {dataset.id}")
            datasets[dataset.id] = dataset
    code_sets = {name: _code_set(name, body) for name, body in _read(ROOT / "code_sets.yaml").items()}
    return Catalogue(departments, datasets, code_sets)


def _datasets(composer: Composer, folder: Traversable) -> list[Dataset]:
    pages = [_read(file) for file in folder.iterdir() if file.name.endswith(".yaml")]
    datasets = [composer.dataset(body) for page in pages for body in page]
    return sorted(datasets, key=lambda dataset: dataset.code)


def read_codes(file: Traversable) -> dict[tuple[str, str], str]:
    """The register of item codes: (dataset, technical name) -> code."""
    with file.open(encoding="utf-8") as stream:
        return {(row["dataset"], row["technical_name"]): row["item_code"] for row in csv.DictReader(stream)}


def _read(file: Traversable) -> Any:
    return yaml.load(file.read_bytes(), Loader=_LOADER)  # noqa: S506 - a safe loader, in C where there is one


def _kind(body: Mapping[str, Any]) -> Kind:
    limits = {side: Decimal(str(body[side])) for side in ("minimum", "maximum") if side in body}
    return Kind(
        logical_type=LogicalType(body["type"]),
        precision=body.get("precision"),
        scale=body.get("scale"),
        max_length=body.get("length"),
        unit=body.get("unit"),
        code_set=body.get("codes"),
        pattern=body.get("pattern"),
        key_role=KeyRole(body.get("role", "none")),
        sensitivity=body.get("sensitivity"),
        **limits,
    )


def _code_set(name: str, body: Mapping[str, Any]) -> CodeSet:
    codes = {str(code): Text(zh=pair[0], en=pair[1]) for code, pair in body.get("codes", {}).items()}
    return CodeSet(name, text(body["title"]), codes, body.get("pattern"), body.get("source"))
