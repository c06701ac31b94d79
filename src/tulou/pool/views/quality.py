"""The quality board: which datasets are late, what was rejected, what has drifted."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.forms.consent import words
from tulou.pool.queries.quality import quality_for
from tulou.registry.roles import Role

READERS = (Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_CLERK, Role.OPERATOR_STAFF, Role.OPERATOR_SYSTEM)
STATES = {
    "fresh": (gettext_lazy("On time"), "green"),
    "late": (gettext_lazy("Late"), "red"),
    "open": (gettext_lazy("No day promised"), "azure"),
    "none": (gettext_lazy("Never delivered"), "earth"),
}
CHARTED = 12


@page(*READERS)
def board(request: HouseRequest) -> HttpResponseBase:
    """Every dataset that the actor answers for."""
    rows = quality_for(request.actor)
    worst = sorted((row for row in rows if row.rejected), key=lambda row: -(row.reject_rate or 0))[:CHARTED]
    chart = {
        "kind": "hbar",
        "title": _("Rejected records, the worst datasets"),
        "unit": "%",
        "x": [words(row.dataset.short) for row in worst],
        "series": [{"name": _("Rejected"), "values": [round(100 * (row.reject_rate or 0), 3) for row in worst]}],
    }
    records, rejected = sum(row.records for row in rows), sum(row.rejected for row in rows)
    tiles = [
        {"icon": "clock-check", "label": _("On time"), "value": sum(row.state == "fresh" for row in rows)},
        {"icon": "clock-exclamation", "label": _("Late"), "value": sum(row.state == "late" for row in rows)},
        {"icon": "circle-check", "label": _("Records accepted"), "share": 1 - rejected / records if records else None},
    ]
    table = [{"row": row, "state": STATES[row.state][0], "tone": STATES[row.state][1]} for row in rows]
    return render(request, "pool/quality.html", {"table": table, "chart": chart if worst else None, "tiles": tiles})
