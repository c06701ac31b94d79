"""Django's entry to the room of policies."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

LISTENERS = ("tulou.policies.services.finding", "tulou.policies.services.matching", "tulou.policies.services.push")
"""Modules that subscribe to changes of policies (`services.after`) when they are imported."""


class PoliciesConfig(AppConfig):
    """Registry of policies, matching with firms, push, applications."""

    name = "tulou.policies"
    label = "policies"
    verbose_name = _("policies")

    def ready(self) -> None:
        """Let the listeners subscribe."""
        for name in LISTENERS:
            if find_spec(name):
                import_module(name)
