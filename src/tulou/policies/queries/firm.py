"""What a firm keeps, declared and applied for; and what lies with a department."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from tulou.platform.actor import Actor
from tulou.policies.models import Application, Declaration, Mark, Material, Policy
from tulou.registry.roles import Kind


def marks_of(actor: Actor) -> dict[str, str]:
    """The firm's marks by the policy's public id: saved or hidden."""
    return dict(Mark.objects.filter(firm=actor.organisation_key).values_list("policy__public_id", "kind"))


def declarations_for(actor: Actor) -> QuerySet[Declaration]:
    """The facts that the firm declared and that still stand, newest first."""
    found = Declaration.objects.select_related("declared_by").filter(ended_at=None)
    if actor.organisation_kind != Kind.ENTERPRISE:
        return found.none()
    return found.filter(firm=actor.organisation_key)


def declaration_for(actor: Actor, public_id: str) -> Declaration:
    """One of `declarations_for`. Raises Http404 where there is none."""
    found = declarations_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def applications_for(actor: Actor) -> QuerySet[Application]:
    """A firm's own; for a department those for its policies that were handed in or offered; for others none."""
    found = Application.objects.select_related("policy__department", "version", "firm").order_by("-id")
    if actor.organisation_kind == Kind.ENTERPRISE:
        return found.filter(firm=actor.organisation_key)
    if actor.organisation_kind == Kind.DEPARTMENT:
        own = found.filter(policy__department=actor.organisation_key)
        return own.exclude(state="draft").exclude(state="withdrawn", submitted_at=None)
    return found.none()


def application_for(actor: Actor, public_id: str) -> Application:
    """One of `applications_for`. Raises Http404 where there is none."""
    found = applications_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def material_for(actor: Actor, public_id: str) -> Material:
    """A file of an application that the actor may see. Raises Http404 where there is none."""
    rows = Material.objects.select_related("attachment", "application__version", "application__policy")
    found = rows.filter(application__in=applications_for(actor).order_by().values("pk"), public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def open_application(actor: Actor, policy: Policy) -> Application | None:
    """The firm's newest application for a policy that is not withdrawn."""
    return applications_for(actor).filter(policy=policy).exclude(state="withdrawn").first()
