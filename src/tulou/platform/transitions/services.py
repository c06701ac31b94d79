"""Making a move: check the table, compare and set, write the history and the audit event."""

from __future__ import annotations

from typing import Any

from django.db import models

from tulou.kernel.errors import refuse
from tulou.platform.story import Story
from tulou.platform.transitions.flow import Flow
from tulou.platform.transitions.models import Move


def move(told: Story, flow: Flow, record: models.Model, step: str, *, reason: str = "", **changes: Any) -> None:
    """Move `record` along `flow` by `step` inside the story `told`; `changes` are set in the same statement.

    The row changes only if it still stands where the caller saw it: of two who move at once, one is told that she came
    second (`transition.illegal`). Raises Refused also for a missing role or a missing reason.
    """
    before = str(record.state)  # type: ignore[attr-defined]
    row = flow.step(step, before, told.actor.roles)
    if row.reason and not reason.strip():
        raise refuse("transition.reason_missing", "请填写理由", "Give a reason")
    table = type(record)._default_manager
    if table.filter(pk=record.pk, state=before).update(state=row.target, **changes) != 1:
        record.refresh_from_db(fields=["state"])
        raise flow.illegal(step, str(record.state))  # type: ignore[attr-defined]
    for name, value in {"state": row.target, **changes}.items():
        setattr(record, name, value)
    key = str(getattr(record, "public_id", record.pk))
    Move.objects.create(
        flow=flow.name,
        record=key,
        step=step,
        source=before,
        target=row.target,
        person=told.actor.person_id,
        organisation=told.actor.organisation_id,
        reason=reason.strip(),
    )
    told.record(f"{flow.name}.{row.action}", record, source=before, target=row.target)


def history(flow: Flow, record: models.Model) -> models.QuerySet[Move]:
    """The moves of a record, oldest first."""
    return Move.objects.filter(flow=flow.name, record=str(getattr(record, "public_id", record.pk)))
