"""The tables beside django-tasks' own: who works on what until when, and what runs when."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult


class Lease(models.Model):
    """A worker's claim on a task, good until a moment. Work under an older `token` cannot be completed."""

    task = models.OneToOneField(DBTaskResult, models.CASCADE, primary_key=True, related_name="lease")
    worker = models.CharField(_("worker"), max_length=64)
    token = models.PositiveIntegerField(_("token"), default=1)
    until = models.DateTimeField(_("until"), null=True, db_index=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    failure = models.CharField(_("last failure"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return f"{self.worker} {self.token}"


class Schedule(models.Model):
    """When a task runs again. The rows come from the code (`@job(every=…)`); an administrator may pause one."""

    task_path = models.CharField(_("task"), max_length=200, primary_key=True)
    every_seconds = models.PositiveIntegerField(_("every (seconds)"))
    next_at = models.DateTimeField(_("next at"))
    last_at = models.DateTimeField(_("last at"), null=True)
    paused = models.BooleanField(_("paused"), default=False)

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ["task_path"]

    def __str__(self) -> str:
        return self.task_path
