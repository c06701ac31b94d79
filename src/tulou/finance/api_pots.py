"""Pots in the API: rounds, what each method would give, and what became of the claims of one's own organisation."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tulou.finance.models import PotClaim, PotRound
from tulou.finance.queries import pots as queries
from tulou.platform.api.kit import Needs, Slice, Window, slice_of
from tulou.pool.api.words import Key, Words, actor_of, words

router = Router(tags=["finance"])

Decision = Annotated[str, Field(max_length=12, pattern=r"^[a-z_]*$")]


class RoundOut(Schema):
    """A round in which pots are given out. `method` is empty until it is decided."""

    id: str
    title: Words
    organisation: str
    state: str
    firms: int
    claims: int
    method: str
    reason: str
    seed: str
    published_at: dt.datetime | None
    appeal_until: dt.date | None


class PotOut(Schema):
    """A pot: what it holds, what was given out, and the last place and strength in line that it reached."""

    name: str
    budget_fen: int | None
    places: int | None
    claims: int
    awards: int
    spent_fen: int
    last_line: int | None
    last_strength: float | None


class RoundWhole(RoundOut):
    """A round with its pots."""

    pots: list[PotOut]


class MethodOut(Schema):
    """What one method gives.

    `wronged` counts firms that are passed over though their claim is better, `jumped` claims that would fit into what
    is left but stand behind a larger one.
    """

    method: str
    awards: int
    awarded_fen: int
    left_fen: int
    benefit: float
    first_choices: int
    wronged: int
    jumped: int
    blocking_pairs: int


class ClaimOut(Schema):
    """A claim and what became of it; `decision` is empty until the round is decided. `line` counts from 1."""

    id: str
    round: str
    pot: str
    firm: str | None
    choice: int
    strength: float
    amount_fen: int
    line: int
    decision: str
    appeal: str | None


@router.get("/rounds", response=Slice[RoundOut], auth=Needs("finance:read"), summary="Rounds of pots")
def read_rounds(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """Every round whose result is published, and those of the token's own organisation in any state."""
    return slice_of(queries.readable_rounds(actor_of(request)), window, lambda row: RoundOut(**_round(row)))


@router.get("/rounds/{key}", response=RoundWhole, auth=Needs("finance:read"), summary="One round of pots")
def read_round(request: HttpRequest, key: Key) -> RoundWhole:
    """A round with its pots, and how far each of them reached."""
    row = queries.readable_round(actor_of(request), key)
    return RoundWhole(pots=[_pot(pot) for pot in row.pots.all()], **_round(row))


@router.get(
    "/rounds/{key}/comparison",
    response=list[MethodOut],
    auth=Needs("finance:read"),
    summary="What each method gives",
)
def read_comparison(request: HttpRequest, key: Key) -> list[MethodOut]:
    """The trade-off between the methods, as it was before one was chosen; it never changes."""
    row = queries.readable_round(actor_of(request), key)
    return [MethodOut(**{name: figures[name] for name in MethodOut.model_fields}) for figures in row.comparison]


@router.get(
    "/rounds/{key}/claims", response=Slice[ClaimOut], auth=Needs("finance:read"), summary="Claims of an own round"
)
def read_claims_of_round(
    request: HttpRequest, key: Key, window: Query[Window], decision: Decision = ""
) -> dict[str, Any]:
    """Every claim of a round of the token's own organisation; 404 for the rounds of others."""
    rows = queries.claims_of(queries.round_for(actor_of(request), key))
    return slice_of(rows.filter(decision=decision) if decision else rows, window, _claim)


@router.get("/claims", response=Slice[ClaimOut], auth=Needs("finance:read"), summary="A firm's own claims")
def read_claims(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """What became of the claims of the token's own firm, in rounds that are published."""
    return slice_of(queries.claims_for(actor_of(request)), window, _claim)


def _round(row: PotRound) -> dict[str, Any]:
    same = ("state", "firms", "method", "reason", "seed", "published_at", "appeal_until")
    return {
        "id": row.public_id,
        "title": words(row.title),
        "organisation": row.organisation.public_id,
        "claims": row.claims_count,
        **{name: getattr(row, name) for name in same},
    }


def _pot(pot: Any) -> PotOut:
    same = ("name", "budget_fen", "places", "awards", "spent_fen", "last_line", "last_strength")
    return PotOut(claims=pot.claims_count, **{name: getattr(pot, name) for name in same})


def _claim(row: PotClaim) -> ClaimOut:
    appeal = getattr(row, "appeal", None)
    return ClaimOut(
        id=row.public_id,
        round=row.round.public_id,
        pot=row.pot.name,
        firm=row.firm.public_id if row.firm else None,
        appeal=appeal.state if appeal else None,
        **{name: getattr(row, name) for name in ("choice", "strength", "amount_fen", "line", "decision")},
    )
