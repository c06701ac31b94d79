"""The courtyard's part of the API."""

from __future__ import annotations

from ninja import Router

from tulou.pool.api import bounds, consents, deliveries, disputes, matches, readings

router = Router(tags=["pool"])
for part in (deliveries, readings, consents, disputes, bounds, matches):  # readings before the actions on a consent
    router.add_router("", part.router)
