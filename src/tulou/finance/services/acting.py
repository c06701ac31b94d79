"""For whom somebody acts when she writes: her firm, or her bank."""

from __future__ import annotations

from tulou.kernel.errors import refuse
from tulou.platform.actor import Actor


def acting(actor: Actor, roles: frozenset[str], *, organisation: int | None = None) -> int:
    """The key of the organisation that the actor acts for.

    Raises Refused unless she has one of `roles` there, and there is `organisation` where one is named.
    """
    key = actor.organisation_key
    if key is None or not actor.has_any(roles) or organisation not in (None, key):
        raise refuse("finance.role_missing", "您的角色不能执行此操作", "Your role may not do this")
    return key
