"""The registry's part of the API."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from ninja import Router, Schema

from tulou.platform.api.kit import Needs
from tulou.platform.web.request import HouseRequest

router = Router(tags=["registry"])


class Self(Schema):
    """Who the token belongs to and what it may."""

    organisation: str
    name: str
    kind: str
    scopes: list[str]


@router.get("/self", response=Self, auth=Needs("registry:read"), summary="Who am I")
def read_self(request: HttpRequest) -> Self:
    """The organisation behind the token, and the token's scopes."""
    actor = cast("HouseRequest", request).actor
    return Self(
        organisation=actor.organisation_id,
        name=actor.organisation_name,
        kind=actor.organisation_kind,
        scopes=sorted(actor.scopes),
    )
