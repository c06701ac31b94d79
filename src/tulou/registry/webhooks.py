"""Where an organisation's own system hears of things: its webhooks."""

from __future__ import annotations

import secrets

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.outbound import OutboundRefused, check_address
from tulou.platform.outbox.models import Message, Webhook
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import story
from tulou.registry.models import Organisation
from tulou.registry.services import require_head

KINDS = {
    "consent.": _("Consents: asked for, granted, taken back"),
    "pool.dispute.": _("Disputes: raised, answered"),
    "pool.delivery.": _("Deliveries: pooled, refused"),
    "finance.": _("Needs, offers and contracts"),
    "policies.": _("Policies that fit"),
}
"""What a webhook may hear of: the starts of the codes of notices."""
MOST = 5


def webhooks_of(organisation: Organisation) -> QuerySet[Webhook]:
    """The webhooks of an organisation that are in use or paused."""
    return Webhook.objects.filter(organisation=organisation.pk).order_by("id")


def last_messages(organisation: Organisation) -> QuerySet[Message]:
    """What was sent to an organisation's webhooks, newest first."""
    rows = Message.objects.filter(channel=Message.Channel.WEBHOOK, webhook__organisation=organisation.pk)
    return rows.select_related("webhook").order_by("-id")


def make_webhook(actor: Actor, organisation: Organisation, *, url: str, codes: list[str]) -> tuple[Webhook, str]:
    """A new webhook and the secret that signs what it hears, which is shown once.

    Raises Refused for an address that may not be reached (a net of one's own, a port, no https), or for one too many.
    """
    require_head(actor, organisation)
    try:
        check_address(url)
    except OutboundRefused as error:
        raise refuse(
            "registry.webhook.address",
            "该地址不可用：须为公网 https 地址，不含端口和用户名",
            "This address cannot be used: it must be a public https address without a port or a user name",
            remedy=Text(zh=f"原因：{error}", en=f"Reason: {error}"),
        ) from error
    secret = secrets.token_urlsafe(32)
    with story(actor) as told:
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        if webhooks_of(organisation).count() >= MOST:
            raise refuse("registry.webhook.quota", "回调地址最多 5 个", "An organisation has at most five webhooks")
        hook = Webhook.objects.create(
            organisation=organisation.pk, url=url, secret=secret, codes=sorted(set(codes) & set(KINDS))
        )
        told.record("registry.webhook.made", hook, codes=hook.codes)
    return hook, secret


def pause_webhook(actor: Actor, organisation: Organisation, hook: Webhook, *, active: bool) -> None:
    """Pause a webhook, or let it hear again."""
    require_head(actor, organisation)
    with story(actor) as told:
        paused_at = None if active else clock.now()
        if Webhook.objects.filter(pk=hook.pk, active=not active).update(active=active, paused_at=paused_at):
            told.record("registry.webhook.resumed" if active else "registry.webhook.paused", hook)


def try_webhook(actor: Actor, organisation: Organisation, hook: Webhook) -> None:
    """Send a notice to try whether it arrives; to this organisation's webhooks that hear of consents."""
    require_head(actor, organisation)
    with story(actor) as told:
        told.send(
            Notice(
                code=f"{(hook.codes or ['consent.'])[0]}tried",
                key=f"{hook.public_id}.{clock.microseconds(clock.now())}",
                title=Text(zh="测试通知", en="A notice to try it"),
                body=Text(zh="如能收到，说明回调地址可用。", en="If this arrives, the webhook works."),
                organisation=organisation.pk,
            )
        )
        told.record("registry.webhook.tried", hook)
