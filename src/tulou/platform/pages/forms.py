"""How forms look: Django's own rendering with the house's templates, and an error summary that leads to the fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

CLASSES: dict[type[forms.Widget], str] = {
    forms.CheckboxInput: "form-check-input",
    forms.CheckboxSelectMultiple: "form-check-input",
    forms.RadioSelect: "form-check-input",
    forms.Select: "form-select",
    forms.SelectMultiple: "form-select",
}


class HouseRenderer(TemplatesSetting):
    """Django's renderer with our field."""

    field_template_name = "ui/field.html"
    form_template_name = "ui/form.html"


def widget_class(widget: forms.Widget) -> str:
    """The design system's class for a widget."""
    for kind, name in CLASSES.items():
        if type(widget) is kind:
            return name
    return "" if isinstance(widget, forms.HiddenInput) else "form-control"


def rendered(field: forms.BoundField) -> Any:
    """A field's widget with the design system's class, its error and its help wired to it for screen readers."""
    attrs: dict[str, Any] = {"class": f"{field.field.widget.attrs.get('class', '')} {widget_class(field.field.widget)}"}
    described = []
    if field.errors:
        attrs["class"] += " is-invalid"
        attrs["aria-invalid"] = "true"
        described.append(f"{field.auto_id}_error")
    if field.help_text:
        described.append(f"{field.auto_id}_helptext")
    attrs["aria-describedby"] = " ".join(described) or None
    return field.as_widget(attrs={name: value for name, value in attrs.items() if value is not None})


def is_choice_list(field: forms.BoundField) -> bool:
    """Whether a field is a group of boxes or buttons, which needs a fieldset and a legend."""
    return isinstance(field.field.widget, (forms.CheckboxSelectMultiple, forms.RadioSelect))


def is_single_box(field: forms.BoundField) -> bool:
    """Whether a field is one box, whose label stands behind it."""
    return type(field.field.widget) is forms.CheckboxInput
