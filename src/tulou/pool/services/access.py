"""Writing what bounds every consent: purposes with their ceilings, and the items that departments open."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Max

from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.story import story
from tulou.pool.core.consent import PURPOSES, Purpose
from tulou.pool.models import AccessRight, PurposeVersion
from tulou.pool.services.consent import require
from tulou.registry.roles import Role


def install_purposes(actor: Actor = SYSTEM) -> int:
    """Enter the purposes that the house knows and this pool has not yet; answers how many were new."""
    fresh = [purpose for code, purpose in PURPOSES.items() if not PurposeVersion.objects.filter(code=code).exists()]
    for purpose in fresh:
        set_purpose(actor, purpose)
    return len(fresh)


def set_purpose(actor: Actor, purpose: Purpose) -> PurposeVersion:
    """Put a purpose in force under the next version number; the version before it ends."""
    with story(actor) as told:
        PurposeVersion.objects.filter(code=purpose.code, ended_at=None).update(ended_at=clock.now())
        last = PurposeVersion.objects.filter(code=purpose.code).aggregate(last=Max("version"))["last"] or 0
        made = PurposeVersion.objects.create(
            code=purpose.code,
            version=last + 1,
            title_zh=purpose.title.zh,
            title_en=purpose.title.en,
            lawful_basis=purpose.lawful_basis,
            reader_kinds=sorted(purpose.reader_kinds),
            max_months=purpose.max_months,
            max_days_valid=purpose.max_days_valid,
            max_reads=purpose.max_reads,
            max_reads_per_day=purpose.max_reads_per_day,
            max_retention_days=purpose.max_retention_days,
            finest=purpose.finest.value,
            max_sensitivity=purpose.max_sensitivity,
            sharing_types=sorted(int(kind) for kind in purpose.sharing_types),
        )
        told.record("pool.purpose.set", made, code=made.code, version=made.version)
    return made


def open_items(
    actor: Actor, *, department: str, dataset: str, reader_kind: str, items: Iterable[str] = ()
) -> AccessRight:
    """A department opens a dataset, or items of it, to a kind of reader. The firm's consent is needed all the same."""
    require(actor, frozenset({Role.DEPARTMENT_OFFICER.value}))
    with story(actor) as told:
        right = AccessRight.objects.create(
            department=department,
            dataset=dataset,
            items=sorted(items),
            reader_kind=reader_kind,
            given_by=actor.person_id,
        )
        told.record("pool.access_right.given", right, dataset=dataset, reader_kind=reader_kind)
    return right


def close_items(actor: Actor, right: AccessRight) -> None:
    """Take an access right back; effective before the next reading is decided."""
    require(actor, frozenset({Role.DEPARTMENT_OFFICER.value}))
    with story(actor) as told:
        if AccessRight.objects.filter(pk=right.pk, ended_at=None).update(ended_at=clock.now()):
            told.record("pool.access_right.ended", right, dataset=right.dataset)
