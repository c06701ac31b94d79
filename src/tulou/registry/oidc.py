"""Signing in with the government's identity provider: allauth's views, with the id token's signature always checked."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpResponseBase

from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest


class GovernmentAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """allauth leaves the signature out where the token came over TLS; who may sign consents deserves it checked."""

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=True,
        )
        return claims


@page(public=True, methods=["GET", "POST"], get_writes=True)
def login(request: HouseRequest, provider_id: str) -> HttpResponseBase:
    """Go to the provider."""
    return _answer(OAuth2LoginView, request, provider_id)


@page(public=True, methods=["GET", "POST"], get_writes=True)
def callback(request: HouseRequest, provider_id: str) -> HttpResponseBase:
    """Come back from the provider."""
    return _answer(OAuth2CallbackView, request, provider_id)


def _answer(kind: Any, request: HouseRequest, provider_id: str) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = kind.adapter_view(GovernmentAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return answer
