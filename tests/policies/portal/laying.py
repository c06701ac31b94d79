"""Policies for tests, in force at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from tulou.platform import clock
from tulou.platform.actor import SYSTEM
from tulou.platform.story import story
from tulou.platform.transitions.services import move
from tulou.policies.models import Policy, PolicyVersion
from tulou.policies.services.drafting import draft_policy
from tulou.policies.services.flows import OFFICERS, POLICY, VERSION
from tulou.policies.services.publishing import put_in_force
from tulou.registry.models import Organisation

HOUSE = replace(SYSTEM, roles=OFFICERS)
CITED = {"document": {"zh": "测试文件", "en": "Test document"}, "quote": "测试"}


def row(**fields: Any) -> dict[str, Any]:
    """A criterion row with its words."""
    return {"label": {"zh": "条件", "en": "condition"}, "citation": CITED, **fields}


def in_region(*codes: str) -> dict[str, Any]:
    """The firm is registered there."""
    return row(op="in", attr="region", include=list(codes))


def at_most(attr: str, limit: float) -> dict[str, Any]:
    """A number is not above a limit."""
    return row(op="range", attr=attr, le=limit)


def publish(department: Organisation, code: str, rule: dict[str, Any], **fields: Any) -> PolicyVersion:
    """A policy of the department, in force."""
    known = {
        "title_zh": f"政策{code}",
        "title_en": f"Policy {code}",
        "benefit_zh": "补贴一万元",
        "benefit_en": "CNY 10,000",
    }
    with story(HOUSE) as told:
        version = draft_policy(HOUSE, department, code=code, eligibility=rule, **{**known, **fields})
        move(told, POLICY, version.policy, "submit")
        move(told, VERSION, version, "submit")
        put_in_force(told, version)
    return version


def amend(policy: Policy, **fields: Any) -> PolicyVersion:
    """The next version of a policy, in force."""
    from tulou.policies.services.publishing import COPIED

    policy.refresh_from_db()
    current = policy.current
    assert current is not None
    kept = {name: getattr(current, name) for name in COPIED}
    with story(HOUSE) as told:
        version = PolicyVersion.objects.create(policy=policy, number=current.number + 1, **{**kept, **fields})
        move(told, VERSION, version, "submit")
        put_in_force(told, version)
    return version


def noon(day: dt.date) -> Any:
    """Inside this block it is noon of a day in the province."""
    return clock.at(dt.datetime.combine(day, dt.time(12), clock.SHANGHAI))
