"""A contract, what falls due when, what was paid, and what became of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from tulou.finance.flows import CONTRACT
from tulou.finance.models.need import Need
from tulou.finance.models.offer import Offer
from tulou.platform import clock
from tulou.platform.records import Record
from tulou.registry.models import Organisation


class Contract(Record):
    """An accepted offer. `terms` repeats the offer's frozen text; `plan` is the number of the schedule in force."""

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="contract")
    need = models.ForeignKey(Need, models.PROTECT, related_name="contracts")
    firm = models.ForeignKey(Organisation, models.PROTECT, related_name="loans")
    bank = models.ForeignKey(Organisation, models.PROTECT, related_name="loans_given")
    state = models.CharField(max_length=16, default=CONTRACT.start, choices=[(s, s) for s in sorted(CONTRACT.states)])
    number = models.CharField(max_length=30, unique=True)
    terms = models.TextField()
    terms_sha256 = models.CharField(max_length=64)
    principal_fen = models.PositiveBigIntegerField()
    annual_rate = models.DecimalField(max_digits=7, decimal_places=6)
    months = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=24)
    fee_fen = models.PositiveBigIntegerField(default=0)
    apr = models.DecimalField(max_digits=9, decimal_places=6)
    accepted_by = models.CharField(max_length=20)
    cooling_off_until = models.DateTimeField()
    disbursed_on = models.DateField(null=True)
    disbursement_reference = models.CharField(max_length=60, blank=True)
    plan = models.PositiveSmallIntegerField(default=1)
    proposal = models.JSONField(default=dict)
    write_off_by = models.CharField(max_length=20, blank=True)
    written_off_fen = models.PositiveBigIntegerField(default=0)
    closed_on = models.DateField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["bank", "state", "-id"], name="contract_of_bank"),
            models.Index(fields=["firm", "state", "-id"], name="contract_of_firm"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["need"],
                condition=~Q(state__in=["rescinded", "cancelled"]),
                name="contract_one_a_need",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["cooling_off", "signed", "rescinded", "cancelled"])
                | Q(disbursed_on__isnull=False),
                name="contract_running_is_disbursed",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Instalment(models.Model):
    """One line of a schedule. What a later plan replaces stays, with its plan's number."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="instalments")
    plan = models.PositiveSmallIntegerField(default=1)
    number = models.PositiveSmallIntegerField()
    due = models.DateField()
    principal_fen = models.PositiveBigIntegerField()
    interest_fen = models.PositiveBigIntegerField()
    paid_fen = models.PositiveBigIntegerField(default=0)
    paid_on = models.DateField(null=True)

    class Meta:
        ordering = ["contract", "plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "plan", "number"], name="instalment_once"),
            models.CheckConstraint(
                condition=Q(paid_fen__lte=F("principal_fen") + F("interest_fen")), name="instalment_not_overpaid"
            ),
        ]
        indexes = [models.Index(fields=["due"], name="instalment_due")]

    def __str__(self) -> str:
        return f"{self.number} {self.due}"

    @property
    def total_fen(self) -> int:
        """What falls due."""
        return self.principal_fen + self.interest_fen

    @property
    def open_fen(self) -> int:
        """What is not paid yet."""
        return self.total_fen - self.paid_fen

    @property
    def late(self) -> bool:
        """Whether it is due and not paid."""
        return self.open_fen > 0 and self.due < clock.today()


class Payment(Record):
    """Money that a bank says it received. The same request id is the same payment."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="payments")
    request_id = models.CharField(max_length=60)
    amount_fen = models.PositiveBigIntegerField()
    paid_on = models.DateField()
    source = models.CharField(max_length=20, default="page")
    allocation = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "request_id"], name="payment_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payment_is_something"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Outcome(Record):
    """How a loan stood on a day: what a model learns from. `bad` is none where it is too early to say."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="outcomes")
    observed_on = models.DateField()
    days_past_due = models.PositiveIntegerField(default=0)
    bucket = models.CharField(max_length=10)
    bad = models.BooleanField(null=True)
    source = models.CharField(max_length=20, default="ledger")

    class Meta:
        ordering = ["contract", "observed_on"]
        constraints = [models.UniqueConstraint(fields=["contract", "observed_on", "source"], name="outcome_once_a_day")]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.bucket}"
