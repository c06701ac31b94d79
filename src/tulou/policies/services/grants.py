"""What is given without an application: data say who meets every condition, the firm says yes, the money follows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import Story, story
from tulou.platform.transitions.services import move
from tulou.policies.models import Application, Policy, PolicyVersion
from tulou.policies.services.applications import (
    GRANT,
    OPEN,
    evaluation_of,
    had_since,
    require_mine,
    require_not_had,
    tell_firm,
    to_be_had,
)
from tulou.policies.services.declaring import note_seen
from tulou.policies.services.flows import OFFICERS
from tulou.policies.services.standing import explained
from tulou.pool.services.consent import SIGNERS, require
from tulou.registry.models import Organisation
from tulou.registry.queries import people_of


def confirm_grant(actor: Actor, policy: Policy) -> Application:
    """The firm says yes to what is given without an application.

    Raises Refused where not every condition is met by departments' data today.
    """
    firm = require(actor, SIGNERS)
    version = to_be_had(policy)
    if not version.no_application:
        raise refuse("policies.grant.apply", "该政策需要申请", "This policy has to be applied for")
    found = explained(actor, version)
    if not (found.truth == "T" and found.verified):
        raise refuse(
            "policies.grant.not_verified",
            "尚有条件未经部门数据核实",
            "Not every condition is confirmed by departments' data",
        )
    with story(actor) as told:
        require_not_had(firm, policy, version)
        note_seen(actor, policy)
        grant = _offered(firm, policy, version)
        if grant.state != Application.State.OFFERED:
            return grant
        now = clock.now()
        changes: dict[str, Any] = {
            "evaluation": evaluation_of(found),
            "submitted_at": now,
            "person_id": actor.person_key,
        }
        move(told, GRANT, grant, "confirm", **changes)
        told.send(_confirmed(grant, now))
    return grant


def _offered(firm: int, policy: Policy, version: PolicyVersion) -> Application:
    found = Application.objects.filter(firm_id=firm, policy=policy, state__in=OPEN).first()
    if found is not None:
        return found
    return Application.objects.create(
        firm_id=firm, policy=policy, version=version, state=Application.State.OFFERED, no_application=True
    )


def _confirmed(grant: Application, now: dt.datetime) -> Notice:
    firm, version = grant.firm, grant.version
    return Notice(
        code="policies.grant.confirmed",
        key=f"{grant.public_id}.{int(now.timestamp() * 1000)}",
        title=Text(zh=f"企业已确认: {version.title_zh}", en=f"A firm said yes: {version.title_en}"),
        body=Text(zh=firm.name_zh, en=firm.name_en or firm.name_zh),
        people=tuple(people_of(grant.policy.department_id, *OFFICERS)),
        organisation=grant.policy.department_id,
        link=f"/policies/grants/{grant.policy.public_id}/",
    )


def decline_grant(actor: Actor, grant: Application) -> None:
    """The firm does not want what is offered."""
    require_mine(actor, grant)
    with story(actor) as told:
        move(told, GRANT, grant, "decline")


def offer_grants(told: Story, version: PolicyVersion, firms: list[Organisation]) -> int:
    """Offer what needs no application to firms of which data say that they meet every condition; how many are new."""
    had = set(had_since(version.policy, version.recurrence).values_list("firm_id", flat=True))
    open_ones = Application.objects.filter(policy=version.policy, state__in=OPEN).values_list("firm_id", flat=True)
    known, now, made = had | set(open_ones), clock.now(), 0
    for firm in firms:
        if firm.pk in known:
            continue
        grant = _offered(firm.pk, version.policy, version)
        told.send(tell_firm(grant, now))
        told.record("policies.grant.offered", grant)
        made += 1
    return made
