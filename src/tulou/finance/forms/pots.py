"""What is entered about rounds of pots."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class RoundForm(forms.Form):
    """A new round: its name, the text that the lottery is drawn from, and two files."""

    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=80)
    title_en = forms.CharField(label=_("Title in English"), max_length=120, required=False)
    seed = forms.CharField(
        label=_("Text that the lottery is drawn from"),
        max_length=80,
        help_text=_("Equal claims are put in order by it. Fix it in public before claims come in."),
    )
    pots = forms.FileField(
        label=_("File of pots"), help_text=_("Columns: pot, budget (yuan), places. CSV, Excel or Parquet.")
    )
    claims = forms.FileField(
        label=_("File of claims"),
        help_text=_("Columns: firm (credit code), pot, claim (strength), amount (yuan), choice, benefit."),
    )


class DecideForm(forms.Form):
    """Which method, and why."""

    method = forms.ChoiceField(
        label=_("Method"),
        choices=[("stable", _("Stable: nobody with a better claim is passed over")), ("benefit", _("Most benefit"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It is published with the result."),
    )


class ReasonForm(forms.Form):
    """Why a decision is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class AppealForm(forms.Form):
    """What a firm objects to."""

    text = forms.CharField(label=_("What is wrong with it?"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))


class AnswerForm(forms.Form):
    """The answer to an appeal."""

    step = forms.ChoiceField(label=_("Answer"), choices=[("uphold", _("The decision stands")), ("grant", _("Granted"))])
    answer = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
