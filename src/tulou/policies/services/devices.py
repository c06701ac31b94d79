"""Browsers that a person lets us wake, and waking them."""

from __future__ import annotations

import hashlib
import json

from tulou.kernel.errors import refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.outbound import OutboundRefused, check_address, send
from tulou.platform.story import story
from tulou.policies.models import Device, Errand
from tulou.policies.services.webpush import encrypt, headers, point, unb64
from tulou.policies.services.wishes import require_person
from tulou.policies.services.wording import wording_of

MOST_DEVICES = 10
GONE = (404, 410)


def add_device(actor: Actor, endpoint: str, public_key: str, secret: str, name: str = "") -> Device:
    """Keep a browser's subscription; the same browser again changes hands. Raises Refused for what cannot be one."""
    try:
        check_address(endpoint)
        point(unb64(public_key))
        if len(unb64(secret)) != 16 or len(endpoint) > 1_000:
            raise ValueError(secret)
    except (ValueError, OutboundRefused) as error:
        raise refuse("policies.device", "该浏览器的推送地址无效", "This browser's push address is not valid") from error
    with story(actor) as told:
        made, _ = Device.objects.update_or_create(
            endpoint_hash=hashlib.sha256(endpoint.encode()).hexdigest(),
            defaults={
                "person_id": require_person(actor),
                "name": name.strip()[:80],
                "endpoint": endpoint,
                "public_key": public_key,
                "secret": secret,
                "gone_at": None,
            },
        )
        mine = Device.objects.filter(person_id=require_person(actor), gone_at=None).order_by("-id")
        too_many = list(mine.values_list("pk", flat=True)[MOST_DEVICES:])
        Device.objects.filter(pk__in=too_many).update(gone_at=clock.now())
        told.record("policies.device.added", made)
    return made


def remove_device(actor: Actor, device: Device) -> None:
    """Wake a browser no more."""
    with story(actor) as told:
        Device.objects.filter(pk=device.pk, person_id=require_person(actor)).update(gone_at=clock.now())
        told.record("policies.device.removed", device)


def send_to_device(errand: int) -> None:
    """Send one event to one browser. Raises ConnectionError where it is to be tried again.

    When the machine dies between sending and noting it is sent again; the tag is the event's, so that the browser shows
    it once.
    """
    rows = Errand.objects.select_related("device__person", "event__version__policy")
    found = rows.filter(pk=errand, sent_at=None, device__gone_at=None).first()
    if found is None:
        return
    device, event = found.device, found.event
    wording = wording_of(event.version, event.kind, event.cause)
    chinese = device.person.language.startswith("zh")
    message = {
        "title": wording.title.zh if chinese else wording.title.en,
        "body": (wording.body.zh if chinese else wording.body.en)[:300],
        "tag": event.public_id,
        "url": f"/policies/news/{event.public_id}/",
    }
    text = json.dumps(message, ensure_ascii=False).encode()
    body = encrypt(text, unb64(device.public_key), unb64(device.secret))
    try:
        status = send("POST", device.endpoint, body=body, headers=headers(device.endpoint, topic=event.public_id))
    except OutboundRefused:
        status = GONE[1]
    if status in GONE:
        Device.objects.filter(pk=device.pk).update(gone_at=clock.now())
    elif not 200 <= status < 300:
        raise ConnectionError(f"push service answered {status}")
    Errand.objects.filter(pk=found.pk).update(sent_at=clock.now())
