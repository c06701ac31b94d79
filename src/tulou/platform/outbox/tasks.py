"""The background half of the outbox."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation

from tulou.platform.outbound import OutboundRefused
from tulou.platform.outbox.models import Message
from tulou.platform.outbox.services import note_delivered, note_failed, put_into_inbox
from tulou.platform.outbox.webhooks import post_webhook
from tulou.platform.tasks.job import job


@job(attempts=8)
def deliver_message(message: int) -> None:
    """Deliver one message on its channel.

    The inbox entry and the note of delivery are one transaction: exactly once. An e-mail or a webhook may arrive twice
    when the machine dies between sending and noting; both carry the message's id, so the receiver can tell.
    """
    found = Message.objects.select_related("person", "webhook").filter(pk=message, state=Message.State.WAITING).first()
    if found is None:
        return
    if found.channel == Message.Channel.INBOX:
        put_into_inbox(found)
    elif found.channel == Message.Channel.EMAIL:
        send_email(found)
    else:
        try:
            post_webhook(found)
        except OutboundRefused as refusal:
            note_failed(found, str(refusal))
            return
    note_delivered(found)


def send_email(message: Message) -> None:
    """Send a message as plain text in the receiver's language."""
    person = message.person
    if person is None or not person.email:
        return
    language = getattr(person, "language", settings.LANGUAGE_CODE)
    tongue = "zh" if language.startswith("zh") else "en"
    content = message.content
    link = f"\n\n{settings.BASE_URL}{content['link']}" if content["link"] else ""
    with translation.override(language):
        EmailMessage(
            subject=content["title"][tongue],
            body=content["body"][tongue] + link,
            to=[person.email],
            headers={"Message-ID": f"<{message.public_id}@tulou>", "Auto-Submitted": "auto-generated"},
        ).send()
