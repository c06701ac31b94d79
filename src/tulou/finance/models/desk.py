"""The bank's desk: notes, and scores that can be made again bit for bit."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tulou.finance.models.need import Application
from tulou.platform.records import Record
from tulou.registry.models import Organisation, Person


class Note(Record):
    """What an officer wrote into the file. Only the bank reads it."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="notes")
    author = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    text = models.CharField(max_length=2000)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.public_id


class ScoreArtefact(Record):
    """A scorecard as it was installed: its very bytes. `bank` none: for every bank."""

    bank = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    content = models.BinaryField()
    installed_by = models.CharField(max_length=20)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["bank"], condition=Q(ended_at=None), name="artefact_one_a_bank"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.sha256[:12]}"


class Score(Record):
    """One score of one application: artefact, inputs and answer, as canonical text. Append-only.

    `sources` names the data items behind each reason that is told, with the value that was read; `peers` says in which
    quarter of its peers the firm stood, by the figures that were published then.
    """

    application = models.ForeignKey(Application, models.PROTECT, related_name="scores")
    artefact = models.ForeignKey(ScoreArtefact, models.PROTECT, related_name="scores")
    reading = models.CharField(max_length=20, blank=True)
    as_of = models.DateField()
    inputs = models.TextField()
    answer = models.TextField()
    answer_sha256 = models.CharField(max_length=64)
    sources = models.JSONField(default=dict)
    peers = models.JSONField(default=dict)
    person = models.CharField(max_length=20)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.public_id


class PeerEdition(Record):
    """How firms of each group are spread in what a card reads and in its score, as it may be published.

    One for each card and build of the profiles (`version`); `groups` is what `tulou.finance.core.peers` lets out.
    """

    artefact = models.ForeignKey(ScoreArtefact, models.PROTECT, related_name="peers")
    version = models.CharField(max_length=40)
    as_of = models.DateField()
    groups = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["artefact", "version"], name="peers_once_a_build")]

    def __str__(self) -> str:
        return f"{self.as_of} {self.public_id}"
