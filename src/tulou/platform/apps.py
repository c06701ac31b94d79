"""Django's entry to the ground floor of the portal."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlatformConfig(AppConfig):
    """Audit, tasks, outbox, search, attachments, pages and the API kit."""

    name = "tulou.platform"
    label = "platform"
    verbose_name = _("platform")

    def ready(self) -> None:
        """Arm the checks of the house."""
        from tulou.platform.web import checks  # noqa: F401 - registers itself
