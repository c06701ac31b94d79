"""Writing disputes: a firm raises one, the owning department answers; what it corrects comes with its next delivery."""

from __future__ import annotations

from django.db import IntegrityError

from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import story
from tulou.platform.transitions.flow import Flow, Step
from tulou.platform.transitions.services import move
from tulou.pool.courtyard import catalogue
from tulou.pool.models import Dispute
from tulou.pool.services.consent import SIGNERS, require
from tulou.registry.queries import organisation_by_code, people_of
from tulou.registry.roles import Kind, Role

OFFICERS = frozenset({Role.DEPARTMENT_OFFICER.value, Role.DEPARTMENT_CLERK.value})
FLOW = Flow(
    "pool.dispute",
    Dispute.State.OPEN.value,
    [
        Step("accept", ("open",), "accepted", "accepted", OFFICERS),
        Step("decline", ("open",), "declined", "declined", OFFICERS, reason=True),
        Step("correct", ("open", "accepted"), "corrected", "corrected", OFFICERS),
        Step("withdraw", ("open", "accepted"), "withdrawn", "withdrawn", SIGNERS),
    ],
)


def raise_dispute(
    actor: Actor, *, item: str, value: str, explanation: str, proposed: str = "", period: str = "", delivery: str = ""
) -> Dispute:
    """Dispute one value about the actor's firm. Raises Refused for an unknown item, or where it is disputed already."""
    firm = require(actor, SIGNERS)
    known = catalogue().items.get(item)
    if known is None:
        raise refuse("pool.item.not_found", "没有这个数据项", "There is no such item")
    if not explanation.strip():
        raise refuse("pool.dispute.explanation", "请说明哪里不对", "Say what is wrong")
    with story(actor) as told:
        try:
            dispute = Dispute.objects.create(
                subject_id=firm,
                raised_by_id=actor.person_key,
                department=known.department,
                dataset=known.dataset,
                item=item,
                period=period,
                delivery=delivery,
                value=value[:400],
                proposed=proposed[:400],
                explanation=explanation.strip()[:2000],
            )
        except IntegrityError as error:
            raise refuse("pool.dispute.taken", "该数据项已有未结的异议", "This value is disputed already") from error
        told.record("pool.dispute.raised", dispute, item=item)
        told.send(_to_department(dispute, known.title))
    return dispute


def answer_dispute(actor: Actor, dispute: Dispute, step: str, *, answer: str = "") -> None:
    """Accept, decline or correct (for the department), or withdraw (for the firm) a dispute along `FLOW`."""
    with story(actor) as told:
        move(told, FLOW, dispute, step, reason=answer, answer=answer.strip()[:2000], answered_at=clock.now())
        if step != "withdraw":
            told.send(_to_firm(dispute))


def _to_department(dispute: Dispute, title: Text) -> Notice:
    department = organisation_by_code(Kind.DEPARTMENT, dispute.department)
    return Notice(
        code="pool.dispute.raised",
        key=dispute.public_id,
        title=Text(zh=f"企业对“{title.zh}”提出异议", en=f"A firm disputes '{title.en}'"),
        body=Text(zh=dispute.explanation[:200], en=dispute.explanation[:200]),
        people=tuple(people_of(department.pk, *OFFICERS)) if department else (),
        organisation=department.pk if department else None,
        link=f"/pool/disputes/{dispute.public_id}/",
    )


def _to_firm(dispute: Dispute) -> Notice:
    zh = {"accepted": "已受理", "declined": "不予更正", "corrected": "已更正"}[dispute.state]
    return Notice(
        code=f"pool.dispute.{dispute.state}",
        key=f"{dispute.public_id}.{dispute.state}",
        title=Text(zh=f"您的数据异议{zh}", en=f"Your dispute was {dispute.state}"),
        body=Text(zh=dispute.answer[:200] or zh, en=dispute.answer[:200] or dispute.state),
        people=tuple(people_of(dispute.subject_id, *SIGNERS)),
        organisation=dispute.subject_id,
        link=f"/pool/disputes/{dispute.public_id}/",
    )
