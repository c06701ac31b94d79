"""What a bank writes: offers, refusals, notes, products, payments."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tulou.finance.core.market.cost import METHODS
from tulou.finance.core.market.words import COLLATERALS, KINDS, PURPOSES, REFUSALS
from tulou.finance.forms.fields import DayField, PercentField, WanField, YuanField, choices, words
from tulou.finance.models import Application, ProductVersion
from tulou.finance.services.offers import OfferTerms
from tulou.finance.services.products import ProductTerms
from tulou.platform import clock
from tulou.pool.courtyard import catalogue


class OfferForm(forms.Form):
    """A binding offer, within what the product's published terms say."""

    amount = WanField(label=_("Amount (in 10,000 yuan)"))
    months = forms.IntegerField(label=_("Months"), min_value=1, max_value=360)
    annual_rate = PercentField(label=_("Yearly rate (%)"))
    method = forms.ChoiceField(label=_("How it is paid back"))
    fee = YuanField(label=_("Fees at the start (yuan)"), required=False, initial=0)
    collateral = forms.ChoiceField(label=_("Security"))
    valid_days = forms.IntegerField(label=_("Valid for how many days"), min_value=1, max_value=30, initial=10)
    conditions = forms.CharField(
        label=_("Conditions before paying out"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The firm reads this sentence."),
    )

    def __init__(self, application: Application, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product, need = application.product, application.need
        kept = {code: text for code, text in METHODS.items() if code in product.methods}
        taken = {code: text for code, text in COLLATERALS.items() if code in product.collaterals}
        self.fields["method"].choices = choices(kept)  # type: ignore[attr-defined]
        self.fields["collateral"].choices = choices(taken)  # type: ignore[attr-defined]
        self.fields["amount"].initial = min(need.amount_fen, product.max_fen)
        self.fields["months"].initial = min(need.months, product.max_months)
        self.fields["annual_rate"].initial = product.rate_from
        self.fields["collateral"].initial = need.collateral
        self.fields["annual_rate"].help_text = _("At most %(rate)s %%, as published.") % {
            "rate": f"{product.rate_to * 100:.2f}"
        }

    def terms(self) -> OfferTerms:
        """What was entered."""
        data = self.cleaned_data
        return OfferTerms(
            amount_fen=data["amount"],
            months=data["months"],
            annual_rate=data["annual_rate"],
            method=data["method"],
            fee_fen=data["fee"] or 0,
            collateral=data["collateral"],
            conditions=data["conditions"],
            valid_days=data["valid_days"],
        )


class RefusalForm(forms.Form):
    """The principal reasons, which the firm reads."""

    codes = forms.MultipleChoiceField(
        label=_("Principal reasons, four at the most"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The firm reads them, with what would change each."),
    )
    text = forms.CharField(
        label=_("In your words"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [(code, words(reason.text)) for code, reason in REFUSALS.items()]
        self.fields["codes"].choices = listed  # type: ignore[attr-defined]


class WordsForm(forms.Form):
    """A note, a reason, an answer."""

    text = forms.CharField(label=_("Text"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class DisbursementForm(forms.Form):
    """When the money went out."""

    paid_out = DayField(label=_("Paid out on"))
    reference = forms.CharField(label=_("Reference of the payment"), max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["paid_out"].initial = clock.today()


class PaymentForm(forms.Form):
    """Money that came in."""

    amount = YuanField(label=_("Amount (yuan)"))
    paid_on = DayField(label=_("Received on"))
    request_id = forms.CharField(label=_("Reference of the payment"), max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["paid_on"].initial = clock.today()


class PlanForm(forms.Form):
    """A new plan for what is left."""

    months = forms.IntegerField(label=_("Months from today"), min_value=1, max_value=360, initial=12)
    method = forms.ChoiceField(label=_("How it is paid back"))
    reason = forms.CharField(label=_("Why (the firm reads it)"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].choices = choices(METHODS)  # type: ignore[attr-defined]


class FileForm(forms.Form):
    """A file."""

    file = forms.FileField(label=_("File"))


class ProductForm(forms.Form):
    """The terms of a product; a change is a new version."""

    kind = forms.ChoiceField(label=_("Kind"))
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=80)
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    summary_zh = forms.CharField(label=_("In one sentence, in Chinese"), max_length=300)
    summary_en = forms.CharField(label=_("In one sentence, in English"), max_length=400)
    min_fen = WanField(label=_("Smallest amount (in 10,000 yuan)"))
    max_fen = WanField(label=_("Largest amount (in 10,000 yuan)"))
    min_months = forms.IntegerField(label=_("Shortest term (months)"), min_value=1, max_value=360)
    max_months = forms.IntegerField(label=_("Longest term (months)"), min_value=1, max_value=360)
    rate_from = PercentField(label=_("Yearly rate from (%)"))
    rate_to = PercentField(label=_("Yearly rate to (%)"))
    fee_rate = PercentField(label=_("Fee at the start, of the amount (%)"), required=False)
    methods = forms.MultipleChoiceField(label=_("How it is paid back"), widget=forms.CheckboxSelectMultiple)
    collaterals = forms.MultipleChoiceField(label=_("Security that is taken"), widget=forms.CheckboxSelectMultiple)
    purposes = forms.MultipleChoiceField(
        label=_("For these purposes only"), widget=forms.CheckboxSelectMultiple, required=False
    )
    datasets = forms.MultipleChoiceField(
        label=_("Data that you ask a firm to open"), widget=forms.CheckboxSelectMultiple, required=False
    )
    documents = forms.CharField(
        label=_("Documents, one a line: Chinese | English"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    rule = forms.CharField(
        label=_("Conditions, in the language of criteria (JSON)"),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        initial='{"const": true}',
    )
    answer_days = forms.IntegerField(label=_("Days until you answer"), min_value=1, max_value=15, initial=5)
    cooling_off_days = forms.IntegerField(label=_("Days of cooling off"), min_value=0, max_value=14, initial=3)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = catalogue()
        datasets = [
            (key, f"{words(known.departments[row.department].title)} · {words(row.title)}")
            for key, row in known.datasets.items()
        ]
        for name, listed in (
            ("kind", choices(KINDS)),
            ("methods", choices(METHODS)),
            ("collaterals", choices(COLLATERALS)),
            ("purposes", choices(PURPOSES)),
            ("datasets", datasets),
        ):
            self.fields[name].choices = listed  # type: ignore[attr-defined]

    def clean_rule(self) -> Any:
        """An object."""
        try:
            rule = json.loads(self.cleaned_data["rule"])
        except json.JSONDecodeError as error:
            raise forms.ValidationError(
                _("Line %(line)s is not JSON.") % {"line": error.lineno}, code="json"
            ) from error
        if not isinstance(rule, dict):
            raise forms.ValidationError(_("An object is expected."), code="json")
        return rule

    def clean_documents(self) -> list[dict[str, str]]:
        """Both languages of each document."""
        lines = [line for line in self.cleaned_data["documents"].splitlines() if line.strip()]
        pairs = [line.partition("|") for line in lines]
        return [{"zh": zh.strip(), "en": en.strip() or zh.strip()} for zh, _bar, en in pairs]

    def terms(self) -> ProductTerms:
        """What was entered."""
        data = {**self.cleaned_data, "fee_rate": self.cleaned_data["fee_rate"] or 0}
        listed = {"methods", "collaterals", "purposes", "datasets", "documents"}
        row: dict[str, Any] = {name: tuple(value) if name in listed else value for name, value in data.items()}
        return ProductTerms(**row)

    @staticmethod
    def from_version(version: ProductVersion) -> dict[str, Any]:
        """The version as the form shows it."""
        names = [name for name in ProductForm.base_fields if name not in {"documents", "rule"}]
        return {
            **{name: getattr(version, name) for name in names},
            "documents": "\n".join(f"{row['zh']} | {row['en']}" for row in version.documents),
            "rule": json.dumps(version.rule, ensure_ascii=False, indent=2),
        }
