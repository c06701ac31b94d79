"""Pots: an officer lays a round out, sees what each method would give, decides, publishes, hears appeals."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.finance.forms.fields import tell, words
from tulou.finance.forms.pots import AnswerForm, AppealForm, DecideForm, ReasonForm, RoundForm
from tulou.finance.models import PotClaim, PotRound
from tulou.finance.queries import pots as queries
from tulou.finance.services import pots as services
from tulou.kernel.errors import TulouError
from tulou.platform import clock
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.registry.roles import Role

OFFICER = (Role.DEPARTMENT_OFFICER, Role.OPERATOR_STAFF)
FIRM = (Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE)
STATES = {
    "draft": (gettext_lazy("Method to be chosen"), "yellow"),
    "decided": (gettext_lazy("Decided, not published"), "azure"),
    "published": (gettext_lazy("Result published"), "green"),
}
TONES = {"awarded": "green", "better": "earth", "waiting": "yellow", "passed_over": "red", "too_large": "earth"}
METHODS = {"stable": gettext_lazy("Stable"), "benefit": gettext_lazy("Most benefit")}
FIGURES = (
    ("awards", gettext_lazy("Firms that get money"), "number"),
    ("awarded_fen", gettext_lazy("Given out"), "money"),
    ("left_fen", gettext_lazy("Left in budgets"), "money"),
    ("benefit", gettext_lazy("Benefit"), "number"),
    ("first_choices", gettext_lazy("Get their first choice"), "number"),
    ("wronged", gettext_lazy("Firms passed over though their claim is better"), "number"),
    ("jumped", gettext_lazy("Claims that would fit what is left, behind a larger one"), "number"),
)
OWN = ListPage(
    columns=[
        Column("title", gettext_lazy("Round"), lambda row: words(row.title),
               link=lambda row: reverse("finance:pot_round", args=[row.public_id])),
        Column("firms", gettext_lazy("Firms"), lambda row: row.firms, "firms", "number"),
        Column("claims", gettext_lazy("Number of claims"), lambda row: row.claims_count, "claims_count", "number"),
        Column("state", gettext_lazy("State"), lambda row: STATES[row.state][0], "state", "badge", None,
               lambda row: STATES[row.state][1]),
        Column("at", gettext_lazy("Laid out"), lambda row: row.created_at, "created_at", "moment"),
    ],
    search=["title_zh", "title_en"],
    default_sort="-at",
    file_name="pots",
    empty_title=gettext_lazy("No rounds yet"),
    empty_text=gettext_lazy("Lay one out with a file of pots and a file of claims."),
)  # fmt: skip
CLAIMS = ListPage(
    columns=[
        Column("pot", gettext_lazy("Pot"), lambda row: row.pot.name, "pot"),
        Column("line", gettext_lazy("Place in line"), lambda row: row.line, "line", "number"),
        Column("firm", gettext_lazy("Firm"), lambda row: row.firm.name if row.firm else row.uscc, "uscc"),
        Column("choice", gettext_lazy("Choice"), lambda row: row.choice, "choice", "number"),
        Column("strength", gettext_lazy("Claim score"), lambda row: f"{row.strength:g}", "strength"),
        Column("amount", gettext_lazy("Amount"), lambda row: row.amount_fen, "amount_fen", "money"),
        Column("decision", gettext_lazy("Decision"), lambda row: row.get_decision_display(), "decision", "badge", None,
               lambda row: TONES.get(row.decision, "earth")),
    ],
    filters=[Filter("decision", gettext_lazy("Decision"), "decision", PotClaim.Decision.choices)],
    search=["uscc", "pot__name"],
    default_sort="pot",
    file_name="claims",
    empty_title=gettext_lazy("No claims here"),
    empty_text=gettext_lazy("This round has no claims."),
)  # fmt: skip


@page(public=True)
def published(request: HouseRequest) -> HttpResponseBase:
    """What was given out: every published round."""
    context = {
        "rounds": queries.published_rounds()[:100],
        "officer": request.actor.has_any(frozenset(role.value for role in OFFICER)),
    }
    return render(request, "finance/pots.html", context)


@page(public=True)
def result(request: HouseRequest, key: str) -> HttpResponseBase:
    """A published round: the pots with the limits that were reached, the method and why, the lottery's text."""
    row = queries.published_round(key)
    return render(request, "finance/pots_result.html", _context(row))


@page(*OFFICER)
def own(request: HouseRequest) -> HttpResponseBase:
    """The rounds of the officer's organisation."""
    return OWN.answer(request, queries.rounds_for(request.actor), "finance/pots_own.html")


@page(*OFFICER, methods=["GET", "POST"])
def new(request: HouseRequest) -> HttpResponseBase:
    """Lay a round out."""
    form = RoundForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with tempfile.TemporaryDirectory() as folder:
            try:
                made = services.make_round(
                    request.actor,
                    title_zh=data["title_zh"],
                    title_en=data["title_en"],
                    seed=data["seed"],
                    pots=_kept(Path(folder), "pots", data["pots"]),
                    claims=_kept(Path(folder), "claims", data["claims"]),
                )
                return redirect("finance:pot_round", made.public_id)
            except TulouError as refused:
                tell(form, refused)
    return render(request, "finance/pots_new.html", {"form": form})


@page(*OFFICER)
def round_page(request: HouseRequest, key: str) -> HttpResponseBase:
    """A round before and after it is decided: the trade-off, the pots, every claim, appeals."""
    return _round(request, queries.round_for(request.actor, key))


@page(*OFFICER, methods=["POST"])
def decide(request: HouseRequest, key: str) -> HttpResponseBase:
    """Run one method."""
    row = queries.round_for(request.actor, key)
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _round(request, row, decide=form)
    services.decide_round(request.actor, row, form.cleaned_data["method"], reason=form.cleaned_data["reason"])
    messages.success(request, _("Decided. Nobody has heard of it yet: look at it, then publish it."))
    return redirect("finance:pot_round", row.public_id)


@page(*OFFICER, methods=["POST"])
def undo(request: HouseRequest, key: str) -> HttpResponseBase:
    """Take a decision back before it is published."""
    row = queries.round_for(request.actor, key)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _round(request, row, undo=form)
    services.undo_round(request.actor, row, reason=form.cleaned_data["reason"])
    messages.success(request, _("Taken back."))
    return redirect("finance:pot_round", row.public_id)


@page(*OFFICER, methods=["POST"])
def publish(request: HouseRequest, key: str) -> HttpResponseBase:
    """Publish the result."""
    row = queries.round_for(request.actor, key)
    services.publish_round(request.actor, row)
    messages.success(request, _("Published. The firms have been told."))
    return redirect("finance:pot_round", row.public_id)


@page(*OFFICER, methods=["POST"])
def answer(request: HouseRequest, key: str) -> HttpResponseBase:
    """Answer an appeal."""
    appeal = queries.appeal_for(request.actor, key)
    form = AnswerForm(request.POST)
    if form.is_valid():
        services.answer_appeal(request.actor, appeal, form.cleaned_data["step"], form.cleaned_data["answer"])
        messages.success(request, _("Answered."))
    else:
        messages.error(request, _("Say why: the firm reads it."))
    return redirect("finance:pot_round", appeal.claim.round.public_id)


@page(*FIRM)
def claims(request: HouseRequest) -> HttpResponseBase:
    """The firm's own claims."""
    return render(request, "finance/pots_claims.html", {"claims": _shown(queries.claims_for(request.actor)[:200])})


@page(*FIRM, methods=["GET", "POST"])
def claim(request: HouseRequest, key: str) -> HttpResponseBase:
    """One claim: the decision, the place in line, the last that was reached; and the appeal."""
    row = queries.claim_for(request.actor, key)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.appeal_claim(request.actor, row, form.cleaned_data["text"])
            messages.success(request, _("Your appeal is with the department."))
            return redirect("finance:pot_claim", row.public_id)
        except TulouError as refused:
            tell(form, refused)
    appeal = getattr(row, "appeal", None)
    until = row.round.appeal_until
    context = {
        "claim": row,
        "tone": TONES.get(row.decision, "earth"),
        "method": METHODS.get(row.round.method, ""),
        "appeal": appeal,
        "form": form if appeal is None and until is not None and clock.today() <= until else None,
    }
    return render(request, "finance/pots_claim.html", context)


def _round(request: HouseRequest, row: PotRound, **forms: Any) -> HttpResponseBase:
    context = {
        **_context(row),
        "decide": forms.get("decide") or DecideForm(auto_id="decide_%s"),
        "undo": forms.get("undo") or ReasonForm(auto_id="undo_%s"),
        "appeals": [
            {"row": appeal, "form": AnswerForm(auto_id=f"answer_{n}_%s")}
            for n, appeal in enumerate(queries.appeals_of(row)[:100])
        ],
    }
    rows = row.claims.select_related("pot", "firm")
    return CLAIMS.answer(request, rows, "finance/pots_round.html", context)


def _context(row: PotRound) -> dict[str, Any]:
    judged = row.comparison
    table = [
        {"label": label, "kind": kind, "values": [figures[name] for figures in judged]} for name, label, kind in FIGURES
    ]
    chart = {
        "kind": "bar",
        "title": _("What each method would give"),
        "unit": _("firms"),
        "x": [str(METHODS[figures["method"]]) for figures in judged],
        "series": [
            {"name": str(_("Firms that get money")), "values": [figures["awards"] for figures in judged]},
            {"name": str(_("Firms passed over")), "values": [figures["wronged"] for figures in judged]},
        ],
    }
    return {
        "round": row,
        "pots": list(row.pots.all()),
        "state": STATES[row.state][0],
        "tone": STATES[row.state][1],
        "methods": [METHODS[figures["method"]] for figures in judged],
        "figures": table,
        "method": METHODS.get(row.method, ""),
        "chart": chart,
    }


def _shown(rows: Any) -> list[dict[str, Any]]:
    return [{"row": row, "tone": TONES.get(row.decision, "earth")} for row in rows]


def _kept(folder: Path, name: str, file: UploadedFile[Any]) -> Path:
    """An upload as a file whose name keeps the ending that says its kind."""
    suffix = Path(file.name or "").suffix.lower()
    path = folder / f"{name}{suffix if suffix in {'.csv', '.xlsx', '.parquet', '.jsonl'} else '.csv'}"
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    return path
