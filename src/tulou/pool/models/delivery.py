"""The table of deliveries: files that departments sent through the portal or by other ways, and what became of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tulou.kernel.errors import Finding
from tulou.platform.records import Record, new_public_id
from tulou.pool.core.lake.receipt import finding_from_dict


def place(delivery: Delivery, name: str) -> str:
    """Where a delivered file lies: in a folder of its own, under its own name, which the receipt repeats."""
    return f"deliveries/{delivery.public_id[:2]}/{delivery.public_id}/{name}"


class Delivery(Record):
    """One file of one dataset. `delivery_id` is what the lake knows it by; `receipt` is the lake's whole answer.

    `corrects` are the numbers of the records of `replays` that this file brings back, where a form made it.
    """

    class State(models.TextChoices):
        """Where it stands."""

        UPLOADED = "uploaded", _("Waiting")
        POOLING = "pooling", _("Being pooled")
        ACCEPTED = "accepted", _("Pooled")
        PARTLY = "accepted_with_rejects", _("Pooled, with rejects")
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Failed")
        ROLLED_BACK = "rolled_back", _("Rolled back")

    delivery_id = models.CharField(max_length=200, unique=True, default=new_public_id)
    department = models.CharField(max_length=60)
    dataset = models.CharField(max_length=120)
    contract_version = models.CharField(max_length=20)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    file = models.FileField(upload_to=place, max_length=400, blank=True)
    file_name = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    stated_records = models.PositiveBigIntegerField(null=True)
    stated_sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=24, choices=State.choices, default=State.UPLOADED)
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    read_so_far = models.PositiveBigIntegerField(default=0)
    records_in = models.PositiveBigIntegerField(default=0)
    accepted = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    receipt = models.JSONField(default=dict)
    problem = models.JSONField(default=dict)
    replays = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    corrects = models.JSONField(default=list)
    task = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["department", "-received_at"], name="delivery_of_department"),
            models.Index(fields=["dataset", "-received_at"], name="delivery_of_dataset"),
            models.Index(fields=["state"], name="delivery_by_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(records_in=models.F("accepted") + models.F("rejected")), name="delivery_conserved"
            )
        ]

    def __str__(self) -> str:
        return self.delivery_id

    @property
    def on_its_way(self) -> bool:
        """Whether the worker has yet to say what became of it."""
        return self.state in {self.State.UPLOADED, self.State.POOLING}

    @property
    def stands(self) -> bool:
        """Whether its accepted records are in the pool."""
        return self.state in {self.State.ACCEPTED, self.State.PARTLY}

    @property
    def findings(self) -> list[Finding]:
        """What a person should know: of the receipt, or why it failed."""
        rows: list[Any] = [self.problem] if self.problem else self.receipt.get("findings", [])
        return [finding_from_dict(row) for row in rows]
