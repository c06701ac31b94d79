"""From an API token to an actor."""

from __future__ import annotations

from tulou.platform.actor import Actor
from tulou.registry.queries import token_for


def actor_for_token(secret: str) -> Actor | None:
    """The organisation behind a token, as it acts through its own system; None where the token is not good."""
    token = token_for(secret)
    if token is None:
        return None
    organisation = token.organisation
    return Actor(
        name=token.name,
        organisation_id=organisation.public_id,
        organisation_key=organisation.pk,
        organisation_name=organisation.name,
        organisation_kind=organisation.kind,
        roles=frozenset(token.roles),
        scopes=frozenset(token.scopes),
        strong=True,
    )
