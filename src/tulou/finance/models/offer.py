"""What a bank offers: bound by it once a second person has approved it, and frozen from then on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tulou.finance.core.market.words import COLLATERALS, known
from tulou.finance.flows import OFFER
from tulou.finance.models.need import Application, Need
from tulou.kernel.errors import Text
from tulou.platform import clock
from tulou.platform.records import Record
from tulou.registry.models import Organisation


class Offer(Record):
    """Terms of one bank for one need. The costs are computed by the platform, from the terms, when it is submitted.

    `terms` is the canonical text of what was approved and `terms_sha256` its digest; a contract is made of that text.
    """

    application = models.ForeignKey(Application, models.PROTECT, related_name="offers")
    need = models.ForeignKey(Need, models.PROTECT, related_name="offers")
    bank = models.ForeignKey(Organisation, models.PROTECT, related_name="offers")
    state = models.CharField(max_length=12, default=OFFER.start, choices=[(s, s) for s in sorted(OFFER.states)])
    amount_fen = models.PositiveBigIntegerField()
    months = models.PositiveSmallIntegerField()
    annual_rate = models.DecimalField(max_digits=7, decimal_places=6)
    method = models.CharField(max_length=24)
    fee_fen = models.PositiveBigIntegerField(default=0)
    collateral = models.CharField(max_length=20)
    conditions = models.CharField(max_length=500, blank=True)
    valid_until = models.DateTimeField()
    cooling_off_days = models.PositiveSmallIntegerField()
    apr = models.DecimalField(max_digits=9, decimal_places=6)
    interest_fen = models.PositiveBigIntegerField()
    total_fen = models.PositiveBigIntegerField()
    highest_fen = models.PositiveBigIntegerField()
    terms = models.TextField(blank=True)
    terms_sha256 = models.CharField(max_length=64, blank=True)
    proposed_by = models.CharField(max_length=20)
    approved_by = models.CharField(max_length=20, blank=True)
    approved_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["need"], condition=Q(state="accepted"), name="need_accepted_once"),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state__in=["draft", "check", "binding", "accepted"]),
                name="offer_one_alive",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "check", "passed_over", "expired"]) | ~Q(terms=""),
                name="offer_binding_is_frozen",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=models.F("proposed_by")), name="offer_four_eyes"
            ),
        ]
        indexes = [models.Index(fields=["need", "state"], name="offer_of_need")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def collateral_title(self) -> Text:
        """The collateral in words."""
        return known(COLLATERALS, self.collateral)

    @property
    def alive(self) -> bool:
        """Whether it can be accepted now."""
        return self.state == "binding" and clock.now() < self.valid_until
