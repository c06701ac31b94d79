"""The form of the import."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ImportForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=_("File of policies"), help_text=_("Excel or CSV after the template, or JSON; 20 MB at most")
    )
