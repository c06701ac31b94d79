"""The tags and filters of the design system; every template has them without loading."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.context import RequestContext
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tulou.kernel.money import format_exact
from tulou.platform import clock
from tulou.platform.pages import forms as house_forms
from tulou.platform.records import new_public_id
from tulou.platform.web.access import ONCE

register = template.Library()
ICONS = "icons.json"


def chinese() -> bool:
    """Whether the reader reads Chinese."""
    return (get_language() or "zh").startswith("zh")


@cache
def icon_paths() -> dict[str, list[list[Any]]]:
    """The shapes of Tabler's outline icons (MIT); nothing where `scripts/assets` has not run."""
    found = [Path(folder) / ICONS for folder in settings.STATICFILES_DIRS if (Path(folder) / ICONS).exists()]
    shapes: dict[str, list[list[Any]]] = json.loads(found[0].read_text()) if found else {}
    return shapes


@cache
def icon_svg(name: str, size: int) -> SafeString:
    """An icon as inline SVG, hidden from screen readers."""
    shapes = icon_paths()[name] if icon_paths() else []
    inner = "".join(
        f"<{tag} " + " ".join(f'{key}="{value}"' for key, value in attributes.items()) + "/>"
        for tag, attributes in shapes
    )
    return mark_safe(  # noqa: S308 - only the icon file's own shapes
        f'<svg class="icon" width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        f"{inner}</svg>"
    )


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    """`{% icon "home" %}`."""
    return icon_svg(name, size)


@register.simple_tag
def once() -> SafeString:
    """The hidden field that makes a form's POST happen once, however often the button is pressed."""
    return format_html('<input type="hidden" name="{}" value="{}">', ONCE, new_public_id())


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """A form field with label, help and error: `{% field form.name %}`."""
    return mark_safe(bound.as_field_group())  # noqa: S308 - Django's own rendering


@register.filter
def widget(bound: BoundField) -> Any:
    """The widget alone."""
    return house_forms.rendered(bound)


@register.filter
def is_choice_list(bound: BoundField) -> bool:
    """Whether a field is a group of boxes or buttons."""
    return house_forms.is_choice_list(bound)


@register.filter
def is_single_box(bound: BoundField) -> bool:
    """Whether a field is one box."""
    return house_forms.is_single_box(bound)


@register.filter
def number(value: float | None) -> str:
    """A number with its thousands apart; nothing for None.

    >>> number(437000)
    '437,000'
    """
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")


@register.filter
def money(fen: int | None) -> str:
    """Fen as the reader counts: 302 亿元, CNY 30.2 bn.

    >>> from django.utils.translation import override
    >>> with override("en"): money(3_020_000_000_000)
    'CNY 30.2 bn'
    """
    if fen is None:
        return ""
    yuan = fen / 100
    steps = [(1e8, "亿元"), (1e4, "万元")] if chinese() else [(1e9, "bn"), (1e6, "m")]
    for unit, name in steps:
        if abs(yuan) >= unit:
            amount = f"{yuan / unit:,.2f}".rstrip("0").rstrip(".")
            return f"{amount} {name}" if chinese() else f"CNY {amount} {name}"
    amount = f"{yuan:,.2f}".removesuffix(".00")
    return f"{amount} 元" if chinese() else f"CNY {amount}"


@register.filter
def exact(fen: int | None) -> str:
    """Fen to the last of them, as a contract writes an amount.

    >>> exact(123450)
    '¥1,234.50'
    """
    return "" if fen is None else format_exact(fen)


@register.filter
def percent(share: float | None, digits: int = 1) -> str:
    """A share as percent.

    >>> percent(0.9985)
    '99.9 %'
    """
    return "" if share is None else f"{share * 100:.{digits}f} %"


@register.filter
def moment(value: dt.datetime | None) -> str:
    """A moment in the province's time: 2020-02-29 16:30."""
    return "" if value is None else value.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")


@register.filter
def day(value: dt.date | None) -> str:
    """A day as the reader writes it."""
    return "" if value is None else date_format(value, "Y年n月j日" if chinese() else "j M Y")


@register.filter
def ago(value: dt.datetime | None) -> str:
    """How long ago, roughly."""
    if value is None:
        return ""
    seconds = int((clock.now() - value).total_seconds())
    if seconds < 60:
        return _("just now")
    for unit, text in ((86_400, _("%(n)d d ago")), (3600, _("%(n)d h ago")), (60, _("%(n)d min ago"))):
        if seconds >= unit:
            return text % {"n": seconds // unit}
    return ""


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """An entry of a mapping, or nothing."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def bilingual(text: Any) -> str:
    """A kernel `Text` in the reader's language."""
    return str(text.render("zh" if chinese() else "en"))


@register.simple_tag(takes_context=True)
def query(context: RequestContext, **changes: Any) -> str:
    """The page's own address with some parameters changed (None: taken out): `<a href="{% query page=2 %}">`."""
    parameters = context["request"].GET.copy()
    for key, value in changes.items():
        parameters.pop(key, None)
        if value not in (None, ""):
            parameters[key] = str(value)
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.simple_tag(takes_context=True)
def sort_link(context: RequestContext, key: str) -> str:
    """The address that sorts by a column: ascending first, then descending."""
    return query(context, sort=f"-{key}" if context.get("sort") == key else key, page=None)


@register.simple_tag(takes_context=True)
def current(context: RequestContext, url_name: str) -> SafeString:
    """`aria-current` where the page is the one of this name."""
    match = context["request"].resolver_match
    return mark_safe(' aria-current="page"') if match and match.view_name == url_name else mark_safe("")


@register.simple_tag
def chart_data(spec: Any) -> SafeString:
    """A chart's description as JSON in an attribute of its own (no script, no style)."""
    return format_html('data-chart="{}"', json.dumps(spec, ensure_ascii=False))


@register.filter
def get_at(values: Any, position: int) -> Any:
    """The value at a position, or nothing."""
    return values[position] if position < len(values) else None
