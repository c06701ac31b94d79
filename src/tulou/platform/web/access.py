"""Who may open a page. Every view says so with `@page(…)`; a view that says nothing stops the server from starting."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import add_never_cache_headers  # type: ignore[attr-defined]

from tulou.platform.idempotency.services import answer_once
from tulou.platform.web.request import HouseRequest

View = Callable[..., HttpResponseBase]
ONCE = "_once"

STAFF_KINDS = frozenset({"department", "bank", "provider", "operator", "government"})
"""Kinds of organisations whose people must have signed in with a passkey or with two factors."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares: who may come (`roles` empty: who signed in), by which methods, whether a GET writes.

    `token`: the view asks for an organisation's token itself. `weak`: staff may come with one factor.
    """

    public: bool = False
    roles: frozenset[str] = frozenset()
    methods: tuple[str, ...] = ("GET",)
    get_writes: bool = False
    token: bool = False
    weak: bool = False


OTHERS: dict[str, Access] = {
    "allauth.account.": Access(public=True, get_writes=True),
    "allauth.mfa.": Access(public=True, get_writes=True),
    "allauth.socialaccount.": Access(public=True, get_writes=True),
    "allauth.usersessions.": Access(get_writes=True),
    "django.views.generic.base": Access(public=True),
    "ninja.openapi.": Access(public=True),
    "ninja.operation": Access(token=True),
}
"""Views of other packages, by the start of their module: they ask for a sign-in themselves where they need one."""
ACCOUNT_PAGES = re.compile(
    r"(EmailView|PasswordChangeView|PasswordSetView|\w*ReauthenticateView|ConnectionsView|IndexView|\w*TOTPView"
    r"|\w*RecoveryCodesView|(List|Add|Edit|Remove)WebAuthnView|ReauthenticateWebAuthnView)"
)
"""allauth's views that are for who has signed in."""


def page(
    *roles: str,
    public: bool = False,
    methods: Iterable[str] = ("GET",),
    get_writes: bool = False,
    weak: bool = False,
) -> Callable[[View], View]:
    """Declare who may open a view.

    `@page(public=True)`: everybody; `@page()`: everybody who signed in; `@page("bank.officer")`: who has one of these
    roles at the organisation that she acts for now. POSTs carry the hidden field of `{% once %}` and then happen once.
    """
    access = Access(public, frozenset(roles), tuple(methods), get_writes, weak=weak)

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            house = cast("HouseRequest", request)
            if (refused := refusal(house, access)) is not None:
                return refused
            if request.method == "POST" and (key := request.POST.get(ONCE)):
                asker = house.actor.person_id or house.session.session_key or "anonymous"
                return answer_once(asker, f"page:{key}"[:80], request, lambda: view(request, *args, **kwargs), _moved)
            answer = view(request, *args, **kwargs)
            if not access.public:
                add_never_cache_headers(answer)
            return answer

        guarded.access = access  # type: ignore[attr-defined]
        return guarded

    return decorate


def _moved(answer: HttpResponseBase) -> bool:
    return 300 <= answer.status_code < 400 or "HX-Redirect" in answer.headers


def refusal(request: HouseRequest, access: Access) -> HttpResponseBase | None:
    """The answer to a request that may not pass; None where it may."""
    methods = {*access.methods, *({"HEAD"} if "GET" in access.methods else ())}
    if request.method not in methods:
        return HttpResponseNotAllowed(sorted(methods))
    if access.public:
        return None
    actor = request.actor
    if not actor.signed_in:
        return _to_sign_in(request)
    if access.roles and not actor.has_any(access.roles):
        return render(request, "errors/403.html", {"status": 403}, status=403)
    if not access.weak and actor.organisation_kind in STAFF_KINDS and not actor.strong:
        return redirect("strengthen")
    return None


def _to_sign_in(request: HouseRequest) -> HttpResponseBase:
    target = f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}"
    if request.htmx:
        answer = HttpResponse(status=204)
        answer.headers["HX-Redirect"] = target
        return answer
    return redirect(target)


def access_of(view: Any) -> Access | None:
    """What a view declared, or what the house declares for another package's; None where nobody did."""
    if isinstance(view, functools.partial):
        view = view.func
    own = getattr(view, "access", None) or getattr(getattr(view, "view_class", None), "access", None)
    if isinstance(own, Access):
        return own
    module = getattr(view, "__module__", "") or ""
    if module.startswith("allauth.") and ACCOUNT_PAGES.fullmatch(getattr(view, "view_class", view).__name__):
        return Access(methods=("GET", "POST"), get_writes=True)
    return next((access for start, access in OTHERS.items() if module.startswith(start)), None)
