"""A firm says that something the pool holds about it is wrong; the department that owns the item answers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tulou.platform.records import Record
from tulou.registry.models import Organisation, Person


class Dispute(Record):
    """One disputed value. `value` is what the firm was shown, `proposed` what it says is right."""

    class State(models.TextChoices):
        """Where a dispute stands."""

        OPEN = "open", _("Waiting for the department")
        ACCEPTED = "accepted", _("Accepted: the department will correct it")
        CORRECTED = "corrected", _("Corrected")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    subject = models.ForeignKey(Organisation, models.PROTECT, related_name="disputes")
    raised_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    department = models.CharField(max_length=40)
    dataset = models.CharField(max_length=80)
    item = models.CharField(max_length=20)
    period = models.CharField(max_length=10, blank=True)
    delivery = models.CharField(max_length=120, blank=True)
    value = models.CharField(max_length=400)
    proposed = models.CharField(max_length=400, blank=True)
    explanation = models.TextField(max_length=2000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.TextField(max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["department", "state", "-id"], name="dispute_of_department"),
            models.Index(fields=["subject", "-id"], name="dispute_of_subject"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "item", "period"],
                condition=models.Q(state__in=["open", "accepted"]),
                name="dispute_once_open",
            )
        ]

    def __str__(self) -> str:
        return self.public_id
