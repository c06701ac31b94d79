"""The department's desk: decide applications, and give without them."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q, Sum
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tulou.kernel.errors import Refused
from tulou.platform.pages.lists import page_of
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.forms.application import DecisionForm
from tulou.policies.models import Policy
from tulou.policies.queries.firm import application_for, applications_for
from tulou.policies.queries.policies import own_policy_for, policies_for
from tulou.policies.services.applications import decide_application
from tulou.policies.services.entitled import find_entitled_firms
from tulou.policies.services.flows import OFFICERS
from tulou.policies.views.applications import DESK_LIST, shown

DECISIONS = {
    "return": gettext_lazy("Returned to the firm."),
    "accept": gettext_lazy("Granted. The firm was told."),
    "refuse": gettext_lazy("Refused. The firm was told why."),
    "pay": gettext_lazy("Noted as paid. The firm was told."),
}


@page(*OFFICERS, methods=["POST"])
def decide(request: HouseRequest, key: str) -> HttpResponseBase:
    """Return, accept, refuse or pay."""
    found = application_for(request.actor, key)
    form, step = DecisionForm(request.POST), request.POST.get("step", "")
    if not form.is_valid():
        return shown(request, found, decision=form)
    try:
        decide_application(
            request.actor, found, step, answer=form.cleaned_data["answer"], granted_fen=form.granted_fen()
        )
    except Refused as refused:
        return shown(request, found, decision=form, refused=refused)
    messages.success(request, DECISIONS[step])
    return redirect("policies:application", key=key)


@page(*OFFICERS)
def grants(request: HouseRequest) -> HttpResponseBase:
    """The department's policies that need no application, with how far each has come."""
    rows = (
        policies_for(request.actor)
        .filter(current__no_application=True, state=Policy.State.PUBLISHED)
        .annotate(
            offered=Count("applications", filter=Q(applications__state="offered")),
            confirmed=Count("applications", filter=Q(applications__state="accepted")),
            paid=Count("applications", filter=Q(applications__state="paid")),
            sum_paid=Sum("applications__granted_fen", filter=Q(applications__state="paid")),
        )
        .order_by("-id")
    )
    return render(request, "policies/firm/grants.html", {"page": page_of(rows, request)})


@page(*OFFICERS)
def grant(request: HouseRequest, key: str) -> HttpResponseBase:
    """Every firm that was found for a policy, and where it stands."""
    policy = own_policy_for(request.actor, key)
    rows = applications_for(request.actor).filter(policy=policy, no_application=True)
    counts = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    context = {"policy": policy, "version": policy.current, "counts": counts, "ready": counts.get("accepted", 0)}
    return DESK_LIST.answer(request, rows, "policies/firm/grant.html", context)


@page(*OFFICERS, methods=["POST"])
def find(request: HouseRequest, key: str) -> HttpResponseBase:
    """Look for the firms that meet every condition by data, in the background."""
    policy = own_policy_for(request.actor, key)
    find_entitled_firms.enqueue(policy.pk)
    messages.success(request, _("The firms are being looked for. Reload the page in a moment."))
    return redirect("policies:grant", key=key)


@page(*OFFICERS, methods=["POST"])
def pay(request: HouseRequest, key: str) -> HttpResponseBase:
    """Note that all firms that said yes were paid."""
    policy = own_policy_for(request.actor, key)
    rows = list(applications_for(request.actor).filter(policy=policy, no_application=True, state="accepted")[:500])
    for each in rows:
        decide_application(request.actor, each, "pay")
    text = ngettext("%(n)d firm noted as paid.", "%(n)d firms noted as paid.", len(rows)) % {"n": len(rows)}
    messages.success(request, text)
    return redirect("policies:grant", key=key)
