"""The pages for when something does not work: what happened, and what to do now."""

from __future__ import annotations

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return answer(request, 400, "http.bad_request", _("This request cannot be understood"))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return answer(request, 403, "http.forbidden", _("This page is not for your role"))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: also for what exists but is not yours."""
    return answer(request, 404, "http.not_found", _("This page does not exist"))


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was open for too long, or came from elsewhere."""
    return answer(request, 403, "http.form_expired", _("This form has expired"), page="errors/expired.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 where only the database is away (that can be asked again)."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        busy = answer(request, 503, "http.unavailable", _("The service is busy"))
        busy.headers["Retry-After"] = "5"
        busy.database_away = True  # type: ignore[attr-defined]
        return busy
    return answer(request, 500, "http.error", _("Something went wrong on our side"))


def answer(request: HttpRequest, status: int, code: str, title: str, *, page: str = "") -> HttpResponse:
    """A page for people, a problem (RFC 9457) for machines. Needs no database for 500 and 503."""
    if request.path.startswith("/api/"):
        body: dict[str, Any] = {"type": f"urn:tulou:{code}", "title": title, "status": status, "code": code}
        return JsonResponse(body, status=status, content_type="application/problem+json")
    template = page or f"errors/{status}.html"
    if status >= 500:
        return HttpResponse(render_to_string(template, {"status": status}), status=status)
    return render(request, template, {"status": status}, status=status)
