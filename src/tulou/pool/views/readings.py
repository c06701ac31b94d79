"""Who read what about whom: the firm's own log, the reader's, and what the administrators may count."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.core.consent import Code, Granularity
from tulou.pool.core.consent.decision import SENTENCES
from tulou.pool.courtyard import catalogue
from tulou.pool.forms.consent import words
from tulou.pool.models import ReadDecision
from tulou.pool.queries.consent import reading_for, readings_for
from tulou.pool.views.consents import groups_of
from tulou.pool.views.own import EVER
from tulou.registry.models import Person
from tulou.registry.roles import Role

WHO = (
    Role.ENTERPRISE_LEGAL,
    Role.ENTERPRISE_DELEGATE,
    Role.BANK_OFFICER,
    Role.BANK_MANAGER,
    Role.DEPARTMENT_OFFICER,
    Role.OPERATOR_AUDIT,
)

AUDITORS = frozenset({Role.OPERATOR_AUDIT.value})
NAMED = 2
"""Datasets that the list calls by name; the rest is counted."""
FINENESS = {
    Granularity.RAW.value: _("Every value"),
    Granularity.SUMMARY.value: _("Sums and means of twelve months only"),
    Granularity.SCORE.value: _("The score alone"),
}


class Sentence:
    """A decision's sentence, translated when it is shown."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def __str__(self) -> str:
        return words(SENTENCES[self.code])


LIST = ListPage(
    columns=[
        Column("at", _("When"), lambda row: row.at, "at", "moment"),
        Column(
            "reader",
            _("Who read"),
            lambda row: row.reader.name,
            link=lambda row: reverse("pool:reading", args=[row.public_id]),
        ),
        Column("subject", _("About"), lambda row: row.subject.name if row.subject else ""),
        Column("purpose", _("Purpose"), lambda row: purpose(row)),
        Column("items", _("What"), lambda row: what(row)),
        Column("delivered", _("Delivered"), lambda row: row.delivered, "delivered", "number"),
        Column(
            "code",
            _("Decision"),
            lambda row: words(SENTENCES[Code(row.code)]),
            "code",
            "badge",
            None,
            lambda row: "green" if row.code == Code.ALLOWED else "red",
        ),
    ],
    filters=[
        Filter("code", _("Decision"), "code", [(code.value, Sentence(code)) for code in Code]),
        Filter("own", _("By whom"), "own", [("True", _("By the firm itself")), ("False", _("By others"))]),
    ],
    search=["reader__name_zh", "reader__name_en", "purpose"],
    default_sort="-at",
    file_name="readings",
    empty_title=_("Nobody has read anything"),
    empty_text=_("Every reading, and every one that was refused, stands here with its time and its reader."),
)


def purpose(row: ReadDecision) -> Any:
    """The purpose in words."""
    return row.consent.purpose.title if row.consent else (_("Own data") if row.own else row.purpose)


def what(row: ReadDecision) -> str:
    """Which datasets were asked for, the first two by name, and how many items in all."""
    known = catalogue()
    names = list(dict.fromkeys(known.items[code].dataset for code in row.items if code in known.items))
    shown = [words(known.datasets[name].title) for name in names[:NAMED]]
    if rest := len(names[NAMED:]):
        shown.append(ngettext("%(n)s more dataset", "%(n)s more datasets", rest) % {"n": rest})
    count = ngettext("%(n)s item", "%(n)s items", len(row.items)) % {"n": len(row.items)}
    return " · ".join([*shown, count])


@page(*WHO)
def readings(request: HouseRequest) -> HttpResponseBase:
    """The log of readings, as far as it concerns the actor."""
    return LIST.answer(request, readings_for(request.actor), "pool/readings.html")


@page(*WHO)
def reading(request: HouseRequest, key: str) -> HttpResponseBase:
    """One reading: who read what, when and for what, and what came of it."""
    found = reading_for(request.actor, key)
    own_side = found.reader_id == request.actor.organisation_key
    context = {
        "reading": found,
        "purpose": purpose(found),
        "sentence": words(SENTENCES[Code(found.code)]),
        "allowed": found.code == Code.ALLOWED,
        "granularity": FINENESS.get(found.asked.get("granularity", "")),
        "since": _day(found.asked.get("from", "")),
        "until": _day(found.asked.get("until", "")),
        "person": Person.objects.filter(public_id=found.person).first() if own_side else None,
        "groups": groups_of([code for code in found.items if code in catalogue().items]),
        "shows_consent": found.consent is not None and not request.actor.has_any(AUDITORS),
    }
    return render(request, "pool/reading.html", context)


def _day(text: str) -> dt.date | None:
    """A day that was asked for; None where the period was open at that end."""
    day = dt.date.fromisoformat(text) if text else None
    return day if day and EVER[0] < day < EVER[1] else None
