"""Doubtful matches, for the operator's own tools."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tulou.platform.api.kit import Needs, Slice, Window, slice_of
from tulou.pool.api.words import PLAIN, Key, Words, actor_of
from tulou.pool.models import MatchReview
from tulou.pool.queries.matches import match_for, matches_for
from tulou.pool.services.matches import decide_match, undo_match

router = Router(tags=["pool"])


class MatchOut(Schema):
    """A pair: a subject of a dataset, and the enterprise that it may be."""

    id: str
    dataset: str
    subject_key: str
    enterprise_id: str
    subject_name: str
    enterprise_name: str
    probability: float | None
    suggested: str
    state: str
    verdict: str
    decided_at: dt.datetime | None


class MatchWhole(MatchOut):
    """A pair with what its records say on either side."""

    evidence: Words
    sides: dict[str, dict[str, str | None]]
    outcome: dict[str, Any]


class VerdictIn(Schema):
    """What is said of a pair, and why; `undo` takes a decision back."""

    verdict: Literal["same", "different", "unsure", "undo"]
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=PLAIN)]


def facts(row: MatchReview) -> dict[str, Any]:
    """What a list shows of a pair."""
    names = [name for name in MatchOut.model_fields if name != "id"]
    return {"id": row.public_id, **{name: getattr(row, name) for name in names}}


def whole(row: MatchReview) -> MatchWhole:
    """A pair with both sides."""
    evidence = Words(zh=row.evidence_zh, en=row.evidence_en)
    return MatchWhole(**facts(row), evidence=evidence, sides=row.sides, outcome=row.outcome)


@router.get("/matches", response=Slice[MatchOut], auth=Needs("matches:read"), summary="Doubtful matches")
def read_matches(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """The pairs that resolution leaves to a person; for the operator."""
    rows = matches_for(actor_of(request)).defer("sides", "evidence_zh", "evidence_en")
    return slice_of(rows, window, lambda row: MatchOut(**facts(row)))


@router.get("/matches/{key}", response=MatchWhole, auth=Needs("matches:read"), summary="One doubtful match")
def read_match(request: HttpRequest, key: Key) -> MatchWhole:
    """What the records of either side say, and what speaks for and against."""
    return whole(match_for(actor_of(request), key))


@router.post("/matches/{key}/decisions", response=MatchWhole, auth=Needs("matches:write"), summary="Decide a match")
def decide(request: HttpRequest, key: Key, said: VerdictIn) -> MatchWhole:
    """Say what the two are. The worker carries it out; 409 where the pair was decided meanwhile."""
    found = match_for(actor_of(request), key)
    if said.verdict == "undo":
        undo_match(actor_of(request), found, reason=said.reason)
    else:
        decide_match(actor_of(request), found, said.verdict, reason=said.reason)
    return whole(found)
