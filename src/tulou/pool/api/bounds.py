"""What bounds a consent: purposes with their ceilings, and what a department has opened."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tulou.platform.api.kit import Needs, Slice, Window, slice_of
from tulou.pool.api.words import ItemCode, Key, Line, Words, actor_of
from tulou.pool.courtyard import catalogue
from tulou.pool.models import AccessRight, PurposeVersion
from tulou.pool.queries.consent import purposes_in_force, rights_for
from tulou.pool.queries.disputes import department_of
from tulou.pool.services.access import close_items, open_items

router = Router(tags=["pool"])


class PurposeOut(Schema):
    """Why may be read, by which kinds of readers, and how much at the most."""

    code: str
    version: int
    title: Words
    lawful_basis: str
    reader_kinds: list[str]
    max_months: int
    max_days_valid: int
    max_reads: int
    max_reads_per_day: int
    max_retention_days: int
    finest: str
    max_sensitivity: int


class RightOut(Schema):
    """What a department has opened: a dataset, or some of its items, to a kind of reader."""

    id: str
    department: str
    dataset: str
    items: list[str]
    reader_kind: str
    created_at: dt.datetime


class RightIn(Schema):
    """What is opened; without items the whole dataset."""

    dataset: Line
    reader_kind: Literal["bank", "department", "provider"]
    items: list[ItemCode] = Field(default_factory=list, max_length=5_000)


def shown_purpose(row: PurposeVersion) -> PurposeOut:
    """A purpose as the API shows it."""
    names = [name for name in PurposeOut.model_fields if name != "title"]
    return PurposeOut(title=Words(zh=row.title_zh, en=row.title_en), **{name: getattr(row, name) for name in names})


def shown_right(row: AccessRight) -> RightOut:
    """An access right as the API shows it."""
    names = [name for name in RightOut.model_fields if name != "id"]
    return RightOut(id=row.public_id, **{name: getattr(row, name) for name in names})


@router.get("/purposes", response=Slice[PurposeOut], auth=Needs("pool:read"), summary="Purposes")
def read_purposes(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """The purposes in force, with their ceilings."""
    return slice_of(purposes_in_force(), window, shown_purpose)


@router.get("/rights", response=Slice[RightOut], auth=Needs("pool:read"), summary="What is open")
def read_rights(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """What the token's department has opened; for readers what is open to them."""
    return slice_of(rights_for(actor_of(request)), window, shown_right)


@router.post("/rights", response={201: RightOut}, auth=Needs("pool:write"), summary="Open a dataset")
def open_right(request: HttpRequest, opened: RightIn) -> Status[RightOut]:
    """Open a dataset of the token's own department. A firm's consent is needed for every reading all the same."""
    department = department_of(actor_of(request))
    known = catalogue().datasets.get(opened.dataset)
    if known is None or not department or known.department != department:
        raise Http404
    if set(opened.items) - {item.code for item in known.items}:
        raise Http404
    return Status(201, shown_right(open_items(actor_of(request), department=department, **opened.dict())))


@router.post("/rights/{key}/close", response=RightOut, auth=Needs("pool:write"), summary="Close a dataset")
def close_right(request: HttpRequest, key: Key) -> RightOut:
    """Take an access right back; effective before the next reading is decided."""
    department = department_of(actor_of(request))
    found = AccessRight.objects.filter(public_id=key, department=department).first() if department else None
    if found is None:
        raise Http404
    close_items(actor_of(request), found)
    return shown_right(found)
