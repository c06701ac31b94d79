"""The rings around a view, outermost first: observe, persist, explain refusals, guard."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import translation

from tulou.kernel.errors import Language, Text, TulouError, WrongUse, wrong_use
from tulou.platform.idempotency.services import LONGEST_KEY, answer_once
from tulou.platform.logs import REQUEST_ID
from tulou.platform.records import new_public_id
from tulou.platform.web.access import ONCE, access_of
from tulou.platform.web.metrics import requests_seconds
from tulou.platform.web.readonly import only_reads
from tulou.platform.web.request import HouseRequest

logger = logging.getLogger("tulou.requests")
Next = Callable[[HttpRequest], HttpResponseBase]
PATIENCE: Final = 10.0
"""Seconds for which a request waits for a database that went away."""
IDEMPOTENCY_MISSING = wrong_use(
    "idempotency.key_missing",
    "缺少请求头 Idempotency-Key (1 至 80 个字符)",
    "The header Idempotency-Key is missing (1 to 80 characters)",
    remedy=Text(
        zh="每个新请求使用新的键；重试时使用同一个键", en="A new key for each new request; the same one to ask again"
    ),
)


def observe(get_response: Next) -> Next:
    """Number the request, measure it, and write one line about it: the pattern of its URL, never the URL."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = cast("HouseRequest", request).request_id = new_public_id()
        token = REQUEST_ID.set(request_id)
        try:
            answer = get_response(request)
            took = time.perf_counter() - started
            match = request.resolver_match
            route = match.route if match else "unmatched"
            requests_seconds.labels(request.method or "", route, str(answer.status_code)).observe(took)
            answer.headers["Request-Id"] = request_id
            answer.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
            level = logging.WARNING if answer.status_code >= 500 else logging.INFO
            facts = {"method": request.method, "route": route, "status": answer.status_code, "ms": round(took * 1000)}
            logger.log(level, "request", extra=facts)
            return answer
        finally:
            REQUEST_ID.reset(token)

    return middleware


def persist(get_response: Next) -> Next:
    """Where the database went away: ask again for ten seconds what can be asked twice; else answer 503 at once."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        deadline, pause = time.monotonic() + PATIENCE, 0.05
        while True:
            answer = get_response(request)
            if not getattr(answer, "database_away", False):
                return answer
            connections.close_all()
            if not _repeatable(request) or time.monotonic() + pause > deadline:
                return answer
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the callers, protects nothing
            pause = min(pause * 2, 1.0)
            for _, sent in request.FILES.lists():
                for file in sent:
                    file.seek(0)

    return middleware


def _repeatable(request: HttpRequest) -> bool:
    return request.method in {"GET", "HEAD", "OPTIONS"} or ONCE in request.POST or "Idempotency-Key" in request.headers


class ExplainRefusals:
    """Turn a TulouError of a view into an answer: a page for people, a toast for htmx, a problem for machines."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """The answer to a refusal; None for whatever else went wrong."""
        if not isinstance(error, TulouError):
            return None
        answer = self.explain(request, error)
        if answer.status_code == 503:
            answer.headers["Retry-After"] = "5"
        return answer

    def explain(self, request: HttpRequest, error: TulouError) -> HttpResponseBase:
        """The refusal in the form that the asker reads."""
        status, finding = status_of(error), error.finding
        if request.path.startswith("/api/"):
            return problem(status, error)
        if getattr(request, "htmx", False):
            answer = HttpResponse(status=status)
            toast = {"text": finding.text.render(tongue()), "kind": "danger"}
            answer.headers["HX-Reswap"] = "none"
            answer.headers["HX-Trigger"] = json.dumps({"house:toast": toast})
            return answer
        return render(request, "errors/refused.html", {"finding": finding, "status": status}, status=status)


def tongue() -> Language:
    """The language of the answer that is being made, as the kernel's texts know it."""
    return "zh" if (translation.get_language() or settings.LANGUAGE_CODE).startswith("zh") else "en"


def status_of(error: TulouError) -> int:
    """The HTTP status that says the same as a refusal's code."""
    code = error.finding.code
    if isinstance(error, WrongUse):
        return 400
    if code.endswith(".not_found"):
        return 404
    if code.startswith("transition.") or code.endswith((".conflict", ".taken")):
        return 403 if code.endswith("role_missing") else 409
    if code.endswith((".too_large", ".quota")):
        return 413
    if code.endswith(".busy"):
        return 503
    return 422


def problem(status: int, error: TulouError) -> JsonResponse:
    """A refusal as problem+json (RFC 9457)."""
    finding = error.finding
    body: dict[str, Any] = {
        "type": f"urn:tulou:{finding.code}",
        "title": finding.text.render(tongue()),
        "status": status,
        "code": finding.code,
    }
    if finding.remedy is not None:
        body["detail"] = finding.remedy.render(tongue())
    if known := finding.where.known():
        body["where"] = known
    return JsonResponse(body, status=status, content_type="application/problem+json")


class Guard:
    """A view without a declared access is never run, and a GET may only read."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Keep the guard up until the answer is made."""
        with ExitStack() as stack:
            cast("HouseRequest", request).guarding = stack
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Check the declaration, put the guard up, and let a POST of the API happen once."""
        access = access_of(view)
        if access is None:
            raise ImproperlyConfigured(f"{view.__module__}.{view.__qualname__} does not say who may open it: use @page")
        if "\x00" in request.path:
            raise Http404
        if request.method in {"GET", "HEAD"} and not access.get_writes:
            cast("HouseRequest", request).guarding.enter_context(connection.execute_wrapper(only_reads))
        if access.token and request.method == "POST":
            return post_once(request, lambda: view(request, *args, **kwargs))
        return None


def post_once(request: HttpRequest, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer to a POST of the API: kept under its Idempotency-Key where it had an effect."""
    key = request.headers.get("Idempotency-Key", "")
    if not 0 < len(key) <= LONGEST_KEY:
        return problem(400, IDEMPOTENCY_MISSING)
    asker = hashlib.sha256(request.headers.get("Authorization", "").encode()).hexdigest()[:40]
    try:
        return answer_once(asker, key, request, work, lambda answer: answer.status_code < 400)
    except TulouError as refused:
        return problem(status_of(refused), refused)
