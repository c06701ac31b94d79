"""Deliveries: hand a file in, watch it being pooled, see what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.kernel.errors import Finding
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.transitions.services import history
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.courtyard import catalogue
from tulou.pool.forms.consent import words
from tulou.pool.forms.delivery import UploadForm
from tulou.pool.models import Delivery
from tulou.pool.queries.deliveries import deliveries_for, delivery_for, rules_of
from tulou.pool.queries.disputes import department_of
from tulou.pool.services.deliveries import FLOW, OFFICERS, SENDERS, receive_file, retry_delivery
from tulou.registry.roles import Role

STAFF = (Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_CLERK)
READERS = (*STAFF, Role.OPERATOR_STAFF, Role.OPERATOR_SYSTEM)
SHOWN_FINDINGS = 50
TONES = {
    "uploaded": "yellow",
    "pooling": "azure",
    "accepted": "green",
    "accepted_with_rejects": "yellow",
    "refused": "red",
    "failed": "red",
    "rolled_back": "earth",
}
ICONS = {"pooling": "loader", "accepted": "circle-check", "refused": "circle-x", "failed": "alert-triangle"}


def dataset_title(row: Delivery) -> str:
    """The name of the dataset."""
    known = catalogue().datasets.get(row.dataset)
    return words(known.title) if known else row.dataset


LIST = ListPage(
    columns=[
        Column(
            "dataset",
            gettext_lazy("Dataset"),
            dataset_title,
            "dataset",
            link=lambda row: reverse("pool:delivery", args=[row.public_id]),
        ),
        Column("file", gettext_lazy("File"), lambda row: row.file_name, "file_name"),
        Column(
            "state",
            gettext_lazy("State"),
            lambda row: row.get_state_display(),
            "state",
            "badge",
            None,
            lambda row: TONES[row.state],
        ),
        Column("records", gettext_lazy("Records"), lambda row: row.records_in, "records_in", "number"),
        Column("rejected", gettext_lazy("Rejected"), lambda row: row.rejected, "rejected", "number"),
        Column("at", gettext_lazy("Received"), lambda row: row.received_at, "received_at", "moment"),
    ],
    filters=[Filter("state", gettext_lazy("State"), "state", Delivery.State.choices)],
    search=["dataset", "file_name", "delivery_id"],
    default_sort="-at",
    file_name="deliveries",
    empty_title=gettext_lazy("No deliveries yet"),
    empty_text=gettext_lazy("A file that your department sends stands here, with what became of every record."),
)


@page(*READERS)
def deliveries(request: HouseRequest) -> HttpResponseBase:
    """Every delivery of the department; for the operator of all."""
    context = {"may_send": request.actor.has_any(SENDERS)}
    return LIST.answer(request, deliveries_for(request.actor), "pool/deliveries.html", context)


@page(*STAFF, methods=["GET", "POST"])
def upload(request: HouseRequest) -> HttpResponseBase:
    """Hand a file in."""
    department = department_of(request.actor)
    wished = request.GET.get("dataset", "")
    form = UploadForm(department, request.POST or None, request.FILES or None, initial={"dataset": wished})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = receive_file(
            request.actor, data["file"], dataset=data["dataset"], records=data["records"], sha256=data["sha256"]
        )
        messages.success(request, _("The file is here. You can close this page: a message comes when it is pooled."))
        return redirect("pool:delivery", key=made.public_id)
    return render(request, "pool/delivery_new.html", {"form": form})


@page(*READERS)
def delivery(request: HouseRequest, key: str) -> HttpResponseBase:
    """One delivery. While it is on its way htmx asks for its middle part again every two seconds."""
    found = delivery_for(request.actor, key)
    name = "pool/delivery.html#progress" if request.htmx else "pool/delivery.html"
    return render(request, name, shown(request, found))


def shown(request: HouseRequest, found: Delivery) -> dict[str, Any]:
    """What the page of a delivery shows."""
    receipt = found.receipt
    findings = found.findings
    return {
        "delivery": found,
        "dataset": catalogue().datasets.get(found.dataset),
        "tone": TONES[found.state],
        "tiles": [
            {"icon": "database-import", "label": _("Records in"), "value": found.records_in},
            {"icon": "circle-check", "label": _("Accepted records"), "value": found.accepted},
            {"icon": "circle-x", "label": _("Rejected"), "value": found.rejected},
        ],
        "conserved": found.records_in == found.accepted + found.rejected and bool(receipt),
        "encoding": receipt.get("encoding", ""),
        "blank": receipt.get("blank", 0),
        "findings": grouped(findings[:SHOWN_FINDINGS]),
        "more_findings": max(len(findings) - SHOWN_FINDINGS, 0),
        "rules": rules_of(found) if receipt else [],
        "events": [
            {
                "icon": ICONS.get(m.target, "arrow-right"),
                "tone": TONES[m.target],
                "at": m.at,
                "title": Delivery.State(m.target).label,
                "text": m.reason,
            }
            for m in history(FLOW, found)
        ],
        "corrections": found.corrections.defer("receipt").order_by("id"),
        "may_send": request.actor.has_any(SENDERS),
        "may_roll_back": request.actor.has_any(OFFICERS) and found.stands,
    }


def grouped(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings of the same kind together: the first in full, the others behind it, in the order in which they came."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.code, []).append(finding)
    return [{"first": first, "others": others} for first, *others in groups.values()]


@page(*STAFF, methods=["POST"])
def retry(request: HouseRequest, key: str) -> HttpResponseBase:
    """Try a failed delivery again."""
    retry_delivery(request.actor, delivery_for(request.actor, key))
    return redirect("pool:delivery", key=key)
