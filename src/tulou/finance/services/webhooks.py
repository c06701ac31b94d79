"""Where a bank's own system hears of applications, accepted offers and overdue loans."""

from __future__ import annotations

import secrets

from tulou.finance.flows import MANAGER
from tulou.finance.services.acting import acting
from tulou.kernel.errors import Where, refuse
from tulou.platform.actor import Actor
from tulou.platform.models import Webhook
from tulou.platform.outbound import OutboundRefused, check_address
from tulou.platform.story import story

KINDS = ("finance.application.", "finance.offer.", "finance.contract.")
MOST = 5


def add_webhook(actor: Actor, *, url: str, codes: list[str]) -> tuple[Webhook, str]:
    """Let a system of the actor's bank hear of kinds of notices; the secret that signs them is shown once.

    Raises Refused for an address that may not be reached, and for more than five.
    """
    bank = acting(actor, MANAGER)
    chosen = [code for code in KINDS if code in codes]
    if not chosen:
        raise refuse("finance.webhook.codes", "请至少选择一类通知", "Choose at least one kind")
    try:
        check_address(url)
    except OutboundRefused as error:
        raise refuse(
            "finance.webhook.address",
            f"该地址不可用（{error}）：须为公网 https 地址",
            f"This address may not be reached ({error}): a public https address is needed",
            where=Where(column="url", value=url[:120]),
        ) from error
    secret = secrets.token_hex(24)
    with story(actor) as told:
        if Webhook.objects.filter(organisation=bank, active=True).count() >= MOST:
            raise refuse("finance.webhook.most", f"最多 {MOST} 个", f"At most {MOST}")
        made = Webhook.objects.create(organisation=bank, url=url, secret=secret, codes=chosen)
        told.record("finance.webhook.added", made, codes=chosen)
    return made, secret


def end_webhook(actor: Actor, hook: Webhook) -> None:
    """Send nothing to an address any more."""
    acting(actor, MANAGER, organisation=hook.organisation)
    with story(actor) as told:
        if Webhook.objects.filter(pk=hook.pk, active=True).update(active=False):
            told.record("finance.webhook.ended", hook)
