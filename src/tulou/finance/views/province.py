"""The market's figures: for officials exact and protected, for everybody with noise."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.finance.forms.fields import words
from tulou.finance.queries.province import Board, province_board
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.registry.roles import Role

OFFICIALS = (Role.GOVERNMENT_DECIDER, Role.GOVERNMENT_ANALYST, Role.OPERATOR_STAFF)
AXES = {
    "sector": gettext_lazy("By sector"),
    "region": gettext_lazy("By city"),
    "size": gettext_lazy("By size of the firm"),
}


@page(*OFFICIALS)
def board(request: HouseRequest) -> HttpResponseBase:
    """Exact figures; what would give a firm away is left out."""
    return _shown(request, province_board(exact=True), exact=True)


@page(public=True)
def figures(request: HouseRequest) -> HttpResponseBase:
    """The same for everybody, every figure with a little noise."""
    return _shown(request, province_board(exact=False), exact=False)


def _shown(request: HouseRequest, found: Board, *, exact: bool) -> HttpResponseBase:
    tables = [
        {"title": AXES[axis], "rows": [{"row": row, "name": words(row.name)} for row in rows]}
        for axis, rows in found.tables.items()
    ]
    refusals = [{"text": words(text), "firms": firms} for text, firms in found.refusals]
    context = {
        "board": found,
        "exact": exact,
        "tables": tables,
        "refusals": refusals,
        "charts": [chart for chart in (_needs(found), _rates(found)) if chart["x"]],
        "share": found.met / found.firms if found.firms and found.met is not None else None,
    }
    return render(request, "finance/province.html", context)


def _needs(found: Board) -> dict[str, Any]:
    rows = [row for row in found.tables["sector"] if row.firms is not None and row.met is not None]
    return {
        "kind": "hbar",
        "title": _("Firms that stated a need and firms that got money, by sector"),
        "unit": _("firms"),
        "x": [words(row.name) for row in rows],
        "series": [
            {"name": _("Stated a need"), "values": [row.firms for row in rows]},
            {"name": _("Got money"), "values": [row.met for row in rows]},
        ],
    }


def _rates(found: Board) -> dict[str, Any]:
    rows = [(axis, row) for axis in ("size", "region") for row in found.tables[axis] if row.apr is not None]
    return {
        "kind": "hbar",
        "title": _("Mean yearly cost of loans, by size and city"),
        "unit": "%",
        "x": [words(row.name) for _axis, row in rows],
        "series": [{"name": _("Yearly cost"), "values": [float(row.apr or 0) * 100 for _axis, row in rows]}],
    }
