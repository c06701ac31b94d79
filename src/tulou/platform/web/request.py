"""A request as the house's views see it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from django.http import HttpRequest

from tulou.platform.actor import Actor


class HouseRequest(HttpRequest):
    """A request with its actor. Only for annotations: the middleware adds these to Django's own object."""

    actor: Actor
    htmx: Any
    request_id: str
    guarding: ExitStack
    memberships: list[Any]
