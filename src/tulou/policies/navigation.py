"""The room's places in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tulou.platform.pages.menu import Entry
from tulou.pool.services.consent import SIGNERS
from tulou.registry.roles import Role

ENTRIES = [
    Entry(
        _("Our policies"),
        "policies:mine",
        "scale",
        roles=frozenset({Role.DEPARTMENT_OFFICER}),
        text=_("Write, review and publish what your department gives to firms"),
        order=6,
    ),
    Entry(
        _("My firm's policies"),
        "policies:firm",
        "gift",
        roles=SIGNERS,
        text=_("What your firm can get, why, and by when"),
        order=5,
    ),
    Entry(
        _("Policy news"),
        "policies:news",
        "news",
        roles=SIGNERS | {Role.ENTERPRISE_CLERK},
        text=_("What changed for your firm, and why you hear of it"),
        order=6,
    ),
    Entry(
        _("All applications"),
        "policies:applications",
        "file-text",
        roles=SIGNERS | {Role.DEPARTMENT_OFFICER},
        text=_("What was applied for, and how it stands"),
        order=7,
    ),
    Entry(
        _("Policies for firms"),
        "policies:home",
        "file-certificate",
        text=_("All departments' policies: search, and check whether they are for you"),
        public=True,
        order=8,
    ),
]
