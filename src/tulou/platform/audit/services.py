"""Writing the audit log. Rooms do not call this: they tell a `story`, which appends here as its last act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction

from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.audit.chain import ACTION, GENESIS, Row, canonical, link
from tulou.platform.audit.checkpoints import Checkpoint, CheckpointFile
from tulou.platform.audit.models import AuditEvent, AuditHead


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be recorded: a stable dotted action, who did it, to what, and the facts of it (no personal data)."""

    action: str
    actor: Actor
    subject_type: str = ""
    subject: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not ACTION.fullmatch(self.action):
            raise ValueError(f"an action is dotted and lower-case, like finance.offer.accepted; not {self.action!r}")


def append_deeds(deeds: Sequence[Deed]) -> None:
    """Append `deeds` to the chain, in their order. Must run inside a transaction, as late in it as can be:

    the end of the chain stays locked until the transaction ends, so that no two events can follow the same one.
    """
    if not deeds:
        return
    head, _ = AuditHead.objects.select_for_update().get_or_create(id=1, defaults={"seq": 0, "hash": GENESIS})
    at_us = clock.microseconds(clock.now())
    events = []
    for deed in deeds:
        row: Row = (
            head.seq + 1,
            at_us,
            deed.action,
            deed.actor.person_id,
            deed.actor.organisation_id,
            deed.subject_type,
            deed.subject,
            canonical(deed.detail),
            "",
        )
        head.seq, head.hash = row[0], link(head.hash, row)
        names = ("seq", "at_us", "action", "person", "organisation", "subject_type", "subject", "detail")
        events.append(AuditEvent(**dict(zip(names, row, strict=False)), hash=head.hash))
    AuditEvent.objects.bulk_create(events)
    head.save(update_fields=["seq", "hash"])


def checkpoint_log(file: CheckpointFile | None = None) -> Checkpoint | None:
    """Sign where the log stands now; None where nothing was added since the last checkpoint."""
    kept = file or CheckpointFile(settings.CHECKPOINTS)
    with transaction.atomic():
        head = AuditHead.objects.filter(id=1).first()
    last = kept.read()[-1:]
    if head is None or (last and last[0].seq >= head.seq):
        return None
    return kept.append(seq=head.seq, head=head.hash, at_us=clock.microseconds(clock.now()))
