"""Applying for what a policy gives, and how the department answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.attachments.content import DOCUMENTS, DOCX, XLSX
from tulou.platform.attachments.services import attach_file
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import story
from tulou.platform.transitions.flow import Flow, Step
from tulou.platform.transitions.services import move
from tulou.policies.core.explaining import Criterion, Explanation
from tulou.policies.core.rule.truth import AS_OF
from tulou.policies.models import Application, Material, Policy, PolicyVersion, Recurrence
from tulou.policies.services.declaring import note_seen
from tulou.policies.services.flows import OFFICERS
from tulou.policies.services.standing import explained
from tulou.pool.services.consent import SIGNERS, require
from tulou.registry.queries import people_of

APPLICATION = Flow(
    "policies.application",
    "draft",
    [
        Step("submit", ("draft", "returned"), "submitted", "submitted", SIGNERS),
        Step("return", ("submitted",), "returned", "returned", OFFICERS, reason=True),
        Step("accept", ("submitted",), "accepted", "accepted", OFFICERS),
        Step("refuse", ("submitted",), "refused", "refused", OFFICERS, reason=True),
        Step("pay", ("accepted",), "paid", "paid", OFFICERS),
        Step("withdraw", ("draft", "submitted", "returned"), "withdrawn", "withdrawn", SIGNERS),
    ],
)
"""An application, from the first line to the money."""

GRANT = Flow(
    "policies.grant",
    "offered",
    [
        Step("confirm", ("offered",), "accepted", "confirmed", SIGNERS),
        Step("decline", ("offered",), "declined", "declined", SIGNERS),
        Step("pay", ("accepted",), "paid", "paid", OFFICERS),
        Step("withdraw", ("offered",), "withdrawn", "withdrawn", OFFICERS, reason=True),
    ],
)
"""What is given without an application: the department finds the firm, the firm says yes."""

MOST_FILES = 30


def flow_of(application: Application) -> Flow:
    """The table of moves of an application."""
    return GRANT if application.no_application else APPLICATION


def begin_application(actor: Actor, policy: Policy) -> Application:
    """A draft of an application, or the one that is open already. Raises Refused where the policy cannot be had."""
    firm = require(actor, SIGNERS)
    open_one = Application.objects.filter(firm_id=firm, policy=policy, state__in=OPEN).first()
    if open_one is not None:
        return open_one
    version = to_be_had(policy)
    if version.no_application:
        raise refuse("policies.apply.none", "该政策免申即享，无需申请", "Nothing has to be applied for")
    require_not_had(firm, policy, version)
    if explained(actor, version).truth == "F":
        raise _not_eligible()
    with story(actor) as told:
        note_seen(actor, policy)
        try:
            with transaction.atomic():
                made = Application.objects.create(
                    firm_id=firm,
                    policy=policy,
                    version=version,
                    person_id=actor.person_key,
                    contact_name=actor.name[:80],
                )
        except IntegrityError:
            return Application.objects.get(firm_id=firm, policy=policy, state__in=OPEN)
        told.record("policies.application.begun", made)
    return made


OPEN = ("draft", "submitted", "returned", "accepted", "offered")


def to_be_had(policy: Policy) -> PolicyVersion:
    """The version in force. Raises Refused where the policy cannot be had today."""
    version, today = policy.current, clock.today()
    if version is None or policy.state != Policy.State.PUBLISHED:
        raise refuse("policies.apply.closed", "该政策目前不能申请", "This policy cannot be applied for now")
    if version.deadline is not None and version.deadline < today:
        raise refuse("policies.apply.late", "申请截止日期已过", "The deadline has passed")
    if (version.valid_from and version.valid_from > today) or (version.valid_to and version.valid_to < today):
        raise refuse("policies.apply.closed", "该政策目前不能申请", "This policy cannot be applied for now")
    return version


def period_start(recurrence: str, day: dt.date) -> dt.date | None:
    """The first day of the period in which a firm gets a policy once; None where it may have it again at once.

    >>> period_start("quarterly", dt.date(2026, 11, 25))
    datetime.date(2026, 10, 1)
    """
    match recurrence:
        case Recurrence.ONCE:
            return dt.date.min
        case Recurrence.YEARLY:
            return day.replace(month=1, day=1)
        case Recurrence.QUARTERLY:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case Recurrence.MONTHLY:
            return day.replace(day=1)
        case _:
            return None


def had_since(policy: Policy, recurrence: str) -> Any:
    """The applications for a policy that count for the present period: granted, paid or declined ones."""
    start = period_start(recurrence, clock.today())
    found = Application.objects.filter(policy=policy, state__in=["paid", "declined"])
    if start is None:
        return found.none()
    if start == dt.date.min:
        return found
    return found.filter(created_at__gte=dt.datetime.combine(start, dt.time.min, clock.SHANGHAI))


def require_not_had(firm: int, policy: Policy, version: PolicyVersion) -> None:
    """Raises Refused where the firm has been paid in the present period."""
    if had_since(policy, version.recurrence).filter(firm_id=firm, state="paid").exists():
        raise refuse("policies.apply.had", "本期已享受该政策", "Your firm has had this already in this period")


def _not_eligible() -> Exception:
    return refuse(
        "policies.apply.not_eligible",
        "按现有数据，贵单位不符合条件",
        "By the data that there are, your firm does not meet the conditions",
        remedy=Text(zh="如数据有误，请先提出异议", en="Where a value is wrong, dispute it first"),
    )


@dataclass(frozen=True, slots=True)
class Details:
    """What the firm writes into an application."""

    contact_name: str
    contact_phone: str
    amount_fen: int | None = None
    statement: str = ""


def edit_application(actor: Actor, application: Application, details: Details) -> None:
    """Keep what was written; nothing is handed in by it."""
    require_mine(actor, application)
    with story(actor) as told:
        _require_editable(application)
        _write(application, details)
        told.record("policies.application.edited", application)


def _write(application: Application, details: Details) -> None:
    application.contact_name, application.contact_phone = details.contact_name, details.contact_phone
    application.amount_fen, application.statement = details.amount_fen, details.statement
    application.save(update_fields=["contact_name", "contact_phone", "amount_fen", "statement"])


def add_material(actor: Actor, application: Application, upload: UploadedFile[Any], place: int | None) -> Material:
    """Keep a file with an application. Raises Refused for a kind, a size or a number that is not allowed."""
    require_mine(actor, application)
    with story(actor) as told:
        _require_editable(application)
        if application.materials.count() >= MOST_FILES:
            raise refuse("policies.material.quota", f"最多 {MOST_FILES} 个文件", f"At most {MOST_FILES} files")
        if place is not None and place >= len(application.version.materials):
            place = None
        kept = attach_file(told, upload, purpose="policies.application", allowed=(*DOCUMENTS, DOCX, XLSX))
        made = Material.objects.create(application=application, attachment=kept, place=place)
        told.record("policies.material.added", application, material=made.public_id)
    return made


def remove_material(actor: Actor, material: Material) -> None:
    """Take a file out of an application that is not handed in."""
    application = material.application
    require_mine(actor, application)
    with story(actor) as told:
        _require_editable(application)
        told.record("policies.material.removed", application, material=material.public_id)
        material.delete()


def submit_application(actor: Actor, application: Application, details: Details) -> None:
    """Hand an application in, with how the rule stands for the firm today.

    Raises Refused where the policy is over, a file is missing, or the firm does not meet the conditions any more.
    """
    require_mine(actor, application)
    version = _still_to_be_had(application)
    lacking = missing_places(application)
    if lacking:
        names = [version.materials[place] for place in lacking]
        raise refuse(
            "policies.apply.materials",
            f"还缺材料: {'、'.join(row['zh'] for row in names)}",
            f"Still missing: {', '.join(row['en'] for row in names)}",
        )
    found = explained(actor, version)
    if found.truth == "F":
        raise _not_eligible()
    now = clock.now()
    with story(actor) as told:
        _write(application, details)
        move(told, APPLICATION, application, "submit", evaluation=evaluation_of(found), submitted_at=now)
        told.send(_to_department(application, now))


def _still_to_be_had(application: Application) -> PolicyVersion:
    """A returned application may be handed in again after the deadline: the firm was in time."""
    if application.state != Application.State.RETURNED:
        to_be_had(application.policy)
    return application.version


def missing_places(application: Application) -> list[int]:
    """The lines of the list of materials for which no file is there."""
    there = set(application.materials.values_list("place", flat=True))
    return [place for place in range(len(application.version.materials)) if place not in there]


def withdraw_application(actor: Actor, application: Application) -> None:
    """Take an application back."""
    require_mine(actor, application)
    with story(actor) as told:
        move(told, APPLICATION, application, "withdraw")


def require_mine(actor: Actor, application: Application) -> None:
    """Raises Refused where the application is not of the actor's firm."""
    if require(actor, SIGNERS) != application.firm_id:
        raise refuse("policies.application.not_found", "没有这份申请", "There is no such application")


def _require_editable(application: Application) -> None:
    if application.state not in (Application.State.DRAFT, Application.State.RETURNED):
        raise refuse(
            "policies.application.conflict", "申请已提交，不能再修改", "It is handed in and cannot be changed now"
        )


def evaluation_of(found: Explanation) -> dict[str, Any]:
    """An explanation as it is kept with an application: what the department sees, and nothing else of the firm."""
    return {
        "as_of": found.as_of.isoformat() if found.as_of else None,
        "truth": found.truth,
        "verified": found.verified,
        "criteria": list(_rows(found.criterion)),
    }


def _rows(criterion: Criterion) -> Iterator[dict[str, Any]]:
    if criterion.parts:
        for part in criterion.parts:
            yield from _rows(part)
        return
    if criterion.attr == AS_OF:
        return
    provenance = criterion.provenance
    source = provenance.source if provenance else None
    yield {
        "truth": criterion.truth,
        "text": _both(criterion.label or criterion.limit),
        "value": _both(criterion.value) if criterion.value else None,
        "source": _both(source) if source else None,
        "as_of": provenance.as_of.isoformat() if provenance and provenance.as_of else None,
        "verified": bool(provenance and provenance.verified),
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def decide_application(
    actor: Actor, application: Application, step: str, *, answer: str = "", granted_fen: int | None = None
) -> None:
    """Return, accept, refuse or pay. Raises Refused for a wrong move, a missing reason or amount."""
    if step not in ("return", "accept", "refuse", "pay") or actor.organisation_key != application.policy.department_id:
        raise refuse("policies.application.not_found", "没有这份申请", "There is no such application")
    now = clock.now()
    changes: dict[str, Any] = {"answer": answer.strip()[:1000], "decided_by_id": actor.person_key, "decided_at": now}
    if step == "accept":
        changes["granted_fen"] = _granted(application, granted_fen)
    if step == "pay":
        changes = {"paid_at": now}
    with story(actor) as told:
        move(told, flow_of(application), application, step, reason=answer, **changes)
        told.send(tell_firm(application, now))


def _granted(application: Application, granted_fen: int | None) -> int | None:
    ceiling = application.version.benefit_ceiling_fen
    if granted_fen is not None and ceiling is not None and granted_fen > ceiling:
        raise refuse("policies.grant.ceiling", "金额超过政策上限", "The amount is above the policy's ceiling")
    return granted_fen


def _to_department(application: Application, now: dt.datetime) -> Notice:
    version, firm = application.version, application.firm
    return Notice(
        code="policies.application.submitted",
        key=f"{application.public_id}.{int(now.timestamp() * 1000)}",
        title=Text(zh=f"新申请: {version.title_zh}", en=f"New application: {version.title_en}"),
        body=Text(zh=firm.name_zh, en=firm.name_en or firm.name_zh),
        people=tuple(people_of(application.policy.department_id, *OFFICERS)),
        organisation=application.policy.department_id,
        link=f"/policies/applications/{application.public_id}/",
    )


WORDS = {
    "returned": ("需要补充材料", "was returned: something is missing"),
    "accepted": ("已通过", "was granted"),
    "refused": ("未通过", "was refused"),
    "paid": ("已拨付", "was paid"),
    "offered": ("请确认领取", "waits for your yes"),
}


def tell_firm(application: Application, now: dt.datetime) -> Notice:
    """The notice to the firm's people about where an application stands."""
    zh, en = WORDS[application.state]
    version = application.version
    return Notice(
        code=f"policies.application.{application.state}",
        key=f"{application.public_id}.{int(now.timestamp() * 1000)}",
        title=Text(zh=f"“{version.title_zh}”{zh}", en=f"'{version.title_en}' {en}"),
        body=Text(
            zh=application.answer[:200] or version.benefit_zh or zh,
            en=application.answer[:200] or version.benefit_en or en,
        ),
        people=tuple(people_of(application.firm_id, *SIGNERS)),
        organisation=application.firm_id,
        link=f"/policies/applications/{application.public_id}/",
    )
