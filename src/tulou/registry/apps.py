"""Django's entry to the registry."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    """People, organisations, memberships and sign-in."""

    name = "tulou.registry"
    label = "registry"
    verbose_name = _("registry")
