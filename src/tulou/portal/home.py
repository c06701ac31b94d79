"""What the home page says: the rooms of the house and how much lives in it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from tulou.registry.models import Organisation
from tulou.registry.roles import Kind


@dataclass(frozen=True, slots=True)
class Room:
    """A room as the home page shows it. It is a link as soon as the room has a URL pattern `<key>:home`."""

    key: str
    icon: str
    title: Any
    text: Any

    @property
    def link(self) -> str:
        """Where the room's door is; nothing while it has none."""
        if find_spec(f"tulou.{self.key}") is None:
            return ""
        try:
            return reverse(f"{self.key}:home")
        except NoReverseMatch:
            return ""


ROOMS = [
    Room(
        "finance", "coin-yuan", _("Financing"), _("Tell banks what you need; they see only what you allow, and answer.")
    ),
    Room("policies", "file-certificate", _("Policies"), _("Which measures fit your firm, why, and until when.")),
    Room(
        "cloud",
        "cloud",
        _("Cloud services"),
        _("Computing, storage, security and digital production from vetted providers."),
    ),
    Room(
        "channel", "messages", _("Direct line"), _("Ask or tell the provincial government; see who answers, and when.")
    ),
    Room(
        "employment",
        "briefcase",
        _("Jobs and people"),
        _("Postings of all regions in one place; what will be needed next year."),
    ),
    Room("pulse", "activity", _("Pulse"), _("How production resumes, sector by sector, for those who decide.")),
]


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure under the opening words."""

    value: int
    label: Any


def facts() -> list[Fact]:
    """How many firms, departments, banks and providers are in the house."""
    labels = [
        (Kind.ENTERPRISE, _("enterprises")),
        (Kind.DEPARTMENT, _("departments")),
        (Kind.BANK, _("banks")),
        (Kind.PROVIDER, _("providers")),
    ]
    return [Fact(Organisation.objects.filter(kind=kind).count(), label) for kind, label in labels]
