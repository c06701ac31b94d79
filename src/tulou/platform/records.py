"""What every record of the house has: an opaque id for URLs and the moment of its making."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tulou.platform import clock

LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
LENGTH, ALIKE = 20, 6
_FAIR = 256 // len(LETTERS) * len(LETTERS)
_LETTER_OF = bytes.maketrans(bytes(range(_FAIR)), (LETTERS * (_FAIR // len(LETTERS))).encode())
_UNFAIR = bytes(range(_FAIR, 256))
"""Random bytes that would make some letters likelier than others."""


def new_public_id() -> str:
    """Twenty random letters and digits (98 bits); none that a person confuses, none that says anything.

    >>> len(new_public_id())
    20
    """
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def new_public_ids(count: int) -> list[str]:
    """Very many ids at once. Those of one call begin alike, so that they lie together in an index; 68 bits differ.

    >>> one, two = new_public_ids(2)
    >>> len(one), one[:ALIKE] == two[:ALIKE], one == two
    (20, True, False)
    """
    start, rest, letters = new_public_id()[:ALIKE], LENGTH - ALIKE, b""
    while len(letters) < count * rest:
        letters += secrets.token_bytes(count * rest * 9 // 8 + 64).translate(_LETTER_OF, _UNFAIR)
    return [start + letters[i : i + rest].decode() for i in range(0, count * rest, rest)]


class PublicIdField(models.CharField[str, str]):
    """The id that goes into URLs, logs and the API. The number of the row never leaves the house."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_length=LENGTH, unique=True, default=new_public_id, editable=False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """The field without what it always is."""
        name, path, args, kwargs = super().deconstruct()
        for known in ("max_length", "unique", "default", "editable"):
            kwargs.pop(known, None)
        return name, path, args, kwargs


class Record(models.Model):
    """A row that people meet: `public_id` and `created_at`."""

    public_id = PublicIdField(_("public id"))
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    class Meta:
        """A part of other tables."""

        abstract = True


class PublicIdConverter:
    """The URL converter `<id:…>`."""

    regex = f"[{LETTERS}]{{{LENGTH}}}"

    def to_python(self, value: str) -> str:
        """As it stands in the URL."""
        return value

    def to_url(self, value: object) -> str:
        """An id as it is; of a record, its public id."""
        return value if isinstance(value, str) else str(value.public_id)  # type: ignore[attr-defined]
