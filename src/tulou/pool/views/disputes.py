"""Disputes: the firm's, and the department's inbox."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.transitions.services import history
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.courtyard import catalogue
from tulou.pool.forms.consent import AnswerForm, ReasonForm, words
from tulou.pool.models import Dispute
from tulou.pool.queries.disputes import dispute_for, disputes_for
from tulou.pool.services.disputes import FLOW, answer_dispute
from tulou.registry.roles import Role

BOTH = (Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE, Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_CLERK)
TONES = {"open": "yellow", "accepted": "azure", "corrected": "green", "declined": "red", "withdrawn": "earth"}
STEPS = {
    "accept": gettext_lazy("Accept: we will correct it"),
    "decline": gettext_lazy("Decline, with the reason"),
    "correct": gettext_lazy("Corrected with our next delivery"),
    "withdraw": gettext_lazy("Withdraw the dispute"),
}


def item_title(row: Dispute) -> str:
    """The name of the disputed item."""
    known = catalogue().items.get(row.item)
    return words(known.title) if known else row.item


LIST = ListPage(
    columns=[
        Column(
            "item", gettext_lazy("Item"), item_title, link=lambda row: reverse("pool:dispute", args=[row.public_id])
        ),
        Column("subject", gettext_lazy("Enterprise"), lambda row: row.subject.name),
        Column("value", gettext_lazy("Shown"), lambda row: row.value),
        Column("proposed", gettext_lazy("Proposed"), lambda row: row.proposed),
        Column(
            "state",
            gettext_lazy("State"),
            lambda row: row.get_state_display(),
            "state",
            "badge",
            None,
            lambda row: TONES[row.state],
        ),
        Column("at", gettext_lazy("Raised"), lambda row: row.created_at, "created_at", "moment"),
    ],
    filters=[Filter("state", gettext_lazy("State"), "state", Dispute.State.choices)],
    search=["value", "explanation", "item"],
    default_sort="-at",
    file_name="disputes",
    empty_title=gettext_lazy("No disputes"),
    empty_text=gettext_lazy("Where a firm says that a value is wrong, it stands here."),
)


@page(*BOTH)
def disputes(request: HouseRequest) -> HttpResponseBase:
    """Every dispute that concerns the actor."""
    return LIST.answer(request, disputes_for(request.actor), "pool/disputes.html")


@page(*BOTH, methods=["GET", "POST"])
def dispute(request: HouseRequest, key: str) -> HttpResponseBase:
    """One dispute: what was shown, what is said against it, the answer."""
    found = dispute_for(request.actor, key)
    mine = found.subject_id == request.actor.organisation_key
    form = (ReasonForm if mine else AnswerForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        step = request.POST.get("step", "")
        if step not in FLOW.steps:
            raise Http404
        answer_dispute(request.actor, found, step, answer=form.cleaned_data["reason" if mine else "answer"])
        messages.success(request, _("Noted, and the other side was told."))
        return redirect("pool:dispute", key=key)
    steps = [(step.name, STEPS[step.name]) for step in FLOW.steps_from(found.state, request.actor.roles)]
    events = [
        {
            "icon": "arrow-right",
            "tone": TONES[m.target],
            "at": m.at,
            "title": Dispute.State(m.target).label,
            "text": m.reason,
        }
        for m in history(FLOW, found)
    ]
    context = {
        "dispute": found,
        "item": catalogue().items.get(found.item),
        "form": form,
        "mine": mine,
        "steps": steps,
        "events": events,
        "tone": TONES[found.state],
    }
    return render(request, "pool/dispute.html", context)
