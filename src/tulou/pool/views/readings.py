"""Who read what about whom: the firm's own log, the reader's, and what the administrators may count."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.core.consent import Code
from tulou.pool.core.consent.decision import SENTENCES
from tulou.pool.forms.consent import words
from tulou.pool.models import ReadDecision
from tulou.pool.queries.consent import readings_for
from tulou.registry.roles import Role

WHO = (
    Role.ENTERPRISE_LEGAL,
    Role.ENTERPRISE_DELEGATE,
    Role.BANK_OFFICER,
    Role.BANK_MANAGER,
    Role.DEPARTMENT_OFFICER,
    Role.OPERATOR_AUDIT,
)


class Sentence:
    """A decision's sentence, translated when it is shown."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def __str__(self) -> str:
        return words(SENTENCES[self.code])


LIST = ListPage(
    columns=[
        Column("at", _("When"), lambda row: row.at, "at", "moment"),
        Column("reader", _("Who read"), lambda row: row.reader.name),
        Column("subject", _("About"), lambda row: row.subject.name if row.subject else ""),
        Column("purpose", _("Purpose"), lambda row: purpose(row)),
        Column("items", _("Items"), lambda row: len(row.items), kind="number"),
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


@page(*WHO)
def readings(request: HouseRequest) -> HttpResponseBase:
    """The log of readings, as far as it concerns the actor."""
    return LIST.answer(request, readings_for(request.actor), "pool/readings.html")
