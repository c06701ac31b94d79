"""Reading rounds of pots: the officer's own, what is published, a firm's own claims."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404

from tulou.finance.flows_pots import FIRM, OFFICER
from tulou.finance.models import PotAppeal, PotClaim, PotRound
from tulou.platform.actor import Actor

_Row = TypeVar("_Row", bound=Model)


def rounds_for(actor: Actor) -> QuerySet[PotRound]:
    """The rounds of the officer's own organisation."""
    if not actor.has_any(OFFICER):
        return PotRound.objects.none()
    return PotRound.objects.filter(organisation=actor.organisation_key).select_related("organisation")


def round_for(actor: Actor, public_id: str) -> PotRound:
    """One of `rounds_for`. Raises Http404 where there is none."""
    return _one(rounds_for(actor), public_id)


def published_rounds() -> QuerySet[PotRound]:
    """The rounds that everybody may read about."""
    return PotRound.objects.filter(state="published").select_related("organisation").order_by("-published_at", "-id")


def readable_rounds(actor: Actor) -> QuerySet[PotRound]:
    """The rounds that are published, and those of the officer's own organisation in any state."""
    own = Q(pk__in=rounds_for(actor).values("pk"))
    return PotRound.objects.filter(own | Q(state="published")).select_related("organisation")


def readable_round(actor: Actor, public_id: str) -> PotRound:
    """One of `readable_rounds`. Raises Http404 where there is none."""
    return _one(readable_rounds(actor), public_id)


def claims_of(row: PotRound) -> QuerySet[PotClaim]:
    """Every claim of a round, with its pot and its firm."""
    return row.claims.select_related("round", "pot", "firm", "appeal").order_by("pot", "line")


def published_round(public_id: str) -> PotRound:
    """One of `published_rounds`. Raises Http404 where there is none."""
    return _one(published_rounds(), public_id)


def claims_for(actor: Actor) -> QuerySet[PotClaim]:
    """The claims of the actor's own firm in rounds that are published."""
    if not actor.has_any(FIRM):
        return PotClaim.objects.none()
    rows = PotClaim.objects.filter(firm=actor.organisation_key, round__state="published")
    return rows.select_related("round", "round__organisation", "pot", "firm", "appeal").order_by("-round", "choice")


def claim_for(actor: Actor, public_id: str) -> PotClaim:
    """One of `claims_for`. Raises Http404 where there is none."""
    return _one(claims_for(actor), public_id)


def appeals_of(row: PotRound) -> QuerySet[PotAppeal]:
    """The appeals in a round, the open ones first."""
    rows = PotAppeal.objects.filter(claim__round=row)
    return rows.select_related("claim", "claim__pot", "claim__firm").order_by("-state", "-id")


def appeal_for(actor: Actor, public_id: str) -> PotAppeal:
    """An appeal in one of the officer's rounds. Raises Http404 where there is none."""
    rows = PotAppeal.objects.filter(claim__round__in=rounds_for(actor)).select_related("claim", "claim__round")
    return _one(rows, public_id)


def _one(rows: QuerySet[_Row], public_id: str) -> _Row:
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
