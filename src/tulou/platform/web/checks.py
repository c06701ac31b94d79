"""Checks that run before the server starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

from tulou.platform.web.access import Access, access_of


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every URL pattern of the portal with its view."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.callback
        elif isinstance(entry, URLResolver):
            yield from routes(entry, route)


def public_routes() -> list[str]:
    """Every URL pattern that opens without a sign-in."""
    found = []
    for route, view in routes():
        access = access_of(view)
        if isinstance(access, Access) and access.public:
            found.append(route)
    return sorted(found)


@register(Tags.security)
def every_view_says_who_may_open_it(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Deny by default: a view without `@page` (or `@operation`) is an error."""
    return [
        Error(f"The view of '{route}' does not say who may open it.", hint="Put @page(…) on it.", id="tulou.E001")
        for route, view in routes()
        if access_of(view) is None
    ]
