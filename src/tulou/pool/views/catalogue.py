"""The catalogue: which departments deliver what, every item with what may be done with it; open to everybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language

from tulou.kernel.errors import Language
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.core.catalogue import Catalogue
from tulou.pool.core.catalogue.checks_sql import validation_sql
from tulou.pool.core.catalogue.dcat import dcat_dataset
from tulou.pool.core.catalogue.odcs import odcs_files
from tulou.pool.core.catalogue.pages import dataset_page, item_page
from tulou.pool.core.contract.yaml_form import contract_to_yaml
from tulou.pool.courtyard import catalogue, search_index
from tulou.pool.models import Delivery
from tulou.pool.queries.quality import STANDING, quality_of

FOUND = 50
LINEAGE = 10


def tongue() -> Language:
    """The reader's language, as the engine names it."""
    return "zh" if (get_language() or "zh").startswith("zh") else "en"


def _dcat(known: Catalogue, name: str) -> str:
    return json.dumps(dcat_dataset(known, name), ensure_ascii=False, indent=1)


def _odcs(known: Catalogue, name: str) -> str:
    return next(odcs_files(replace(known, datasets={name: known.datasets[name]})))[1]


EXPORTS: dict[str, tuple[str, str, str, Callable[[Catalogue, str], str]]] = {
    "contract": ("YAML", "yaml", "application/yaml", lambda known, name: contract_to_yaml(known.contract(name))),
    "odcs": ("ODCS 3", "yaml", "application/yaml", _odcs),
    "dcat": ("DCAT-AP", "jsonld", "application/ld+json", _dcat),
    "sql": ("SQL", "sql", "application/sql", lambda known, name: validation_sql(known.contract(name))),
}


@page(public=True)
def overview(request: HouseRequest) -> HttpResponseBase:
    """Every department with its datasets, or what was found for some words."""
    known = catalogue()
    question = request.GET.get("q", "").strip()[:100]
    hits = (
        [_shown(known, hit.kind, hit.key) for hit in search_index().search(question, limit=FOUND)] if question else []
    )
    context = {
        "question": question,
        "hits": hits,
        "departments": [(one, list(known.of_department(one.id))) for one in known.departments.values()],
        "datasets": len(known.datasets),
        "items": len(known.items),
    }
    return render(request, "pool/catalogue.html", context)


def _shown(known: Catalogue, kind: str, key: str) -> dict[str, Any]:
    if kind == "dataset":
        dataset = known.datasets[key]
        return {"kind": kind, "key": key, "title": dataset.title, "text": dataset.description, "around": None}
    item = known.items[key]
    around = known.datasets[item.dataset].title
    return {"kind": kind, "key": key, "title": item.title, "text": item.definition, "around": around}


@page(public=True)
def dataset(request: HouseRequest, name: str) -> HttpResponseBase:
    """One dataset: what it is, its items, where its records come from, and how well it is delivered."""
    known = catalogue()
    found = known.datasets.get(name)
    if found is None:
        raise Http404
    lineage = Delivery.objects.filter(dataset=name, state__in=STANDING).defer("receipt", "problem")
    context = {
        "dataset": found,
        "shown": dataset_page(known, name, tongue()),
        "items": found.items,
        "quality": quality_of([found])[0],
        "lineage": lineage.order_by("-received_at")[:LINEAGE],
        "deliveries": lineage.count(),
        "exports": [(key, label) for key, (label, *_) in EXPORTS.items()],
    }
    return render(request, "pool/catalogue_dataset.html", context)


@page(public=True)
def item(request: HouseRequest, code: str) -> HttpResponseBase:
    """One item: all that is laid down about it."""
    known = catalogue()
    found = known.items.get(code)
    if found is None:
        raise Http404
    dataset = known.datasets[found.dataset]
    shown = item_page(known, code, tongue())
    context = {"item": found, "dataset": dataset, "shown": shown, "quality": quality_of([dataset])[0]}
    return render(request, "pool/catalogue_item.html", context)


@page(public=True)
def export(request: HouseRequest, name: str, form: str) -> HttpResponseBase:  # noqa: ARG001 - every view is given it
    """A dataset's contract as a file for machines."""
    known = catalogue()
    if name not in known.datasets or form not in EXPORTS:
        raise Http404
    _, suffix, kind, write = EXPORTS[form]
    answer = HttpResponse(write(known, name), content_type=f"{kind}; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename={name}.{form}.{suffix}"
    return answer
