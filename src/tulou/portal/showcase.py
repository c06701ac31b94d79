"""What the component page shows: one of everything, with made-up content."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.platform import clock
from tulou.platform.pages.lists import Column, Filter, ListPage


class ShowcaseForm(forms.Form):
    """Every kind of field."""

    name = forms.CharField(
        label=gettext_lazy("Name of the firm"), max_length=60, help_text=gettext_lazy("As on the licence")
    )
    code = forms.CharField(
        label=gettext_lazy("Unified social credit code"),
        min_length=18,
        max_length=18,
        help_text=gettext_lazy("18 characters"),
    )
    amount = forms.IntegerField(label=gettext_lazy("Amount (CNY)"), min_value=1)
    until = forms.DateField(label=gettext_lazy("Until"), widget=forms.DateInput(attrs={"type": "date"}))
    sector = forms.ChoiceField(
        label=gettext_lazy("Sector"),
        choices=[("", "—"), ("c", gettext_lazy("Manufacturing")), ("f", gettext_lazy("Wholesale and retail"))],
    )
    period = forms.ChoiceField(
        label=gettext_lazy("How long"),
        widget=forms.RadioSelect,
        choices=[("30", gettext_lazy("30 days")), ("90", gettext_lazy("90 days"))],
    )
    items = forms.MultipleChoiceField(
        label=gettext_lazy("Data items"),
        widget=forms.CheckboxSelectMultiple,
        choices=[("power", gettext_lazy("Electricity")), ("tax", gettext_lazy("Taxation"))],
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.FileField(
        label=gettext_lazy("Licence"), required=False, help_text=gettext_lazy("PDF, PNG or JPEG, up to 20 MB")
    )
    agree = forms.BooleanField(label=gettext_lazy("I have read what will be shown to whom"))


LIST = ListPage(
    columns=[
        Column("firm", gettext_lazy("Firm"), lambda row: row["firm"], sort="firm", kind="link", link=lambda _: "#"),
        Column("state", gettext_lazy("State"), lambda row: row["state"], kind="badge", tone=lambda row: row["tone"]),
        Column("amount", gettext_lazy("Amount"), lambda row: row["fen"], sort="amount", kind="money"),
        Column("share", gettext_lazy("Resumed"), lambda row: row["share"], kind="number"),
        Column("day", gettext_lazy("Day"), lambda row: row["day"], kind="date"),
    ],
    filters=[
        Filter(
            "state", gettext_lazy("State"), "state", [("open", gettext_lazy("Open")), ("done", gettext_lazy("Done"))]
        )
    ],
    search=["firm"],
    default_sort="firm",
)


def rows() -> list[dict[str, Any]]:
    """Four firms that do not exist."""
    day = dt.date(2020, 2, 29)
    made = [
        (_("Minjiang Precision Bearings"), _("Open"), "azure", 320_000_000, 87, 0),
        (_("Wuyi Mountain Tea Cooperative"), _("Waiting"), "yellow", 45_000_000, 64, 3),
        (_("Quanzhou Harbour Footwear"), _("Done"), "green", 1_250_000_000, 92, 9),
        (_("Pingtan Wind Components"), _("Refused"), "red", 8_000_000, 31, 12),
    ]
    return [
        {"firm": f, "state": s, "tone": t, "fen": a, "share": p, "day": day - dt.timedelta(days=back)}
        for f, s, t, a, p, back in made
    ]


def pieces() -> dict[str, Any]:
    """Everything that the component page needs beside its form."""
    now = clock.now()
    return {
        "list": LIST,
        "rows": [LIST.cells(row) for row in rows()],
        "chosen": {},
        "question": "",
        "sort": "firm",
        "narrowed": False,
        "tiles": [
            {
                "label": _("Firms in the pool"),
                "value": 437_000,
                "change": _("+1,204 this week"),
                "tone": "green",
                "icon": "building-store",
            },
            {"label": _("Financed"), "money": 3_020_000_000_000, "change": _("7,100 firms"), "icon": "coin-yuan"},
            {"label": _("Resumed"), "share": 0.872, "change": _("−0.4 points"), "tone": "red", "icon": "activity"},
            {
                "label": _("Deliveries late"),
                "value": 3,
                "change": _("of 17 departments"),
                "tone": "yellow",
                "icon": "clock",
            },
        ],
        "steps": [_("Firm"), _("Need"), _("Consent"), _("Send")],
        "events": [
            {
                "title": _("Consent given"),
                "text": _("Electricity and taxation, 30 days, 5 reads"),
                "at": now - dt.timedelta(hours=30),
                "tone": "green",
                "icon": "check",
            },
            {
                "title": _("Read by Haixia Bank"),
                "text": _("12 values"),
                "at": now - dt.timedelta(hours=3),
                "tone": "azure",
                "icon": "eye",
            },
            {
                "title": _("Consent withdrawn"),
                "text": _("Takes effect before the next read"),
                "at": now,
                "tone": "red",
                "icon": "x",
            },
        ],
        "chart": {
            "kind": "line",
            "title": _("Share of firms that resumed production"),
            "unit": "%",
            "x": ["02-03", "02-10", "02-17", "02-24", "03-02", "03-09"],
            "series": [
                {"name": _("Manufacturing"), "values": [8, 21, 43, 66, 81, 92]},
                {"name": _("Services"), "values": [5, 12, 27, 48, 63, 77]},
            ],
        },
        "bars": {
            "kind": "bar",
            "title": _("Firms per city"),
            "unit": "",
            "x": [_("Fuzhou"), _("Xiamen"), _("Quanzhou"), _("Zhangzhou"), _("Putian")],
            "series": [{"name": _("Firms"), "values": [98_120, 87_540, 101_300, 52_660, 31_080]}],
        },
    }
