"""A catalogue in files: what each format writes, and where."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tulou.kernel.errors import wrong_use
from tulou.pool.core.catalogue.access import access_policy
from tulou.pool.core.catalogue.checks_sql import validation_sql
from tulou.pool.core.catalogue.contracts import contract_of
from tulou.pool.core.catalogue.csv_files import csv_files
from tulou.pool.core.catalogue.dcat import dcat_catalogue
from tulou.pool.core.catalogue.odcs import odcs_files
from tulou.pool.core.catalogue.pages import dataset_page
from tulou.pool.core.catalogue.values import Catalogue
from tulou.pool.core.catalogue.workbooks import write_workbook

Files = Iterator[tuple[str, str | bytes]]


def _csv(catalogue: Catalogue) -> Files:
    yield from csv_files(catalogue).items()


def _dcat(catalogue: Catalogue) -> Files:
    yield "catalogue.dcat-ap.jsonld", json.dumps(dcat_catalogue(catalogue), ensure_ascii=False, indent=1) + "\n"


def _sql(catalogue: Catalogue) -> Files:
    for dataset in catalogue.datasets.values():
        yield f"{dataset.department}/{dataset.id}.sql", validation_sql(contract_of(catalogue, dataset.id))


def _policy(catalogue: Catalogue) -> Files:
    policy = access_policy(catalogue, catalogue.items.values())
    yield "access-policy.json", json.dumps(policy, ensure_ascii=False, indent=1) + "\n"


def _markdown(catalogue: Catalogue) -> Files:
    for dataset in catalogue.datasets.values():
        for language in ("zh", "en"):
            page = dataset_page(catalogue, dataset.id, language)
            yield f"{dataset.department}/{dataset.id}.{language}.md", page.markdown()


def _html(catalogue: Catalogue) -> Files:
    for dataset in catalogue.datasets.values():
        for language in ("zh", "en"):
            page = dataset_page(catalogue, dataset.id, language)
            yield f"{dataset.department}/{dataset.id}.{language}.html", page.html(language)


TEXT_FORMATS: dict[str, Callable[[Catalogue], Files]] = {
    "csv": _csv,
    "odcs": odcs_files,
    "dcat-ap": _dcat,
    "sql": _sql,
    "policy": _policy,
    "markdown": _markdown,
    "html": _html,
}
FORMATS = ("xlsx", *TEXT_FORMATS)
_ONE_FILE = {"xlsx": ".xlsx", "dcat-ap": ".jsonld", "policy": ".json"}
"""Formats that are one file, with the ending by which `--out` names it."""


def export_catalogue(
    catalogue: Catalogue, formats: Sequence[str], out: Path, report: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write the catalogue; answers the files. One format goes into `out` itself (a file where it is one), several go
    into folders of it.

    Raises WrongUse for a format that is not known.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        known = ", ".join(FORMATS)
        raise wrong_use(
            "catalogue.format",
            f"不认识的格式 {', '.join(unknown)}, 可用: {known}",
            f"Unknown format {', '.join(unknown)}; known are: {known}",
        )
    written: list[Path] = []
    for name in formats:
        named = len(formats) == 1 and out.suffix == _ONE_FILE.get(name)
        folder = out.parent if named else out / name if len(formats) > 1 else out
        folder.mkdir(parents=True, exist_ok=True)
        if name == "xlsx":
            path = out if named else folder / "catalogue.xlsx"
            write_workbook(catalogue, path)
            written.append(path)
            report(str(path))
            continue
        for file, content in TEXT_FORMATS[name](catalogue):
            path = out if named else folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            written.append(path)
            report(str(path))
    return written


def part_of(catalogue: Catalogue, *, departments: Iterable[str] = (), datasets: Iterable[str] = ()) -> Catalogue:
    """The catalogue of some departments and datasets only (all of them where none is named), with what they use.

    Raises WrongUse for a name that the catalogue does not have.
    """
    wanted_departments, wanted = list(departments), list(datasets)
    for name, known in [(n, catalogue.departments) for n in wanted_departments] + [
        (n, catalogue.datasets) for n in wanted
    ]:
        if name not in known:
            raise wrong_use("catalogue.no_name", f"目录中没有 {name}", f"The catalogue has no {name}")
    if not wanted_departments and not wanted:
        return catalogue
    held = {
        name: dataset
        for name, dataset in catalogue.datasets.items()
        if name in wanted or dataset.department in wanted_departments
    }
    homes = {dataset.department for dataset in held.values()} | set(wanted_departments)
    used = {item.code_set for dataset in held.values() for item in dataset.items}
    return replace(
        catalogue,
        departments={name: home for name, home in catalogue.departments.items() if name in homes},
        datasets=held,
        code_sets={name: known for name, known in catalogue.code_sets.items() if name in used},
    )
