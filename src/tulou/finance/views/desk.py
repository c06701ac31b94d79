"""The bank's desk: the inbox by product and clock, the file of one application, what can be decided about it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import Case, When
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tulou.finance.core.market.words import REFUSALS
from tulou.finance.flows import APPLICATION
from tulou.finance.forms.bank import OfferForm, RefusalForm, WordsForm
from tulou.finance.forms.fields import tell
from tulou.finance.models import Application
from tulou.finance.queries.market import application_for, applications_for, offer_for
from tulou.finance.queries.scores import artefact_for, scores_of
from tulou.finance.queries.trends import trends_of
from tulou.finance.services import desk as services
from tulou.finance.services import offers
from tulou.finance.services.facts import facts_of
from tulou.finance.services.scoring import read_consented, score_application
from tulou.finance.views.states import WORDS, shown, shown_to_bank, tone
from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.criteria import engine
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.transitions.services import history
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.core.consent import ReadDenied
from tulou.pool.queries.disputes import items_in_dispute
from tulou.registry.roles import Role

BANK = (Role.BANK_OFFICER, Role.BANK_MANAGER)
MANAGER = (Role.BANK_MANAGER,)


def clock_of(row: Application) -> str:
    """How long the bank has, in words."""
    if not row.open_to_bank:
        return ""
    left = row.answer_until - clock.now()
    if left <= dt.timedelta():
        return _("Time is over")
    if left < dt.timedelta(days=1):
        return _("%(n)d h left") % {"n": max(int(left.total_seconds() // 3600), 1)}
    return _("%(n)d d left") % {"n": left.days}


def clock_tone(row: Application) -> str:
    """Red in the last day."""
    left = row.answer_until - clock.now()
    return "red" if left < dt.timedelta(days=1) else "yellow" if left < dt.timedelta(days=2) else "earth"


def inbox_list() -> ListPage:
    """The inbox as a list."""
    chinese = (get_language() or "zh").startswith("zh")
    return ListPage(
        columns=[
            Column("firm", gettext_lazy("Enterprise"), lambda row: row.need.firm.name, "need__firm__name_zh",
                   link=lambda row: reverse("finance:application", args=[row.public_id])),
            Column("product", gettext_lazy("Product"), lambda row: row.product.name.render("zh" if chinese else "en")),
            Column("amount", gettext_lazy("Amount"), lambda row: row.need.amount_fen, "need__amount_fen", "money"),
            Column("months", gettext_lazy("Months"), lambda row: row.need.months, "need__months", "number"),
            Column("state", gettext_lazy("State"), lambda row: shown_to_bank(row.state), "state", "badge", None,
                   lambda row: tone("application", row.state)),
            Column("clock", gettext_lazy("Clock"), clock_of, "answer_until", "badge", None, clock_tone),
            Column("at", gettext_lazy("Came in"), lambda row: row.created_at, "created_at", "moment"),
        ],
        filters=[
            Filter("state", gettext_lazy("State"), "state",
                   [(state, shown_to_bank(state)) for state in WORDS["application"]]),
            Filter("kind", gettext_lazy("Product"), "product__kind", _kinds(chinese)),
        ],
        search=["need__firm__name_zh", "need__firm__name_en", "product__name_zh", "product__name_en"],
        default_sort="",
        file_name="applications",
        empty_title=gettext_lazy("Nothing has come in"),
        empty_text=gettext_lazy("When a firm chooses one of your products, its application stands here."),
    )  # fmt: skip


@page(*BANK)
def inbox(request: HouseRequest) -> HttpResponseBase:
    """Applications, those first whose clock runs out first."""
    rows = applications_for(request.actor)
    tiles = [
        ("inbox", _("New applications"), rows.filter(state="sent").count(), "sent"),
        ("eye", _("Under review"), rows.filter(state__in=["review", "refusal_check", "objection"]).count(), "review"),
        ("circle-check", _("Offers made"), rows.filter(state="offered").count(), "offered"),
        ("clock", _("Due within a day"), rows.filter(
            state__in=["sent", "review", "refusal_check"], answer_until__lte=clock.now() + dt.timedelta(days=1)
        ).count(), ""),
    ]  # fmt: skip
    context = {"tiles": [{"icon": i, "label": label, "value": n, "state": state} for i, label, n, state in tiles]}
    waiting = Case(When(state__in=["sent", "review", "refusal_check", "objection"], then=0), default=1)
    ordered = rows.order_by(waiting, "answer_until", "id")
    return inbox_list().answer(request, ordered, "finance/desk.html", context)


@page(*BANK)
def application(request: HouseRequest, key: str) -> HttpResponseBase:
    """The file: what is asked for, who may see what, scores, notes, offers, and the moves that are possible now."""
    return _file(request, application_for(request.actor, key))


@page(*BANK, methods=["POST"])
def act(request: HouseRequest, key: str, step: str) -> HttpResponseBase:
    """Take on, note, confirm or reconsider a refusal, answer an objection."""
    found = application_for(request.actor, key)
    text = request.POST.get("text", "")
    actor = request.actor
    if step == "take":
        services.take_application(actor, found)
    elif step == "note":
        services.write_note(actor, found, text)
    elif step == "confirm":
        services.confirm_refusal(actor, found)
    elif step == "reconsider":
        services.reconsider(actor, found, reason=text)
    elif step in {"reopen", "uphold"}:
        services.answer_objection(actor, found, reopen=step == "reopen", text=text)
    else:
        raise Http404
    messages.success(request, _("Done."))
    return redirect("finance:application", key=key)


@page(*BANK, methods=["GET", "POST"])
def make_offer(request: HouseRequest, key: str) -> HttpResponseBase:
    """Work an offer out; the platform computes what it costs."""
    found = application_for(request.actor, key)
    form = OfferForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            offers.propose_offer(request.actor, found, form.terms())
            messages.success(request, _("A manager who is somebody else must approve it now."))
            return redirect("finance:application", key=key)
        except Refused as refused:
            tell(form, refused)
    return render(request, "finance/offer_new.html", {"form": form, "application": found})


@page(*BANK, methods=["GET", "POST"])
def turn_down(request: HouseRequest, key: str) -> HttpResponseBase:
    """Refuse, by reasons of the controlled list."""
    found = application_for(request.actor, key)
    form = RefusalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.refuse_application(request.actor, found, **form.cleaned_data)
            messages.success(request, _("Done."))
            return redirect("finance:application", key=key)
        except Refused as refused:
            tell(form, refused)
    return render(request, "finance/refusal_new.html", {"form": form, "application": found})


@page(*MANAGER, methods=["POST"])
def decide_offer(request: HouseRequest, key: str, step: str) -> HttpResponseBase:
    """The second pair of eyes on an offer."""
    offer = offer_for(request.actor, key)
    if step == "approve":
        offers.approve_offer(request.actor, offer)
        messages.success(request, _("The offer binds the bank now; the firm has it."))
    elif step == "give-back":
        offers.give_offer_back(request.actor, offer, reason=request.POST.get("text", ""))
    else:
        raise Http404
    return redirect("finance:application", key=offer.application.public_id)


@page(*BANK, methods=["POST"])
def score(request: HouseRequest, key: str) -> HttpResponseBase:
    """Score the firm by the card that is installed: one reading under its consent."""
    found = application_for(request.actor, key)
    try:
        score_application(request.actor, found)
    except ReadDenied as denied:
        messages.error(request, denied.decision.text.render("zh" if (get_language() or "zh")[:2] == "zh" else "en"))
    return redirect("finance:application", key=key)


@page(*BANK, get_writes=True)
def profile(request: HouseRequest, key: str) -> HttpResponseBase:
    """What the firm opened: who it is and how it goes, read through the gate."""
    found = application_for(request.actor, key)
    if found.consent is None:
        raise Http404
    context: dict[str, Any] = {"application": found, "denied": None, "trends": [], "known": []}
    try:
        read, _reading = read_consented(request.actor, found.consent, found.public_id)
    except ReadDenied as denied:
        return render(request, "finance/profile.html", {**context, "denied": denied.decision.text}, status=403)
    context |= {"trends": trends_of(read), "known": engine().tell(facts_of(read).facts)}
    return render(request, "finance/profile.html", context)


def _file(request: HouseRequest, found: Application) -> HttpResponseBase:
    moves = {step.name for step in APPLICATION.steps_from(found.state, request.actor.roles)}
    events = [
        {
            "icon": "point",
            "tone": tone("application", row.target),
            "title": shown_to_bank(row.target),
            "at": row.at,
            "text": row.reason,
        }
        for row in history(APPLICATION, found)
    ]
    context: dict[str, Any] = {
        "application": found,
        "need": found.need,
        "state": shown_to_bank(found.state),
        "tone": tone("application", found.state),
        "clock": clock_of(found),
        "clock_tone": clock_tone(found),
        "moves": moves,
        "events": events,
        "notes": found.notes.select_related("author")[:50],
        "offers": [(row, shown("offer", row.state), tone("offer", row.state)) for row in found.offers.all()[:10]],
        "scores": scores_of(found, 3),
        "disputed": items_in_dispute(found.need.firm) if found.consent and found.consent.state == "active" else (),
        "artefact": artefact_for(found.bank_id),
        "reasons": [REFUSALS[code] for code in found.refusals if code in REFUSALS],
        "manager": request.actor.has_any(frozenset({Role.BANK_MANAGER.value})),
        "me": request.actor.person_id,
        "form": WordsForm(),
        "contract": getattr(found.offers.filter(state="accepted").first(), "contract", None),
        "alive": found.offers.filter(state__in=["draft", "check", "binding"]).exists(),
        "revision": found.offers.filter(state="draft").exists(),
    }
    return render(request, "finance/application.html", context)


def _kinds(chinese: bool) -> list[tuple[str, str]]:
    from tulou.finance.core.market.words import KINDS

    return [(code, text.render("zh" if chinese else "en")) for code, text in KINDS.items()]
