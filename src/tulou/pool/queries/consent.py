"""Reading consents, purposes, access rights and the log of readings."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.http import Http404

from tulou.platform.actor import Actor
from tulou.pool.core.consent import (
    Ed25519Signer,
    EventKind,
    Grant,
    GrantEvent,
    GrantState,
    SignedGrant,
    state_after,
)
from tulou.pool.models import AccessRight, Consent, ConsentEvent, PurposeVersion, ReadDecision
from tulou.pool.queries.disputes import department_of
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind


def consents_for(actor: Actor) -> QuerySet[Consent]:
    """The consents that concern the actor: those of her firm, or those that her organisation asked for.

    The operator's people see that a consent exists, for all; nobody else sees anything.
    """
    found = Consent.objects.select_related("subject", "reader", "purpose")
    if actor.organisation_kind == Kind.OPERATOR:
        return found
    return found.filter(Q(subject=actor.organisation_key) | Q(reader=actor.organisation_key))


def consent_for(actor: Actor, public_id: str) -> Consent:
    """One of `consents_for`. Raises Http404 where there is none."""
    found = consents_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def purposes_in_force() -> QuerySet[PurposeVersion]:
    """The purposes that may be asked for now."""
    return PurposeVersion.objects.filter(ended_at=None).order_by("code")


def purpose_in_force(code: str) -> PurposeVersion | None:
    """The version of a purpose that is in force."""
    return PurposeVersion.objects.filter(code=code, ended_at=None).first()


def events_of(consent: Consent) -> list[GrantEvent]:
    """What happened to a consent, in order."""
    return [as_event(row) for row in ConsentEvent.objects.filter(consent=consent).order_by("sequence")]


def as_event(row: ConsentEvent) -> GrantEvent:
    """An event as the engine knows it."""
    return GrantEvent(row.sequence, row.at, EventKind(row.kind), row.person, row.reason)


def state_of(consent: Consent) -> GrantState | None:
    """The state that the events lead to."""
    return state_after(events_of(consent))


def signed_grant(consent: Consent) -> SignedGrant | None:
    """The granted body with its signature; None where nothing was granted yet."""
    if not consent.body:
        return None
    from json import loads

    grant = Grant.from_document(loads(consent.body))
    return SignedGrant(grant, bytes.fromhex(consent.signature), consent.algorithm, consent.key_id)


def receipt_of(consent: Consent) -> dict[str, object]:
    """What firm and reader keep of a granted consent. Raises Http404 where nothing was granted."""
    signed = signed_grant(consent)
    if signed is None:
        raise Http404
    return signed.receipt(events_of(consent))


def is_intact(consent: Consent, signer: Ed25519Signer) -> bool:
    """Whether the body is the one that the house signed."""
    signed = signed_grant(consent)
    return signed is not None and signed.is_intact(signer.verifier())


def rights_of(reader: Organisation) -> QuerySet[AccessRight]:
    """What departments have opened to a reader, or to all of its kind."""
    return AccessRight.objects.filter(ended_at=None, reader_kind=reader.kind).filter(Q(reader=None) | Q(reader=reader))


def opened_items(
    reader: Organisation, items_of_dataset: dict[str, frozenset[str]], wanted: Iterable[str]
) -> frozenset[str]:
    """Which of the `wanted` items the departments have opened to the reader."""
    opened: set[str] = set()
    for right in rights_of(reader):
        everything = items_of_dataset.get(right.dataset, frozenset())
        opened |= everything & frozenset(right.items) if right.items else everything
    return frozenset(wanted) & opened


def granted_items(consent: Consent) -> frozenset[str]:
    """What the firm granted, which may be less than was asked for; before that, what was asked for."""
    signed = signed_grant(consent)
    if signed is not None and consent.state != GrantState.REQUESTED:
        return signed.grant.terms.items
    return frozenset(consent.terms["items"])


def rights_for(actor: Actor) -> QuerySet[AccessRight]:
    """What the actor's department has opened; for readers what is open to them; for others nothing."""
    rows = AccessRight.objects.filter(ended_at=None)
    if actor.organisation_kind == Kind.DEPARTMENT:
        return rows.filter(department=department_of(actor))
    return rows.filter(reader_kind=actor.organisation_kind).filter(Q(reader=None) | Q(reader=actor.organisation_key))


def readings_for(actor: Actor) -> QuerySet[ReadDecision]:
    """A firm's people see what was read about it, readers what they read, the operator everything."""
    rows = ReadDecision.objects.select_related("reader", "subject", "consent__purpose")
    if actor.organisation_kind == Kind.OPERATOR:
        return rows
    if actor.organisation_kind == Kind.ENTERPRISE:
        return rows.filter(subject=actor.organisation_key)
    return rows.filter(reader=actor.organisation_key)


def reading_for(actor: Actor, public_id: str) -> ReadDecision:
    """One of `readings_for`. Raises Http404 where there is none."""
    found = readings_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def readings_about(subject: int) -> QuerySet[ReadDecision]:
    """Who read what about a firm and when, denied readings too, newest first."""
    return (
        ReadDecision.objects.filter(subject=subject)
        .select_related("reader", "consent", "consent__purpose")
        .order_by("-id")
    )
