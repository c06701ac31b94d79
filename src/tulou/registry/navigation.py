"""The registry's places in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tulou.platform.pages.menu import Entry
from tulou.registry.roles import HEADS, Role

HEAD_ROLES = frozenset(role for roles in HEADS.values() for role in roles)

ENTRIES = [
    Entry(
        _("Claim a firm"), "registry:claims", "building-store", text=_("Show that you may speak for a firm"), order=70
    ),
    Entry(
        _("Who acts for us"),
        "registry:members",
        "users",
        roles=HEAD_ROLES,
        text=_("Let an accountant or a colleague act, until a day"),
        order=71,
    ),
    Entry(
        _("Keys for our systems"),
        "registry:tokens",
        "key",
        roles=HEAD_ROLES | {Role.BANK_MANAGER},
        text=_("Tokens with which your own software uses the API"),
        order=72,
    ),
    Entry(
        _("Notices to our systems"),
        "registry:webhooks",
        "webhook",
        roles=HEAD_ROLES,
        text=_("Addresses that hear of consents, disputes and deliveries at once"),
        order=73,
    ),
]
