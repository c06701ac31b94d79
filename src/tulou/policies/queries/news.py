"""What firms were told of policies."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from tulou.platform.actor import Actor
from tulou.policies.models import Device, Feed, MatchEvent
from tulou.registry.models import Membership
from tulou.registry.roles import Kind


def news_for(actor: Actor) -> QuerySet[MatchEvent]:
    """The events of the firm for which the actor acts, newest first."""
    found = MatchEvent.objects.select_related("version__policy__department", "firm").order_by("-id")
    if actor.organisation_kind != Kind.ENTERPRISE:
        return found.none()
    return found.filter(firm=actor.organisation_key)


def event_for(actor: Actor, public_id: str) -> MatchEvent:
    """One of `news_for`. Raises Http404 where there is none."""
    found = news_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def devices_of(actor: Actor) -> QuerySet[Device]:
    """The browsers that the person lets us wake."""
    return Device.objects.filter(person_id=actor.person_key or 0, gone_at=None)


def device_for(actor: Actor, public_id: str) -> Device:
    """One of `devices_of`. Raises Http404 where there is none."""
    found = devices_of(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def feed_for(actor: Actor) -> Feed | None:
    """The person's feed of the firm for which she acts."""
    return Feed.objects.filter(person_id=actor.person_key or 0, firm_id=actor.organisation_key, ended_at=None).first()


def may_follow(feed: Feed) -> bool:
    """Whether the feed's person still acts for its firm."""
    rows = Membership.objects.filter(person=feed.person, organisation=feed.firm, ended_at=None)
    return rows.exists()
