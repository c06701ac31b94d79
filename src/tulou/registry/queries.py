"""Reading the registry."""

from __future__ import annotations

import hashlib

from django.db.models import Q, QuerySet
from django.http import Http404

from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.registry.models import Membership, Organisation, Person, Token
from tulou.registry.roles import Kind


def current_memberships(person: Person) -> QuerySet[Membership]:
    """What a person is now, and where: memberships that have begun and not ended, at organisations that may act."""
    now = clock.now()
    return (
        Membership.objects.filter(person=person, ended_at=None, valid_from__lte=now)
        .filter(Q(valid_to=None) | Q(valid_to__gt=now))
        .filter(organisation__state=Organisation.State.ACTIVE)
        .select_related("organisation")
        .order_by("organisation_id", "id")
    )


def people_of(organisation: int, *roles: str) -> list[int]:
    """The keys of the people who have one of `roles` (none: any) at an organisation now; for notices."""
    now = clock.now()
    found = Membership.objects.filter(organisation_id=organisation, ended_at=None, valid_from__lte=now).filter(
        Q(valid_to=None) | Q(valid_to__gt=now)
    )
    if roles:
        found = found.filter(role__in=roles)
    return list(found.order_by("person_id").values_list("person_id", flat=True).distinct())


def organisation_for(actor: Actor, public_id: str) -> Organisation:
    """The organisation, where the actor acts for it or works for the operator. Raises Http404 otherwise."""
    allowed = Organisation.objects.all()
    if actor.organisation_kind != Kind.OPERATOR:
        allowed = allowed.filter(public_id=actor.organisation_id)
    found = allowed.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def organisation_by_code(kind: Kind, code: str) -> Organisation | None:
    """The organisation with a code. For services only: a code that comes from outside proves nothing."""
    return Organisation.objects.filter(kind=kind, code=code.strip().upper()).first()


def token_hash(secret: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token_for(secret: str) -> Token | None:
    """The token with this secret, where it is still good."""
    return (
        Token.objects.select_related("organisation")
        .filter(hash=token_hash(secret), ended_at=None, valid_to__gt=clock.now())
        .filter(organisation__state=Organisation.State.ACTIVE)
        .first()
    )
