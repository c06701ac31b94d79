"""Disputes: a firm's system raises them, a department's answers."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tulou.platform.api.kit import Needs, Slice, Window, slice_of
from tulou.pool.api.consents import party
from tulou.pool.api.words import PLAIN, ItemCode, Key, Party, actor_of
from tulou.pool.models import Dispute
from tulou.pool.queries.disputes import dispute_for, disputes_for
from tulou.pool.services.disputes import FLOW, answer_dispute, raise_dispute

router = Router(tags=["pool"])
Value = Annotated[str, Field(max_length=400, pattern=PLAIN)]
Long = Annotated[str, Field(max_length=2000, pattern=PLAIN)]


class DisputeOut(Schema):
    """A value that a firm says is wrong, and what the department answered."""

    id: str
    subject: Party
    department: str
    dataset: str
    item: str
    period: str
    delivery: str
    value: str
    proposed: str
    explanation: str
    state: str
    answer: str
    created_at: dt.datetime
    answered_at: dt.datetime | None


class DisputeIn(Schema):
    """Which value is disputed, as it was shown, and what is wrong about it."""

    item: ItemCode
    value: Value
    proposed: Value = ""
    explanation: Annotated[str, Field(min_length=1, max_length=2000, pattern=PLAIN)]
    period: Annotated[str, Field(max_length=10, pattern=PLAIN)] = ""
    delivery: Annotated[str, Field(max_length=120, pattern=PLAIN)] = ""


class AnswerIn(Schema):
    """What is said to the other side."""

    answer: Long = ""


def shown(row: Dispute) -> DisputeOut:
    """A dispute as the API shows it."""
    names = [name for name in DisputeOut.model_fields if name not in {"id", "subject"}]
    return DisputeOut(id=row.public_id, subject=party(row.subject), **{name: getattr(row, name) for name in names})


@router.get("/disputes", response=Slice[DisputeOut], auth=Needs("pool:read"), summary="Disputes")
def read_disputes(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """A firm's own disputes; those about its items for a department."""
    return slice_of(disputes_for(actor_of(request)), window, shown)


@router.post("/disputes", response={201: DisputeOut}, auth=Needs("pool:write"), summary="Dispute a value")
def make_dispute(request: HttpRequest, raised: DisputeIn) -> Status[DisputeOut]:
    """Say that a value about the token's own firm is wrong. 409 where it is disputed already."""
    return Status(201, shown(raise_dispute(actor_of(request), **raised.dict())))


@router.get("/disputes/{key}", response=DisputeOut, auth=Needs("pool:read"), summary="One dispute")
def read_dispute(request: HttpRequest, key: Key) -> DisputeOut:
    """Where a dispute stands."""
    return shown(dispute_for(actor_of(request), key))


@router.post("/disputes/{key}/{step}", response=DisputeOut, auth=Needs("pool:write"), summary="Answer a dispute")
def move_dispute(request: HttpRequest, key: Key, step: Key, said: AnswerIn) -> DisputeOut:
    """`accept`, `decline` or `correct` for the department, `withdraw` for the firm. 409 where its state forbids it."""
    if step not in FLOW.steps:
        raise Http404
    found = dispute_for(actor_of(request), key)
    answer_dispute(actor_of(request), found, step, answer=said.answer)
    return shown(found)
