"""What a firm writes: a need, answers to questions, an objection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tulou.finance.core.market.cost import METHODS
from tulou.finance.core.market.words import COLLATERALS, PURPOSES
from tulou.finance.forms.fields import DayField, PercentField, WanField, YuanField, choices, words
from tulou.finance.services.needs import Invoice
from tulou.platform import clock
from tulou.platform.criteria import Question

INVOICE = ("invoice_number", "invoice_debtor", "invoice_issued_on", "invoice_amount")


class NeedForm(forms.Form):
    """An amount for a time and a purpose, in one screen of a phone."""

    amount = WanField(label=_("How much (in 10,000 yuan)"))
    months = forms.IntegerField(label=_("For how many months"), min_value=1, max_value=360, initial=12)
    purpose = forms.ChoiceField(label=_("What for"))
    collateral = forms.ChoiceField(label=_("What can you offer as security"))
    needed_by = DayField(label=_("By which day do you need an answer"))
    purpose_text = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The banks that you choose read this."),
    )
    invoice_number = forms.CharField(label=_("Invoice number"), required=False, max_length=40)
    invoice_debtor = forms.CharField(label=_("Who owes the invoice"), required=False, max_length=200)
    invoice_issued_on = DayField(label=_("Day of the invoice"), required=False)
    invoice_amount = YuanField(label=_("Amount of the invoice (yuan)"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = choices(PURPOSES)  # type: ignore[attr-defined]
        self.fields["collateral"].choices = choices(COLLATERALS)  # type: ignore[attr-defined]
        self.fields["needed_by"].initial = clock.today() + dt.timedelta(days=20)

    def clean(self) -> dict[str, Any]:
        """An invoice is whole, or not there; a loan on invoices has one."""
        data = super().clean() or {}
        given = [name for name in INVOICE if data.get(name)]
        if given or data.get("collateral") == "invoices":
            for name in INVOICE:
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Needed for a loan on an invoice."))
        return data

    def invoices(self) -> Sequence[Invoice]:
        """The invoice that stands behind the need, where there is one."""
        data = self.cleaned_data
        if not data.get("invoice_number"):
            return ()
        return (
            Invoice(data["invoice_number"], data["invoice_debtor"], data["invoice_issued_on"], data["invoice_amount"]),
        )


class QuestionsForm(forms.Form):
    """Questions whose answers decide which products fit. Every one may stay open."""

    def __init__(self, questions: Sequence[Question], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in questions:
            self.fields[question.attribute] = _field(question)


def _field(question: Question) -> forms.Field:
    label = words(question.text)
    if question.kind == "flag":
        return forms.ChoiceField(
            label=label, required=False, choices=[("", "—"), ("true", _("Yes")), ("false", _("No"))]
        )
    if question.kind == "date":
        return DayField(label=label, required=False)
    if question.choices:
        options = [("", "—"), *((code, words(text)) for code, text in question.choices)]
        return forms.ChoiceField(label=label, required=False, choices=options)
    if question.kind == "money":
        return forms.DecimalField(label=label, required=False, min_value=0, decimal_places=2, help_text=_("In yuan."))
    if question.kind in {"integer", "number"}:
        return forms.DecimalField(label=label, required=False)
    return forms.CharField(label=label, required=False, max_length=40)


class ObjectionForm(forms.Form):
    """Why a refusal is wrong."""

    text = forms.CharField(
        label=_("What did the bank get wrong?"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class CalculatorForm(forms.Form):
    """The terms of any loan, to see what it costs."""

    amount = WanField(label=_("Amount (in 10,000 yuan)"), initial=50_000_000)
    months = forms.IntegerField(label=_("Months"), min_value=1, max_value=360, initial=12)
    rate = PercentField(label=_("Yearly rate (%)"), initial="4.35")
    fee = YuanField(label=_("Fees at the start (yuan)"), required=False)
    method = forms.ChoiceField(label=_("How it is paid back"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].choices = choices(METHODS)  # type: ignore[attr-defined]
