"""The shelf: a bank's products, each a row of versions that never change."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tulou.finance.core.market.words import KINDS, known
from tulou.kernel.errors import Text
from tulou.platform.records import Record
from tulou.registry.models import Organisation


class Product(Record):
    """What a bank lends under one name. Its terms stand in its versions."""

    class State(models.TextChoices):
        """Whether it stands on the shelf."""

        ON_SHELF = "on_shelf", _("On the shelf")
        TAKEN_OFF = "taken_off", _("Taken off")

    bank = models.ForeignKey(Organisation, models.PROTECT, related_name="products")
    state = models.CharField(max_length=12, choices=State.choices, default=State.ON_SHELF)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["bank", "state"], name="product_of_bank")]

    def __str__(self) -> str:
        return self.public_id


class ProductVersion(Record):
    """The terms of a product as they were published; the one without an end is in force.

    `rule` is who may come, in the language of criteria (`tulou.platform.criteria`). Rates are yearly shares (0.0435);
    `fee_rate` is paid once, of the amount. `datasets` is what the bank asks a firm to open.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    summary_zh = models.CharField(max_length=300)
    summary_en = models.CharField(max_length=400)
    min_fen = models.PositiveBigIntegerField()
    max_fen = models.PositiveBigIntegerField()
    min_months = models.PositiveSmallIntegerField()
    max_months = models.PositiveSmallIntegerField()
    rate_from = models.DecimalField(max_digits=7, decimal_places=6)
    rate_to = models.DecimalField(max_digits=7, decimal_places=6)
    fee_rate = models.DecimalField(max_digits=7, decimal_places=6, default=0)
    methods = models.JSONField(default=list)
    collaterals = models.JSONField(default=list)
    purposes = models.JSONField(default=list)
    documents = models.JSONField(default=list)
    datasets = models.JSONField(default=list)
    rule = models.JSONField(default=dict)
    answer_days = models.PositiveSmallIntegerField(default=5)
    cooling_off_days = models.PositiveSmallIntegerField(default=3)
    published_by = models.CharField(max_length=20)
    terms_sha256 = models.CharField(max_length=64)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["product", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["product", "version"], name="product_version_once"),
            models.UniqueConstraint(fields=["product"], condition=Q(ended_at=None), name="product_one_in_force"),
            models.CheckConstraint(
                condition=Q(min_fen__gt=0, min_fen__lte=F("max_fen")), name="product_amounts_in_order"
            ),
            models.CheckConstraint(
                condition=Q(min_months__gt=0, min_months__lte=F("max_months")), name="product_months_in_order"
            ),
            models.CheckConstraint(
                condition=Q(rate_from__gte=0, rate_from__lte=F("rate_to"), rate_to__lt=1),
                name="product_rates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name_zh} {self.version}"

    @property
    def name(self) -> Text:
        """Its name."""
        return Text(zh=self.name_zh, en=self.name_en or self.name_zh)

    @property
    def summary(self) -> Text:
        """What it is for, in a sentence."""
        return Text(zh=self.summary_zh, en=self.summary_en or self.summary_zh)

    @property
    def kind_text(self) -> Text:
        """What kind of loan it is."""
        return known(KINDS, self.kind)
