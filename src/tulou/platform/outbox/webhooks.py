"""Telling an organisation's own system: one signed POST through the hardened session."""

from __future__ import annotations

import hashlib
import hmac
import json

from tulou.platform import clock
from tulou.platform.outbound import OutboundRefused, send
from tulou.platform.outbox.models import Message


def signature(secret: str, at: int, body: bytes) -> str:
    """The signature of a body at a moment (seconds since 1970): HMAC-SHA-256 over both, against replays.

    >>> signature("s", 1, b"{}")[:12]
    't=1,v1=b2536'
    """
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def post_webhook(message: Message) -> None:
    """POST one message to its webhook. Raises OutboundRefused for an address that may not be reached, ConnectionError
    for an answer other than 2xx (to be tried again).
    """
    hook = message.webhook
    if hook is None or not hook.active:
        raise OutboundRefused("webhook.inactive")
    at = clock.microseconds(clock.now()) // 1_000_000
    body = json.dumps(
        {
            "id": message.public_id,
            "code": message.code,
            "created_at": message.created_at.isoformat(),
            **message.content,
        },
        ensure_ascii=False,
    ).encode()
    headers = {
        "Content-Type": "application/json",
        "Tulou-Message": message.public_id,
        "Tulou-Signature": signature(hook.secret, at, body),
    }
    status = send("POST", hook.url, body=body, headers=headers)
    if not 200 <= status < 300:
        raise ConnectionError(f"webhook answered {status}")
