"""A department's policies: the list, a new one, one with its versions, and what is done to it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from tulou.platform import clock
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.transitions.models import Move
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.core.rule.wording import lines
from tulou.policies.forms.draft import DraftForm, ReasonForm
from tulou.policies.models import Policy, PolicyVersion, Theme
from tulou.policies.queries.counting import firms_met
from tulou.policies.queries.department import own_policies, version_for
from tulou.policies.queries.documents import as_core, catalogue_of
from tulou.policies.queries.policies import draft_of, own_policy_for
from tulou.policies.services.drafting import draft_policy, edit_draft
from tulou.policies.services.flows import POLICY
from tulou.policies.services.publishing import begin_amendment, resume, suspend, withdraw
from tulou.policies.views.tabs import POLICY_TONES, VERSION_TONES, draft_context
from tulou.registry.models import Organisation
from tulou.registry.roles import Role

OFFICER = Role.DEPARTMENT_OFFICER
THEMES = dict(Theme.choices)


def shown_title(row: Any) -> str:
    """The newest title in the reader's language."""
    return str(row.shown_title_zh if (get_language() or "zh").startswith("zh") else row.shown_title_en)


def columns() -> list[Column]:
    """What the list shows."""
    return [
        Column(
            "title", gettext_lazy("Policy"), shown_title, link=lambda row: reverse("policies:own", args=[row.public_id])
        ),
        Column(
            "state", gettext_lazy("State"), lambda row: row.get_state_display(), "state", "badge",
            tone=lambda row: POLICY_TONES[row.state],
        ),
        Column(
            "next", gettext_lazy("Being written"), _being_written, "", "badge",
            tone=lambda row: VERSION_TONES.get(row.shown_state, "grey"),
        ),
        Column("theme", gettext_lazy("Theme"), lambda row: THEMES.get(row.shown_theme, "")),
        Column("deadline", gettext_lazy("Apply by"), lambda row: row.shown_deadline, "shown_deadline", "date"),
        Column("valid_to", gettext_lazy("Last day"), lambda row: row.shown_valid_to, "shown_valid_to", "date"),
        Column("changed", gettext_lazy("Changed"), lambda row: row.changed_at, "changed_at", "moment"),
    ]  # fmt: skip


def _being_written(row: Any) -> str:
    if row.shown_state in ("draft", "in_review") and row.state not in ("draft", "in_review"):
        return _("Version %(number)d: %(state)s") % {
            "number": row.shown_number,
            "state": PolicyVersion.State(row.shown_state).label,
        }
    return ""


def list_page(today: dt.date) -> ListPage:
    """The list; the choices of the deadline filter are days, so they are made for the day."""
    days = [(str(today + dt.timedelta(days=n)), _("within %(n)d days") % {"n": n}) for n in (7, 14, 30, 90)]
    return ListPage(
        columns=columns(),
        filters=[
            Filter("state", gettext_lazy("State"), "state", Policy.State.choices),
            Filter("theme", gettext_lazy("Theme"), "shown_theme", Theme.choices),
            Filter("closing", gettext_lazy("Apply by"), "shown_deadline__lte", days),
            Filter("ending", gettext_lazy("Ends"), "shown_valid_to__lte", days),
        ],
        search=["shown_title_zh", "shown_title_en", "code"],
        default_sort="-changed",
        file_name="policies",
        empty_title=gettext_lazy("No policy yet"),
        empty_text=gettext_lazy("Write one, or import a file of policies."),
    )


@page(OFFICER)
def mine(request: HouseRequest) -> HttpResponseBase:
    """The policies of the department."""
    return list_page(clock.today()).answer(request, own_policies(request.actor), "policies/department/list.html")


@page(OFFICER, methods=["GET", "POST"])
def new(request: HouseRequest) -> HttpResponseBase:
    """A new policy, begun with its text."""
    form = DraftForm(None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        owner = Organisation.objects.get(public_id=request.actor.organisation_id)
        version = draft_policy(request.actor, owner, **form.values())
        messages.success(request, _("The draft is kept. Next: who can get it?"))
        return redirect("policies:rule", key=version.public_id)
    return render(request, "policies/department/new.html", {"form": form})


@page(OFFICER, methods=["GET", "POST"])
def draft(request: HouseRequest, key: str) -> HttpResponseBase:
    """The text of a version: to write where it is a draft, else to read."""
    version = version_for(request.actor, key)
    if not version.open:
        if request.method == "POST":
            raise Http404
        return render(request, "policies/department/version.html", version_context(version))
    form = DraftForm(version, request.POST or None)
    if request.method == "POST" and form.is_valid():
        revision = int(request.POST.get("revision", "0") or 0) if request.POST.get("revision", "0").isdecimal() else 0
        edit_draft(request.actor, version, revision=revision, **form.values())
        messages.success(request, _("The draft is kept."))
        return redirect("policies:draft", key=key)
    return render(request, "policies/department/draft.html", draft_context(version, "text") | {"form": form})


def version_context(version: PolicyVersion) -> dict[str, Any]:
    """A version to read: its text and its rule in words."""
    catalogue = catalogue_of(version)
    core = as_core(version)
    return {
        "version": version,
        "policy": version.policy,
        "tone": VERSION_TONES[version.state],
        "lines": list(lines(core.eligibility, catalogue)),
        "files": list(version.files.select_related("attachment")),
    }


STEP_TEXTS = {
    "submit": gettext_lazy("Submitted for review"),
    "return": gettext_lazy("Returned"),
    "publish": pgettext_lazy("state of a policy", "Published"),
    "suspend": gettext_lazy("Suspended"),
    "resume": gettext_lazy("Put back in force"),
    "expire": gettext_lazy("Ended with its last day"),
    "withdraw": gettext_lazy("Withdrawn"),
    "supersede": gettext_lazy("Replaced"),
    "discard": gettext_lazy("Draft given up"),
}
STEP_ICONS = {
    "submit": "send", "return": "arrow-back-up", "publish": "circle-check", "suspend": "player-pause",
    "resume": "player-play", "expire": "clock", "withdraw": "trash", "supersede": "history", "discard": "trash",
}  # fmt: skip


@page(OFFICER)
def own(request: HouseRequest, key: str) -> HttpResponseBase:
    """One policy of the department: what is in force, what is being written, what happened."""
    policy = own_policy_for(request.actor, key)
    current, open_version = policy.current, draft_of(policy)
    shown = current or open_version or policy.versions.order_by("-number").first()
    counts = firms_met(as_core(current).rule, current, clock.today()) if current is not None else None
    context = {
        "policy": policy,
        "current": current,
        "draft": open_version,
        "shown": shown,
        "counts": counts,
        "tone": POLICY_TONES[policy.state],
        "versions": list(policy.versions.exclude(state="discarded").order_by("-number")),
        "tones": VERSION_TONES,
        "events": _events(policy),
        "steps": {step.name for step in POLICY.steps_from(policy.state, request.actor.roles)},
        "form": ReasonForm(),
    }
    return render(request, "policies/department/policy.html", context)


def _events(policy: Policy) -> list[dict[str, Any]]:
    """What happened to the policy and to its versions, newest first."""
    numbers = dict(policy.versions.values_list("public_id", "number"))
    moves = Move.objects.filter(record__in=[policy.public_id, *numbers]).order_by("-id")[:50]
    return [
        {
            "icon": STEP_ICONS[move.step],
            "tone": (VERSION_TONES | POLICY_TONES)[move.target],
            "at": move.at,
            "title": f"{STEP_TEXTS[move.step]} ({_('version %d') % numbers[move.record]})"
            if move.record in numbers
            else STEP_TEXTS[move.step],
            "text": move.reason,
        }
        for move in moves
        if not (move.record == policy.public_id and move.step in ("submit", "return", "publish"))
    ]


@page(OFFICER, methods=["POST"])
def act(request: HouseRequest, key: str, step: str) -> HttpResponseBase:
    """Amend, suspend, put back in force or withdraw a policy."""
    policy = own_policy_for(request.actor, key)
    if step == "amend":
        version = begin_amendment(request.actor, policy)
        messages.success(
            request, _("A draft of the next version is open. What is in force stays so until it is published.")
        )
        return redirect("policies:draft", key=version.public_id)
    if step == "resume":
        resume(request.actor, policy)
        messages.success(request, _("The policy is in force again."))
        return redirect("policies:own", key=key)
    if step not in ("suspend", "withdraw"):
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return render(request, "policies/department/reason.html", {"form": form, "policy": policy, "step": step})
    doing = suspend if step == "suspend" else withdraw
    doing(request.actor, policy, **form.cleaned_data)
    messages.success(request, _("Done. The reason is shown to everybody."))
    return redirect("policies:own", key=key)
