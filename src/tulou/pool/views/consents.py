"""The consent centre: what was asked for, what is granted, and how to take it back in one click."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tulou.platform import clock
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.core.consent import GrantState, Wish
from tulou.pool.courtyard import catalogue
from tulou.pool.forms.consent import ReasonForm
from tulou.pool.models import Consent
from tulou.pool.queries.consent import consent_for, consents_for, events_of, receipt_of
from tulou.pool.services import consent as services
from tulou.registry.roles import Role

FIRM = (Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE)
BANK = (Role.BANK_OFFICER, Role.BANK_MANAGER, Role.DEPARTMENT_OFFICER)
OPERATOR = (Role.OPERATOR_SECURITY,)
UNFOLDED = 12
"""Items that a page of a consent shows at once; more are folded up by dataset."""

STATES: dict[GrantState, Any] = {
    GrantState.REQUESTED: gettext_lazy("Waiting for an answer"),
    GrantState.ACTIVE: gettext_lazy("In force"),
    GrantState.PAUSED: gettext_lazy("Paused"),
    GrantState.REJECTED: gettext_lazy("Declined"),
    GrantState.LAPSED: gettext_lazy("Not answered in time"),
    GrantState.SUPERSEDED: gettext_lazy("Replaced by a narrower one"),
    GrantState.REVOKED: gettext_lazy("Taken back"),
    GrantState.SUSPENDED: gettext_lazy("Suspended by the platform"),
}
TONES = {
    GrantState.REQUESTED: "yellow",
    GrantState.ACTIVE: "green",
    GrantState.PAUSED: "azure",
    GrantState.REVOKED: "red",
    GrantState.SUSPENDED: "red",
}
EVENTS: dict[str, tuple[str, str, Any]] = {
    "requested": ("mail", "yellow", gettext_lazy("Asked for")),
    "granted": ("circle-check", "green", gettext_lazy("Granted")),
    "rejected": ("circle-x", "red", gettext_lazy("Declined")),
    "lapsed": ("clock-off", "earth", gettext_lazy("Not answered in time")),
    "paused": ("player-pause", "azure", gettext_lazy("Paused")),
    "resumed": ("player-play", "green", gettext_lazy("Resumed")),
    "narrowed": ("filter", "azure", gettext_lazy("Narrowed")),
    "revoked": ("circle-minus", "red", gettext_lazy("Taken back")),
    "suspended": ("shield-x", "red", gettext_lazy("Suspended by the platform")),
    "reinstated": ("shield-check", "green", gettext_lazy("Suspension ended")),
}
ACTIONS = {
    "reject": services.reject_consent,
    "pause": services.pause_consent,
    "resume": services.resume_consent,
    "revoke": services.revoke_consent,
    "suspend": services.suspend_consent,
    "reinstate": services.reinstate_consent,
}


def shown_state(row: Consent) -> Any:
    """The state in words; one that is over says so, though no job has noted it."""
    return _("Expired") if is_over(row) else STATES[GrantState(row.state)]


def tone(row: Consent) -> str:
    """The colour of the state."""
    return "earth" if is_over(row) else TONES.get(GrantState(row.state), "earth")


def is_over(row: Consent) -> bool:
    """Whether a consent that was granted has reached its last moment."""
    return row.state == GrantState.ACTIVE and row.valid_until is not None and row.valid_until <= clock.now()


LIST = ListPage(
    columns=[
        Column(
            "purpose",
            gettext_lazy("Purpose"),
            lambda row: row.purpose.title,
            link=lambda row: reverse("pool:consent", args=[row.public_id]),
        ),
        Column("reader", gettext_lazy("Reader"), lambda row: row.reader.name),
        Column("subject", gettext_lazy("Enterprise"), lambda row: row.subject.name),
        Column("items", gettext_lazy("Items"), lambda row: len(row.terms["items"]), kind="number"),
        Column("state", gettext_lazy("State"), shown_state, "state", "badge", None, tone),
        Column("until", gettext_lazy("Valid until"), lambda row: row.valid_until, "valid_until", "moment"),
        Column("at", gettext_lazy("Asked at"), lambda row: row.created_at, "created_at", "moment"),
    ],
    filters=[
        Filter("state", gettext_lazy("State"), "state", [(state.value, label) for state, label in STATES.items()])
    ],
    search=["reader__name_zh", "reader__name_en", "subject__name_zh", "reason"],
    default_sort="-at",
    file_name="consents",
    empty_title=gettext_lazy("No consents yet"),
    empty_text=gettext_lazy("When a bank asks a firm for its data, the request stands here."),
)


@page(*FIRM, *BANK, *OPERATOR)
def consents(request: HouseRequest) -> HttpResponseBase:
    """Requests and consents: those that wait first."""
    found = consents_for(request.actor)
    waiting = found.filter(state=GrantState.REQUESTED, answer_until__gt=clock.now())[:10]
    context = {
        "waiting": waiting,
        "for_firm": request.actor.has_any(services.SIGNERS),
        "for_reader": request.actor.has_any(services.READERS),
    }
    return LIST.answer(request, found, "pool/consents.html", context)


@page(*FIRM, *BANK, *OPERATOR)
def consent(request: HouseRequest, key: str) -> HttpResponseBase:
    """One consent: who may read what, for what, until when; what happened; what can be done now."""
    found = consent_for(request.actor, key)
    events = [
        {"icon": EVENTS[e.kind][0], "tone": EVENTS[e.kind][1], "title": EVENTS[e.kind][2], "at": e.at, "text": e.reason}
        for e in events_of(found)
    ]
    used = found.decisions.filter(counted=True)
    last = used.order_by("-id").first()
    context = {
        "consent": found,
        "wish": Wish.from_document(found.terms),
        "groups": groups_of(found.terms["items"]),
        "state": shown_state(found),
        "tone": tone(found),
        "over": is_over(found),
        "events": events,
        "used": used.count(),
        "last": last.at if last else None,
        "for_firm": request.actor.has_any(services.SIGNERS) and request.actor.organisation_key == found.subject_id,
        "for_reader": request.actor.organisation_key == found.reader_id,
        "for_operator": request.actor.has_any(frozenset({Role.OPERATOR_SECURITY.value})),
        "form": ReasonForm(),
    }
    return render(request, "pool/consent.html", context)


@page(*FIRM, methods=["POST"])
def grant(request: HouseRequest, key: str) -> HttpResponseBase:
    """Grant the items that are ticked."""
    found = consent_for(request.actor, key)
    language = (get_language() or "zh")[:2]
    services.grant_consent(request.actor, found, items=request.POST.getlist("items"), language=language)
    messages.success(request, _("Granted. You can take it back at any time, here."))
    return redirect("pool:consent", key=key)


@page(*FIRM, methods=["POST"])
def narrow(request: HouseRequest, key: str) -> HttpResponseBase:
    """Keep only the items that are ticked, from now on."""
    found = consent_for(request.actor, key)
    made = services.narrow_consent(request.actor, found, items=request.POST.getlist("items"))
    messages.success(request, _("From now on only these items can be read."))
    return redirect("pool:consent", key=made.public_id)


@page(*FIRM, *OPERATOR, methods=["POST"])
def act(request: HouseRequest, key: str, action: str) -> HttpResponseBase:
    """Decline, pause, resume, revoke; for the operator: suspend, reinstate."""
    if action not in ACTIONS:
        raise Http404
    ACTIONS[action](request.actor, consent_for(request.actor, key), reason=request.POST.get("reason", "")[:500])
    messages.success(request, _("Done. It holds from this moment on."))
    return redirect("pool:consent", key=key)


@page(*FIRM, *BANK)
def receipt(request: HouseRequest, key: str) -> HttpResponseBase:
    """The signed receipt as a file."""
    found = consent_for(request.actor, key)
    answer = HttpResponse(json.dumps(receipt_of(found), ensure_ascii=False, indent=2), content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="consent-{found.public_id}.json"'
    return answer


def groups_of(items: list[str]) -> list[dict[str, Any]]:
    """The items of a consent by dataset, with the department that owns them; unfolded where they are few."""
    known = catalogue()
    groups: dict[str, dict[str, Any]] = {}
    for code in items:
        item = known.items[code]
        dataset = known.datasets[item.dataset]
        group = groups.setdefault(
            dataset.id, {"dataset": dataset, "department": known.departments[dataset.department].title, "items": []}
        )
        group["items"].append(item)
    for group in groups.values():
        group["open"] = len(items) <= UNFOLDED
    return list(groups.values())
