"""An example: a situation, and the answer that the rule must give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.policies.core.attributes import Attribute, Catalogue, Kind
from tulou.policies.core.firms.facts import facts_from
from tulou.policies.core.rule.tree import Node, attributes_of
from tulou.policies.core.rule.truth import AS_OF
from tulou.policies.forms.row import words
from tulou.policies.queries import codes

Json = dict[str, Any]
ANSWERS = [("T", gettext_lazy("Eligible")), ("F", gettext_lazy("Not eligible")), ("U", gettext_lazy("Not decided yet"))]


def asked_attributes(rule: Node | None, catalogue: Catalogue) -> list[Attribute]:
    """What a situation has to say for a rule, in the catalogue's order."""
    read = attributes_of(rule) - {AS_OF} if rule is not None else frozenset()
    return [catalogue[name] for name in catalogue if name in read]


class ExampleForm(forms.Form):
    """A field for each fact that the rule reads; an empty one is unknown."""

    name_zh = forms.CharField(label=gettext_lazy("Name, Chinese"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name, English"), max_length=120)
    as_of = forms.DateField(
        label=gettext_lazy("Day of the question"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    expect = forms.ChoiceField(label=gettext_lazy("The rule must answer"), choices=ANSWERS)

    def __init__(
        self, attributes: Sequence[Attribute], catalogue: Catalogue, example: Json, today: dt.date, data: Any = None
    ) -> None:
        self.attributes, self.catalogue = attributes, catalogue
        name, firm = example.get("name") or {}, example.get("firm") or {}
        initial: Json = {
            "name_zh": name.get("zh"),
            "name_en": name.get("en"),
            "as_of": example.get("as_of") or today.isoformat(),
            "expect": example.get("expect", "T"),
        }
        initial |= {f"fact.{each.name}": _shown(each, firm.get(each.name)) for each in attributes}
        super().__init__(data, initial=initial, auto_id="example-%s")
        for each in attributes:
            self.fields[f"fact.{each.name}"] = self._field(each)

    def _field(self, attribute: Attribute) -> forms.Field:
        label = words(attribute.label)
        dictionary = self.catalogue.dictionary_of(attribute.name)
        unknown = [("", _("unknown"))]
        match attribute.kind:
            case Kind.FLAG:
                choices = [*unknown, ("yes", _("Yes")), ("no", _("No"))]
                return forms.ChoiceField(label=label, required=False, choices=choices)
            case Kind.CODE if dictionary is not None and codes.is_small(dictionary):
                known = [(code, words(dictionary.label(code))) for code in dictionary.codes]
                return forms.ChoiceField(label=label, required=False, choices=[*unknown, *known])
            case Kind.DATE:
                return forms.DateField(
                    label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
                )
            case Kind.SET:
                members = [(key, words(text)) for key, text in attribute.members.items()]
                known = [("-", _("none of them")), *members]
                return forms.MultipleChoiceField(
                    label=label, required=False, choices=known, widget=forms.CheckboxSelectMultiple
                )
            case Kind.LEDGER:
                return forms.CharField(
                    label=label,
                    required=False,
                    max_length=2000,
                    widget=forms.Textarea(attrs={"rows": 2}),
                    help_text=_("One payment a line: 2026-02-01 120000 scheme. A hyphen alone: none."),
                )
            case Kind.CODE:
                return forms.CharField(label=label, required=False, max_length=60, help_text=_example(dictionary))
            case _:
                unit = words(attribute.unit) if attribute.unit else ""
                return forms.DecimalField(label=f"{label} ({unit})" if unit else label, required=False)

    def clean(self) -> Json:
        """The situation must be one that a firm's file could hold."""
        found = super().clean() or {}
        if not self.errors:
            for each in self.attributes:
                _facts, column, error = facts_from({each.name: self._fact(each)}, self.catalogue)
                if column is not None and error is not None:
                    self.add_error(f"fact.{each.name}", _("Expected: %(what)s") % {"what": words(error.expected)})
                elif each.kind is Kind.CODE and found.get(f"fact.{each.name}"):
                    self._check_code(each, found[f"fact.{each.name}"])
        return found

    def _check_code(self, attribute: Attribute, code: str) -> None:
        dictionary = self.catalogue.dictionary_of(attribute.name)
        if dictionary is not None and dictionary.position_of_fact(code) < 0:
            self.add_error(f"fact.{attribute.name}", _("There is no such code."))

    def _fact(self, attribute: Attribute) -> Any:
        value = self.cleaned_data.get(f"fact.{attribute.name}")
        if value in (None, "", []):
            return None
        match attribute.kind:
            case Kind.FLAG:
                return value == "yes"
            case Kind.SET:
                return sorted(set(value) - {"-"})
            case Kind.LEDGER:
                return _entries(value)
            case Kind.DATE:
                return value.isoformat()
            case Kind.CODE:
                return value.strip()
            case Kind.INTEGER:
                return int(value) if value == int(value) else str(value)
            case _:
                return f"{value:f}"

    def example(self) -> Json:
        """The example as the document writes it."""
        found = self.cleaned_data
        firm = {each.name: fact for each in self.attributes if (fact := self._fact(each)) is not None}
        return {
            "name": {"zh": found["name_zh"], "en": found["name_en"]},
            "firm": firm,
            "as_of": found["as_of"].isoformat(),
            "expect": found["expect"],
        }


def _example(dictionary: Any) -> str:
    """How a code looks, where people know its standard."""
    known = {"gbt2260": "350102", "gbt4754": "C1311"}.get(dictionary.name if dictionary else "")
    return _("The code, for example %(code)s") % {"code": known} if known else ""


def _entries(text: str) -> list[Json]:
    found = []
    for line in text.splitlines():
        cells = line.split(maxsplit=2)
        if len(cells) >= 2:
            scheme = {"scheme": cells[2]} if len(cells) == 3 else {}
            found.append({"date": cells[0], "amount": cells[1], **scheme})
        elif cells and cells != ["-"]:
            found.append({"date": cells[0]})
    return found


def _shown(attribute: Attribute, fact: Any) -> Any:
    """A fact of a stored example as its field shows it."""
    match attribute.kind:
        case Kind.FLAG:
            return "" if fact is None else "yes" if fact in (True, "true", "yes") else "no"
        case Kind.SET if fact is not None:
            return _members(fact) or ["-"]
        case Kind.LEDGER if isinstance(fact, list):
            rows = [f"{each.get('date')} {each.get('amount')} {each.get('scheme', '')}".strip() for each in fact]
            return "\n".join(rows) or "-"
        case _:
            return fact


def _members(fact: Any) -> list[str]:
    if isinstance(fact, dict):
        return [name for name, has in fact.items() if has]
    return [part.strip() for part in fact.split(";") if part.strip()] if isinstance(fact, str) else list(fact)
