"""A write is one story: one transaction, its audit events, its messages and its background work, all or nothing.

    with story(actor) as told:
        offer.accept()
        told.record("finance.offer.accepted", offer, amount_fen=offer.amount_fen)
        told.send(Notice(...))

Stories nest: the inner one joins the outer. Events are appended to the chain by the outermost story as the last thing
before its commit, because the end of the chain stays locked from there on: so two stories never wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models, transaction

from tulou.platform.actor import Actor
from tulou.platform.audit.services import Deed, append_deeds
from tulou.platform.outbox.notice import Notice
from tulou.platform.outbox.services import put_notices

_open: ContextVar[Story | None] = ContextVar("story", default=None)


class Story:
    """What is being told: who acts, what happened so far, and whom it will be sent to."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.deeds: list[Deed] = []
        self.notices: list[Notice] = []

    def record(self, action: str, subject: models.Model | None = None, /, **detail: Any) -> None:
        """Say what happened: a stable dotted action, the record it happened to, and facts without personal data."""
        kind = subject._meta.label_lower if subject is not None else ""
        key = str(getattr(subject, "public_id", None) or subject.pk) if subject is not None else ""
        self.deeds.append(Deed(action, self.actor, kind, key, detail))

    def send(self, notice: Notice) -> None:
        """Hand a notice over; it goes out after the commit, once, and not at all where the story fails."""
        self.notices.append(notice)


@contextmanager
def story(actor: Actor) -> Iterator[Story]:
    """Begin a story, or join the one that is being told on behalf of `actor`."""
    outer = _open.get()
    if outer is not None:
        inner = Story(actor)
        with transaction.atomic():
            yield inner
        outer.deeds += inner.deeds
        outer.notices += inner.notices
        return
    told = Story(actor)
    token = _open.set(told)
    try:
        with transaction.atomic():
            yield told
            put_notices(told.notices)
            append_deeds(told.deeds)
    finally:
        _open.reset(token)
