"""Payment files that a bank executes: which loans are paid out by which file, each by one only."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tulou.finance.models.contract import Contract
from tulou.platform.records import Record
from tulou.registry.models import Organisation


class PayoutFile(Record):
    """One pain.001 file of a bank and a day, kept as it was written. `message` is its MsgId."""

    bank = models.ForeignKey(Organisation, models.PROTECT, related_name="payout_files")
    day = models.DateField()
    sequence = models.PositiveSmallIntegerField()
    message = models.CharField(max_length=35, unique=True)
    transfers = models.PositiveIntegerField()
    total_fen = models.PositiveBigIntegerField()
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["bank", "day", "sequence"], name="payout_file_once"),
            models.CheckConstraint(condition=Q(transfers__gt=0, total_fen__gt=0), name="payout_file_is_something"),
        ]

    def __str__(self) -> str:
        return self.message


class Payout(models.Model):
    """A loan in a file. A loan stands in one file at the most, whoever asks how often."""

    file = models.ForeignKey(PayoutFile, models.PROTECT, related_name="payouts")
    contract = models.OneToOneField(Contract, models.PROTECT, related_name="payout")
    amount_fen = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.contract_id)
