"""Pairs that resolution leaves to a person: a subject of a dataset, and the enterprise that it may be."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tulou.platform.records import Record


class MatchReview(Record):
    """A pair of the lake's `entity.review`, laid before the operator. The lake is told by the worker.

    `sides` is what the records of either side say (`subject`, `enterprise`: trait -> value). `verdict` is the last
    decision, `outcome` what the lake answered to it.
    """

    class State(models.TextChoices):
        """Where a pair stands."""

        OPEN = "open", _("To be decided")
        UNSURE = "unsure", _("Set aside")
        DECIDED = "decided", _("Decided, being applied")
        APPLIED = "applied", _("Decided")
        UNDOING = "undoing", _("Being taken back")
        GONE = "gone", _("No longer in doubt")

    class Verdict(models.TextChoices):
        """What a person says of a pair."""

        SAME = "same", _("The same enterprise")
        DIFFERENT = "different", _("Different enterprises")
        UNSURE = "unsure", _("Not sure")

    review_id = models.CharField(max_length=20, unique=True)
    department = models.CharField(max_length=60, blank=True)
    dataset = models.CharField(max_length=120)
    subject_key = models.CharField(max_length=120)
    enterprise_id = models.CharField(max_length=20)
    subject_name = models.CharField(max_length=200, blank=True)
    enterprise_name = models.CharField(max_length=200, blank=True)
    probability = models.FloatField(null=True)
    doubt = models.FloatField(default=0)
    suggested = models.CharField(max_length=10, blank=True)
    evidence_zh = models.TextField(blank=True)
    evidence_en = models.TextField(blank=True)
    sides = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=20, blank=True)
    outcome = models.JSONField(default=dict)

    class Meta:
        ordering = ["-doubt", "id"]
        indexes = [models.Index(fields=["state", "-doubt", "id"], name="match_by_doubt")]

    def __str__(self) -> str:
        return self.review_id

    @property
    def evidence(self) -> str:
        """What speaks for and against it, in the reader's language."""
        return self.evidence_zh if (get_language() or "zh").startswith("zh") else self.evidence_en
