"""Where a person can go: each room says so in its `navigation.py`, for each role; the portal gathers it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps

from tulou.platform.actor import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the menu: `url` is the name of a URL pattern, `icon` one of Tabler's outline icons.

    `roles` empty: for everybody who signed in. `public`: also before that. `text` says on the workspace what it is for.
    """

    label: Any
    url: str
    icon: str
    roles: frozenset[str] = field(default_factory=frozenset)
    text: Any = ""
    public: bool = False
    order: int = 50

    def open_to(self, actor: Actor) -> bool:
        """Whether the actor sees it."""
        if not actor.signed_in:
            return self.public
        return not self.roles or actor.has_any(self.roles)


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry of every room, in order."""
    found: list[Entry] = []
    for config in apps.get_app_configs():
        if config.name.startswith("tulou.") and find_spec(f"{config.name}.navigation"):
            found += import_module(f"{config.name}.navigation").ENTRIES
    return tuple(sorted(found, key=lambda entry: entry.order))


def entries_for(actor: Actor) -> Iterable[Entry]:
    """What the actor's menu shows."""
    return [entry for entry in entries() if entry.open_to(actor)]
