"""Who acts: what the rooms know of the person in front of them, without knowing the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SYSTEM_ID = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in one of her roles at one organisation, or a machine of that organisation, or nobody.

    `person_key` and `organisation_key` are row numbers for foreign keys; the ids are what may be shown.
    """

    person_id: str = ""
    person_key: int | None = None
    name: str = ""
    organisation_id: str = ""
    organisation_key: int | None = None
    organisation_name: str = ""
    organisation_kind: str = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    strong: bool = False
    """Whether two factors, or a passkey, stand behind this session."""
    language: str = "zh-hans"
    address: str = field(default="", repr=False)

    @property
    def signed_in(self) -> bool:
        """Whether a person or a machine is known."""
        return bool(self.person_id or self.organisation_id)

    def has_any(self, roles: frozenset[str]) -> bool:
        """Whether one of `roles` is hers now."""
        return bool(self.roles & roles)

    def labels(self) -> Mapping[str, str]:
        """What the audit log and the structured logs may hold of her: opaque ids."""
        return {"person": self.person_id, "organisation": self.organisation_id}


NOBODY = Actor()
SYSTEM = Actor(person_id=SYSTEM_ID, name=SYSTEM_ID)
"""The house itself: scheduled work, commands at its own terminal."""
