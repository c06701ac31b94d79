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
from django.utils.translation import get_language, gettext, gettext_noop, override, pgettext
from django.utils.translation import gettext_lazy as _

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
GROUPS = {
    "registry": _("Who is who"),
    "pool": _("Data pool and consent"),
    "finance": _("Financing"),
    "policies": _("Policies"),
}
"""What the page calls the parts of the API, by their tag."""
ANSWERS = [gettext_noop("OK"), gettext_noop("Created")]
"""What ninja says of an answer that is well."""


@page(public=True)
def reference(request: HouseRequest) -> HttpResponseBase:
    """Every operation, its parameters and its answers, for people."""
    return render(request, "portal/api.html", {"groups": operations(get_language() or "")})


@cache
def operations(language: str) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """The groups of the API: tag, name, operations. They stay the same while the process lives."""
    with override(language):
        groups = grouped(api.get_openapi_schema(path_prefix="/api/v1/"))
        return [(tag, str(GROUPS.get(tag, tag)), shown) for tag, shown in groups.items()]


def grouped(schema: Any) -> dict[str, list[dict[str, Any]]]:
    """The operations of an OpenAPI schema by their first tag, in the reader's language."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for address, methods in schema["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["general"])[0]
            shown = {
                "method": method.upper(),
                "path": address,
                "summary": in_words(operation.get("summary", "")),
                "text": in_words(operation.get("description", "")),
                "parameters": [translated(one) for one in operation.get("parameters", [])],
                "answers": {status: translated(one) for status, one in operation["responses"].items()},
                "id": operation["operationId"],
            }
            groups.setdefault(tag, []).append(shown)
    return groups


def in_words(text: str) -> str:
    """What an operation says of itself, in the reader's language; the OpenAPI document has it in English."""
    line = " ".join(text.split())
    return pgettext("api", line) if line else ""


def translated(part: dict[str, Any]) -> dict[str, Any]:
    """A parameter or an answer of an operation, with its description in the reader's language."""
    text = part.get("description", "")
    return {**part, "description": gettext(text) if text else ""}


urlpatterns = [path("", reference, name="api"), path("v1/", api.urls)]
