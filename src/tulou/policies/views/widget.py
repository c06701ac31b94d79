"""Policies inside other people's pages: a small page for a frame, and the page that says how to put it there."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt

from tulou.platform import clock
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.queries.public import find
from tulou.policies.views.public import parameters

MOST = 6


@page(public=True)
@xframe_options_exempt
def widget(request: HouseRequest) -> HttpResponseBase:
    """The soonest of the filtered policies. The only page that others may frame: those that `TULOU_FRAMES` names."""
    wished = {"en": "en", "zh": "zh-hans"}.get(request.GET.get("lang", ""), translation.get_language())
    with translation.override(wished):
        found = find(request.GET.dict())
        cards = [card for card in found.cards if not card.over]
        context = {
            "cards": cards[:MOST],
            "more": max(len(cards) - MOST, 0),
            "parameters": parameters(request),
            "today": clock.today(),
            "dark": request.GET.get("theme") == "dark",
        }
        answer = render(request, "policies/public/widget.html", context)
    # django-csp reads this from the answer: the directive is replaced for this answer only.
    answer._csp_replace = {"frame-ancestors": list(settings.FRAMES) or ["'none'"]}  # type: ignore[attr-defined]
    return answer


@page(public=True)
def embed(request: HouseRequest) -> HttpResponseBase:
    """The piece of HTML that shows these policies in another page."""
    query = parameters(request)
    address = f"{settings.BASE_URL}{reverse('policies:widget')}" + (f"?{query}" if query else "")
    context = {"address": address, "query": query, "hosts": settings.FRAMES}
    return render(request, "policies/public/embed.html", context)
