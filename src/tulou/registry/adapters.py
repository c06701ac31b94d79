"""Where allauth asks us."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import get_language

from tulou.platform.actor import Actor
from tulou.platform.story import story
from tulou.registry.government import claim_named_firms
from tulou.registry.models import Person


class HouseAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's adapter, with every sign-in and sign-out on the record."""

    def post_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponseBase:
        """Record the sign-in, with its methods."""
        methods = [row.get("method", "") for row in request.session.get("account_authentication_methods", [])]
        self._record("registry.person.signed_in", user, methods=methods)
        claim_named_firms(user)
        answer: HttpResponseBase = super().post_login(request, user, **kwargs)
        return answer

    def logout(self, request: HttpRequest) -> None:
        """Record the sign-out."""
        if isinstance(request.user, Person):
            self._record("registry.person.signed_out", request.user)
        super().logout(request)

    def _record(self, action: str, person: Person, **detail: Any) -> None:
        with story(Actor(person_id=person.public_id, person_key=person.pk)) as told:
            told.record(action, person, **detail)


class HouseSocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """allauth's adapter for identity providers, with the person's name as the provider has it."""

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Person:
        """A person who comes for the first time."""
        person: Person = super().populate_user(request, sociallogin, data)
        person.name = str(data.get("name") or "")[:80]
        person.language = get_language() or "zh-hans"
        return person
