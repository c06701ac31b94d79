"""For the department: how far its policy reaches, what keeps firms out, what else the same firms get."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from tulou.platform import clock
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.queries.effect import overlaps_of
from tulou.policies.queries.policies import own_policy_for
from tulou.policies.queries.reach import reach_of
from tulou.policies.views.tabs import POLICY_TONES
from tulou.registry.roles import Role


@page(Role.DEPARTMENT_OFFICER)
def reach(request: HouseRequest, key: str) -> HttpResponseBase:
    """One policy's way from those who could have it to those who got it."""
    policy = own_policy_for(request.actor, key)
    today = clock.today()
    found = reach_of(policy, today)
    steps = [
        (_("could have it, surely"), found.eligible.sure if found.eligible else None, None),
        (_("saw it"), found.saw, found.share(found.saw)),
        (_("applied"), found.applied, found.share(found.applied)),
        (_("got it"), found.got, found.share(found.got)),
    ]
    context = {
        "policy": policy,
        "shown": policy.current,
        "tone": POLICY_TONES[policy.state],
        "reach": found,
        "steps": steps,
        "overlaps": overlaps_of(policy.current, today) if policy.current else [],
    }
    return render(request, "policies/department/reach.html", context)
