"""The firm's side: say what is needed, choose banks, compare what they offer, accept one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tulou.finance.core.market.words import REFUSALS
from tulou.finance.flows import FIRM
from tulou.finance.forms.fields import tell
from tulou.finance.forms.need import NeedForm, ObjectionForm, QuestionsForm
from tulou.finance.models import Application, ProductVersion, Score
from tulou.finance.queries.market import application_for, need_for, needs_for, offer_for, offers_for
from tulou.finance.queries.ranking import Candidate, questions_for, ranked
from tulou.finance.queries.shelf import readable_items, shelf_product
from tulou.finance.services import needs as services
from tulou.finance.services.desk import object_to_refusal
from tulou.finance.services.offers import accept_offer, decline_offer
from tulou.finance.views.states import STEP, shown, tone
from tulou.kernel.errors import Refused
from tulou.platform.criteria import engine
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.records import new_public_id
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.courtyard import catalogue, items_of_dataset
from tulou.registry.roles import Role

HEAD = (Role.ENTERPRISE_LEGAL,)
STEPS = [
    gettext_lazy("Need"),
    gettext_lazy("Banks"),
    gettext_lazy("Offers"),
    gettext_lazy("Contract"),
    gettext_lazy("Money"),
]

LIST = ListPage(
    columns=[
        Column(
            "purpose",
            gettext_lazy("What for"),
            lambda row: row.purpose_title.render("zh" if _zh() else "en"),
            link=lambda row: reverse("finance:need", args=[row.public_id]),
        ),
        Column("amount", gettext_lazy("Amount"), lambda row: row.amount_fen, "amount_fen", "money"),
        Column("months", gettext_lazy("Months"), lambda row: row.months, "months", "number"),
        Column("state", gettext_lazy("State"), lambda row: shown("need", row.state), "state", "badge", None,
               lambda row: tone("need", row.state)),
        Column("until", gettext_lazy("Needed by"), lambda row: row.needed_by, "needed_by", "date"),
        Column("at", gettext_lazy("Stated"), lambda row: row.created_at, "created_at", "moment"),
    ],
    filters=[Filter("state", gettext_lazy("State"), "state", [(s, shown("need", s)) for s in STEP])],
    default_sort="-at",
    file_name="needs",
    empty_title=gettext_lazy("No needs yet"),
    empty_text=gettext_lazy("Say how much you need and for what: the banks answer within days."),
)  # fmt: skip


@page(*FIRM)
def needs(request: HouseRequest) -> HttpResponseBase:
    """The firm's needs."""
    return LIST.answer(request, needs_for(request.actor), "finance/needs.html")


@page(*FIRM, methods=["GET", "POST"])
def new(request: HouseRequest) -> HttpResponseBase:
    """State a need."""
    form = NeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            need = services.state_need(
                request.actor,
                request_id=request.POST.get("_once") or new_public_id(),
                amount_fen=data["amount"],
                months=data["months"],
                purpose=data["purpose"],
                purpose_text=data["purpose_text"],
                collateral=data["collateral"],
                needed_by=data["needed_by"],
                invoices=form.invoices(),
            )
            return redirect("finance:need_banks", key=need.public_id)
        except Refused as refused:
            tell(form, refused)
    return render(request, "finance/need_new.html", {"form": form, "steps": STEPS, "at": 1})


@page(*FIRM)
def need(request: HouseRequest, key: str) -> HttpResponseBase:
    """One need: where it stands, who was asked, what they answered, what to do now."""
    found = need_for(request.actor, key)
    applications = list(
        found.applications.select_related("bank", "product", "product__product", "consent")
        .annotate(scored=Exists(Score.objects.filter(application=OuterRef("pk"))))
        .order_by("id")
    )
    offers = list(offers_for(request.actor).filter(need=found).order_by("apr", "id"))
    alive = [offer for offer in offers if offer.alive]
    context = {
        "need": found,
        "state": shown("need", found.state),
        "tone": tone("need", found.state),
        "steps": STEPS,
        "at": STEP[found.state],
        "applications": [_application(row) for row in applications],
        "offers": alive,
        "best": _best(alive),
        "past": [(offer, shown("offer", offer.state)) for offer in offers if not offer.alive],
        "contract": found.contracts.order_by("-id").first(),
        "known": engine().tell(found.known_facts),
        "may_accept": request.actor.has_any(frozenset({Role.ENTERPRISE_LEGAL.value})),
        "form": ObjectionForm(),
    }
    return render(request, "finance/need.html", context)


@page(*FIRM, methods=["GET", "POST"])
def banks(request: HouseRequest, key: str) -> HttpResponseBase:
    """Products that fit, ranked; the firm ticks banks, and what each may read."""
    found = need_for(request.actor, key)
    candidates = ranked(found)
    here = set(found.applications.values_list("bank_id", flat=True))
    refused: Refused | None = None
    if request.method == "POST":
        try:
            made = services.ask_banks(request.actor, found, _choices(request), language=(get_language() or "zh")[:2])
            if made:
                messages.success(request, _("Sent. The banks answer here; you will be told."))
            return redirect("finance:need", key=found.public_id)
        except Refused as error:
            refused = error
    fits = [row for row in candidates if row.truth != "F"]
    context = {
        "need": found,
        "steps": STEPS,
        "at": 2,
        "candidates": [_offered(row, here) for row in fits],
        "others": [row for row in candidates if row.truth == "F"],
        "form": QuestionsForm(questions_for(candidates)) if found.state in {"open", "asked"} else None,
        "refused": refused.finding if refused else None,
        "open": found.state in {"open", "asked"},
    }
    return render(request, "finance/need_banks.html", context, status=422 if refused else 200)


@page(*FIRM, methods=["POST"])
def declare(request: HouseRequest, key: str) -> HttpResponseBase:
    """Answer the questions that decide."""
    found = need_for(request.actor, key)
    form = QuestionsForm(questions_for(ranked(found)), request.POST)
    if form.is_valid():
        answers = {name: str(value) for name, value in form.cleaned_data.items() if value not in (None, "")}
        services.declare_facts(request.actor, found, answers)
    return redirect("finance:need_banks", key=found.public_id)


@page(*FIRM, methods=["POST"])
def withdraw(request: HouseRequest, key: str) -> HttpResponseBase:
    """Take the need back."""
    services.withdraw_need(request.actor, need_for(request.actor, key))
    messages.success(request, _("Taken back. No bank reads your data for it any more."))
    return redirect("finance:need", key=key)


@page(*HEAD, methods=["GET", "POST"])
def accept(request: HouseRequest, key: str) -> HttpResponseBase:
    """Read the terms once more, then accept them."""
    offer = offer_for(request.actor, key)
    if request.method == "POST":
        contract = accept_offer(request.actor, offer)
        messages.success(request, _("Accepted. The terms are frozen; you can still step back while you cool off."))
        return redirect("finance:contract", key=contract.public_id)
    return render(request, "finance/offer_accept.html", {"offer": offer, "need": offer.need})


@page(*HEAD, methods=["POST"])
def decline(request: HouseRequest, key: str) -> HttpResponseBase:
    """Decline one offer."""
    offer = offer_for(request.actor, key)
    decline_offer(request.actor, offer)
    messages.success(request, _("Declined. The bank may make another offer in time."))
    return redirect("finance:need", key=offer.need.public_id)


@page(*FIRM, methods=["POST"])
def object_to(request: HouseRequest, key: str) -> HttpResponseBase:
    """Object to a refusal."""
    application = application_for(request.actor, key)
    object_to_refusal(request.actor, application, text=request.POST.get("text", ""))
    messages.success(request, _("Another person at the bank looks again and answers here."))
    return redirect("finance:need", key=application.need.public_id)


def _zh() -> bool:
    return (get_language() or "zh").startswith("zh")


def _application(row: Application) -> dict[str, Any]:
    return {
        "row": row,
        "state": shown("application", row.state),
        "tone": tone("application", row.state),
        "reasons": [REFUSALS[code] for code in row.refusals if code in REFUSALS] if _told(row) else [],
        "told": _told(row),
    }


def _told(row: Application) -> bool:
    """Whether the firm may read the reasons: a refusal that a second person has not confirmed is none."""
    return row.state in {"refused", "objection", "upheld"}


def _best(offers: list[Any]) -> dict[str, Any]:
    """The best figure of each row, where offers differ."""
    best: dict[str, Any] = {}
    if len(offers) > 1:
        # Sums compare only where the same money is lent for the same time.
        same = len({(offer.amount_fen, offer.months) for offer in offers}) == 1
        for name in ("apr", "total_fen", "highest_fen") if same else ("apr",):
            values = [getattr(offer, name) for offer in offers]
            if len(set(values)) > 1:
                best[name] = min(values)
        amounts = [offer.amount_fen for offer in offers]
        if len(set(amounts)) > 1:
            best["amount_fen"] = max(amounts)
    return best


def _offered(row: Candidate, here: set[int]) -> dict[str, Any]:
    """A candidate with the datasets that its bank may be shown, and whether the bank was asked already."""
    known, items = catalogue(), readable_items(row.version)
    datasets = [
        {
            "name": name,
            "title": known.datasets[name].title,
            "department": known.departments[known.datasets[name].department].title,
            "items": len(items & items_of_dataset()[name]),
        }
        for name in row.version.datasets
        if name in known.datasets and items & items_of_dataset()[name]
    ]
    return {"candidate": row, "datasets": datasets, "asked": row.version.product.bank_id in here}


def _choices(request: HouseRequest) -> dict[ProductVersion, list[str]]:
    """The products that were ticked, each with the datasets that were."""
    found = {}
    for product in dict.fromkeys(request.POST.getlist("product")):
        found[shelf_product(product)] = request.POST.getlist(f"data-{product}")
    return found
