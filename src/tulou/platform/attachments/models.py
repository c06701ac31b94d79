"""The table of attachments."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tulou.platform.records import Record


def place(attachment: Attachment, name: str) -> str:
    """Where a file lies: by its own id, so that its name decides nothing."""
    return f"{attachment.public_id[:2]}/{attachment.public_id}"


class Attachment(Record):
    """A file that somebody gave us, with what it was proven to be."""

    organisation = models.PositiveBigIntegerField(_("organisation"), null=True, db_index=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    purpose = models.CharField(_("purpose"), max_length=60)
    name = models.CharField(_("name"), max_length=200)
    media_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    file = models.FileField(_("file"), upload_to=place)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
