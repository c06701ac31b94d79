"""Forms of the registry's pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tulou.kernel.uscc import is_uscc, normalise_uscc
from tulou.platform import clock
from tulou.registry.government import is_configured
from tulou.registry.roles import HEADS, Kind, Role
from tulou.registry.webhooks import KINDS


class FirmForm(forms.Form):
    """Which firm is claimed, and how the right to speak for it is shown."""

    code = forms.CharField(
        label=_("Unified social credit code"), max_length=40, help_text=_("18 letters and digits, as on the licence")
    )
    proof = forms.ChoiceField(
        label=_("How do you show that you may speak for it?"),
        widget=forms.RadioSelect,
        initial="code",
        choices=[
            ("code", _("By a code to the e-mail address that the firm gave to the business register")),
            ("document", _("With its licence, which the operator compares (one working day)")),
        ],
    )
    licence = forms.FileField(label=_("Licence (PDF or picture)"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_configured():
            proof = self.fields["proof"]
            proof.choices = [  # type: ignore[attr-defined]
                ("oidc", _("With the government's identity provider, which knows for whom you act (at once)")),
                *proof.choices,  # type: ignore[attr-defined]
            ]
            proof.initial = "oidc"

    def clean_code(self) -> str:
        """The code, tidied; its check digits must fit."""
        code = normalise_uscc(self.cleaned_data["code"])
        if not is_uscc(code):
            raise forms.ValidationError(
                _("This is not a valid code: a letter or digit is wrong. Compare it with the licence.")
            )
        return code

    def clean(self) -> dict[str, Any]:
        """A claim with a licence needs the licence."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("proof") == "document" and not data.get("licence"):
            self.add_error("licence", _("Choose the file with the licence."))
        return data


class CodeForm(forms.Form):
    """The code that came to the firm's address."""

    code = forms.CharField(
        label=_("Code"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class DecisionForm(forms.Form):
    """The operator's answer to a claim."""

    reason = forms.CharField(label=_("Reason (the person reads it)"), max_length=500, required=False)


class DelegateForm(forms.Form):
    """Whom to let act for one's organisation, as what, until when."""

    email = forms.EmailField(label=_("E-mail address of the person"), help_text=_("She must have signed up with it."))
    role = forms.ChoiceField(label=_("As"))
    valid_to = forms.DateField(label=_("Until (that day included)"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, kind: Kind, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Role if role.kind == kind and role not in HEADS[kind]]
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]

    def until(self) -> dt.datetime:
        """The first moment after the last day."""
        day: dt.date = self.cleaned_data["valid_to"]
        return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), clock.SHANGHAI)


SCOPES = [
    ("registry:read", _("Read who we are")),
    ("pool:read", _("Read consents and profiles that firms allow")),
    ("pool:write", _("Ask for consent, deliver data")),
    ("policies:read", _("Read policies and matches")),
    ("matches:read", _("Read doubtful matches (the operator only)")),
    ("matches:write", _("Decide doubtful matches (the operator only)")),
    ("finance:read", _("Read needs and offers")),
    ("finance:write", _("Make offers, report outcomes")),
]
"""What an organisation's own system may be allowed to do."""


class WebhookForm(forms.Form):
    """Where the organisation's own system listens, and of what it hears."""

    url = forms.URLField(
        label=_("Address"), max_length=500, assume_scheme="https", help_text=_("A public https address of your system.")
    )
    codes = forms.MultipleChoiceField(
        label=_("It hears of"), choices=list(KINDS.items()), widget=forms.CheckboxSelectMultiple
    )


class TokenForm(forms.Form):
    """A key for the organisation's own system."""

    name = forms.CharField(label=_("Name, for example of the system that uses it"), max_length=80)
    scopes = forms.MultipleChoiceField(label=_("It may"), choices=SCOPES, widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=365, initial=90)
