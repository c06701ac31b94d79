"""Rounds in which guarantee and subsidy pots are given out: pots, claims, decisions, appeals."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tulou.finance.flows_pots import APPEAL, ROUND
from tulou.kernel.errors import Text
from tulou.platform.records import Record
from tulou.registry.models import Organisation, Person


class PotRound(Record):
    """One giving-out: its pots compete for the same firms, a firm gets one award at most.

    `seed` is the text that the lottery among equal claims is drawn from. `comparison` holds what each method would
    give, from before one is chosen; it never changes.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="pot_rounds")
    state = models.CharField(max_length=12, default=ROUND.start, choices=[(s, s) for s in sorted(ROUND.states)])
    title_zh = models.CharField(max_length=80)
    title_en = models.CharField(max_length=120)
    seed = models.CharField(max_length=80)
    firms = models.PositiveIntegerField()
    claims_count = models.PositiveIntegerField()
    comparison = models.JSONField(default=list)
    method = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    appeal_until = models.DateField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state="draft") | ~Q(method=""), name="pot_round_decided_by_a_method"),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False), name="pot_round_published_then"
            ),
        ]
        indexes = [models.Index(fields=["state", "-published_at"], name="pot_round_published")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def title(self) -> Text:
        """What it is called."""
        return Text(zh=self.title_zh, en=self.title_en or self.title_zh)


class Pot(models.Model):
    """Scarce money of a round, with the place and strength of the last claim that it met once that is decided."""

    round = models.ForeignKey(PotRound, models.CASCADE, related_name="pots")
    name = models.CharField(max_length=80)
    budget_fen = models.PositiveBigIntegerField(null=True)
    places = models.PositiveIntegerField(null=True)
    claims_count = models.PositiveIntegerField(default=0)
    awards = models.PositiveIntegerField(default=0)
    spent_fen = models.PositiveBigIntegerField(default=0)
    last_line = models.PositiveIntegerField(null=True)
    last_strength = models.FloatField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["round", "name"], name="pot_name_once"),
            models.CheckConstraint(
                condition=Q(budget_fen__isnull=False) | Q(places__isnull=False), name="pot_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(budget_fen__isnull=True) | Q(spent_fen__lte=models.F("budget_fen")),
                name="pot_within_budget",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PotClaim(Record):
    """A firm's claim on a pot, and what became of it. `line` and `draw` count from 1."""

    class Decision(models.TextChoices):
        """What became of it."""

        AWARDED = "awarded", _("Awarded")
        BETTER = "better", _("Got one it likes better")
        WAITING = "waiting", _("Not reached")
        PASSED_OVER = "passed_over", _("Passed over")
        TOO_LARGE = "too_large", _("Above the whole budget")

    round = models.ForeignKey(PotRound, models.CASCADE, related_name="claims")
    pot = models.ForeignKey(Pot, models.CASCADE, related_name="claims")
    uscc = models.CharField(max_length=18)
    firm = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="pot_claims")
    choice = models.PositiveSmallIntegerField()
    strength = models.FloatField()
    amount_fen = models.PositiveBigIntegerField()
    benefit = models.FloatField()
    line = models.PositiveIntegerField()
    draw = models.PositiveIntegerField()
    decision = models.CharField(max_length=12, choices=Decision.choices, blank=True)

    class Meta:
        ordering = ["pot", "line"]
        constraints = [
            models.UniqueConstraint(fields=["pot", "uscc"], name="pot_claim_once"),
            models.UniqueConstraint(
                fields=["round", "uscc"], condition=Q(decision="awarded"), name="pot_award_once_a_firm"
            ),
        ]
        indexes = [models.Index(fields=["firm", "-id"], name="pot_claim_of_firm")]

    def __str__(self) -> str:
        return self.public_id


class PotAppeal(Record):
    """A firm's objection to a decision, and the answer."""

    claim = models.OneToOneField(PotClaim, models.PROTECT, related_name="appeal")
    state = models.CharField(max_length=10, default=APPEAL.start, choices=[(s, s) for s in sorted(APPEAL.states)])
    text = models.CharField(max_length=1000)
    made_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    answer = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.public_id
