"""Enrolling what the pool knows: its enterprises and its departments become organisations of the registry."""

from __future__ import annotations

from collections.abc import Iterable

from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.story import story
from tulou.pool.core.identity.register import Enterprise, enterprises
from tulou.pool.courtyard import catalogue, lake_at_hand
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

AT_ONCE = 1000


def known_enterprises() -> list[Enterprise]:
    """The enterprises of this portal's pool. Raises WrongUse where no pool was made yet."""
    with lake_at_hand() as lake:
        return enterprises(lake)


def enrol_enterprises(found: Iterable[Enterprise], actor: Actor = SYSTEM) -> int:
    """Enter the enterprises that the registry does not have, so that people can claim them; answers how many.

    One statement for every thousand, and one audit event: 437,000 firms are enrolled in a minute or two. Names that the
    registry has stay as they are.
    """
    here = set(Organisation.objects.filter(kind=Kind.ENTERPRISE).values_list("code", flat=True))
    fresh = [
        Organisation(
            kind=Kind.ENTERPRISE, code=firm.uscc, name_zh=firm.name[:200], region=firm.region, created_at=clock.now()
        )
        for firm in {firm.uscc: firm for firm in found}.values()
        if firm.uscc not in here
    ]
    if not fresh:
        return 0
    with story(actor) as told:
        Organisation.objects.bulk_create(fresh, batch_size=AT_ONCE, ignore_conflicts=True)
        told.record("pool.enterprises.enrolled", enterprises=len(fresh))
    return len(fresh)


def enrol_departments(actor: Actor = SYSTEM) -> int:
    """Enter the departments of the catalogue that the registry does not have; answers how many."""
    here = set(Organisation.objects.filter(kind=Kind.DEPARTMENT).values_list("code", flat=True))
    fresh = [
        Organisation(
            kind=Kind.DEPARTMENT, code=department.id.upper(), name_zh=department.title.zh, name_en=department.title.en
        )
        for department in catalogue().departments.values()
        if department.id.upper() not in here
    ]
    if not fresh:
        return 0
    with story(actor) as told:
        Organisation.objects.bulk_create(fresh, ignore_conflicts=True)
        told.record("pool.departments.enrolled", departments=len(fresh))
    return len(fresh)
