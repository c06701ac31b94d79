"""The rejects workbench: rejected records with what is wrong about each, corrected in place and sent again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.core.rejects import export_rejects
from tulou.pool.courtyard import catalogue, lake_at_hand
from tulou.pool.forms.delivery import CorrectionsForm, RollBackForm
from tulou.pool.queries.deliveries import LONGEST, count_waiting, delivery_for, on_its_way_again, waiting_records
from tulou.pool.services.corrections import correct_records, receive_corrections
from tulou.pool.services.deliveries import SENDERS, preview_roll_back, take_back
from tulou.pool.views.deliveries import READERS, STAFF
from tulou.registry.roles import Role

SIZE = 10


@page(*READERS)
def rejects(request: HouseRequest, key: str) -> HttpResponseBase:
    """Page through the records that wait for correction."""
    found = delivery_for(request.actor, key)
    rule = request.GET.get("rule", "")[:80]
    everything = waiting_records(found)
    rules = sorted({failure.rule for row in everything for failure in row.record.failures})
    chosen = [row for row in everything if not rule or any(f.rule == rule for f in row.record.failures)]
    here = Paginator(chosen, SIZE).get_page(request.GET.get("page"))
    again = on_its_way_again(found)
    context = {
        "delivery": found,
        "dataset": catalogue().datasets.get(found.dataset),
        "rows": [{"waiting": row, "record": row.record, "again": again.get(row.record.record)} for row in here],
        "rules": rules,
        "rule": rule,
        "page": here,
        "list": None,
        "longest": LONGEST if len(everything) == LONGEST else 0,
        "form": CorrectionsForm(),
        "may_correct": request.actor.has_any(SENDERS) and found.stands and found.replays_id is None,
        "may_send": request.actor.has_any(SENDERS),
    }
    return render(request, "pool/rejects.html", context)


@page(*STAFF, methods=["POST"])
def correct(request: HouseRequest, key: str) -> HttpResponseBase:
    """Send the ticked records again with their corrected values, or the corrected file of rejects."""
    found = delivery_for(request.actor, key)
    form = CorrectionsForm(request.POST, request.FILES)
    if request.FILES and form.is_valid():
        made = receive_corrections(request.actor, found, form.cleaned_data["file"])
    else:
        made = correct_records(request.actor, found, request.POST)
    messages.success(request, _("Sent again: each corrected record is checked like any other."))
    return redirect("pool:delivery", key=made.public_id)


@page(*STAFF)
def export(request: HouseRequest, key: str) -> HttpResponseBase:
    """All records that wait for correction as CSV, formulas made harmless; corrected it can be sent back."""
    found = delivery_for(request.actor, key)
    with tempfile.TemporaryDirectory() as folder, lake_at_hand() as lake:
        path = Path(folder) / "rejects.csv"
        export_rejects(lake, found.delivery_id, path)
        answer = HttpResponse(path.read_bytes(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename=rejects-{found.public_id}.csv"
    return answer


@page(Role.DEPARTMENT_OFFICER, methods=["GET", "POST"])
def roll_back(request: HouseRequest, key: str) -> HttpResponseBase:
    """Say what taking a delivery back would do; do it when that is confirmed."""
    found = delivery_for(request.actor, key)
    form = RollBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = take_back(request.actor, found, reason=form.cleaned_data["reason"])
        text = _("Rolled back: %(removed)s records went, %(restored)s came back.")
        messages.success(request, text % {"removed": outcome.removed, "restored": outcome.restored})
        return redirect("pool:delivery", key=key)
    preview = preview_roll_back(found)
    tiles = [
        {"icon": "database-minus", "label": _("Records that go"), "value": preview.removed},
        {"icon": "database-plus", "label": _("Records that come back"), "value": preview.restored},
        {"icon": "database", "label": _("Records that the table then holds"), "value": preview.records},
    ]
    context = {
        "delivery": found,
        "dataset": catalogue().datasets.get(found.dataset),
        "preview": preview,
        "tiles": tiles,
        "waiting": count_waiting(found),
        "form": form,
    }
    return render(request, "pool/roll_back.html", context)
