"""Putting notices into the outbox (inside the transaction they speak of) and delivering them (after it)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from tulou.kernel.errors import Text
from tulou.platform import clock
from tulou.platform.outbox.models import InboxItem, Message, Webhook
from tulou.platform.outbox.notice import Notice


def put_notices(notices: Iterable[Notice]) -> list[Message]:
    """Write one message for each receiver and channel of `notices`, and queue their delivery.

    Must run inside a transaction: if that fails, nobody hears of it. A notice that was sent before is left out.
    """
    from tulou.platform.outbox.tasks import deliver_message

    put = []
    for notice in notices:
        for draft in drafts(notice):
            if (message := _new_message(draft)) is not None:
                put.append(message)
                deliver_message.enqueue(message.pk)
    return put


def drafts(notice: Notice) -> list[Message]:
    """The messages that a notice becomes, not yet written."""
    content = {
        "title": _both(notice.title),
        "body": _both(notice.body),
        "link": notice.link,
        "data": dict(notice.data),
    }
    made = []
    for person in dict.fromkeys(notice.people):
        channels = [Message.Channel.INBOX, *([Message.Channel.EMAIL] if notice.urgent else [])]
        made += [
            Message(channel=channel, code=notice.code, key=notice.key, person_id=person, content=content)
            for channel in channels
        ]
    if notice.organisation is not None:
        made += [
            Message(channel=Message.Channel.WEBHOOK, code=notice.code, key=notice.key, webhook=hook, content=content)
            for hook in Webhook.objects.filter(organisation=notice.organisation, active=True)
            if hook.hears(notice.code)
        ]
    return made


def _new_message(draft: Message) -> Message | None:
    try:
        with transaction.atomic():
            draft.save()
    except IntegrityError:
        return None
    return draft


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def put_into_inbox(message: Message) -> None:
    """Lay a message into its person's inbox; a second time changes nothing."""
    content = message.content
    if message.person_id is None:
        return
    InboxItem.objects.get_or_create(
        message=message,
        defaults={
            "person_id": message.person_id,
            "title_zh": content["title"]["zh"],
            "title_en": content["title"]["en"],
            "body_zh": content["body"]["zh"],
            "body_en": content["body"]["en"],
            "link": content["link"],
        },
    )


def note_delivered(message: Message) -> None:
    """The message has arrived."""
    Message.objects.filter(pk=message.pk).update(state=Message.State.DELIVERED, delivered_at=clock.now(), failure="")


def note_failed(message: Message, failure: str) -> None:
    """The message is given up; `failure` says why, without personal data."""
    Message.objects.filter(pk=message.pk).update(state=Message.State.FAILED, failure=failure[:300])


def mark_read(item: InboxItem) -> None:
    """Note that an inbox entry was read."""
    InboxItem.objects.filter(pk=item.pk, read_at=None).update(read_at=clock.now())
