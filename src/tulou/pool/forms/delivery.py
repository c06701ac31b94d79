"""Forms of deliveries."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from tulou.pool.courtyard import catalogue
from tulou.pool.forms.consent import words


class UploadForm(forms.Form):
    """A file, the dataset that it is of, and what the sender knows of it."""

    dataset = forms.ChoiceField(label=_("Dataset"), help_text=_("Those of your department."))
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV (UTF-8 or GB18030, recognised by its content), Excel, Parquet, JSON lines, or one of these in a "
            "ZIP or gzip archive; at the most 2 GB."
        ),
    )
    records = forms.IntegerField(
        label=_("Records that the file holds"),
        min_value=0,
        required=False,
        help_text=_("A control total: where another number is counted the file is refused whole."),
    )
    sha256 = forms.CharField(
        label=_("SHA-256 of the file"),
        required=False,
        max_length=64,
        validators=[RegexValidator(r"^[0-9a-fA-F]{64}$", _("Sixty-four hexadecimal digits"))],
        help_text=_("A control total: where the bytes differ the file is refused whole."),
    )

    def __init__(self, department: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(d.id, words(d.title)) for d in catalogue().of_department(department)]
        self.fields["dataset"].choices = choices  # type: ignore[attr-defined]


class RollBackForm(forms.Form):
    """Why a delivery is taken back."""

    reason = forms.CharField(label=_("Reason (it stays in the history)"), max_length=500)


class CorrectionsForm(forms.Form):
    """The file of rejected records, corrected."""

    file = forms.FileField(
        label=_("Corrected file of rejected records"),
        help_text=_("The file that you downloaded here. Its first columns say which record each line corrects."),
    )
