"""What every page of a draft has: its title, its parts, where it stands."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tulou.policies.models import PolicyVersion

TABS = [
    ("text", _("Text"), "policies:draft"),
    ("rule", _("Criteria"), "policies:rule"),
    ("examples", _("Examples"), "policies:examples"),
    ("files", _("Files"), "policies:files"),
    ("effect", _("Effect"), "policies:effect"),
    ("check", _("Check and submit"), "policies:check"),
]
POLICY_TONES = {
    "draft": "earth",
    "in_review": "azure",
    "published": "green",
    "suspended": "yellow",
    "expired": "grey",
    "withdrawn": "grey",
}
VERSION_TONES = {
    "draft": "earth",
    "in_review": "azure",
    "published": "green",
    "superseded": "grey",
    "discarded": "grey",
}


def draft_context(version: PolicyVersion, tab: str) -> dict[str, Any]:
    """The head of a draft's pages."""
    tabs = [(label, reverse(name, args=[version.public_id]), key == tab) for key, label, name in TABS]
    return {"version": version, "policy": version.policy, "tabs": tabs, "tone": VERSION_TONES[version.state]}
