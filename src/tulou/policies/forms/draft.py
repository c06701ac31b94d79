"""What a policy says, besides its rule: forms for civil servants."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.policies.core.attributes import NUMERIC, Kind, standard_attributes
from tulou.policies.forms.row import words
from tulou.policies.models import PolicyVersion, Recurrence, Theme

DATE = {"type": "date"}


def date_field(label: Any, help_text: Any = "") -> forms.DateField:
    """A day, asked for with the browser's calendar."""
    widget = forms.DateInput(attrs=DATE, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, help_text=help_text)


def yuan_field(label: Any, help_text: Any = "") -> forms.DecimalField:
    """An amount in yuan."""
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=17, decimal_places=2, help_text=help_text
    )


class DraftForm(forms.Form):
    """The text of a version. Amounts are asked for in yuan and kept in fen."""

    title_zh = forms.CharField(label=gettext_lazy("Title, Chinese"), max_length=200)
    title_en = forms.CharField(label=gettext_lazy("Title, English"), max_length=300)
    summary_zh = forms.CharField(
        label=gettext_lazy("In one or two sentences, Chinese"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    summary_en = forms.CharField(
        label=gettext_lazy("In one or two sentences, English"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    theme = forms.ChoiceField(label=gettext_lazy("Theme"), choices=Theme.choices)
    document_zh = forms.CharField(label=gettext_lazy("Document and number, Chinese"), max_length=300, required=False)
    document_en = forms.CharField(label=gettext_lazy("Document and number, English"), max_length=400, required=False)
    valid_from = date_field(gettext_lazy("Valid from"))
    valid_to = date_field(gettext_lazy("Last day"), gettext_lazy("The last day is included."))
    deadline = date_field(gettext_lazy("Apply by"))
    recurrence = forms.ChoiceField(label=gettext_lazy("How often a firm may get it"), choices=Recurrence.choices)
    no_application = forms.BooleanField(
        label=gettext_lazy("Given without an application, where every criterion is verified"), required=False
    )
    benefit_zh = forms.CharField(label=gettext_lazy("What the firm gets, Chinese"), max_length=500)
    benefit_en = forms.CharField(label=gettext_lazy("What the firm gets, English"), max_length=500)
    benefit_of = forms.ChoiceField(
        label=gettext_lazy("The amount follows from"),
        required=False,
        help_text=gettext_lazy("A fact of the firm. Leave it out where the benefit is said in words only."),
    )
    benefit_percent = forms.DecimalField(
        label=gettext_lazy("Per cent of it (money)"),
        required=False,
        min_value=0,
        max_value=1000,
        max_digits=9,
        decimal_places=4,
    )
    benefit_each = yuan_field(gettext_lazy("Yuan for each of it (numbers)"))
    benefit_ceiling = yuan_field(gettext_lazy("At most (yuan)"))
    budget = yuan_field(gettext_lazy("Budget (yuan)"))
    office_zh = forms.CharField(label=gettext_lazy("Responsible office, Chinese"), max_length=200, required=False)
    office_en = forms.CharField(label=gettext_lazy("Responsible office, English"), max_length=200, required=False)
    contact = forms.CharField(label=gettext_lazy("Telephone or e-mail of the office"), max_length=200, required=False)
    materials = forms.CharField(
        label=gettext_lazy("Materials that the firm hands in"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One a line: Chinese | English"),
    )
    links = forms.CharField(
        label=gettext_lazy("Links"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One a line: address | Chinese | English"),
    )
    change_zh = forms.CharField(
        label=gettext_lazy("What this version changes, Chinese"), max_length=500, required=False
    )
    change_en = forms.CharField(
        label=gettext_lazy("What this version changes, English"), max_length=500, required=False
    )

    plain = (
        "title_zh", "title_en", "summary_zh", "summary_en", "theme", "valid_from", "valid_to", "deadline", "recurrence",
        "no_application", "benefit_zh", "benefit_en", "benefit_of", "office_zh", "office_en", "contact", "change_zh",
        "change_en",
    )  # fmt: skip
    sections = (
        (
            gettext_lazy("What it is"),
            ("title_zh", "title_en", "summary_zh", "summary_en", "theme", "document_zh", "document_en"),
        ),
        (gettext_lazy("When"), ("valid_from", "valid_to", "deadline", "recurrence")),
        (
            gettext_lazy("What the firm gets"),
            (
                "benefit_zh",
                "benefit_en",
                "benefit_of",
                "benefit_percent",
                "benefit_each",
                "benefit_ceiling",
                "no_application",
            ),
        ),
        (gettext_lazy("How to get it"), ("materials", "office_zh", "office_en", "contact", "links", "budget")),
        (gettext_lazy("About this version"), ("change_zh", "change_en")),
    )

    def __init__(self, version: PolicyVersion | None, data: Any = None) -> None:
        super().__init__(data, initial=self.initial_of(version) if version else None)
        known = [(name, words(each.label)) for name, each in standard_attributes().items() if each.kind in NUMERIC]
        self.fields["benefit_of"].choices = [("", _("Nothing: in words only")), *known]  # type: ignore[attr-defined]
        if version is None or version.number == 1:
            for name in ("change_zh", "change_en"):
                del self.fields[name]

    @classmethod
    def initial_of(cls, version: PolicyVersion) -> dict[str, Any]:
        """A version as the form shows it."""
        document = version.document.get("document") or {}
        return {name: getattr(version, name) for name in cls.plain} | {
            "document_zh": document.get("zh"),
            "document_en": document.get("en"),
            "benefit_percent": None if version.benefit_rate is None else (version.benefit_rate * 100).normalize(),
            "benefit_each": _yuan(version.benefit_each_fen),
            "benefit_ceiling": _yuan(version.benefit_ceiling_fen),
            "budget": _yuan(version.budget_fen),
            "materials": "\n".join(f"{each['zh']} | {each['en']}" for each in version.materials),
            "links": "\n".join(f"{each['url']} | {each['zh']} | {each['en']}" for each in version.links),
        }

    def clean_materials(self) -> list[dict[str, str]]:
        """One material a line, in both languages."""
        return [{"zh": zh, "en": en} for zh, en in self._lines("materials", 2)]

    def clean_links(self) -> list[dict[str, str]]:
        """One link a line: a web address and its words."""
        found = []
        check = URLValidator(schemes=["http", "https"])
        for url, zh, en in self._lines("links", 3):
            check(url)
            found.append({"url": url, "zh": zh, "en": en})
        return found

    def _lines(self, name: str, cells: int) -> list[list[str]]:
        rows = []
        for number, line in enumerate(self.cleaned_data[name].splitlines(), 1):
            if not line.strip():
                continue
            row = [cell.strip() for cell in line.replace("｜", "|").split("|")]
            if len(row) != cells or not all(row):
                raise forms.ValidationError(
                    _("Line %(line)d: %(cells)d parts are expected, with | between them."),
                    params={"line": number, "cells": cells},
                )
            rows.append(row)
        return rows

    def clean(self) -> dict[str, Any]:
        """Dates in order, words in both languages, an amount that fits its fact."""
        found = super().clean() or {}
        since, until = found.get("valid_from"), found.get("valid_to")
        if since and until and since > until:
            self.add_error("valid_to", _("It ends before it begins."))
        if until and found.get("deadline") and found["deadline"] > until:
            self.add_error("deadline", _("It lies after the last day."))
        for name in ("document", "office", "change"):
            zh, en = found.get(f"{name}_zh"), found.get(f"{name}_en")
            if bool(zh) != bool(en):
                self.add_error(f"{name}_en" if zh else f"{name}_zh", _("Give it in both languages, or in none."))
        self._check_amount(found)
        return found

    def _check_amount(self, found: dict[str, Any]) -> None:
        attribute = standard_attributes().get(found.get("benefit_of") or "")
        money = attribute is not None and attribute.kind is Kind.MONEY
        if attribute is None and found.get("benefit_each") is not None:
            self.add_error("benefit_of", _("Say of what."))
        elif attribute is not None and money and found.get("benefit_percent") is None:
            self.add_error("benefit_percent", _("Give the share of the amount."))
        elif attribute is not None and not money and found.get("benefit_each") is None:
            self.add_error("benefit_each", _("Give the yuan for each."))

    def values(self) -> dict[str, Any]:
        """The fields of a PolicyVersion."""
        found = self.cleaned_data
        percent = found["benefit_percent"]
        document = (
            {"document": {"zh": found["document_zh"], "en": found["document_en"]}} if found["document_zh"] else {}
        )
        return {name: found[name] for name in self.plain if name in found} | {
            "document": document,
            "benefit_rate": None if percent is None else percent / 100,
            "benefit_each_fen": _fen(found["benefit_each"]),
            "benefit_ceiling_fen": _fen(found["benefit_ceiling"]),
            "budget_fen": _fen(found["budget"]),
            "materials": found["materials"],
            "links": found["links"],
        }

    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields in their sections, for the template."""
        return [
            (title, [self[name] for name in names if name in self.fields])
            for title, names in self.sections
            if any(name in self.fields for name in names)
        ]


def _yuan(fen: int | None) -> Decimal | None:
    if fen is None:
        return None
    return Decimal(fen // 100) if fen % 100 == 0 else (Decimal(fen) / 100).quantize(Decimal("0.01"))


def _fen(yuan: Decimal | None) -> int | None:
    return None if yuan is None else int(yuan * 100)


class FileForm(forms.Form):
    """A file of a version: its title and the file."""

    title_zh = forms.CharField(label=gettext_lazy("Title, Chinese"), max_length=200)
    title_en = forms.CharField(label=gettext_lazy("Title, English"), max_length=200)
    file = forms.FileField(label=gettext_lazy("File"), help_text=gettext_lazy("PDF, Word, Excel or an image"))


class ReasonForm(forms.Form):
    """Why a policy stops; everybody reads it."""

    reason_zh = forms.CharField(
        label=gettext_lazy("Reason, Chinese"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    reason_en = forms.CharField(
        label=gettext_lazy("Reason, English"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReviewForm(forms.Form):
    """What the second person says."""

    comment = forms.CharField(
        label=gettext_lazy("Comment"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed when you return it: say what has to change."),
    )
