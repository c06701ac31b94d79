"""One criterion as a form: an attribute, what it has to be, and where that stands in the document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Attribute, Catalogue, Kind
from tulou.policies.core.document.editing import ABOUT
from tulou.policies.queries import codes

Json = dict[str, Any]
ATTESTED = "attested"
"""What stands in the attribute picker for a question that a person decides."""
LOWER = [
    ("", gettext_lazy("No lower end")),
    ("ge", gettext_lazy("At least (included)")),
    ("gt", gettext_lazy("More than")),
]
UPPER = [
    ("", gettext_lazy("No upper end")),
    ("le", gettext_lazy("At most (included)")),
    ("lt", gettext_lazy("Less than")),
]
UNITS = [("years", gettext_lazy("years")), ("months", gettext_lazy("months")), ("days", gettext_lazy("days"))]


def words(text: Text) -> str:
    """A text in the reader's language."""
    return text.render("zh" if (get_language() or "zh").startswith("zh") else "en")


class RowForm(forms.Form):
    """What every criterion has: words of its own, its place in the document, when it counts."""

    label_zh = forms.CharField(label=gettext_lazy("In the document's words, Chinese"), max_length=200, required=False)
    label_en = forms.CharField(label=gettext_lazy("In the document's words, English"), max_length=300, required=False)
    article = forms.CharField(label=gettext_lazy("Article"), max_length=60, required=False)
    quote = forms.CharField(
        label=gettext_lazy("The sentence of the document"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The check compares its numbers and boundary words with the criterion."),
    )
    soft = forms.BooleanField(label=gettext_lazy("A preference only: shown, decides nothing"), required=False)
    effective_from = forms.DateField(
        label=gettext_lazy("Counts from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    effective_to = forms.DateField(
        label=gettext_lazy("Counts until (included)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    meaning: ClassVar[tuple[str, ...]] = ()
    """The fields that say what the criterion demands."""
    pickers: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, attribute: Attribute | None, catalogue: Catalogue, row: Json, document: Json, data: Any = None
    ) -> None:
        self.attribute, self.catalogue, self.row, self.document = attribute, catalogue, row, document
        label, citation = row.get("label") or {}, row.get("citation") or {}
        initial = {
            "label_zh": label.get("zh"),
            "label_en": label.get("en"),
            "article": citation.get("article"),
            "quote": citation.get("quote"),
            "soft": row.get("hard") is False,
            "effective_from": row.get("effective_from"),
            "effective_to": row.get("effective_to"),
        }
        super().__init__(data, initial=initial | self.read(row), auto_id="row-%s")

    def read(self, row: Json) -> Json:
        """The initial values of the fields of `meaning`."""
        return {}

    def written(self) -> Json:
        """The criterion without what is said about it."""
        return {}

    def clean(self) -> Json:
        """Both languages or none."""
        found = super().clean() or {}
        zh, en = found.get("label_zh"), found.get("label_en")
        if bool(zh) != bool(en):
            self.add_error("label_en" if zh else "label_zh", _("Give the words in both languages, or in none."))
        since, until = found.get("effective_from"), found.get("effective_to")
        if since and until and since > until:
            self.add_error("effective_to", _("It ends before it begins."))
        return found

    def node(self) -> Json:
        """The criterion as the document writes it."""
        found = self.cleaned_data
        kept = {key: self.row[key] for key in ABOUT if key in self.row and key in ("id", "source", "note")}
        about: Json = dict(kept)
        if found["label_zh"]:
            about["label"] = {"zh": found["label_zh"], "en": found["label_en"]}
        old = self.row.get("citation") or {}
        citation = {key: found[key] for key in ("article", "quote") if found[key]}
        if citation:
            source = old.get("document") or self.document.get("document")
            named = source or {"zh": _("The policy's document"), "en": "The policy's document"}
            link = {"url": old["url"]} if old.get("url") else {}
            about["citation"] = {"document": named, **citation, **link}
        if found["soft"]:
            about["hard"] = False
        for key in ("effective_from", "effective_to"):
            if found[key]:
                about[key] = found[key].isoformat()
        return self.written() | about

    def meaning_fields(self) -> list[forms.BoundField]:
        """The fields that say what is demanded, for the template."""
        return [self[name] for name in self.meaning]


class CodesField(forms.MultipleChoiceField):
    """Codes of a dictionary of any size; one that is not in it is refused."""

    def __init__(self, *, label: Any, required: bool = True) -> None:
        super().__init__(label=label, required=required, widget=forms.CheckboxSelectMultiple)
        self.dictionary: Any = None

    def valid_value(self, value: Any) -> bool:
        """Whether the dictionary has it; an open list takes every word."""
        return self.dictionary is None or str(value) in self.dictionary


class CodesRow(RowForm):
    """A place, an industry, a size: it lies in a set of codes, or in none of them."""

    op = forms.ChoiceField(
        label=gettext_lazy("The firm's code"),
        choices=[
            ("in", gettext_lazy("is one of these, or lies under one")),
            ("not_in", gettext_lazy("is none of these")),
        ],
    )
    include = CodesField(label=gettext_lazy("Codes"))
    exclude = CodesField(label=gettext_lazy("Except"), required=False)
    meaning = ("op",)
    pickers = ("include", "exclude")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dictionary = self.catalogue.dictionary_of(self.attribute.name) if self.attribute else None
        for name in self.pickers:
            self.fields[name].dictionary = dictionary  # type: ignore[attr-defined]
        if dictionary is not None and dictionary.flat:
            del self.fields["exclude"]

    def read(self, row: Json) -> Json:
        """As it is written."""
        return {"op": row.get("op", "in"), "include": row.get("include", []), "exclude": row.get("exclude", [])}

    def written(self) -> Json:
        """As it is written."""
        found = self.cleaned_data
        name = self.attribute.name if self.attribute else ""
        row: Json = {"op": found["op"], "attr": name, "include": sorted(found["include"])}
        return row | ({"exclude": sorted(found["exclude"])} if found.get("exclude") else {})

    def picker_list(self) -> list[Json]:
        """What each picker shows: the chosen codes, and those found by what was asked."""
        dictionary = self.catalogue.dictionary_of(self.attribute.name) if self.attribute else None
        shown = []
        for name in self.pickers:
            if name not in self.fields:
                continue
            chosen = self[name].value() or []
            question = self.data.get(f"{name}_q", "") if self.is_bound else ""
            under = self.data.get(f"{name}_under", "") if self.is_bound else ""
            hits = codes.found(dictionary, question, under) if dictionary is not None else []
            small = dictionary is not None and codes.is_small(dictionary)
            shown.append(
                {
                    "field": self[name],
                    "name": name,
                    "chosen": [] if small else [codes.described(dictionary, code) for code in dict.fromkeys(chosen)],
                    "marked": set(chosen),
                    "question": question,
                    "hits": hits if small else [hit for hit in hits if hit.code not in chosen],
                    "small": small,
                    "above": self._above(dictionary, under),
                    "asked": bool(question or under),
                }
            )
        return shown

    @staticmethod
    def _above(dictionary: Any, under: str) -> list[codes.Code]:
        line = dictionary.lineage(under) if dictionary is not None and under else ()
        return [codes.described(dictionary, code) for code in reversed(line)]


def _tidy(value: Any) -> Any:
    """A bound without a needless point."""
    return int(value) if isinstance(value, float) and value == int(value) else value


class Ends(RowForm):
    """Two ends, each open or closed."""

    low_op = forms.ChoiceField(label=gettext_lazy("Lower end"), choices=LOWER, required=False)
    low = forms.DecimalField(label=gettext_lazy("Lower value"), required=False, max_digits=20, decimal_places=4)
    high_op = forms.ChoiceField(label=gettext_lazy("Upper end"), choices=UPPER, required=False)
    high = forms.DecimalField(label=gettext_lazy("Upper value"), required=False, max_digits=20, decimal_places=4)
    ends: ClassVar[tuple[str, ...]] = ("low_op", "low", "high_op", "high")
    meaning = ends

    def read(self, row: Json) -> Json:
        """As it is written."""
        low, high = next((k for k in ("ge", "gt") if k in row), ""), next((k for k in ("le", "lt") if k in row), "")
        fresh = not low and not high
        return {
            "low_op": "ge" if fresh else low,
            "low": _tidy(row.get(low)) if low else None,
            "high_op": high,
            "high": _tidy(row.get(high)) if high else None,
        }

    def clean(self) -> Json:
        """At least one end; a value for each; the lower below the upper."""
        found = super().clean()
        for side in ("low", "high"):
            if found.get(f"{side}_op") and found.get(side) is None and side not in self.errors:
                self.add_error(side, _("Give the value."))
            if not found.get(f"{side}_op") and found.get(side) is not None:
                self.add_error(f"{side}_op", _("Say whether the value itself is included."))
        if not found.get("low_op") and not found.get("high_op") and not self.errors:
            self.add_error("low_op", _("Give at least one end."))
        low, high = found.get("low"), found.get("high")
        if low is not None and high is not None and low > high:
            self.add_error("high", _("The upper value is below the lower one: nobody could meet this."))
        return found

    def limits(self) -> Json:
        """The ends as they are written."""
        found = self.cleaned_data
        return {found[f"{side}_op"]: self.bound(found[side]) for side in ("low", "high") if found[f"{side}_op"]}

    def bound(self, value: Any) -> Any:
        """A value as JSON writes it: whole numbers as such, others as text, so that no float stands between."""
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else f"{value.normalize():f}"
        return value


class RangeRow(Ends):
    """A number or an amount inside two ends."""

    def written(self) -> Json:
        """As it is written."""
        return {"op": "range", "attr": self.attribute.name if self.attribute else "", **self.limits()}


def _shifted(day: str | None, by: int) -> str | None:
    """An excluded day as the included one beside it."""
    return None if day is None else (dt.date.fromisoformat(day) + dt.timedelta(days=by)).isoformat()


class DateRow(Ends):
    """A date: how long ago it is, or between which days it lies."""

    measure = forms.ChoiceField(
        label=gettext_lazy("Judge by"),
        choices=[("age", gettext_lazy("How long ago it is")), ("range", gettext_lazy("The date itself"))],
    )
    unit = forms.ChoiceField(label=gettext_lazy("Counted in"), choices=UNITS, required=False)
    first = forms.DateField(
        label=gettext_lazy("From (included)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label=gettext_lazy("Until (included)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    meaning = ("measure", "unit", *Ends.ends, "first", "last")

    def read(self, row: Json) -> Json:
        """As it is written."""
        if row.get("op") == "range":
            first, last = row.get("ge") or _shifted(row.get("gt"), 1), row.get("le") or _shifted(row.get("lt"), -1)
            return {"measure": "range", "first": first, "last": last, "unit": "years"}
        return {"measure": "age", "unit": row.get("unit", "years")} | super().read(row)

    def clean(self) -> Json:
        """Ends for an age, days for the date itself."""
        if self.data.get("measure") != "range":
            return super().clean()
        found = RowForm.clean(self)
        if not found.get("first") and not found.get("last"):
            self.add_error("first", _("Give at least one end."))
        elif found.get("first") and found.get("last") and found["first"] > found["last"]:
            self.add_error("last", _("It ends before it begins."))
        return found

    def written(self) -> Json:
        """As it is written."""
        found, name = self.cleaned_data, self.attribute.name if self.attribute else ""
        if found["measure"] == "range":
            days = {key: found[field].isoformat() for key, field in (("ge", "first"), ("le", "last")) if found[field]}
            return {"op": "range", "attr": name, **days}
        limits = {key: int(value) for key, value in self.limits().items()}
        return {"op": "age", "attr": name, "unit": found["unit"] or "years", **limits}


class FlagRow(RowForm):
    """Yes or no."""

    value = forms.ChoiceField(
        label=gettext_lazy("It must be"), choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]
    )
    meaning = ("value",)

    def read(self, row: Json) -> Json:
        """As it is written."""
        return {"value": "no" if row.get("value") is False else "yes"}

    def written(self) -> Json:
        """As it is written; what no department holds is declared by the applicant."""
        declared = self.attribute.declared if self.attribute else False
        asked = {"question": self.row["question"]} if declared and self.row.get("question") else {}
        name, value = self.attribute.name if self.attribute else "", self.cleaned_data["value"] == "yes"
        return {"op": "declared" if declared else "is", "attr": name, "value": value, **asked}


class SetRow(RowForm):
    """The firm is on at least one of these lists."""

    any_of = forms.MultipleChoiceField(
        label=gettext_lazy("At least one of"), widget=forms.CheckboxSelectMultiple, choices=()
    )
    meaning = ("any_of",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = self.attribute.members if self.attribute else {}
        known = {key: words(text) for key, text in members.items()} | {
            key: key for key in self.row.get("any_of", []) if key not in members
        }
        self.fields["any_of"].choices = list(known.items())  # type: ignore[attr-defined]

    def read(self, row: Json) -> Json:
        """As it is written."""
        return {"any_of": row.get("any_of", [])}

    def written(self) -> Json:
        """As it is written."""
        name = self.attribute.name if self.attribute else ""
        return {"op": "intersects", "attr": name, "any_of": sorted(self.cleaned_data["any_of"])}


class WindowRow(Ends):
    """Aid received in the last years: how much, or how often (de minimis)."""

    measure = forms.ChoiceField(
        label=gettext_lazy("Add up"),
        choices=[("sum", gettext_lazy("The amounts (yuan)")), ("count", gettext_lazy("How often"))],
    )
    length = forms.IntegerField(label=gettext_lazy("Over the last"), min_value=1, max_value=1200)
    unit = forms.ChoiceField(label=gettext_lazy("Counted in"), choices=UNITS)
    schemes = forms.CharField(
        label=gettext_lazy("Only these schemes"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Separated by commas; empty: all."),
    )
    meaning = ("measure", "length", "unit", *Ends.ends, "schemes")

    def read(self, row: Json) -> Json:
        """As it is written."""
        return super().read(row) | {
            "measure": row.get("measure", "sum"),
            "length": row.get("length", 3),
            "unit": row.get("unit", "years"),
            "schemes": ", ".join(row.get("schemes", [])),
        }

    def written(self) -> Json:
        """As it is written."""
        found = self.cleaned_data
        schemes = sorted({part.strip() for part in found["schemes"].replace("，", ",").split(",") if part.strip()})
        row = {"op": "window", "attr": self.attribute.name if self.attribute else ""}
        row |= {key: found[key] for key in ("measure", "length", "unit")}
        return row | ({"schemes": schemes} if schemes else {}) | self.limits()


class AttestedRow(RowForm):
    """Something that a person of the department decides."""

    question_zh = forms.CharField(label=gettext_lazy("What is decided, in Chinese"), max_length=200)
    question_en = forms.CharField(label=gettext_lazy("What is decided, in English"), max_length=300)
    key = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=60,
        help_text=gettext_lazy("Latin letters, figures and hyphens. Policies with the same name share the answer."),
    )
    meaning = ("question_zh", "question_en", "key")

    def read(self, row: Json) -> Json:
        """As it is written."""
        asked = row.get("question") or row.get("label") or {}
        return {"question_zh": asked.get("zh"), "question_en": asked.get("en"), "key": row.get("key")}

    def written(self) -> Json:
        """As it is written."""
        found = self.cleaned_data
        return {
            "op": "attested",
            "key": found["key"],
            "question": {"zh": found["question_zh"], "en": found["question_en"]},
        }


FORMS: Mapping[Kind, type[RowForm]] = {
    Kind.CODE: CodesRow,
    Kind.INTEGER: RangeRow,
    Kind.NUMBER: RangeRow,
    Kind.MONEY: RangeRow,
    Kind.DATE: DateRow,
    Kind.FLAG: FlagRow,
    Kind.SET: SetRow,
    Kind.LEDGER: WindowRow,
}


def row_form(name: str, catalogue: Catalogue, row: Json, document: Json, data: Any = None) -> RowForm | None:
    """The form for a criterion over the attribute `name`; None where there is no such attribute."""
    if name == ATTESTED:
        return AttestedRow(None, catalogue, row, document, data)
    attribute = catalogue.attributes.get(name)
    if attribute is None:
        return None
    return FORMS[attribute.kind](attribute, catalogue, row, document, data)


def attribute_groups(catalogue: Catalogue) -> list[tuple[str, list[tuple[str, str]]]]:
    """The attributes for the picker, in groups: who the firm is, its people, its money, its standing, the project."""
    from tulou.policies.core.rule.truth import AS_OF

    titles = {
        "who": _("Who the firm is"),
        "number": _("People and figures"),
        "money": _("Money (yuan)"),
        "flag": _("Yes or no"),
        "list": _("Lists and aid received"),
        "declared": _("Declared by the applicant"),
    }
    groups: dict[str, list[tuple[str, str]]] = {key: [] for key in titles}
    for name, attribute in catalogue.attributes.items():
        if name == AS_OF:
            continue
        groups[_group(attribute)].append((name, words(attribute.label)))
    found = [(titles[key], rows) for key, rows in groups.items() if rows]
    return [*found, (_("Decided by a person"), [(ATTESTED, _("A question for the department"))])]


def _group(attribute: Attribute) -> str:
    if attribute.declared:
        return "declared"
    match attribute.kind:
        case Kind.CODE | Kind.DATE:
            return "who"
        case Kind.INTEGER | Kind.NUMBER:
            return "number"
        case Kind.MONEY:
            return "money"
        case Kind.FLAG:
            return "flag"
        case _:
            return "list"


def attribute_of(row: Json) -> str:
    """What the picker shows as chosen for a written criterion."""
    return ATTESTED if row.get("op") == "attested" else str(row.get("attr", ""))
