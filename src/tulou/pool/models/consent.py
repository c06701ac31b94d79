"""Purposes, consents with their events, departments' access rights, and the log of every reading."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, gettext, gettext_noop

from tulou.kernel.errors import Text
from tulou.platform import clock
from tulou.platform.records import PublicIdField, Record
from tulou.pool.core.consent import EventKind, GrantState, Granularity, Purpose, SharingType
from tulou.registry.models import Organisation

BASES = [
    gettext_noop("PIPL art. 13 (1), art. 23: consent"),
    gettext_noop("PIPL art. 13 (2): contract"),
    gettext_noop("PIPL art. 13 (3): statutory duty"),
]
"""The lawful bases of the house's own purposes (Personal Information Protection Law), to be translated."""


class PurposeVersion(Record):
    """Why somebody may read, and how much at the most. A change is a new version; old consents keep theirs."""

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    title_zh = models.CharField(max_length=100)
    title_en = models.CharField(max_length=100)
    lawful_basis = models.CharField(max_length=200)
    reader_kinds = models.JSONField(default=list)
    max_months = models.PositiveIntegerField()
    max_days_valid = models.PositiveIntegerField()
    max_reads = models.PositiveIntegerField()
    max_reads_per_day = models.PositiveIntegerField()
    max_retention_days = models.PositiveIntegerField()
    finest = models.CharField(max_length=10, default=Granularity.RAW.value)
    max_sensitivity = models.PositiveSmallIntegerField(default=3)
    sharing_types = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="purpose_version_once"),
            models.UniqueConstraint(fields=["code"], condition=Q(ended_at=None), name="purpose_one_in_force"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return self.title_zh if (get_language() or "zh").startswith("zh") else self.title_en

    @property
    def basis(self) -> str:
        """The lawful basis in the reader's language, where the house knows it."""
        return gettext(self.lawful_basis)

    def value(self) -> Purpose:
        """The purpose as the gate knows it."""
        return Purpose(
            code=self.code,
            version=self.version,
            title=Text(zh=self.title_zh, en=self.title_en),
            lawful_basis=self.lawful_basis,
            reader_kinds=frozenset(self.reader_kinds),
            max_months=self.max_months,
            max_days_valid=self.max_days_valid,
            max_reads=self.max_reads,
            max_reads_per_day=self.max_reads_per_day,
            max_retention_days=self.max_retention_days,
            finest=Granularity(self.finest),
            max_sensitivity=self.max_sensitivity,
            sharing_types=frozenset(map(SharingType, self.sharing_types)),
        )


class Consent(Record):
    """A reader's request to a firm and, once it was granted, the signed body of the grant, which never changes.

    `state` repeats what the events say, for lists; the gate asks the events. `terms` is what was asked for; `body` is
    what was granted (canonical JSON), empty before.
    """

    subject = models.ForeignKey(Organisation, models.PROTECT, related_name="consents")
    reader = models.ForeignKey(Organisation, models.PROTECT, related_name="readings")
    purpose = models.ForeignKey(PurposeVersion, models.PROTECT, related_name="consents")
    state = models.CharField(max_length=12, choices=[(s.value, s.value) for s in GrantState])
    terms = models.JSONField()
    reason = models.CharField(max_length=500, blank=True)
    context = models.CharField(max_length=80, blank=True)
    answer_until = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    body = models.TextField(blank=True)
    signature = models.CharField(max_length=256, blank=True)
    algorithm = models.CharField(max_length=20, blank=True)
    key_id = models.CharField(max_length=40, blank=True)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "state", "-id"], name="consent_of_subject"),
            models.Index(fields=["reader", "state", "-id"], name="consent_of_reader"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[GrantState.REQUESTED, GrantState.REJECTED, GrantState.LAPSED]) | ~Q(body=""),
                name="consent_granted_is_signed",
            ),
            models.CheckConstraint(condition=~Q(subject=F("reader")), name="consent_for_others"),
        ]

    def __str__(self) -> str:
        return self.public_id


class ConsentEvent(models.Model):
    """What happened to a consent. Append-only; its state is what these lead to."""

    consent = models.ForeignKey(Consent, models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=12, choices=[(k.value, k.value) for k in EventKind])
    person = models.CharField(max_length=20)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["consent", "sequence"]
        constraints = [models.UniqueConstraint(fields=["consent", "sequence"], name="consent_event_once")]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"


class AccessRight(Record):
    """A department opens items of one dataset (all where `items` is empty) to a kind of reader or to one reader."""

    department = models.CharField(max_length=40)
    dataset = models.CharField(max_length=80)
    items = models.JSONField(default=list)
    reader_kind = models.CharField(max_length=12)
    reader = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    given_by = models.CharField(max_length=20)
    legal_basis = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["department", "dataset", "id"]
        indexes = [models.Index(fields=["reader_kind", "ended_at"], name="access_right_of_kind")]

    def __str__(self) -> str:
        return f"{self.department}.{self.dataset} -> {self.reader_kind}"


class ReadDecision(models.Model):
    """One reading that was decided, allowed or not. Append-only; its digest is in the audit chain.

    `counted` says that it used up one of the grant's readings (a further page of it does not). `delivered` and
    `answer_sha256` are filled in once, when the answer was fetched. `own` marks a firm that read about itself.
    """

    public_id = PublicIdField()
    at = models.DateTimeField(default=clock.now)
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, related_name="decisions")
    reader = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    subject = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="read_decisions")
    person = models.CharField(max_length=20)
    purpose = models.CharField(max_length=40)
    code = models.CharField(max_length=30)
    items = models.JSONField(default=list)
    asked = models.JSONField(default=dict)
    key = models.CharField(max_length=80)
    cursor = models.CharField(max_length=200, blank=True)
    counted = models.BooleanField(default=False)
    own = models.BooleanField(default=False)
    delivered = models.PositiveIntegerField(null=True)
    answer_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "-id"], name="reading_of_subject"),
            models.Index(fields=["reader", "key"], name="reading_by_key"),
            models.Index(fields=["consent", "counted", "at"], name="reading_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.code}"

    def as_fact(self) -> dict[str, Any]:
        """What the audit chain holds of it: no values, no names."""
        return {
            "reading": self.public_id,
            "code": self.code,
            "consent": self.consent.public_id if self.consent else "",
            "items": len(self.items),
            "purpose": self.purpose,
        }
