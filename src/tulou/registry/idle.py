"""Sessions end when nobody sits there: staff after a quarter of an hour, others after half an hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tulou.platform import clock
from tulou.platform.actor import NOBODY, Actor
from tulou.platform.story import story
from tulou.platform.web.access import STAFF_KINDS
from tulou.platform.web.request import HouseRequest

STAFF, OTHERS = dt.timedelta(minutes=15), dt.timedelta(minutes=30)
SEEN = "seen_at"
"""The session's note of when its person last did something, in seconds."""
NOTED = 30
"""Seconds after which the note is written anew."""
POLL = "Tulou-Poll"
"""The header of requests that a page makes by itself: they are no sign of life."""


def limit(actor: Actor) -> dt.timedelta:
    """How long an actor may do nothing."""
    return STAFF if actor.organisation_kind in STAFF_KINDS else OTHERS


def end_idle_sessions(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Sign out whoever did nothing for too long; note a sign of life otherwise. Stands behind `act`."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        house = cast("HouseRequest", request)
        if house.actor.signed_in:
            now = clock.microseconds(clock.now()) // 1_000_000
            seen = request.session.get(SEEN)
            if isinstance(seen, int) and now - seen >= limit(house.actor).total_seconds():
                return _ended(house)
            if POLL not in request.headers and (seen is None or not seen <= now < seen + NOTED):
                request.session[SEEN] = now
        return get_response(request)

    return middleware


def _ended(request: HouseRequest) -> HttpResponseBase:
    with story(request.actor) as told:
        told.record("registry.person.timed_out")
    logout(request)
    request.actor, request.memberships = NOBODY, []
    messages.info(request, _("You were signed out because nothing happened for a while. Nothing of yours is lost."))
    here = request.get_full_path() if request.method == "GET" and not getattr(request, "htmx", False) else ""
    target = f"{reverse('account_login')}?{urlencode({'next': here})}" if here else reverse("account_login")
    if getattr(request, "htmx", False):
        answer = HttpResponse(status=204)
        answer.headers["HX-Redirect"] = target
        return answer
    return redirect(target)
