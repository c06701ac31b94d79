"""Requests that were answered, with their answers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tulou.platform import clock


class AnsweredRequest(models.Model):
    """A key that somebody used, what she asked with it, and what she was told."""

    asker = models.CharField(_("asker"), max_length=45)
    key = models.CharField(_("key"), max_length=80)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    answer = models.TextField(_("answer"), blank=True)
    location = models.CharField(_("location"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"), default=clock.now, db_index=True)

    class Meta:
        verbose_name = _("answered request")
        verbose_name_plural = _("answered requests")
        constraints = [models.UniqueConstraint(fields=["asker", "key"], name="request_once")]

    def __str__(self) -> str:
        return f"{self.asker} {self.key}"
