"""The forms of an application: what the firm writes, and how the department answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

FEN = 100
MOST_YUAN = 10_000_000_000


class ApplicationForm(forms.Form):
    """Whom to call, how much, and a word of one's own."""

    contact_name = forms.CharField(label=_("Contact person"), max_length=80)
    contact_phone = forms.CharField(
        label=_("Phone"),
        max_length=20,
        validators=[RegexValidator(r"^[0-9+\-() ]{5,20}$", _("Only digits, spaces and + - ( )"))],
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    amount = forms.DecimalField(
        label=_("Amount you ask for (yuan)"),
        required=False,
        min_value=0,
        max_value=MOST_YUAN,
        decimal_places=2,
        help_text=_("Leave it empty where the policy fixes it."),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    statement = forms.CharField(
        label=_("What the department should know"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def fields_of_application(self) -> dict[str, Any]:
        """The cleaned values as an application keeps them."""
        data = self.cleaned_data
        amount = data["amount"]
        return {
            "contact_name": data["contact_name"],
            "contact_phone": data["contact_phone"],
            "amount_fen": None if amount is None else int(amount * FEN),
            "statement": data["statement"],
        }


class MaterialForm(forms.Form):
    """One file."""

    file = forms.FileField(label=_("File"))


class DecisionForm(forms.Form):
    """How the department answers."""

    granted = forms.DecimalField(
        label=_("Amount granted (yuan)"),
        required=False,
        min_value=0,
        max_value=MOST_YUAN,
        decimal_places=2,
        help_text=_("Leave it empty where the policy gives no money."),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    answer = forms.CharField(
        label=_("Answer to the firm"),
        required=False,
        max_length=1000,
        help_text=_("Needed where you return or refuse: what is missing, and under which article."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def granted_fen(self) -> int | None:
        """The amount in fen."""
        amount = self.cleaned_data["granted"]
        return None if amount is None else int(amount * FEN)
