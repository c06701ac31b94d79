"""What is said to somebody, before any channel is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tulou.kernel.errors import Text


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to people (inbox, e-mail) or to an organisation's machine (webhook).

    `code` is stable and dotted; `key` makes it unique: the same code and key to the same receiver is delivered once,
    however often it is sent. `people` are keys of persons; `organisation` is the key of the one whose webhooks hear it.
    `link` is a path of the portal. `urgent` sends an e-mail as well as the inbox entry.
    """

    code: str
    key: str
    title: Text
    body: Text
    people: tuple[int, ...] = ()
    organisation: int | None = None
    link: str = ""
    urgent: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)
