"""What a firm needs, the banks that it asked, and the invoices that stand behind it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tulou.finance.core.market.words import COLLATERALS, PURPOSES, known
from tulou.finance.flows import APPLICATION, NEED
from tulou.finance.models.product import ProductVersion
from tulou.kernel.errors import Text
from tulou.platform import clock
from tulou.platform.records import Record
from tulou.pool.models import Consent
from tulou.registry.models import Organisation, Person


class Need(Record):
    """An amount for a time and a purpose. It is accepted once.

    `facts` is what the pool held about the firm when it was stated, `declared` what the firm said itself; products are
    judged by both. `natural_person`: a sole trader, whose refusals a second person must confirm.
    """

    firm = models.ForeignKey(Organisation, models.PROTECT, related_name="needs")
    stated_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    request_id = models.CharField(max_length=40)
    state = models.CharField(max_length=12, default=NEED.start, choices=[(s, s) for s in sorted(NEED.states)])
    amount_fen = models.PositiveBigIntegerField()
    months = models.PositiveSmallIntegerField()
    purpose = models.CharField(max_length=20)
    purpose_text = models.CharField(max_length=300, blank=True)
    collateral = models.CharField(max_length=20, default="none")
    needed_by = models.DateField()
    facts = models.JSONField(default=dict)
    facts_as_of = models.DateField(null=True)
    sources = models.JSONField(default=dict)
    declared = models.JSONField(default=dict)
    natural_person = models.BooleanField(default=False)
    first_time = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["firm", "request_id"], name="need_request_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0, months__gt=0), name="need_is_something"),
        ]
        indexes = [models.Index(fields=["firm", "state", "-id"], name="need_of_firm")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def purpose_title(self) -> Text:
        """The purpose in words."""
        return known(PURPOSES, self.purpose)

    @property
    def collateral_title(self) -> Text:
        """The collateral in words."""
        return known(COLLATERALS, self.collateral)

    @property
    def known_facts(self) -> dict[str, object]:
        """What is known of the firm: the pool's word counts before its own."""
        return {**self.declared, **self.facts}


class PledgedInvoice(Record):
    """An invoice that a firm borrows on. While it is held nobody can borrow on it again, at whatever bank."""

    need = models.ForeignKey(Need, models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=40)
    debtor = models.CharField(max_length=200)
    issued_on = models.DateField()
    amount_fen = models.PositiveBigIntegerField()
    fingerprint = models.CharField(max_length=64)
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=Q(released_at=None), name="invoice_financed_once"
            ),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="invoice_is_something"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Application(Record):
    """A need in front of one bank, for one version of one of its products, with the firm's consent."""

    need = models.ForeignKey(Need, models.PROTECT, related_name="applications")
    bank = models.ForeignKey(Organisation, models.PROTECT, related_name="applications")
    product = models.ForeignKey(ProductVersion, models.PROTECT, related_name="applications")
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, related_name="+")
    state = models.CharField(
        max_length=14, default=APPLICATION.start, choices=[(s, s) for s in sorted(APPLICATION.states)]
    )
    answer_until = models.DateTimeField()
    officer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    refusals = models.JSONField(default=list)
    refusal_text = models.CharField(max_length=500, blank=True)
    refusal_by = models.CharField(max_length=20, blank=True)
    objection = models.CharField(max_length=1000, blank=True)
    objection_answer = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["need", "bank"], name="application_once_a_bank")]
        indexes = [models.Index(fields=["bank", "state", "answer_until"], name="application_clock")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def open_to_bank(self) -> bool:
        """Whether the bank still has to answer."""
        return self.state in {"sent", "review", "refusal_check", "objection"}

    @property
    def late(self) -> bool:
        """Whether the time to answer is over."""
        return clock.now() >= self.answer_until
