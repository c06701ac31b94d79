"""The bank's own system: where it hears of what happens."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.finance.forms.fields import tell
from tulou.finance.queries.market import one
from tulou.finance.services.webhooks import add_webhook, end_webhook
from tulou.kernel.errors import Refused
from tulou.platform.models import Webhook
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.registry.roles import Role

MANAGER = (Role.BANK_MANAGER,)
KINDS = [
    ("finance.application.", gettext_lazy("Applications that come in or end")),
    ("finance.offer.", gettext_lazy("Offers accepted or declined")),
    ("finance.contract.", gettext_lazy("Contracts to be paid out, overdue, restructured")),
]


class WebhookForm(forms.Form):
    """An address and what it hears."""

    url = forms.URLField(label=gettext_lazy("Address (https)"), max_length=500, assume_scheme="https")
    codes = forms.MultipleChoiceField(
        label=gettext_lazy("It hears of"), choices=KINDS, widget=forms.CheckboxSelectMultiple
    )


@page(*MANAGER, methods=["GET", "POST"])
def webhooks(request: HouseRequest) -> HttpResponseBase:
    """The addresses, and a new one. Its secret is shown in the answer to this POST, and nowhere again."""
    form, secret = WebhookForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _hook, secret = add_webhook(request.actor, **form.cleaned_data)
            form = WebhookForm()
        except Refused as refused:
            tell(form, refused)
    kinds = dict(KINDS)
    rows = Webhook.objects.filter(organisation=request.actor.organisation_key or 0, active=True).order_by("-id")
    context = {
        "form": form,
        "secret": secret,
        "hooks": [(row, [kinds[code] for code in row.codes if code in kinds]) for row in rows],
    }
    return render(request, "finance/webhooks.html", context)


@page(*MANAGER, methods=["POST"])
def end(request: HouseRequest, key: str) -> HttpResponseBase:
    """End one."""
    rows = Webhook.objects.filter(organisation=request.actor.organisation_key or 0)
    end_webhook(request.actor, one(rows, key))
    messages.success(request, _("Done."))
    return redirect("finance:webhooks")
