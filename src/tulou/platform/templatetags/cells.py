"""The cells of a list, written without a template: a page of a list has some hundred of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import template
from django.template.base import render_value_in_context
from django.template.context import RequestContext
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from tulou.platform.templatetags.ui import day, moment, money, number

register = template.Library()
NUMERIC = frozenset({"number", "money"})
Cell = Mapping[str, Any]


@register.simple_tag(takes_context=True)
def cells(context: RequestContext, row: Sequence[Cell]) -> SafeString:
    """The cells of a row, the first of them its heading: `{% cells row %}`."""
    return mark_safe("".join(_cell(context, cell, first=cell is row[0]) for cell in row))  # noqa: S308 - made of safe parts


def _cell(context: RequestContext, cell: Cell, *, first: bool) -> SafeString:
    column, value = cell["column"], cell["value"]
    shown = SHOWN.get(column.kind, _plain)(context, cell)
    numeric = column.kind in NUMERIC
    if first:
        return format_html('<th scope="row"{}>{}</th>', mark_safe(' class="num"') if numeric else "", shown)
    blank = value is None or value == ""
    kind = f"{'num' if numeric else ''}{' blank' if blank else ''}"
    return format_html('<td data-label="{}" class="{}">{}</td>', column.label, kind, shown)


def _plain(context: RequestContext, cell: Cell) -> str:
    if cell["value"] is None:
        return ""
    value = render_value_in_context(cell["value"], context)
    if not cell["link"]:
        return mark_safe(value)  # noqa: S308 - rendered as a template renders a value
    return format_html('<a href="{}">{}</a>', cell["link"], mark_safe(value))  # noqa: S308 - the same


def _badge(_context: RequestContext, cell: Cell) -> str:
    if not cell["value"]:
        return ""
    return format_html('<span class="badge tone-{}">{}</span>', cell["tone"], cell["value"])


def _retry(context: RequestContext, cell: Cell) -> str:
    if not cell["value"]:
        return ""
    return format_html(
        '<form method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<button class="btn btn-sm">{}</button></form>',
        reverse("task_retry", args=[cell["value"]]),
        context["csrf_token"],
        _("Run again"),
    )


SHOWN: Mapping[str, Callable[[RequestContext, Cell], str]] = {
    "badge": _badge,
    "money": lambda _context, cell: escape(money(cell["value"])),
    "number": lambda _context, cell: escape(number(cell["value"])),
    "date": lambda _context, cell: escape(day(cell["value"])),
    "moment": lambda _context, cell: format_html("<time>{}</time>", moment(cell["value"])),
    "retry": _retry,
    "long": lambda _context, cell: format_html('<span class="long">{}</span>', cell["value"]),
}
"""How each kind of column is shown; every other kind as it is, as a link where there is one."""
