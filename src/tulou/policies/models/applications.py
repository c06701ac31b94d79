"""What a firm does with policies: facts that it declares, what it saves, hides and sees, what it applies for."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tulou.platform import clock
from tulou.platform.attachments.models import Attachment
from tulou.platform.records import Record
from tulou.policies.models.registry import Policy, PolicyVersion
from tulou.registry.models import Organisation, Person


class Declaration(Record):
    """A fact that a firm's people declared, because no department holds it. A new answer ends the one before it.

    `answer` is written as `policies.core.choices` writes answers.
    """

    firm = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("firm"))
    fact = models.CharField(_("fact"), max_length=120)
    answer = models.CharField(_("answer"), max_length=1000)
    declared_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("declared by"))
    ended_at = models.DateTimeField(_("replaced at"), null=True)

    class Meta:
        verbose_name = _("declared fact")
        verbose_name_plural = _("declared facts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["firm", "fact"], condition=Q(ended_at=None), name="declaration_once")
        ]

    def __str__(self) -> str:
        return self.fact


class Mark(Record):
    """A policy that a firm keeps at hand, or does not want to see."""

    class Kind(models.TextChoices):
        """Which of the two."""

        SAVED = "saved", _("Saved")
        HIDDEN = "hidden", _("Hidden")

    firm = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("firm"))
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="marks", verbose_name=_("policy"))
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["firm", "policy"], name="policy_mark_once")]

    def __str__(self) -> str:
        return self.kind


class Sighting(models.Model):
    """A firm's people have opened a policy: once a firm and policy, for the department's count of who was reached."""

    firm = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("firm"))
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="sightings", verbose_name=_("policy"))
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+", verbose_name=_("version"))
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["firm", "policy"], name="policy_sighting_once")]

    def __str__(self) -> str:
        return f"{self.firm_id} {self.policy_id}"


class Application(Record):
    """A firm's application for what a policy gives, or its share in one that is given without an application.

    `evaluation` is how the rule stood for the firm when it was handed in: day, answer and each criterion. Amounts in
    fen.
    """

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", _("Not handed in yet")
        SUBMITTED = "submitted", _("With the department")
        RETURNED = "returned", _("Returned: something is missing")
        ACCEPTED = "accepted", _("Approved")
        REFUSED = "refused", _("Turned down")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        PAID = "paid", _("Paid")
        OFFERED = "offered", _("Waiting for the firm's yes")
        DECLINED = "declined", _("Declined by the firm")

    firm = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("firm"))
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="applications", verbose_name=_("policy"))
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+", verbose_name=_("version"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    no_application = models.BooleanField(_("given without an application"), default=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    contact_name = models.CharField(_("contact person"), max_length=80, blank=True)
    contact_phone = models.CharField(_("phone"), max_length=20, blank=True)
    amount_fen = models.BigIntegerField(_("amount asked for"), null=True)
    statement = models.TextField(_("statement"), max_length=2000, blank=True)
    evaluation = models.JSONField(_("evaluation"), default=dict)
    submitted_at = models.DateTimeField(_("handed in at"), null=True)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    granted_fen = models.BigIntegerField(_("amount granted"), null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["firm", "policy"],
                condition=Q(state__in=["draft", "submitted", "returned", "accepted", "offered"]),
                name="application_once_open",
            ),
            models.CheckConstraint(
                condition=(Q(amount_fen=None) | Q(amount_fen__gte=0)) & (Q(granted_fen=None) | Q(granted_fen__gte=0)),
                name="application_amounts",
            ),
            models.CheckConstraint(condition=~Q(state="paid") | Q(paid_at__isnull=False), name="application_paid_at"),
        ]
        indexes = [
            models.Index(fields=["firm", "-id"], name="application_of_firm"),
            models.Index(fields=["policy", "state", "-id"], name="application_of_policy"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Material(Record):
    """A file that belongs to an application. `place` is its line in the policy's list of materials; None: another."""

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="materials", verbose_name=_("application")
    )
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="+", verbose_name=_("attachment"))
    place = models.PositiveSmallIntegerField(_("line"), null=True)

    class Meta:
        verbose_name = _("material")
        verbose_name_plural = _("materials")
        ordering = ["place", "id"]

    def __str__(self) -> str:
        return self.attachment.name

    @property
    def title(self) -> str:
        """What the policy calls it, in the reader's language; else the file's own name."""
        wanted: list[dict[str, Any]] = self.application.version.materials
        if self.place is None or self.place >= len(wanted):
            return self.attachment.name
        return str(wanted[self.place]["zh" if (get_language() or "zh").startswith("zh") else "en"])
