"""The history of every record that moves."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tulou.platform import clock


class Move(models.Model):
    """One move that was made. Append-only."""

    flow = models.CharField(_("flow"), max_length=60)
    record = models.CharField(_("record"), max_length=20)
    step = models.CharField(_("step"), max_length=40)
    source = models.CharField(_("from"), max_length=30)
    target = models.CharField(_("to"), max_length=30)
    person = models.CharField(_("person"), max_length=20, blank=True)
    organisation = models.CharField(_("organisation"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=1000, blank=True)
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("move")
        verbose_name_plural = _("moves")
        ordering = ["id"]
        indexes = [models.Index(fields=["flow", "record", "id"], name="move_of_record")]

    def __str__(self) -> str:
        return f"{self.flow} {self.source} -> {self.target}"
