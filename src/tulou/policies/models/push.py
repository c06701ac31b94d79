"""Matching and telling: what was told of each policy, the runs that tell, the events, and how people want to hear."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

from tulou.platform import clock
from tulou.platform.records import PublicIdField, Record
from tulou.policies.models.registry import Policy, PolicyVersion
from tulou.registry.models import Organisation, Person


class Matching(models.Model):
    """Where the matching stands: one row. `fence` rises with every holder; work under an older one cannot commit."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    fence = models.PositiveBigIntegerField(_("fence"), default=0)
    holder = models.CharField(_("holder"), max_length=80, blank=True)
    until = models.DateTimeField(_("held until"), null=True)
    facts = models.CharField(_("facts"), max_length=60, blank=True)
    day = models.DateField(_("day"), null=True)
    mailed_on = models.DateField(_("daily e-mails sent on"), null=True)
    heard_at = models.DateTimeField(_("declared facts heard until"), null=True)

    class Meta:
        verbose_name = _("state of the matching")
        verbose_name_plural = _("states of the matching")

    def __str__(self) -> str:
        return f"{self.facts} {self.day}"


class Run(Record):
    """One telling: what changed is planned into a file first, then told chunk by chunk; `told` is how far it came."""

    class Kind(models.TextChoices):
        """What made it."""

        POLICY = "policy", _("Policy")
        DAY = "day", _("Day or facts")
        FIRM = "firm", _("Firm")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    cause = models.CharField(_("cause"), max_length=80)
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, related_name="+", verbose_name=_("policy"))
    firm = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("firm"))
    plan = models.CharField(_("plan"), max_length=80, blank=True)
    answers = models.JSONField(_("answers afterwards"), default=dict)
    facts = models.CharField(_("facts"), max_length=60, blank=True)
    day = models.DateField(_("day"))
    size = models.PositiveBigIntegerField(_("events"), default=0)
    told = models.PositiveBigIntegerField(_("events told"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("telling")
        verbose_name_plural = _("tellings")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["kind", "cause"], name="matching_run_once")]
        indexes = [models.Index(fields=["finished_at", "id"], name="matching_run_open")]

    def __str__(self) -> str:
        return self.cause


class Told(models.Model):
    """The answers of a policy as firms were told them: a file beside the lake, over the firms of one set of facts."""

    policy = models.OneToOneField(Policy, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("policy"))
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+", verbose_name=_("version"))
    in_force = models.BooleanField(_("in force"), default=True)
    answers = models.CharField(_("answers"), max_length=80)
    facts = models.CharField(_("facts"), max_length=60)
    sure = models.PositiveIntegerField(_("eligible firms"), default=0)
    possible = models.PositiveIntegerField(_("possible firms"), default=0)
    changed_at = models.DateTimeField(_("changed at"), default=clock.now)

    class Meta:
        verbose_name = _("answers told")
        verbose_name_plural = _("answers told")

    def __str__(self) -> str:
        return self.answers


class MatchEvent(models.Model):
    """Something that a firm is told of a policy; once, however often a run is begun again."""

    class Kind(models.TextChoices):
        """What happened."""

        ELIGIBLE = "eligible", _("You meet every condition")
        POSSIBLE = "possible", _("You may be eligible")
        LOST = "lost", _("No longer for you")
        CHANGED = "changed", _("The policy changed")
        CLOSING = "closing", _("Closing soon")

    public_id = PublicIdField(_("public id"))
    firm = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False, verbose_name=_("firm"))
    version = models.ForeignKey(
        PolicyVersion, models.PROTECT, related_name="+", db_index=False, verbose_name=_("version")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    cause = models.CharField(_("cause"), max_length=40)
    day = models.DateField(_("day"))
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("event of the matching")
        verbose_name_plural = _("events of the matching")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["firm", "version", "kind", "cause"], name="match_event_once"),
        ]
        indexes = [models.Index(fields=["firm", "-id"], name="match_event_of_firm")]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def days_left(self) -> int | None:
        """For a closing policy: how many days were left."""
        return int(self.cause.rpartition(".")[2]) if self.kind == self.Kind.CLOSING else None


def all_kinds() -> list[str]:
    """Every kind of event."""
    return [kind.value for kind in MatchEvent.Kind]


class Wish(Record):
    """How a person wants to hear of policies. Who has no row wants what a fresh row says."""

    class Email(models.TextChoices):
        """How often by e-mail."""

        INSTANT = "instant", _("At once")
        DAILY = "daily", _("Once a day")
        WEEKLY = "weekly", _("Once a week")
        NEVER = "never", _("No e-mail")

    person = models.OneToOneField(Person, models.CASCADE, related_name="+", verbose_name=_("person"))
    kinds = models.JSONField(_("kinds of news"), default=all_kinds)
    email = models.CharField(_("e-mail"), max_length=8, choices=Email.choices, default=Email.DAILY)
    cap = models.PositiveSmallIntegerField(_("most e-mails a day"), default=3)
    quiet_from = models.TimeField(_("quiet from"), default=dt.time(21))
    quiet_to = models.TimeField(_("quiet until"), default=dt.time(8))
    last_event = models.PositiveBigIntegerField(_("last event sent"), default=0)
    mailed_at = models.DateTimeField(_("last e-mail at"), null=True)
    mailed_today = models.PositiveSmallIntegerField(_("e-mails on that day"), default=0)

    class Meta:
        verbose_name = _("wish about news")
        verbose_name_plural = _("wishes about news")

    def __str__(self) -> str:
        return self.email

    def wants(self, kind: str) -> bool:
        """Whether she wants to hear of events of this kind."""
        return kind in self.kinds


class Device(Record):
    """A browser that a person lets us wake: its push service's address and keys (RFC 8030, RFC 8291)."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="push_devices", verbose_name=_("person"))
    name = models.CharField(_("name"), max_length=80, blank=True)
    endpoint = models.URLField(_("address"), max_length=1000)
    endpoint_hash = models.CharField(_("hash of the address"), max_length=64, unique=True)
    public_key = models.CharField(_("public key"), max_length=120)
    secret = models.CharField(_("shared secret"), max_length=40)
    gone_at = models.DateTimeField(_("gone at"), null=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Errand(models.Model):
    """One message on its way to a device: at least once over the net, once in the table."""

    event = models.ForeignKey(MatchEvent, models.CASCADE, related_name="+", verbose_name=_("event"))
    device = models.ForeignKey(Device, models.CASCADE, related_name="+", verbose_name=_("device"))
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        verbose_name = _("errand")
        verbose_name_plural = _("errands")
        constraints = [models.UniqueConstraint(fields=["event", "device"], name="errand_once")]

    def __str__(self) -> str:
        return f"{self.event_id} {self.device_id}"


class Feed(Record):
    """A secret address under which a person's calendar or reader follows one firm's policies. Revoked, not changed."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+", verbose_name=_("person"))
    firm = models.ForeignKey(Organisation, models.CASCADE, related_name="+", verbose_name=_("firm"))
    ended_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "firm"], condition=models.Q(ended_at=None), name="policy_feed_once"
            )
        ]

    def __str__(self) -> str:
        return self.public_id
