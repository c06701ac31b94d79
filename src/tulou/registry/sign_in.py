"""The forms of sign-up and sign-in, beyond what allauth brings."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tulou.registry.models import Person


class NameForm(forms.Form):
    """What we ask at sign-up beside the e-mail address."""

    name = forms.CharField(label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def signup(self, request: HttpRequest, user: Person) -> None:
        """Keep it, and the language in which she signed up."""
        user.name = self.cleaned_data["name"].strip()
        user.language = get_language() or "zh-hans"
        user.save(update_fields=["name", "language"])
