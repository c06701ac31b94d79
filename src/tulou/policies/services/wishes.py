"""How a person wants to hear of policies: her wishes, her feeds."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from django.conf import settings

from tulou.kernel.errors import refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.story import story
from tulou.policies.models import Feed, Wish
from tulou.registry.models import Organisation, Person


def require_person(actor: Actor) -> int:
    """The key of the person who acts; machines have no wishes. Raises Refused for one."""
    if actor.person_key is None:
        raise refuse("policies.wishes.person", "须由个人设置", "A person has to set this")
    return actor.person_key


def wish_of(person: int) -> Wish:
    """A person's wishes; those of somebody who has said nothing where she has not."""
    return Wish.objects.filter(person_id=person).first() or Wish(person_id=person)


def set_wishes(actor: Actor, **wishes: Any) -> Wish:
    """Keep a person's wishes."""
    with story(actor) as told:
        made, _ = Wish.objects.update_or_create(person_id=require_person(actor), defaults=wishes)
        told.record("policies.wishes.set", made, email=made.email, kinds=sorted(made.kinds))
    return made


def stop_emails(person: Person) -> bool:
    """No more e-mails about policies; whether that changed anything. A signed link proves who asks."""
    from tulou.platform.actor import SYSTEM

    with story(SYSTEM) as told:
        made, _ = Wish.objects.get_or_create(person=person)
        if made.email == Wish.Email.NEVER:
            return False
        Wish.objects.filter(pk=made.pk).update(email=Wish.Email.NEVER)
        told.record("policies.wishes.unsubscribed", made)
    return True


def feed_token(feed: Feed) -> str:
    """The secret part of a feed's address: follows from the house's key, so that the database alone gives none away."""
    mac = hmac.new(settings.SECRET_KEY.encode(), f"policies.feed.{feed.public_id}".encode(), hashlib.sha256)
    return f"{feed.public_id}-{base64.b32encode(mac.digest()[:15]).decode().lower()}"


def feed_of_token(token: str) -> Feed | None:
    """The feed that a token opens; None where there is none, or it was revoked."""
    public_id, _, _secret = token.partition("-")
    feed = Feed.objects.select_related("person", "firm").filter(public_id=public_id, ended_at=None).first()
    if feed is None or not hmac.compare_digest(feed_token(feed).encode(), token.encode()):
        return None
    return feed if feed.person.is_active else None


def open_feed(actor: Actor, firm: Organisation) -> Feed:
    """A secret address for the person's calendar and reader; the one before it ends."""
    with story(actor) as told:
        Feed.objects.filter(person_id=require_person(actor), firm=firm, ended_at=None).update(ended_at=clock.now())
        made = Feed.objects.create(person_id=require_person(actor), firm=firm)
        told.record("policies.feed.opened", made)
    return made


def close_feed(actor: Actor, feed: Feed) -> None:
    """Take the address back: from now on it opens nothing."""
    with story(actor) as told:
        Feed.objects.filter(pk=feed.pk, person_id=require_person(actor), ended_at=None).update(ended_at=clock.now())
        told.record("policies.feed.closed", feed)
