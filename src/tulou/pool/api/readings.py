"""Readings: what a firm lets a reader see, what a firm sees of itself, and the log of both. All through the gate."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from tulou.platform.api.kit import Needs, OnRecord, Slice, Window, slice_of, unkept
from tulou.pool.api.consents import party
from tulou.pool.api.words import ItemCode, Key, Line, Party, actor_of
from tulou.pool.core.consent import Granularity, ReadDenied
from tulou.pool.core.consent.gate import KeyReused
from tulou.pool.courtyard import items_of_dataset
from tulou.pool.models import ReadDecision
from tulou.pool.queries.consent import consent_for, granted_items, readings_for
from tulou.pool.services.reading import Asked, read_own_page, read_page
from tulou.registry.models import Organisation

router = Router(tags=["pool"])
EVER = (dt.date(1900, 1, 1), dt.date(2200, 1, 1))
Cursor = Annotated[str, Field(max_length=18, pattern=r"^[0-9]*$")]


class ReadingIn(Schema):
    """Which of the granted items are read (empty: all of them), and which page of them."""

    items: list[ItemCode] = Field(default_factory=list, max_length=5_000)
    cursor: Cursor = ""


class OwnIn(Schema):
    """Which dataset a firm reads about itself, and which page of it."""

    dataset: Line
    cursor: Cursor = ""


class FactOut(Schema):
    """A value and where it comes from. `kind`: latest, sum12 …; `period` is the first day of its month or year."""

    kind: str
    value: Any
    unit: str | None
    period: str | None
    department: str
    dataset: str
    column: str
    delivery: str
    record: int
    received_at: str


class PageOut(Schema):
    """A page of a reading: facts by item code. `next` is the cursor of the page after it, or null at the end."""

    values: dict[str, list[FactOut]]
    next: str | None


class DecisionOut(Schema):
    """One reading that was decided, allowed or not."""

    id: str
    at: dt.datetime
    reader: Party
    subject: Party | None
    consent: str | None
    purpose: str
    decision: str
    items: int
    delivered: int | None
    own: bool


def shown(row: ReadDecision) -> DecisionOut:
    """A line of the log of readings."""
    return DecisionOut(
        id=row.public_id,
        at=row.at,
        reader=party(row.reader),
        subject=party(row.subject) if row.subject else None,
        consent=row.consent.public_id if row.consent else None,
        purpose=row.purpose,
        decision=row.code,
        items=len(row.items),
        delivered=row.delivered,
        own=row.own,
    )


@router.get("/readings", response=Slice[DecisionOut], auth=Needs("pool:read"), summary="Who read what")
def read_readings(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """A firm's system sees what was read about it, a reader's what it read; refused readings as well."""
    return slice_of(readings_for(actor_of(request)), window, shown)


@router.post("/consents/{key}/readings", response=PageOut, auth=Needs("pool:read"), summary="Read what was granted")
def read_granted(request: HttpRequest, response: HttpResponse, key: Key, asked: ReadingIn) -> PageOut:
    """One page of a reading. The Idempotency-Key names the reading: its further pages come under the same key.

    Each page is decided when it is asked for; 403 says why not, and that it was asked is in the log.
    """
    found = consent_for(actor_of(request), key)
    terms = found.terms
    wanted = Asked(
        frozenset(asked.items) or granted_items(found),
        dt.date.fromisoformat(terms["data_from"]),
        dt.date.fromisoformat(terms["data_until"]),
        Granularity(terms["granularity"]),
    )
    unkept(response)
    try:
        page = read_page(actor_of(request), found, wanted, key=_key(request), cursor=asked.cursor or None)
    except ReadDenied as denied:
        raise OnRecord(403, denied) from denied
    except KeyReused as reused:
        raise OnRecord(409) from reused
    return PageOut(values=dict(page.values), next=page.next_cursor)


@router.post("/own/readings", response=PageOut, auth=Needs("pool:read"), summary="Read one's own data")
def read_own(request: HttpRequest, response: HttpResponse, asked: OwnIn) -> PageOut:
    """What the pool holds about the token's own firm, of one dataset. It is in the log, as every reading is."""
    items = items_of_dataset().get(asked.dataset)
    if items is None:
        raise Http404
    actor = actor_of(request)
    firm = Organisation.objects.get(public_id=actor.organisation_id)
    unkept(response)
    try:
        page = read_own_page(
            actor, firm, Asked(items, *EVER, Granularity.RAW), key=_key(request), cursor=asked.cursor or None
        )
    except ReadDenied as denied:
        raise OnRecord(403, denied) from denied
    except KeyReused as reused:
        raise OnRecord(409) from reused
    return PageOut(values=dict(page.values), next=page.next_cursor)


def _key(request: HttpRequest) -> str:
    return request.headers["Idempotency-Key"]
