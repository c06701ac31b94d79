"""The API of the whole house under /api/v1, and the page that describes it under /api/."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import path

from tulou import __version__
from tulou.platform.api.kit import HouseAPI, explain
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest

api = HouseAPI(
    title="Tulou",
    version=__version__,
    description="One pool of government data, and rooms of service around it. Amounts are fen, times UTC (ISO 8601).",
    urls_namespace="api-v1",
    docs_url=None,
)
explain(api)
for room in settings.HOUSE:
    if find_spec(f"tulou.{room}.api") and hasattr(module := import_module(f"tulou.{room}.api"), "router"):
        api.add_router(f"/{room}", module.router)


@page(public=True)
def reference(request: HouseRequest) -> HttpResponseBase:
    """Every operation, its parameters and its answers, for people."""
    return render(request, "portal/api.html", {"groups": operations()})


@cache
def operations() -> dict[str, list[dict[str, Any]]]:
    """The operations of the API by group. They are the same for as long as the process lives."""
    return grouped(api.get_openapi_schema(path_prefix="/api/v1/"))


def grouped(schema: Any) -> dict[str, list[dict[str, Any]]]:
    """The operations of an OpenAPI schema by their first tag."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for address, methods in schema["paths"].items():
        for method, operation in methods.items():
            shown = {
                "method": method.upper(),
                "path": address,
                "summary": operation.get("summary", ""),
                "text": operation.get("description", ""),
                "parameters": operation.get("parameters", []),
                "answers": operation["responses"],
                "id": operation["operationId"],
            }
            groups.setdefault((operation.get("tags") or ["general"])[0], []).append(shown)
    return groups


urlpatterns = [path("", reference, name="api"), path("v1/", api.urls)]
