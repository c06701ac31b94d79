"""The places of the financial services cloud in the menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tulou.platform.pages.menu import Entry
from tulou.registry.roles import Role

FIRM = frozenset({Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE})
BANK = frozenset({Role.BANK_OFFICER, Role.BANK_MANAGER})

ENTRIES = [
    Entry(
        _("Needs"),
        "finance:needs",
        "coin-yuan",
        roles=FIRM,
        text=_("Say what you need; banks answer with binding offers"),
        order=20,
    ),
    Entry(_("Loans"), "finance:loans", "file-check", roles=FIRM, text=_("Your contracts and schedules"), order=21),
    Entry(
        _("Loan applications"),
        "finance:desk",
        "inbox",
        roles=BANK,
        text=_("What firms ask you for, by the clock"),
        order=20,
    ),
    Entry(
        _("Portfolio"),
        "finance:portfolio",
        "chart-bar",
        roles=BANK,
        text=_("Loans that run, early warnings, outcomes"),
        order=21,
    ),
    Entry(
        _("Scores and outcomes"),
        "finance:scoring",
        "gauge",
        roles=BANK,
        text=_("The scorecard in force, past scores, outcomes to learn from"),
        order=22,
    ),
    Entry(_("Own products"), "finance:own_products", "books", roles=BANK, text=_("Publish and change"), order=22),
    Entry(
        _("Loan products"),
        "finance:products",
        "building-bank",
        text=_("All banks' products, compared by their true yearly cost"),
        public=True,
        order=23,
    ),
    Entry(
        _("Your claims on pots"),
        "finance:pot_claims",
        "coins",
        roles=FIRM,
        text=_("What became of them, and why"),
        order=24,
    ),
    Entry(
        _("Pots of money"),
        "finance:pots_own",
        "coins",
        roles=frozenset({Role.DEPARTMENT_OFFICER, Role.OPERATOR_STAFF}),
        text=_("Guarantees and subsidies: compare, decide, publish"),
        order=24,
    ),
    Entry(
        _("Pots of money: results"),
        "finance:pots",
        "coins",
        public=True,
        text=_("What was given out, and how far it reached"),
        order=25,
    ),
    Entry(
        _("Financing in the province"),
        "finance:province",
        "map-2",
        roles=frozenset({Role.GOVERNMENT_DECIDER, Role.GOVERNMENT_ANALYST, Role.OPERATOR_STAFF}),
        text=_("Needs met, time to an offer, rates, refusals, banks compared"),
        order=26,
    ),
    Entry(
        _("Financing in figures"),
        "finance:figures",
        "chart-dots",
        public=True,
        text=_("How many needs are met, how fast, at what cost"),
        order=27,
    ),
]
