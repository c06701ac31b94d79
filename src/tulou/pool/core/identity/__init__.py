"""Identity: which records of which departments speak of the same enterprise."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "subject_key_sql": "subject",
    "decide_review": "review",
    "pairs_under_review": "review",
    "split_subject": "review",
    "undo_review": "review",
    "resolve": "resolution",
    "Resolved": "resolution",
    "ENTITY_TABLES": "entity_tables",
    "ENTERPRISE": "entity_tables",
    "EVENT": "entity_tables",
    "IDENTIFIER": "entity_tables",
    "LINK": "entity_tables",
    "REVIEW": "entity_tables",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """What the package offers, imported on first use: linking two files needs no lake."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(name)
