"""Reading disputes."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from tulou.platform.actor import Actor
from tulou.pool.models import Dispute
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind


def disputes_for(actor: Actor) -> QuerySet[Dispute]:
    """A firm's own disputes, or those about the items of the actor's department; for others none."""
    found = Dispute.objects.select_related("subject").order_by("-id")
    if actor.organisation_kind == Kind.ENTERPRISE:
        return found.filter(subject=actor.organisation_key)
    if actor.organisation_kind == Kind.DEPARTMENT:
        return found.filter(department=department_of(actor))
    return found.none()


def dispute_for(actor: Actor, public_id: str) -> Dispute:
    """One of `disputes_for`. Raises Http404 where there is none."""
    found = disputes_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def items_in_dispute(firm: Organisation) -> frozenset[str]:
    """The codes of the items whose values a firm disputes and no department has answered for good."""
    rows = Dispute.objects.filter(subject=firm, state__in=[Dispute.State.OPEN, Dispute.State.ACCEPTED])
    return frozenset(rows.values_list("item", flat=True))


def department_of(actor: Actor) -> str:
    """The id, in the catalogue, of the department that the actor works for; empty where she works for none."""
    if actor.organisation_kind != Kind.DEPARTMENT:
        return ""
    code = Organisation.objects.filter(public_id=actor.organisation_id).values_list("code", flat=True).first()
    return (code or "").lower()
