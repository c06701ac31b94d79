"""Every address of the room of policies, under /policies/."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

app_name = "policies"
PARTS = ("registry_urls", "firm_urls", "push_urls", "public_urls")
"""Modules with the addresses of each group of readers; the first that fits answers."""

urlpatterns: list[Any] = [
    pattern
    for part in PARTS
    if find_spec(f"tulou.policies.{part}")
    for pattern in import_module(f"tulou.policies.{part}").urlpatterns
]
