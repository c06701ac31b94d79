"""Reading the pairs that a person decides."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from tulou.platform.actor import Actor
from tulou.pool.models import MatchReview
from tulou.registry.roles import Role

REVIEWERS = frozenset({Role.OPERATOR_STAFF.value})
TRAITS = ("name", "uscc", "address", "district", "phone", "person", "established")
ALIKE = 0.6
"""From which share of common signs on two texts are called similar."""


def matches_for(actor: Actor) -> QuerySet[MatchReview]:
    """All pairs for the operator's staff; for others none."""
    return MatchReview.objects.all() if actor.has_any(REVIEWERS) else MatchReview.objects.none()


def match_for(actor: Actor, public_id: str) -> MatchReview:
    """One of `matches_for`. Raises Http404 where there is none."""
    found = matches_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def next_match(actor: Actor) -> MatchReview | None:
    """The pair that is most in doubt."""
    return matches_for(actor).filter(state=MatchReview.State.OPEN).order_by("-doubt", "id").first()


@dataclass(frozen=True, slots=True)
class Compared:
    """One trait on both sides; `verdict` is one of same, similar, differs, silent (where a side says nothing)."""

    trait: str
    subject: str
    enterprise: str
    verdict: str


def compared(sides: Mapping[str, Mapping[str, Any]]) -> list[Compared]:
    """Trait by trait what both sides say; traits of which neither speaks are left out.

    >>> rows = compared({"subject": {"name": "大鹿文化"}, "enterprise": {"name": "大鹿 文化", "phone": "1"}})
    >>> [(row.trait, row.verdict) for row in rows]
    [('name', 'same'), ('phone', 'silent')]
    """
    subject, enterprise = sides.get("subject", {}), sides.get("enterprise", {})
    both = [(trait, str(subject.get(trait) or ""), str(enterprise.get(trait) or "")) for trait in TRAITS]
    return [Compared(trait, mine, its, _verdict(mine, its)) for trait, mine, its in both if mine or its]


def _verdict(mine: str, its: str) -> str:
    if not mine or not its:
        return "silent"
    one, other = _plain(mine), _plain(its)
    if one == other:
        return "same"
    return "similar" if SequenceMatcher(None, one, other).ratio() >= ALIKE else "differs"


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
