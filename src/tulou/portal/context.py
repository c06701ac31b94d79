"""What every page of the house needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tulou.platform.actor import NOBODY
from tulou.platform.pages.menu import entries_for
from tulou.portal.demo import ACCOUNTS
from tulou.registry.idle import limit

MAIL_AS_FILES = "django.core.mail.backends.filebased.EmailBackend"


def house(request: HttpRequest) -> dict[str, Any]:
    """The actor, her menu, how many unread entries lie in her inbox, and whether this is the demo."""
    actor = getattr(request, "actor", NOBODY)
    return {
        "actor": actor,
        "menu": SimpleLazyObject(lambda: entries_for(actor)),
        "unread": SimpleLazyObject(lambda: unread_count(actor.person_key)),
        "memberships": getattr(request, "memberships", []),
        "demo": settings.DEMO,
        "demo_mail": settings.DEMO and settings.EMAIL_BACKEND == MAIL_AS_FILES,
        "idle_seconds": int(limit(actor).total_seconds()) if actor.signed_in else 0,
        "demo_accounts": ACCOUNTS if settings.DEMO else [],
        "assets_there": bool(settings.STATICFILES_DIRS),
    }


def unread_count(person: int | None) -> int:
    """How many entries of her inbox a person has not read."""
    from tulou.platform.outbox.models import InboxItem

    return InboxItem.objects.filter(person_id=person, read_at=None).count() if person else 0
