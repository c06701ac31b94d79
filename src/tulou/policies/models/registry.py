"""Policies of departments, their versions, and who reviewed them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tulou.kernel.errors import Text
from tulou.platform import clock
from tulou.platform.attachments.models import Attachment
from tulou.platform.records import Record
from tulou.registry.models import Organisation, Person


class Theme(models.TextChoices):
    """What kind of help a policy gives."""

    TAX_RELIEF = "tax_relief", _("Tax relief")
    FEE_RELIEF = "fee_relief", _("Fee relief")
    SOCIAL_INSURANCE = "social_insurance", _("Social insurance")
    RENT = "rent", _("Rent")
    POWER_PRICE = "power_price", _("Power price")
    LOAN_INTEREST = "loan_interest", _("Loan interest and guarantees")
    CLOUD_VOUCHER = "cloud_voucher", _("Cloud and service vouchers")
    JOBS = "jobs", _("Jobs")
    TRAINING = "training", _("Training")
    RD = "rd", _("Research and development")
    INVESTMENT = "investment", _("Equipment and investment")
    EXPORT = "export", _("Export")
    MARKET = "market", _("Market and sales")
    AWARD = "award", _("Awards and recognition")
    OTHER = "other", _("Other")


class Recurrence(models.TextChoices):
    """How often a firm may get it."""

    ONCE = "once", _("Once")
    YEARLY = "yearly", _("Every year")
    QUARTERLY = "quarterly", _("Every quarter")
    MONTHLY = "monthly", _("Every month")
    ONGOING = "ongoing", _("At any time")


class Policy(Record):
    """A policy of one department. What it says stands in its versions; `current` is the one in force.

    `code` is the department's own name for it: what files of policies call `id`.
    """

    class State(models.TextChoices):
        """Where a policy stands."""

        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        PUBLISHED = "published", pgettext_lazy("state of a policy", "Published")
        SUSPENDED = "suspended", _("Suspended")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="policies", verbose_name=_("department"))
    code = models.CharField(_("code"), max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    current = models.ForeignKey(
        "PolicyVersion", models.PROTECT, null=True, related_name="+", verbose_name=_("in force")
    )
    reason_zh = models.CharField(_("reason in Chinese"), max_length=500, blank=True)
    reason_en = models.CharField(_("reason in English"), max_length=500, blank=True)
    changed_at = models.DateTimeField(_("changed at"), default=clock.now)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["department", "code"], name="policy_code_once")]
        indexes = [
            models.Index(fields=["state", "-id"], name="policy_by_state"),
            models.Index(fields=["department", "state", "-id"], name="policy_of_department"),
        ]

    def __str__(self) -> str:
        return self.code


class PolicyVersion(Record):
    """What a policy says from one publishing to the next. Once published it never changes.

    `eligibility` is the rule and `examples` what it must answer, as the documents of `policies.core` write them;
    `attributes` and `dictionaries` are what the rule uses beyond the standard ones. `valid_to` is the last day,
    included. The benefit is said in words; where it follows from a fact of the firm, `benefit_of` names the attribute,
    and the amount is `benefit_rate` of it (money) or `benefit_each_fen` for each of it (numbers), up to the ceiling.
    """

    class State(models.TextChoices):
        """Where a version stands."""

        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        PUBLISHED = "published", _("In force")
        SUPERSEDED = "superseded", _("Replaced")
        DISCARDED = "discarded", _("Discarded")

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions", verbose_name=_("policy"))
    number = models.PositiveIntegerField(_("version"), default=1)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(_("revision of the draft"), default=0)
    title_zh = models.CharField(_("title in Chinese"), max_length=200)
    title_en = models.CharField(_("title in English"), max_length=300)
    summary_zh = models.TextField(_("summary in Chinese"), max_length=2000, blank=True)
    summary_en = models.TextField(_("summary in English"), max_length=4000, blank=True)
    change_zh = models.CharField(_("what changed, in Chinese"), max_length=500, blank=True)
    change_en = models.CharField(_("what changed, in English"), max_length=500, blank=True)
    theme = models.CharField(_("theme"), max_length=20, choices=Theme.choices, default=Theme.OTHER)
    document = models.JSONField(_("document"), default=dict, blank=True)
    eligibility = models.JSONField(_("rule"), default=dict)
    examples = models.JSONField(_("examples"), default=list, blank=True)
    attributes = models.JSONField(_("own attributes"), default=dict, blank=True)
    dictionaries = models.JSONField(_("own dictionaries"), default=dict, blank=True)
    prose = models.JSONField(_("texts"), default=dict, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("last day"), null=True, blank=True)
    dates_in_rule = models.BooleanField(_("the rule holds the dates"), default=False)
    deadline = models.DateField(_("apply by"), null=True, blank=True)
    recurrence = models.CharField(_("recurrence"), max_length=10, choices=Recurrence.choices, default=Recurrence.ONCE)
    no_application = models.BooleanField(_("given without an application"), default=False)
    benefit_zh = models.CharField(_("benefit in Chinese"), max_length=500, blank=True)
    benefit_en = models.CharField(_("benefit in English"), max_length=500, blank=True)
    benefit_of = models.CharField(_("benefit follows from"), max_length=60, blank=True)
    benefit_rate = models.DecimalField(_("share of it"), max_digits=9, decimal_places=6, null=True, blank=True)
    benefit_each_fen = models.BigIntegerField(_("amount for each"), null=True, blank=True)
    benefit_ceiling_fen = models.BigIntegerField(_("ceiling"), null=True, blank=True)
    budget_fen = models.BigIntegerField(_("budget"), null=True, blank=True)
    office_zh = models.CharField(_("office in Chinese"), max_length=200, blank=True)
    office_en = models.CharField(_("office in English"), max_length=200, blank=True)
    contact = models.CharField(_("contact"), max_length=200, blank=True)
    materials = models.JSONField(_("materials"), default=list, blank=True)
    links = models.JSONField(_("links"), default=list, blank=True)
    authors = models.ManyToManyField(Person, related_name="+", verbose_name=_("authors"))
    published_at = models.DateTimeField(_("published at"), null=True)
    superseded_at = models.DateTimeField(_("replaced at"), null=True)

    class Meta:
        verbose_name = _("version of a policy")
        verbose_name_plural = _("versions of policies")
        ordering = ["policy_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(state__in=["draft", "in_review"]), name="policy_one_draft"
            ),
            models.UniqueConstraint(fields=["policy"], condition=Q(state="published"), name="policy_one_in_force"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="policy_version_validity",
            ),
            models.CheckConstraint(
                condition=Q(published_at=None, state__in=["draft", "in_review", "discarded"])
                | Q(published_at__isnull=False, state__in=["published", "superseded"]),
                name="policy_version_published",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "valid_to"], name="policy_version_ends"),
            models.Index(fields=["state", "deadline"], name="policy_version_deadline"),
            models.Index(fields=["policy", "published_at"], name="policy_version_at"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return self.title_zh if (get_language() or "zh").startswith("zh") else self.title_en

    @property
    def summary(self) -> str:
        """The summary in the reader's language."""
        return self.summary_zh if (get_language() or "zh").startswith("zh") else self.summary_en

    @property
    def benefit(self) -> str:
        """The benefit in the reader's language."""
        return self.benefit_zh if (get_language() or "zh").startswith("zh") else self.benefit_en

    @property
    def office(self) -> str:
        """The responsible office in the reader's language."""
        return self.office_zh if (get_language() or "zh").startswith("zh") else self.office_en

    @property
    def titles(self) -> Text:
        """The title in both languages, for notices."""
        return Text(zh=self.title_zh, en=self.title_en)

    @property
    def open(self) -> bool:
        """Whether it is still being written."""
        return self.state == self.State.DRAFT


class Review(Record):
    """A second person's word about a version that was submitted to her."""

    class Verdict(models.TextChoices):
        """What she says."""

        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned")

    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="reviews", verbose_name=_("version"))
    revision = models.PositiveIntegerField(_("revision of the draft"))
    submitted_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("submitted by"))
    submitted_at = models.DateTimeField(_("submitted at"), default=clock.now)
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("reviewer"))
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices, blank=True)
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewer=None) | ~Q(reviewer=F("submitted_by")), name="policy_review_four_eyes"
            ),
            models.UniqueConstraint(fields=["version"], condition=Q(verdict=""), name="policy_review_one_open"),
        ]

    def __str__(self) -> str:
        return self.public_id


class PolicyFile(Record):
    """A file that belongs to a version: the document itself, a form to fill in."""

    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="files", verbose_name=_("version"))
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="+", verbose_name=_("attachment"))
    title_zh = models.CharField(_("title in Chinese"), max_length=200)
    title_en = models.CharField(_("title in English"), max_length=200)

    class Meta:
        verbose_name = _("file of a policy")
        verbose_name_plural = _("files of policies")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["version", "attachment"], name="policy_file_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return self.title_zh if (get_language() or "zh").startswith("zh") else self.title_en
