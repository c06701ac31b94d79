"""The courtyard's places in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tulou.platform.pages.menu import Entry
from tulou.registry.roles import Role

FIRM = frozenset({Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE})
BANK = frozenset({Role.BANK_OFFICER, Role.BANK_MANAGER})

STAFF = frozenset({Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_CLERK})
OPERATOR = frozenset({Role.OPERATOR_STAFF, Role.OPERATOR_SYSTEM})

ENTRIES = [
    Entry(
        _("Deliveries"),
        "pool:deliveries",
        "database-import",
        roles=STAFF | OPERATOR,
        text=_("Files that departments send, and what became of every record"),
        order=8,
    ),
    Entry(
        _("Data quality"),
        "pool:quality",
        "gauge",
        roles=STAFF | OPERATOR,
        text=_("Which datasets are late, what was rejected, what has drifted"),
        order=9,
    ),
    Entry(
        _("Doubtful matches"),
        "pool:matches",
        "arrows-join",
        roles=frozenset({Role.OPERATOR_STAFF}),
        text=_("Records that may speak of the same enterprise: you decide"),
        order=7,
    ),
    Entry(
        _("Catalogue"),
        "pool:catalogue",
        "books",
        text=_("Every department, dataset and item of the pool"),
        public=True,
        order=16,
    ),
    Entry(
        _("Our data"),
        "pool:own",
        "database",
        roles=FIRM | {Role.ENTERPRISE_CLERK},
        text=_("Everything the departments hold about your firm, with its source and date"),
        order=10,
    ),
    Entry(
        _("Consents"),
        "pool:consents",
        "file-check",
        roles=FIRM | BANK | {Role.DEPARTMENT_OFFICER, Role.OPERATOR_SECURITY},
        text=_("Who may read what, for what and until when"),
        order=11,
    ),
    Entry(
        _("Who read what"),
        "pool:readings",
        "eye",
        roles=FIRM | BANK | {Role.DEPARTMENT_OFFICER, Role.OPERATOR_AUDIT},
        text=_("Every reading, allowed or refused, with its time and its reader"),
        order=12,
    ),
    Entry(
        _("Disputes"),
        "pool:disputes",
        "message-report",
        roles=FIRM | {Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_CLERK},
        text=_("Values that a firm says are wrong"),
        order=13,
    ),
    Entry(
        _("Access rights"),
        "pool:rights",
        "lock-access",
        roles=frozenset({Role.DEPARTMENT_OFFICER}),
        text=_("What your department has opened, to whom"),
        order=14,
    ),
    Entry(
        _("Purposes"),
        "pool:purposes",
        "target",
        roles=BANK | {Role.OPERATOR_SECURITY, Role.DEPARTMENT_OFFICER},
        text=_("What may be asked for at the most, for each purpose"),
        order=15,
    ),
]
