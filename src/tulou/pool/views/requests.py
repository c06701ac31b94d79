"""A reader asks a firm for consent, and reads what was granted."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tulou.kernel.errors import Refused
from tulou.platform.records import new_public_id
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.core.consent import ReadDenied, Wish
from tulou.pool.forms.consent import FindFirmForm, RequestForm, words
from tulou.pool.models import Consent
from tulou.pool.queries.consent import consent_for, granted_items
from tulou.pool.queries.own import sections_of
from tulou.pool.services.consent import request_consent
from tulou.pool.services.finding import find_firm
from tulou.pool.services.reading import Asked, read_profile
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

BANK = (Role.BANK_OFFICER, Role.BANK_MANAGER, Role.DEPARTMENT_OFFICER)
CHOSEN = "consent_firm"


@page(*BANK, methods=["GET", "POST"])
def find(request: HouseRequest) -> HttpResponseBase:
    """Find the firm. Its number is sent by POST and stands in no address; each look-up is on the record."""
    form = FindFirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        firm = find_firm(request.actor, form.cleaned_data["firm"])
        if firm is not None:
            request.session[CHOSEN] = firm.public_id
            return redirect("pool:consent_request")
        form.add_error("firm", _("No firm on the register has this code or exactly this name."))
    return render(request, "pool/request_find.html", {"form": form})


@page(*BANK, methods=["GET", "POST"])
def ask(request: HouseRequest) -> HttpResponseBase:
    """Say what is needed, for what and how long."""
    firm = Organisation.objects.filter(public_id=request.session.get(CHOSEN, ""), kind=Kind.ENTERPRISE).first()
    if firm is None:
        return redirect("pool:consent_find")
    reader = Organisation.objects.get(public_id=request.actor.organisation_id)
    form = RequestForm(reader, request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _request(request, firm, form)
        if made is not None:
            del request.session[CHOSEN]
            messages.success(request, _("The firm has your request."))
            return redirect("pool:consent", key=made.public_id)
    return render(request, "pool/request_new.html", {"form": form, "firm": firm, "purposes": form.purposes.values()})


@page(*BANK, get_writes=True)
def profile(request: HouseRequest, key: str) -> HttpResponseBase:
    """What the firm lets the reader see. Opening the page is one reading; the firm sees that it happened."""
    found = consent_for(request.actor, key)
    wish = Wish.from_document(found.terms)
    asked = Asked(granted_items(found), wish.data_from, wish.data_until, wish.granularity)
    reading = request.session.setdefault("readings", {})
    name = reading.get(key) or new_public_id()
    try:
        values = read_profile(request.actor, found, asked, key=name).values
    except ReadDenied as denied:
        reading.pop(key, None)
        request.session.modified = True
        context = {"consent": found, "denied": denied.decision.text, "sections": [], "wish": wish}
        return render(request, "pool/profile.html", context, status=403)
    reading[key] = name
    request.session.modified = True
    context = {"consent": found, "denied": None, "sections": sections_of(values), "wish": wish}
    return render(request, "pool/profile.html", context)


def _request(request: HouseRequest, firm: Organisation, form: RequestForm) -> Consent | None:
    data = form.cleaned_data
    try:
        return request_consent(
            request.actor, firm, purpose=data["purpose"], wish=form.wish(), reason=data["reason"], context=""
        )
    except (Refused, ValueError) as error:
        finding = error.finding if isinstance(error, Refused) else None
        column = finding.where.column if finding else None
        field = column if column in form.fields else None
        form.add_error(field, words(finding.text) if finding else _("Choose data that may be asked for."))
        return None
