"""Applications: the firm's side, and the page that both sides read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.kernel.errors import Refused, Text
from tulou.platform.attachments.services import download
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.transitions.services import history
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.forms.application import ApplicationForm, DecisionForm, MaterialForm
from tulou.policies.models import Application, Material
from tulou.policies.queries.firm import application_for, applications_for, material_for
from tulou.policies.queries.public import said
from tulou.policies.queries.reading import materials
from tulou.policies.services.applications import (
    APPLICATION,
    Details,
    add_material,
    begin_application,
    edit_application,
    flow_of,
    remove_material,
    submit_application,
    withdraw_application,
)
from tulou.policies.services.flows import OFFICERS
from tulou.policies.services.grants import confirm_grant, decline_grant
from tulou.policies.views.firm import policy_to_read
from tulou.pool.services.consent import SIGNERS

BOTH = (*SIGNERS, *OFFICERS)
TONES = {
    "draft": "secondary",
    "submitted": "azure",
    "returned": "yellow",
    "accepted": "green",
    "refused": "red",
    "withdrawn": "secondary",
    "paid": "green",
    "offered": "yellow",
    "declined": "secondary",
}
ICONS = {"accepted": "circle-check", "paid": "coin-yuan", "refused": "circle-x", "returned": "arrow-back-up"}
STEPS = [
    gettext_lazy("Fill in"),
    gettext_lazy("With the department"),
    gettext_lazy("Approved"),
    gettext_lazy("Paid"),
]
AT = {"draft": 1, "returned": 1, "offered": 1, "submitted": 2, "accepted": 3, "paid": 5}


def columns(for_firm: bool) -> list[Column]:
    """The columns of the list: who applied, or at whom."""
    first = Column(
        "policy",
        gettext_lazy("Policy"),
        lambda row: row.version.title,
        link=lambda row: reverse("policies:application", args=[row.public_id]),
    )
    other = (
        Column("department", gettext_lazy("Department"), lambda row: row.policy.department.name)
        if for_firm
        else Column("firm", gettext_lazy("Enterprise"), lambda row: row.firm.name)
    )
    return [
        first,
        other,
        Column("granted", gettext_lazy("Amount approved"), lambda row: row.granted_fen, "granted_fen", "money"),
        Column(
            "state",
            gettext_lazy("State"),
            lambda row: row.get_state_display(),
            "state",
            "badge",
            None,
            lambda row: TONES[row.state],
        ),
        Column("at", gettext_lazy("Handed in"), lambda row: row.submitted_at, "submitted_at", "moment"),
    ]


def list_page(*, for_firm: bool) -> ListPage:
    """The list as either side sees it."""
    states = [(value, label) for value, label in Application.State.choices if for_firm or value != "draft"]
    return ListPage(
        columns=columns(for_firm),
        filters=[Filter("state", gettext_lazy("State"), "state", states)],
        search=["version__title_zh", "version__title_en", "firm__name_zh"],
        default_sort="-at",
        file_name="applications",
        empty_title=gettext_lazy("No applications yet"),
        empty_text=gettext_lazy("What your firm applies for stands here, with its state.")
        if for_firm
        else gettext_lazy("What firms hand in for your department's policies stands here."),
    )


FIRM_LIST, DESK_LIST = list_page(for_firm=True), list_page(for_firm=False)


@page(*BOTH)
def applications(request: HouseRequest) -> HttpResponseBase:
    """The firm's applications; the department's inbox of them."""
    for_firm = request.actor.has_any(SIGNERS)
    shown = FIRM_LIST if for_firm else DESK_LIST
    rows = applications_for(request.actor)
    waiting = rows.filter(state__in=["draft", "returned", "offered"] if for_firm else ["submitted"]).count()
    context = {"for_firm": for_firm, "waiting": waiting}
    return shown.answer(request, rows, "policies/firm/applications.html", context)


@page(*SIGNERS, methods=["POST"])
def begin(request: HouseRequest, key: str) -> HttpResponseBase:
    """Begin to apply, or go on with what was begun."""
    policy, _version = policy_to_read(key)
    made = begin_application(request.actor, policy)
    return redirect("policies:application", key=made.public_id)


@page(*SIGNERS, methods=["POST"])
def confirm(request: HouseRequest, key: str) -> HttpResponseBase:
    """Say yes or no to what is given without an application."""
    policy, _version = policy_to_read(key)
    if request.POST.get("say") == "no":
        offered = applications_for(request.actor).filter(policy=policy, state="offered").first()
        if offered is not None:
            decline_grant(request.actor, offered)
            messages.success(request, _("You said no. Nothing will be paid."))
        return redirect("policies:firm_one", key=key)
    made = confirm_grant(request.actor, policy)
    messages.success(request, _("Confirmed. The department pays without anything more from you."))
    return redirect("policies:application", key=made.public_id)


@page(*BOTH)
def application(request: HouseRequest, key: str) -> HttpResponseBase:
    """One application: what was written, the files, how the rule stood, what happened."""
    return shown(request, application_for(request.actor, key))


def shown(
    request: HouseRequest,
    found: Application,
    *,
    form: ApplicationForm | None = None,
    decision: DecisionForm | None = None,
    refused: Refused | None = None,
) -> HttpResponseBase:
    """The page of an application, with a form that has errors where one was sent."""
    for_firm = request.actor.has_any(SIGNERS)
    steps = {step.name for step in flow_of(found).steps_from(found.state, request.actor.roles)}
    editable = for_firm and found.state in ("draft", "returned")
    context = {
        "application": found,
        "for_firm": for_firm,
        "editable": editable,
        "form": form or ApplicationForm(initial=initial(found)),
        "decision": decision or DecisionForm(),
        "steps": steps,
        "line": STEPS if found.state in AT else [],
        "at": AT.get(found.state, 0),
        "tone": TONES[found.state],
        "slots": slots(found),
        "others": [m for m in found.materials.select_related("attachment", "application__version") if m.place is None],
        "criteria": criteria(found.evaluation),
        "events": events(found),
        "refused": refused.finding if refused else None,
    }
    return render(request, "policies/firm/application.html", context, status=422 if refused else 200)


def initial(found: Application) -> dict[str, Any]:
    """What was written so far."""
    return {
        "contact_name": found.contact_name,
        "contact_phone": found.contact_phone,
        "amount": None if found.amount_fen is None else found.amount_fen / 100,
        "statement": found.statement,
    }


def slots(found: Application) -> list[dict[str, Any]]:
    """The policy's list of materials, each line with its files."""
    files: dict[int | None, list[Material]] = {}
    for material in found.materials.select_related("attachment", "application__version"):
        files.setdefault(material.place, []).append(material)
    return [
        {"place": place, "title": title, "files": files.get(place, [])}
        for place, title in enumerate(materials(found.version))
    ]


def criteria(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    """How each condition stood, in the reader's language."""

    def words(text: dict[str, str] | None) -> str:
        return said(Text(**text)) if text else ""

    return [
        {
            "truth": row["truth"],
            "text": words(row["text"]),
            "value": words(row["value"]),
            "source": words(row["source"]),
            "as_of": row["as_of"],
            "verified": row["verified"],
        }
        for row in evaluation.get("criteria", [])
    ]


def events(found: Application) -> list[dict[str, Any]]:
    """What happened, newest last."""
    return [
        {
            "icon": ICONS.get(each.target, "arrow-right"),
            "tone": TONES[each.target],
            "at": each.at,
            "title": Application.State(each.target).label,
            "text": each.reason,
        }
        for each in history(flow_of(found), found)
    ]


@page(*SIGNERS, methods=["POST"])
def edit(request: HouseRequest, key: str) -> HttpResponseBase:
    """Keep what was written, or hand it in."""
    found = application_for(request.actor, key)
    form = ApplicationForm(request.POST)
    if not form.is_valid():
        return shown(request, found, form=form)
    details = Details(**form.fields_of_application())
    if "submit" not in request.POST:
        edit_application(request.actor, found, details)
        messages.success(request, _("Kept. Nothing has been handed in yet."))
        return redirect("policies:application", key=key)
    edit_application(request.actor, found, details)
    try:
        submit_application(request.actor, found, details)
    except Refused as refused:
        return shown(request, found, form=form, refused=refused)
    messages.success(request, _("Handed in. You will be told here and by message how it goes on."))
    return redirect("policies:application", key=key)


@page(*SIGNERS, methods=["POST"])
def withdraw(request: HouseRequest, key: str) -> HttpResponseBase:
    """Take an application back."""
    found = application_for(request.actor, key)
    APPLICATION.step("withdraw", found.state, request.actor.roles)
    withdraw_application(request.actor, found)
    messages.success(request, _("Withdrawn."))
    return redirect("policies:applications")


@page(*SIGNERS, methods=["POST"])
def add(request: HouseRequest, key: str) -> HttpResponseBase:
    """Add a file."""
    found = application_for(request.actor, key)
    form = MaterialForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _("Choose a file first."))
        return redirect("policies:application", key=key)
    place = request.POST.get("place", "")
    try:
        add_material(request.actor, found, form.cleaned_data["file"], int(place) if place.isdecimal() else None)
    except Refused as refused:
        return shown(request, found, refused=refused)
    messages.success(request, _("The file is there."))
    return redirect("policies:application", key=key)


@page(*BOTH)
def material(request: HouseRequest, key: str) -> HttpResponseBase:
    """A file of an application."""
    return download(material_for(request.actor, key).attachment)


@page(*SIGNERS, methods=["POST"])
def remove(request: HouseRequest, key: str) -> HttpResponseBase:
    """Take a file away again."""
    found = material_for(request.actor, key)
    remove_material(request.actor, found)
    return redirect("policies:application", key=found.application.public_id)
