"""Finding a firm by its number or exact name: on the record, and not too often."""

from __future__ import annotations

import datetime as dt

from tulou.kernel.errors import refuse
from tulou.kernel.uscc import normalise_uscc
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.audit.models import AuditEvent
from tulou.platform.story import story
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

LOOK_UPS_A_MINUTE = 20


def find_firm(actor: Actor, words: str) -> Organisation | None:
    """The firm with this code or exactly this name. Raises Refused where the person, or machine, looks too often."""
    since = clock.microseconds(clock.now() - dt.timedelta(minutes=1))
    recent = AuditEvent.objects.filter(action="registry.enterprise.looked_up", at_us__gt=since)
    who = {"person": actor.person_id} if actor.person_id else {"person": "", "organisation": actor.organisation_id}
    if recent.filter(**who).count() >= LOOK_UPS_A_MINUTE:
        raise refuse("registry.look_up.busy", "查询过于频繁，请一分钟后再试", "Too many look-ups: wait a minute")
    text = words.strip()
    rows = Organisation.objects.filter(kind=Kind.ENTERPRISE, state=Organisation.State.ACTIVE)
    firm = rows.filter(code=normalise_uscc(text)).first()
    if firm is None:
        named = list(rows.filter(name_zh=text)[:2])
        firm = named[0] if len(named) == 1 else None
    with story(actor) as told:
        told.record("registry.enterprise.looked_up", firm, found=firm is not None)
    return firm
