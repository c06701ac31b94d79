"""Deliveries of one's department, and the catalogue."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, cast

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tulou.platform.api.kit import Needs, Slice, Window, slice_of
from tulou.platform.web.request import HouseRequest
from tulou.pool.api.words import Key, Line, Words, words
from tulou.pool.courtyard import catalogue, search_index
from tulou.pool.models import Delivery
from tulou.pool.queries.deliveries import deliveries_for, delivery_for

router = Router(tags=["pool"])


class DeliveryOut(Schema):
    """A delivery and where it stands; records_in = accepted + rejected."""

    id: str
    delivery_id: str
    dataset: str
    file_name: str
    sha256: str
    state: str
    received_at: dt.datetime
    settled_at: dt.datetime | None
    records_in: int
    accepted: int
    rejected: int


class DeliveryWhole(DeliveryOut):
    """A delivery with the lake's receipt, and with the reason where it failed."""

    receipt: dict[str, Any]
    problem: dict[str, Any]


class HitOut(Schema):
    """Something that was found in the catalogue."""

    kind: str
    key: str
    title: Words
    score: float


class ItemOut(Schema):
    """What is laid down about an item."""

    code: str
    dataset: str
    department: str
    technical_name: str
    title: Words
    definition: Words
    logical_type: str
    unit: str | None
    code_set: str | None
    sharing_type: str
    sharing_condition: Words | None
    purposes: list[str]
    consent_required: bool
    sensitivity: int
    retention_months: int
    legal_basis: list[str]
    update_cycle: str
    contract_version: str


def shown(row: Delivery) -> DeliveryOut:
    """A delivery as a list shows it."""
    return DeliveryOut(**facts(row))


def facts(row: Delivery) -> dict[str, Any]:
    """The fields of a delivery that everybody who may see it sees."""
    names = [name for name in DeliveryOut.model_fields if name != "id"]
    return {"id": row.public_id, **{name: getattr(row, name) for name in names}}


@router.get("/deliveries", response=Slice[DeliveryOut], auth=Needs("pool:read"), summary="Deliveries")
def read_deliveries(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """The deliveries of the token's department; of all departments for the operator."""
    return slice_of(deliveries_for(cast("HouseRequest", request).actor), window, shown)


@router.get("/deliveries/{key}", response=DeliveryWhole, auth=Needs("pool:read"), summary="One delivery")
def read_delivery(request: HttpRequest, key: Key) -> DeliveryWhole:
    """Where a delivery stands, with its whole receipt."""
    row = delivery_for(cast("HouseRequest", request).actor, key)
    return DeliveryWhole(**facts(row), receipt=row.receipt, problem=row.problem)


@router.get("/catalogue/search", response=list[HitOut], auth=Needs("pool:read"), summary="Search the catalogue")
def search_catalogue(
    request: HttpRequest,
    q: Line,
    limit: Annotated[int, Field(ge=1, le=50)] = 20,
) -> list[HitOut]:
    """Items and datasets for some words, Chinese or English, best first."""
    known = catalogue()
    return [
        HitOut(
            kind=hit.kind,
            key=hit.key,
            title=words((known.items if hit.kind == "item" else known.datasets)[hit.key].title),
            score=hit.score,
        )
        for hit in search_index().search(q, limit=limit)
    ]


@router.get("/catalogue/items/{code}", response=ItemOut, auth=Needs("pool:read"), summary="One item")
def read_item(request: HttpRequest, code: Line) -> ItemOut:
    """All that is laid down about an item."""
    known = catalogue()
    item = known.items.get(code)
    if item is None:
        raise Http404
    return ItemOut(
        code=item.code,
        dataset=item.dataset,
        department=item.department,
        technical_name=item.technical_name,
        title=words(item.title),
        definition=words(item.definition),
        logical_type=item.logical_type.value,
        unit=item.unit,
        code_set=item.code_set,
        sharing_type=item.sharing_type.name.lower(),
        sharing_condition=words(item.sharing_condition) if item.sharing_condition else None,
        purposes=list(item.purposes),
        consent_required=item.consent_required,
        sensitivity=item.sensitivity,
        retention_months=item.retention_months,
        legal_basis=list(item.legal_basis),
        update_cycle=known.datasets[item.dataset].update_cycle,
        contract_version=item.contract_version,
    )
