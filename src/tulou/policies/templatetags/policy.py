"""What the policies' templates need: addresses of a narrowed list, deadlines as badges, a firm's own value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.context import RequestContext
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tulou.kernel.errors import Text
from tulou.platform.templatetags.ui import bilingual, chinese, day

register = template.Library()
SOON, NEAR = 7, 30


@register.simple_tag(takes_context=True)
def choose(context: RequestContext, key: str, value: str) -> str:
    """The page's own address with one parameter set, from the first page on."""
    kept = context["request"].GET.copy()
    kept[key] = value
    kept.pop("page", None)
    return f"?{kept.urlencode()}"


@register.simple_tag(takes_context=True)
def drop(context: RequestContext, key: str) -> str:
    """The page's own address without one parameter."""
    kept = context["request"].GET.copy()
    kept.pop(key, None)
    kept.pop("page", None)
    return f"?{kept.urlencode()}"


@register.simple_tag
def due(deadline: dt.date | None, today: dt.date) -> SafeString | str:
    """A deadline as a badge, the nearer the warmer; nothing where there is none."""
    if deadline is None:
        return ""
    left = (deadline - today).days
    if left < 0:
        return format_html('<span class="badge">{}</span>', _("Closed on %(day)s") % {"day": day(deadline)})
    if left == 0:
        return format_html('<span class="badge tone-red">{}</span>', _("Last day: today"))
    tone = "red" if left <= SOON else "yellow" if left <= NEAR else "azure"
    text = ngettext("%(n)d day left", "%(n)d days left", left) % {"n": left}
    return format_html('<span class="badge tone-{}" title="{}">{}</span>', tone, day(deadline), text)


@register.simple_tag
def own(row: Any, labels: Mapping[str, Text]) -> str:
    """The firm's value of a criterion; as it was chosen, where it was chosen as a span."""
    found = labels.get(row.attr, row.value)
    return bilingual(found) if found is not None else ""


@register.filter
def month(first: dt.date) -> str:
    """A month as a heading."""
    return date_format(first, "Y年n月" if chinese() else "F Y")


@register.filter
def month_short(date: dt.date) -> str:
    """A month on a leaf of the calendar."""
    return date_format(date, "n月" if chinese() else "M")


@register.simple_tag
def dispute(row: Any, origins: Mapping[str, Any]) -> SafeString | str:
    """The link with which a firm says that a department's value is wrong; nothing for values of its own."""
    origin = origins.get(row.attr or "")
    if origin is None:
        return ""
    told = {"value": bilingual(row.value), "delivery": origin.delivery}
    if origin.period is not None:
        told["period"] = origin.period.isoformat()
    address = f"{reverse('pool:dispute_new', args=[origin.item_code])}?{urlencode(told)}"
    return format_html('<a class="btn btn-sm btn-quiet" href="{}">{}</a>', address, _("This is wrong"))


SCHEMES = {
    "training": gettext_lazy("Training aid"),
    "startup": gettext_lazy("Start-up aid"),
    "specialised": gettext_lazy("Award for specialised firms"),
    "cloud_voucher": gettext_lazy("Cloud voucher"),
    "high_tech": gettext_lazy("Award for high-tech firms"),
    "innovation_voucher": gettext_lazy("Innovation voucher"),
    "service_voucher": gettext_lazy("Service voucher"),
}


@register.filter
def scheme_name(scheme: str) -> str:
    """What a scheme of aid is called; a department's own one stays as it is written."""
    return str(SCHEMES.get(scheme, scheme))
