"""What the state holds about one's own firm, with its source, and how to say that something is wrong."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tulou.kernel.errors import Refused, Text
from tulou.platform.records import new_public_id
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.core.consent import Granularity
from tulou.pool.courtyard import catalogue
from tulou.pool.forms.consent import DisputeForm
from tulou.pool.queries.disputes import disputes_for
from tulou.pool.queries.own import items_of, sections_of, shelves_of
from tulou.pool.services.consent import SIGNERS
from tulou.pool.services.disputes import raise_dispute
from tulou.pool.services.reading import Asked, count_own, read_own
from tulou.registry.queries import organisation_for
from tulou.registry.roles import Role

FIRM = (Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE, Role.ENTERPRISE_CLERK)
EVER = (dt.date(1900, 1, 1), dt.date(2200, 1, 1))


@page(*FIRM)
def overview(request: HouseRequest) -> HttpResponseBase:
    """Which departments hold how many values about the firm, and in which datasets they hold none."""
    items = catalogue().items
    disputes = [
        (row, items[row.item].title if row.item in items else Text(zh=row.item, en=row.item))
        for row in disputes_for(request.actor)[:5]
    ]
    counts = _counts(request) if may(request) else None
    shelves = shelves_of(counts)
    context = {
        "shelves": [shelf for shelf in shelves if shelf.held],
        "empty": [shelf for shelf in shelves if shelf.rest],
        "known": counts is not None,
        "values": sum(counts.values()) if counts else 0,
        "datasets": len(counts or ()),
        "nothing_in": sum(len(shelf.rest) for shelf in shelves),
        "disputes": disputes,
        "may_read": may(request),
    }
    return render(request, "pool/own.html", context)


@page(*FIRM, get_writes=True)
def dataset(request: HouseRequest, name: str) -> HttpResponseBase:
    """The firm's values of one dataset. A reading like any other: it is in the log."""
    known = catalogue().datasets.get(name)
    if known is None:
        raise Http404
    firm = organisation_for(request.actor, request.actor.organisation_id)
    asked = Asked(items_of([name]), *EVER, Granularity.RAW)
    try:
        sections = sections_of(read_own(request.actor, firm, asked, key=new_public_id()).values)
    except Refused as refused:
        return _nothing(request, name, refused)
    question = request.GET.get("q", "").strip()[:80]
    lines = [
        line
        for section in sections
        for line in section.lines
        if question.casefold() in f"{line.item.title.zh} {line.item.title.en}".casefold()
    ]
    disputed = set(disputes_for(request.actor).filter(state__in=["open", "accepted"]).values_list("item", flat=True))
    context = {
        "dataset": known,
        "department": catalogue().departments[known.department].title,
        "section": sections[0] if sections else None,
        "lines": lines,
        "question": question,
        "disputed": disputed,
        "may_dispute": may(request),
        "refused": None,
    }
    return render(request, "pool/own_dataset.html", context)


@page(*SIGNERS, methods=["GET", "POST"])
def dispute(request: HouseRequest, item: str) -> HttpResponseBase:
    """Say that a value is wrong. What was shown is sent along, so that both speak of the same value."""
    known = catalogue().items.get(item)
    if known is None:
        raise Http404
    shown = {name: request.POST.get(name) or request.GET.get(name, "") for name in ("value", "period", "delivery")}
    answered = "explanation" in request.POST
    form = DisputeForm(request.POST if answered else None)
    if answered and form.is_valid():
        made = raise_dispute(request.actor, item=item, **shown, **form.cleaned_data)
        messages.success(request, _("The department has your dispute and will answer here."))
        return redirect("pool:dispute", key=made.public_id)
    return render(request, "pool/dispute_new.html", {"item": known, "form": form, "shown": shown})


def may(request: HouseRequest) -> bool:
    """Whether the person may read and speak for the firm; a clerk may not."""
    return request.actor.has_any(SIGNERS)


def _counts(request: HouseRequest) -> dict[str, int] | None:
    """How many values are held, by dataset; None where the pool has no profile of the firm."""
    firm = organisation_for(request.actor, request.actor.organisation_id)
    try:
        return count_own(request.actor, firm)
    except Refused:
        return None


def _nothing(request: HouseRequest, name: str, refused: Refused) -> HttpResponseBase:
    known = catalogue().datasets[name]
    context = {
        "dataset": known,
        "department": catalogue().departments[known.department].title,
        "section": None,
        "lines": [],
        "question": "",
        "disputed": set(),
        "may_dispute": False,
        "refused": refused.finding,
    }
    return render(request, "pool/own_dataset.html", context)
