"""What feeds and makes scores: the card that is installed, outcomes that are uploaded, scores that are made again."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tulou.finance.forms.bank import FileForm
from tulou.finance.forms.fields import tell
from tulou.finance.models import Outcome, Score, ScoreArtefact
from tulou.finance.queries.market import application_for, one
from tulou.finance.queries.scores import artefact_for, card_of, scores_of
from tulou.finance.services.outcomes import read_outcomes, record_outcomes
from tulou.finance.services.scoring import install_artefact, reproduce
from tulou.kernel.errors import TulouError
from tulou.platform.pages.lists import page_of
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.queries.disputes import items_in_dispute
from tulou.registry.roles import Role

BANK = (Role.BANK_OFFICER, Role.BANK_MANAGER)
MANAGER = (Role.BANK_MANAGER,)
FIRM = (Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE)


@page(*BANK)
def scoring(request: HouseRequest) -> HttpResponseBase:
    """The card in force, those before it, the scores made with them, and the outcomes so far."""
    return _page(request)


@page(*MANAGER, methods=["POST"])
def install(request: HouseRequest) -> HttpResponseBase:
    """Install a scorecard."""
    form = FileForm(request.POST, request.FILES, auto_id="card_%s")
    if form.is_valid():
        try:
            made = install_artefact(request.actor, form.cleaned_data["file"].read())
            messages.success(request, _("Installed: %(name)s") % {"name": made.name})
            return redirect("finance:scoring")
        except TulouError as refused:
            tell(form, refused)
    return _page(request, card=form)


@page(*BANK, methods=["POST"])
def upload(request: HouseRequest) -> HttpResponseBase:
    """Take a file of outcomes in: all of it or nothing."""
    form = FileForm(request.POST, request.FILES, auto_id="outcome_%s")
    if form.is_valid():
        try:
            count = record_outcomes(request.actor, read_outcomes(form.cleaned_data["file"].read()))
            messages.success(request, _("%(n)d outcomes kept.") % {"n": count})
            return redirect("finance:scoring")
        except TulouError as refused:
            tell(form, refused)
    return _page(request, outcomes=form)


@page(*BANK, methods=["POST"])
def again(request: HouseRequest, key: str) -> HttpResponseBase:
    """Make a past score again from what was kept, and say whether it is the same to the last bit."""
    score = one(Score.objects.filter(application__bank=request.actor.organisation_key), key)
    if reproduce(score):
        messages.success(request, _("The same answer, to the last bit."))
    else:
        messages.error(request, _("The answer differs: what was kept has been changed."))
    return redirect("finance:scoring")


@page(*FIRM)
def explained(request: HouseRequest, key: str) -> HttpResponseBase:
    """A bank's score as its firm reads it: each reason with its items, where to dispute one, and what would help."""
    from tulou.finance.core.reasons import changes_of

    found = application_for(request.actor, key)
    scores = scores_of(found, 5)
    context: dict[str, Any] = {
        "application": found,
        "newest": scores[0] if scores else None,
        "older": scores[1:],
        "changes": [],
    }
    if scores:
        card = card_of(scores[0].row)
        context |= {
            "changes": [change.text for change in changes_of(card, json.loads(scores[0].row.inputs))],
            "loans": card.report.get("rows"),
            "disputed": items_in_dispute(found.need.firm),
        }
    return render(request, "finance/score.html", context)


def _page(request: HouseRequest, card: FileForm | None = None, outcomes: FileForm | None = None) -> HttpResponseBase:
    bank = request.actor.organisation_key or 0
    scores = Score.objects.filter(application__bank=bank).select_related(
        "artefact", "application", "application__need__firm"
    )
    rows = Outcome.objects.filter(contract__bank=bank)
    context = {
        "card": card or FileForm(auto_id="card_%s"),
        "outcomes": outcomes or FileForm(auto_id="outcome_%s"),
        "artefact": artefact_for(bank),
        "older": ScoreArtefact.objects.filter(bank=bank).exclude(ended_at=None)[:5],
        "page": page_of(scores.order_by("-id"), request, 20),
        "known": rows.count(),
        "bad": rows.filter(bad=True).values("contract").distinct().count(),
        "good": rows.filter(bad=False).values("contract").distinct().count(),
        "manager": request.actor.has_any(frozenset({Role.BANK_MANAGER.value})),
    }
    return render(request, "finance/scoring.html", context, status=422 if card or outcomes else 200)
