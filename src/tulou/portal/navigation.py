"""The portal's own places in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tulou.platform.pages.menu import Entry
from tulou.registry.roles import Role

ENTRIES = [
    Entry(_("Workspace"), "workspace", "layout-dashboard", order=1),
    Entry(_("Inbox"), "inbox", "mail", order=2),
    Entry(_("Search"), "search", "search", public=True, order=3),
    Entry(
        _("Background work"),
        "tasks",
        "list-check",
        roles=frozenset({Role.OPERATOR_STAFF, Role.OPERATOR_SYSTEM}),
        text=_("The queue, what failed and what runs when"),
        order=90,
    ),
    Entry(
        _("Audit log"),
        "audit",
        "shield-check",
        roles=frozenset({Role.OPERATOR_AUDIT}),
        text=_("Who did what, chained and signed"),
        order=91,
    ),
]
