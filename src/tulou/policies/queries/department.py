"""A department's own policies as its list shows them, and the way to one of its drafts."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404

from tulou.platform.actor import Actor
from tulou.policies.models import Policy, PolicyFile, PolicyVersion
from tulou.policies.queries.policies import policies_for
from tulou.registry.roles import Kind

SHOWN = ("title_zh", "title_en", "theme", "valid_to", "deadline", "number", "state")


def own_policies(actor: Actor) -> QuerySet[Policy]:
    """The policies of the actor's department, with what their newest version says (`shown_title_zh` and so on)."""
    if actor.organisation_kind != Kind.DEPARTMENT:
        return Policy.objects.none()
    newest = PolicyVersion.objects.filter(policy=OuterRef("pk")).exclude(state="discarded").order_by("-number")
    shown = {f"shown_{name}": Subquery(newest.values(name)[:1]) for name in SHOWN}
    return policies_for(actor).annotate(**shown)


def version_for(actor: Actor, public_id: str) -> PolicyVersion:
    """A version of a policy of the actor's department, whatever its state. Raises Http404 where there is none."""
    if actor.organisation_kind != Kind.DEPARTMENT:
        raise Http404
    found = PolicyVersion.objects.select_related("policy__department", "policy__current").filter(
        public_id=public_id, policy__department=actor.organisation_key
    )
    version = found.first()
    if version is None:
        raise Http404
    return version


def draft_for(actor: Actor, public_id: str) -> PolicyVersion:
    """A version that the actor's department is still writing. Raises Http404 otherwise."""
    version = version_for(actor, public_id)
    if not version.open:
        raise Http404
    return version


def file_for(actor: Actor, public_id: str) -> PolicyFile:
    """A file of a version of the actor's department. Raises Http404 where there is none."""
    found = PolicyFile.objects.select_related("attachment").filter(
        public_id=public_id, version__policy__department=actor.organisation_key
    )
    file = found.first() if actor.organisation_kind == Kind.DEPARTMENT else None
    if file is None:
        raise Http404
    return file
