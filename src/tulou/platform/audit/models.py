"""The tables of the audit log."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tulou.platform import clock


class AuditEvent(models.Model):
    """One thing that somebody did. Rows are written by `story` only and never changed.

    `detail` is canonical JSON text and `at_us` a whole number: both databases hold the very bytes that were hashed.
    """

    seq = models.BigIntegerField(_("number"), primary_key=True)
    at_us = models.BigIntegerField(_("microseconds since 1970"), db_index=True)
    action = models.CharField(_("action"), max_length=80)
    person = models.CharField(_("person"), max_length=20, blank=True)
    organisation = models.CharField(_("organisation"), max_length=20, blank=True)
    subject_type = models.CharField(_("kind of subject"), max_length=60, blank=True)
    subject = models.CharField(_("subject"), max_length=40, blank=True)
    detail = models.TextField(_("detail"), default="{}")
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-seq"]
        indexes = [
            models.Index(fields=["subject_type", "subject", "-seq"], name="audit_subject"),
            models.Index(fields=["organisation", "-seq"], name="audit_organisation"),
            models.Index(fields=["person", "-seq"], name="audit_person"),
            models.Index(fields=["action", "-seq"], name="audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"

    @property
    def at(self) -> dt.datetime:
        """When it happened."""
        return clock.moment_of(self.at_us)

    @property
    def facts(self) -> dict[str, Any]:
        """The detail as a mapping."""
        facts: dict[str, Any] = json.loads(self.detail)
        return facts


class AuditHead(models.Model):
    """The end of the chain: one row, locked by whoever appends."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(_("number"), default=0)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("end of the audit log")
        verbose_name_plural = _("ends of the audit log")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_one_head")]

    def __str__(self) -> str:
        return str(self.seq)
