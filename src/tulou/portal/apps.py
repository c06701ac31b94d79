"""Django's entry to the portal."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """Layout, home pages and the demo."""

    name = "tulou.portal"
    label = "portal"
    verbose_name = _("portal")
