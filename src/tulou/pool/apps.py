"""Django's entry to the courtyard."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoolConfig(AppConfig):
    """Catalogue, deliveries, identity, consent and own data."""

    name = "tulou.pool"
    label = "pool"
    verbose_name = _("data pool")
