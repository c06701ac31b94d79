"""The form in which a person says how she wants to hear of policies."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from tulou.policies.models import MatchEvent, Wish


class WishForm(forms.ModelForm[Wish]):
    """Which news, how often by e-mail, and when not."""

    kinds = forms.MultipleChoiceField(
        label=_("What you want to hear of"),
        choices=[
            (MatchEvent.Kind.ELIGIBLE.value, _("A policy that is for us")),
            (MatchEvent.Kind.POSSIBLE.value, _("A policy that may be for us, if a few answers fit")),
            (MatchEvent.Kind.CLOSING.value, _("A deadline in 14, 7 and 1 days")),
            (MatchEvent.Kind.CHANGED.value, _("A policy of ours that changed")),
            (MatchEvent.Kind.LOST.value, _("A policy that is no longer for us")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Everything stands on the news page in any case."),
    )

    class Meta:
        """The wishes that a person sets."""

        model = Wish
        fields: ClassVar[list[str]] = ["kinds", "email", "cap", "quiet_from", "quiet_to"]
        labels: ClassVar[dict[str, Any]] = {
            "email": _("E-mail"),
            "cap": _("At most so many e-mails a day"),
            "quiet_from": _("No e-mail from"),
            "quiet_to": _("until"),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "email": forms.RadioSelect,
            "cap": forms.NumberInput(attrs={"min": 1, "max": 20}),
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_to": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].choices = Wish.Email.choices  # type: ignore[attr-defined]

    def clean_cap(self) -> int:
        """Between one and twenty."""
        cap: int = self.cleaned_data["cap"]
        if not 1 <= cap <= 20:
            raise forms.ValidationError(_("Between 1 and 20."))
        return cap
