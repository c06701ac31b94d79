"""Fields for money and rates: people write 万元 and percent, the house keeps fen and shares."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from tulou.kernel.errors import Text, TulouError
from tulou.platform.templatetags.ui import chinese

WAN = 10**6
"""Fen in ten thousand yuan."""


def words(text: Text) -> str:
    """A kernel `Text` in the reader's language."""
    return text.render("zh" if chinese() else "en")


def choices(texts: Any) -> list[tuple[str, str]]:
    """The choices of a short list, in the reader's language."""
    return [(code, words(text)) for code, text in texts.items()]


class WanField(forms.DecimalField):
    """An amount in ten thousand yuan; its clean value is whole fen."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs = {"min_value": Decimal("0.01"), "max_value": Decimal(10**6), "decimal_places": 4, **kwargs}
        super().__init__(**kwargs)
        self.widget.attrs["inputmode"] = "decimal"

    def clean(self, value: Any) -> Any:
        """Fen."""
        found = super().clean(value)
        return None if found is None else int(found * WAN)

    def prepare_value(self, value: Any) -> Any:
        """Fen as ten thousand yuan."""
        return (Decimal(value) / WAN).normalize().__format__("f") if isinstance(value, int) else value


class YuanField(forms.DecimalField):
    """An amount in yuan; its clean value is whole fen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": Decimal(10**10), "decimal_places": 2, **kwargs})
        self.widget.attrs["inputmode"] = "decimal"

    def clean(self, value: Any) -> Any:
        """Fen."""
        found = super().clean(value)
        return None if found is None else int(found * 100)

    def prepare_value(self, value: Any) -> Any:
        """Fen as yuan."""
        return f"{Decimal(value) / 100:.2f}" if isinstance(value, int) else value


class PercentField(forms.DecimalField):
    """A yearly rate in percent; its clean value is a share."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": 100, "decimal_places": 4, **kwargs})
        self.widget.attrs["inputmode"] = "decimal"

    def clean(self, value: Any) -> Any:
        """A share."""
        found = super().clean(value)
        return None if found is None else found / 100

    def prepare_value(self, value: Any) -> Any:
        """A share as percent."""
        return (value * 100).normalize().__format__("f") if isinstance(value, Decimal) else value


class DayField(forms.DateField):
    """A day, by the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def tell(form: forms.Form, refused: TulouError) -> None:
    """Put a refusal beside the field that it speaks of, else above the form."""
    column = refused.finding.where.column
    text = words(refused.finding.text)
    if refused.finding.remedy is not None:
        text = f"{text} {words(refused.finding.remedy)}"
    where = column if column in form.fields else "file" if "file" in form.fields else None
    form.add_error(where, text)
