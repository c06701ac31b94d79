"""What the parts of the courtyard's API share: texts in both languages, and the forms of what is sent in."""

from __future__ import annotations

from typing import Annotated, cast

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from tulou.kernel.errors import Text
from tulou.platform.actor import Actor
from tulou.platform.web.request import HouseRequest

PLAIN = r"^[^\x00]*$"
Key = Annotated[str, Field(min_length=1, max_length=20, pattern=PLAIN)]
"""An opaque id."""
Line = Annotated[str, Field(max_length=100, pattern=PLAIN)]
"""A short text."""
Note = Annotated[str, Field(max_length=500, pattern=PLAIN)]
"""A sentence that the other side reads."""
ItemCode = Annotated[str, Field(min_length=1, max_length=40, pattern=PLAIN)]
"""The code of an item in the catalogue."""


class Words(Schema):
    """A text in both languages."""

    zh: str
    en: str


class Party(Schema):
    """An organisation."""

    id: str
    name: Words


class Why(Schema):
    """A reason that the other side reads."""

    reason: Note = ""


def words(text: Text) -> Words:
    """Both languages of a text."""
    return Words(zh=text.zh, en=text.en)


def actor_of(request: HttpRequest) -> Actor:
    """The organisation behind the token."""
    return cast("HouseRequest", request).actor
