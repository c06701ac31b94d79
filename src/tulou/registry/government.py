"""What a government identity provider says about a person: who she is, and for which firms she may act.

The provider names firms in the claim `enterprises`: a list of objects with `uscc` and `role` (`legal_representative`
or `agent`); or one firm by `uscc` and `role` beside the person's own claims. A firm that the registry does not know is
left out. What the provider said is good for ten minutes: then it has to say it again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.utils import timezone

from tulou.kernel.uscc import is_uscc, normalise_uscc
from tulou.platform.actor import Actor
from tulou.platform.story import story
from tulou.registry.claims import accept_by_identity
from tulou.registry.models import Organisation, Person
from tulou.registry.queries import organisation_by_code
from tulou.registry.roles import Kind, Role

PROVIDER = "government"
FRESH = dt.timedelta(minutes=10)
ROLES = {"legal_representative": Role.ENTERPRISE_LEGAL, "agent": Role.ENTERPRISE_DELEGATE}


def is_configured() -> bool:
    """Whether this portal knows a government identity provider."""
    return any(
        app.get("provider_id") == PROVIDER
        for app in settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
    )


def firms_named(data: Mapping[str, Any]) -> dict[str, Role]:
    """The firms, by code, that a provider's claims name, with the role; whatever is malformed is left out.

    >>> firms_named({"uscc": "91350100MA2XN6K34W", "role": "legal_representative"})
    {'91350100MA2XN6K34W': Role.ENTERPRISE_LEGAL}
    >>> firms_named({"enterprises": [{"uscc": "1", "role": "agent"}, "x"]})
    {}
    """
    merged: dict[str, Any] = {**(data.get("id_token") or {}), **(data.get("userinfo") or {})} or dict(data)
    listed = merged.get("enterprises")
    rows = [*(listed if isinstance(listed, list) else []), merged]
    found: dict[str, Role] = {}
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("uscc"), str):
            continue
        code, role = normalise_uscc(row["uscc"]), ROLES.get(str(row.get("role", "")))
        if role is not None and is_uscc(code):
            found.setdefault(code, role)
    return found


def identity_of(person: Person) -> SocialAccount | None:
    """What the provider said of the person within the last ten minutes."""
    since = timezone.now() - FRESH
    return SocialAccount.objects.filter(user=person, provider=PROVIDER, last_login__gt=since).first()


def claim_named_firms(person: Person) -> list[Organisation]:
    """Let a person act for every firm that the provider has just named; answers the firms that are new to her."""
    said = identity_of(person)
    if said is None:
        return []
    opened = []
    for code, role in firms_named(said.extra_data).items():
        firm = organisation_by_code(Kind.ENTERPRISE, code)
        if firm is not None and accept_by_identity(person, firm, role):
            opened.append(firm)
    return opened


def claim_one_firm(actor: Actor, person: Person, firm: Organisation) -> bool | None:
    """Claim a firm by what the provider says: True where it names her for it, False where not, None: ask it first."""
    said = identity_of(person)
    if said is None:
        return None
    role = firms_named(said.extra_data).get(firm.code)
    if role is None:
        with story(actor) as told:
            told.record("registry.claim.not_named", firm)
        return False
    accept_by_identity(person, firm, role)
    return True
