"""Forms of the consent centre."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tulou.kernel.periods import period_of
from tulou.platform import clock
from tulou.pool.core.consent import Granularity, ItemTerms, Purpose, Wish
from tulou.pool.courtyard import catalogue, item_terms, items_of_dataset
from tulou.pool.queries.consent import opened_items, purposes_in_force
from tulou.registry.models import Organisation


def words(text: Any) -> str:
    """A kernel `Text` in the reader's language."""
    return str(text.render("zh" if (get_language() or "zh").startswith("zh") else "en"))


class FindFirmForm(forms.Form):
    """By which number or name a firm is found. Sent by POST, so that it stands in no address and no log."""

    firm = forms.CharField(
        label=_("Unified social credit code, or the exact name"),
        max_length=120,
        help_text=_("Looking a firm up is on the record. The firm is told when you ask for consent."),
    )


class RequestForm(forms.Form):
    """What a reader asks a firm for. The limits start at the purpose's ceilings."""

    purpose = forms.ChoiceField(label=_("Purpose"))
    datasets = forms.MultipleChoiceField(
        label=_("Data"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what the departments have opened to you is listed."),
    )
    granularity = forms.ChoiceField(
        label=_("As fine as"),
        choices=[
            (Granularity.RAW.value, _("Every value")),
            (Granularity.SUMMARY.value, _("Sums and means of twelve months only")),
        ],
    )
    months = forms.IntegerField(label=_("Months of data, back from today"), min_value=1, max_value=120, initial=24)
    days_valid = forms.IntegerField(label=_("Days for which the consent is valid"), min_value=1, initial=30)
    max_reads = forms.IntegerField(label=_("Readings in all"), min_value=1, initial=5)
    max_reads_per_day = forms.IntegerField(label=_("Readings in 24 hours"), min_value=1, initial=2)
    retention_days = forms.IntegerField(label=_("Days for which you keep the data"), min_value=0, initial=30)
    reason = forms.CharField(
        label=_("What you need it for, in your words"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The firm reads this sentence."),
    )

    def __init__(self, reader: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purposes = {p.code: p for p in purposes_in_force() if reader.kind in p.reader_kinds}
        self.offered = offered_items(reader)
        known = catalogue()
        names = [(key, known.datasets[key]) for key in self.offered]
        purposes = [(code, purpose.title) for code, purpose in self.purposes.items()]
        datasets = [
            (key, f"{words(known.departments[d.department].title)} · {words(d.title)} ({len(self.offered[key])})")
            for key, d in names
        ]
        self.fields["purpose"].choices = purposes  # type: ignore[attr-defined]
        self.fields["datasets"].choices = datasets  # type: ignore[attr-defined]

    def wish(self) -> Wish:
        """The terms that were asked for: of the chosen datasets what may be asked for under the chosen purpose."""
        data = self.cleaned_data
        purpose = self.purposes[data["purpose"]].value()
        items = frozenset(
            code for key in data["datasets"] for code in self.offered[key] if _may_be_asked(item_terms()[code], purpose)
        )
        this_month = period_of(clock.today())
        return Wish(
            items=items,
            granularity=Granularity(data["granularity"]),
            data_from=(this_month - (data["months"] - 1)).start,
            data_until=(this_month + 1).start,
            days_valid=data["days_valid"],
            max_reads=data["max_reads"],
            max_reads_per_day=data["max_reads_per_day"],
            retention_days=data["retention_days"],
        )


def offered_items(reader: Organisation) -> dict[str, frozenset[str]]:
    """What departments have opened to a reader, by dataset; datasets with nothing are left out."""
    everything = items_of_dataset()
    opened = opened_items(reader, everything, frozenset().union(*everything.values()))
    return {key: codes & opened for key, codes in everything.items() if codes & opened}


def _may_be_asked(terms: ItemTerms, purpose: Purpose) -> bool:
    return terms.sharing in purpose.sharing_types and terms.sensitivity <= purpose.max_sensitivity


class ReasonForm(forms.Form):
    """A reason that the other side reads."""

    reason = forms.CharField(label=_("Reason (the other side reads it)"), max_length=500, required=False)


class DisputeForm(forms.Form):
    """What is wrong about a value, in the firm's view."""

    proposed = forms.CharField(label=_("The right value, if you know it"), max_length=400, required=False)
    explanation = forms.CharField(label=_("What is wrong"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class AnswerForm(forms.Form):
    """A department's answer to a dispute."""

    answer = forms.CharField(
        label=_("Answer to the firm"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class RightForm(forms.Form):
    """Which dataset a department opens, to whom."""

    dataset = forms.ChoiceField(label=_("Dataset"))
    reader_kind = forms.ChoiceField(
        label=_("Opened to"),
        choices=[("bank", _("Banks")), ("department", _("Departments")), ("provider", _("Providers"))],
    )

    def __init__(self, department: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(d.id, words(d.title)) for d in catalogue().of_department(department)]
        self.fields["dataset"].choices = choices  # type: ignore[attr-defined]
