"""What bounds every consent: purposes with their ceilings, and what departments have opened."""

from __future__ import annotations

from dataclasses import replace

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.courtyard import catalogue
from tulou.pool.forms.consent import RightForm
from tulou.pool.models import AccessRight, PurposeVersion
from tulou.pool.queries.consent import purposes_in_force
from tulou.pool.queries.disputes import department_of
from tulou.pool.services.access import close_items, open_items, set_purpose
from tulou.registry.roles import Kind, Role

LIMITS = ("max_months", "max_days_valid", "max_reads", "max_reads_per_day", "max_retention_days", "max_sensitivity")


class CeilingForm(forms.Form):
    """The ceilings of the next version of a purpose."""

    max_months = forms.IntegerField(label=gettext_lazy("Months of data at the most"), min_value=1)
    max_days_valid = forms.IntegerField(label=gettext_lazy("Days of validity at the most"), min_value=1)
    max_reads = forms.IntegerField(label=gettext_lazy("Readings at the most"), min_value=1)
    max_reads_per_day = forms.IntegerField(label=gettext_lazy("Readings in 24 hours at the most"), min_value=1)
    max_retention_days = forms.IntegerField(label=gettext_lazy("Days kept at the most"), min_value=0)
    max_sensitivity = forms.IntegerField(label=gettext_lazy("Highest sensitivity (1-4)"), min_value=1, max_value=4)


@page()
def purposes(request: HouseRequest) -> HttpResponseBase:
    """Every purpose with its ceilings: what may be asked for at all."""
    may_set = request.actor.has_any(frozenset({Role.OPERATOR_SECURITY.value}))
    return render(request, "pool/purposes.html", {"purposes": purposes_in_force(), "may_set": may_set})


@page(Role.OPERATOR_SECURITY, methods=["GET", "POST"])
def purpose(request: HouseRequest, key: str) -> HttpResponseBase:
    """Set the ceilings of a purpose: a new version, from now on."""
    found = PurposeVersion.objects.filter(public_id=key, ended_at=None).first()
    if found is None:
        raise Http404
    form = CeilingForm(request.POST or None, initial={name: getattr(found, name) for name in LIMITS})
    if request.method == "POST" and form.is_valid():
        set_purpose(request.actor, replace(found.value(), **form.cleaned_data))
        messages.success(request, _("The new ceilings are in force."))
        return redirect("pool:purposes")
    versions = PurposeVersion.objects.filter(code=found.code).order_by("-version")
    return render(request, "pool/purpose.html", {"purpose": found, "form": form, "versions": versions})


@page(Role.DEPARTMENT_OFFICER, methods=["GET", "POST"])
def rights(request: HouseRequest) -> HttpResponseBase:
    """What the department has opened, to whom; and open more."""
    department = department_of(request.actor)
    form = RightForm(department, request.POST or None)
    if request.method == "POST" and form.is_valid():
        open_items(request.actor, department=department, **form.cleaned_data)
        messages.success(request, _("Opened. A firm's consent is needed for every reading all the same."))
        return redirect("pool:rights")
    rows = [
        {"right": right, "dataset": catalogue().datasets.get(right.dataset), "kind": Kind(right.reader_kind).label}
        for right in AccessRight.objects.filter(department=department, ended_at=None).order_by("dataset", "id")
    ]
    return render(request, "pool/rights.html", {"rows": rows, "form": form})


@page(Role.DEPARTMENT_OFFICER, methods=["POST"])
def close(request: HouseRequest, key: str) -> HttpResponseBase:
    """Take an access right back."""
    found = AccessRight.objects.filter(public_id=key, department=department_of(request.actor)).first()
    if found is None:
        raise Http404
    close_items(request.actor, found)
    messages.success(request, _("Closed. No reading that begins from now on delivers these items."))
    return redirect("pool:rights")
