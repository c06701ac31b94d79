"""Which policies there are, for whom."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet
from django.http import Http404

from tulou.platform.actor import Actor
from tulou.policies.models import Policy, PolicyVersion
from tulou.registry.roles import Kind


def published() -> QuerySet[PolicyVersion]:
    """The versions in force of all policies that are published (not suspended, expired or withdrawn)."""
    found = PolicyVersion.objects.select_related("policy__department")
    return found.filter(state="published", policy__state="published").order_by("pk")


def published_on(day: dt.date) -> QuerySet[PolicyVersion]:
    """Those of `published` that are valid on `day`; the first and the last day are included."""
    begun = Q(valid_from=None) | Q(valid_from__lte=day)
    return published().filter(begun & (Q(valid_to=None) | Q(valid_to__gte=day)))


def public_policies() -> QuerySet[Policy]:
    """Policies that everybody may see: published ones, and those that were published once."""
    shown = [Policy.State.PUBLISHED, Policy.State.SUSPENDED, Policy.State.EXPIRED]
    return Policy.objects.select_related("current", "department").filter(state__in=shown)


def policies_for(actor: Actor) -> QuerySet[Policy]:
    """All policies of the actor's department; for everybody else the public ones."""
    if actor.organisation_kind == Kind.DEPARTMENT:
        return Policy.objects.select_related("current", "department").filter(department=actor.organisation_key)
    return public_policies()


def policy_for(actor: Actor, public_id: str) -> Policy:
    """A policy that the actor may see: one of her department, or a public one. Raises Http404 where there is none."""
    found = (
        policies_for(actor).filter(public_id=public_id).first() or public_policies().filter(public_id=public_id).first()
    )
    if found is None:
        raise Http404
    return found


def own_policy_for(actor: Actor, public_id: str) -> Policy:
    """A policy of the actor's department. Raises Http404 where there is none."""
    if actor.organisation_kind != Kind.DEPARTMENT:
        raise Http404
    found = policies_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def current_version(policy: Policy) -> PolicyVersion | None:
    """The version in force, or that was in force last."""
    return policy.current


def version_at(policy: Policy, moment: dt.datetime) -> PolicyVersion | None:
    """The version that was in force at a moment, so that an old evaluation can be made again."""
    found = policy.versions.filter(published_at__lte=moment)
    return found.filter(Q(superseded_at=None) | Q(superseded_at__gt=moment)).order_by("-number").first()


def draft_of(policy: Policy) -> PolicyVersion | None:
    """The version that is being written or reviewed."""
    return policy.versions.filter(state__in=["draft", "in_review"]).first()
