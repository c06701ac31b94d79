"""The states of the market in words, and their colours."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

STEP = {
    "open": 2, "asked": 3, "accepted": 4, "financed": 6, "ended": 4, "withdrawn": 2, "lapsed": 3,
}  # fmt: skip
"""State of a need -> which step of the trip it stands at."""

WORDS: dict[str, dict[str, tuple[Any, str]]] = {
    "need": {
        "open": (_("Choose banks"), "yellow"),
        "asked": (_("Banks are answering"), "azure"),
        "accepted": (_("Offer accepted"), "brand"),
        "financed": (_("Financed"), "green"),
        "ended": (_("Contract ended"), "earth"),
        "withdrawn": (_("Taken back"), "earth"),
        "lapsed": (_("Lapsed"), "earth"),
    },
    "application": {
        "sent": (_("Sent"), "yellow"),
        "review": (_("Under review"), "azure"),
        "refusal_check": (_("Under review"), "azure"),
        "offered": (_("Offer made"), "green"),
        "refused": (_("Not approved"), "red"),
        "objection": (_("Objection under review"), "azure"),
        "upheld": (_("Refused after review"), "red"),
        "won": (_("Offer accepted"), "green"),
        "lost": (_("Another bank was chosen"), "earth"),
        "withdrawn": (_("Taken back"), "earth"),
        "lapsed": (_("No answer in time"), "earth"),
    },
    "offer": {
        "draft": (_("To be worked out again"), "yellow"),
        "check": (_("Waiting for a second person"), "yellow"),
        "binding": (_("Binding"), "green"),
        "accepted": (_("Offer accepted"), "green"),
        "declined": (_("Turned down"), "earth"),
        "passed_over": (_("Not chosen"), "earth"),
        "expired": (_("Expired"), "earth"),
    },
    "contract": {
        "cooling_off": (_("Cooling off"), "yellow"),
        "signed": (_("To be paid out"), "azure"),
        "rescinded": (_("Stepped back"), "earth"),
        "cancelled": (_("Not paid out"), "earth"),
        "running": (_("Being repaid"), "green"),
        "overdue": (_("Overdue"), "red"),
        "restructuring": (_("New plan proposed"), "yellow"),
        "write_off_check": (_("Write-off proposed"), "red"),
        "written_off": (_("Written off"), "red"),
        "repaid": (_("Repaid"), "green"),
    },
}


def shown(kind: str, state: str) -> Any:
    """A state in words."""
    return WORDS[kind][state][0]


def shown_to_bank(state: str) -> Any:
    """The state of an application as the bank's own people see it."""
    return _("Refusal to be confirmed") if state == "refusal_check" else shown("application", state)


def tone(kind: str, state: str) -> str:
    """The colour of a state."""
    return WORDS[kind][state][1]
