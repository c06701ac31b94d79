"""Who acts: from the session to an `Actor`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import get_language

from tulou.platform.actor import NOBODY, Actor
from tulou.platform.web.request import HouseRequest
from tulou.registry.models import Membership, Organisation, Person
from tulou.registry.queries import current_memberships

ACTING_FOR = "acting_for"
"""The session's note of the organisation that the person acts for."""
METHODS = "account_authentication_methods"
"""Where allauth notes how the person of this session proved who she is."""


def act(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Put `request.actor` and `request.memberships` in place."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        house = cast("HouseRequest", request)
        person = request.user
        if person.is_authenticated and isinstance(person, Person):
            house.memberships = list(current_memberships(person))
            wished = request.session.get(ACTING_FOR, "")
            house.actor = actor_of(person, house.memberships, wished, is_strong(request.session))
        else:
            house.memberships, house.actor = [], NOBODY
        return get_response(request)

    return middleware


def is_strong(session: Any) -> bool:
    """Whether this session rests on a passkey, on the government's identity provider or on two factors."""
    if settings.DEMO and session.get("demo_strong"):
        return True
    methods = [record.get("method", "") for record in session.get(METHODS, [])]
    passkey = any(r.get("method") == "mfa" and r.get("passwordless") for r in session.get(METHODS, []))
    return passkey or "socialaccount" in methods or ("mfa" in methods and len(set(methods)) > 1)


def actor_of(person: Person, memberships: list[Membership], wished: str, strong: bool) -> Actor:
    """The person as she acts: for the organisation that she chose, else for her first one, else for herself."""
    chosen: Organisation | None = None
    for membership in memberships:
        if chosen is None or membership.organisation.public_id == wished:
            chosen = membership.organisation
    roles = frozenset(m.role for m in memberships if chosen is not None and m.organisation_id == chosen.pk)
    return Actor(
        person_id=person.public_id,
        person_key=person.pk,
        name=person.name or person.email,
        organisation_id=chosen.public_id if chosen else "",
        organisation_key=chosen.pk if chosen else None,
        organisation_name=chosen.name if chosen else "",
        organisation_kind=chosen.kind if chosen else "",
        roles=roles,
        strong=strong,
        language=get_language() or "zh-hans",
    )
