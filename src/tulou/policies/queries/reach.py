"""How far a policy reaches: who could have it, who saw it, who applied, who got it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from tulou.policies.core.effect import DropOut, Tally, answer, drop_outs, tally
from tulou.policies.models import Application, Policy, Sighting
from tulou.policies.queries.documents import as_core
from tulou.policies.services.matching import population

APPLIED = ("submitted", "returned", "accepted", "refused", "paid")
GOT = ("accepted", "paid")


@dataclass(frozen=True, slots=True)
class Reach:
    """Numbers of firms along the way. `eligible` and the drop-outs are None where no facts are at hand."""

    eligible: Tally | None
    saw: int
    applied: int
    got: int
    refused: int
    waiting: int
    granted_fen: int
    budget_fen: int | None
    drop_outs: tuple[DropOut, ...]

    def share(self, number: int) -> float | None:
        """A number as a share of the surely eligible firms."""
        return number / self.eligible.sure if self.eligible is not None and self.eligible.sure else None

    @property
    def spent(self) -> float | None:
        """How much of the budget is granted."""
        return self.granted_fen / self.budget_fen if self.budget_fen else None


def reach_of(policy: Policy, day: dt.date) -> Reach:
    """The reach of a policy so far. Two queries, and one pass over the firms' facts."""
    states = {"applied": APPLIED, "got": GOT, "refused": ("refused",), "waiting": ("submitted", "returned")}
    counted = {name: Count("firm", filter=Q(state__in=each), distinct=True) for name, each in states.items()}
    found = Application.objects.filter(policy=policy).aggregate(
        **counted, granted=Sum("granted_fen", filter=Q(state__in=GOT))
    )
    current, firms = policy.current, population()
    eligible: Tally | None = None
    rows: tuple[DropOut, ...] = ()
    if firms is not None and current is not None and not current.attributes and not current.dictionaries:
        core = as_core(current)
        eligible = tally(answer(core.rule, firms.table, day))
        rows = tuple(drop_outs(core.eligibility, firms.table, day))
    return Reach(
        eligible=eligible,
        saw=Sighting.objects.filter(policy=policy).count(),
        applied=found["applied"],
        got=found["got"],
        refused=found["refused"],
        waiting=found["waiting"],
        granted_fen=found["granted"] or 0,
        budget_fen=current.budget_fen if current else None,
        drop_outs=rows,
    )
