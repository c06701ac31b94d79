"""The tables of the outbox, of people's inboxes and of organisations' webhooks."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tulou.platform.records import Record


class Message(Record):
    """One notice to one receiver on one channel, until it is delivered or given up."""

    class Channel(models.TextChoices):
        """How it travels."""

        INBOX = "inbox", _("Inbox")
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    class State(models.TextChoices):
        """How far it has come."""

        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    code = models.CharField(_("code"), max_length=80)
    key = models.CharField(_("key"), max_length=120)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    webhook = models.ForeignKey("platform.Webhook", models.CASCADE, null=True, related_name="messages")
    content = models.JSONField(_("content"))
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    failure = models.CharField(_("failure"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "code", "key", "person"],
                condition=models.Q(person__isnull=False),
                name="message_once_a_person",
            ),
            models.UniqueConstraint(
                fields=["channel", "code", "key", "webhook"],
                condition=models.Q(webhook__isnull=False),
                name="message_once_a_webhook",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="message_state")]

    def __str__(self) -> str:
        return f"{self.code} {self.public_id}"


class InboxItem(Record):
    """What lies in a person's inbox."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="inbox_item")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="inbox")
    title_zh = models.CharField(_("title in Chinese"), max_length=200)
    title_en = models.CharField(_("title in English"), max_length=200)
    body_zh = models.TextField(_("text in Chinese"))
    body_en = models.TextField(_("text in English"))
    link = models.CharField(_("link"), max_length=300, blank=True)
    read_at = models.DateTimeField(_("read at"), null=True)

    class Meta:
        verbose_name = _("inbox entry")
        verbose_name_plural = _("inbox entries")
        ordering = ["-id"]
        indexes = [models.Index(fields=["person", "read_at", "-id"], name="inbox_unread")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return self.title_zh if (get_language() or "zh").startswith("zh") else self.title_en

    @property
    def body(self) -> str:
        """The text in the reader's language."""
        return self.body_zh if (get_language() or "zh").startswith("zh") else self.body_en


class Webhook(Record):
    """Where an organisation's own system wants to hear of things, and the secret that signs what it hears."""

    organisation = models.PositiveBigIntegerField(_("organisation"), db_index=True)
    url = models.URLField(_("address"), max_length=500)
    secret = models.CharField(_("secret"), max_length=64)
    codes = models.JSONField(_("kinds of notices"), default=list)
    active = models.BooleanField(_("active"), default=True)
    paused_at = models.DateTimeField(_("paused at"), null=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.url

    def hears(self, code: str) -> bool:
        """Whether it asked for notices of this code: exactly, or by a prefix that ends in a dot."""
        return self.active and any(
            code == wish or (wish.endswith(".") and code.startswith(wish)) for wish in self.codes
        )
