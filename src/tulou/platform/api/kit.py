"""The API of the house: a room's `api.py` has a `router = Router(tags=[…])`, the portal gathers them under /api/v1."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import HttpBearer
from pydantic import Field

from tulou.kernel.errors import TulouError, refuse
from tulou.platform.actor import Actor
from tulou.platform.web.middleware import problem as refusal_problem
from tulou.platform.web.middleware import status_of
from tulou.platform.web.request import HouseRequest

T = TypeVar("T")
PROBLEM = "application/problem+json"
LONGEST_PAGE = 200
DECLARED = {
    400: gettext_noop("The request cannot be understood (malformed, or a POST without Idempotency-Key)."),
    401: gettext_noop("No token, or one that is not good any more."),
    403: gettext_noop("The token lacks the scope."),
    404: gettext_noop("There is no such thing, or it is not yours."),
    409: gettext_noop("The state does not allow it."),
    413: gettext_noop("Too large."),
    422: gettext_noop("A value is refused; `fields` says which and why."),
    429: gettext_noop("Too many requests: wait for Retry-After seconds."),
    503: gettext_noop("Busy: try again after Retry-After seconds with the same Idempotency-Key."),
}

AGAIN = gettext_noop("A new one for every new request; the same one when you ask again.")


class Problem(Schema):
    """What is wrong (RFC 9457): a stable `code`, a sentence, and the fields it concerns."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    fields: list[dict[str, Any]] = Field(default_factory=list)


class Needs(HttpBearer):
    """A good token with a scope: `auth=Needs("pool:read")`. Puts the token's organisation in place as the actor."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor behind the token; None where it is not good. Raises HttpError(403) where the scope is missing."""
        lookup = cast("Callable[[str], Actor | None]", import_string(settings.API_TOKENS))
        actor = lookup(token)
        if actor is None:
            return None
        if self.scope not in actor.scopes:
            raise HttpError(403, _("The token lacks the scope %(scope)s") % {"scope": self.scope})
        cast("HouseRequest", request).actor = actor
        return actor


class OnRecord(Exception):  # noqa: N818 - reads as what it is
    """A refusal that must stay in the books: what was written for it is not taken back."""

    def __init__(self, status: int, error: TulouError | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.error = error


def unkept(answer: HttpResponse) -> HttpResponse:
    """Never keep this answer for its Idempotency-Key: it speaks of the moment, and may hold what is not to be kept."""
    answer.unkept = True  # type: ignore[attr-defined]
    answer.headers["Cache-Control"] = "no-store"
    return answer


class HouseAPI(NinjaAPI):
    """ninja's API with problems instead of its own error bodies, and every 4xx declared."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """The schema, with the problems that any operation may answer."""
        schema = super().get_openapi_schema(**kwargs)
        schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for methods in schema["paths"].values():
            for method, operation in methods.items():
                for status, text in DECLARED.items():
                    operation["responses"].setdefault(status, {"description": text, "content": content})
                if method == "post":
                    operation.setdefault("parameters", []).append(
                        {
                            "in": "header",
                            "name": "Idempotency-Key",
                            "required": True,
                            "schema": {"type": "string", "minLength": 1, "maxLength": 80, "pattern": "^[!-~]+$"},
                            "description": AGAIN,
                        }
                    )
        return schema


def problem(status: int, code: str, title: str, **more: Any) -> HttpResponse:
    """An answer that says what is wrong."""
    body = {"type": f"urn:tulou:{code}", "title": title, "status": status, "code": code, **more}
    answer = JsonResponse(body, status=status, content_type=PROBLEM)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def explain(api: HouseAPI) -> None:
    """Answer every error of `api` with a problem."""

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        fields = [{"where": [str(part) for part in row["loc"]], "message": row["msg"]} for row in error.errors]
        return problem(422, "api.invalid", _("A value is refused"), fields=fields)

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return problem(401, "api.token", _("A good token is needed"))

    @api.exception_handler(HttpError)
    def plain(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(error.status_code, f"api.http_{error.status_code}", str(error))

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(404, "http.not_found", _("There is no such thing"))

    @api.exception_handler(OnRecord)
    def on_record(request: HttpRequest, error: OnRecord) -> HttpResponse:
        if error.error is None:
            conflict = problem(error.status, "api.key_reused", _("This key was used for something else"))
            return unkept(conflict)
        return unkept(refusal_problem(error.status, error.error))

    @api.exception_handler(TulouError)
    def refused(request: HttpRequest, error: TulouError) -> HttpResponse:
        return refusal_problem(status_of(error), error)


class Slice(Schema, Generic[T]):
    """A page of a list; `next` is the cursor of the one after it, or null at the end."""

    items: list[T]
    next: str | None = None


class Window(Schema):
    """Which page of a list is asked for: `window: Query[Window]`."""

    cursor: str = Field("", max_length=40)
    limit: int = Field(50, ge=1, le=LONGEST_PAGE)


def slice_of(rows: QuerySet[Any], window: Window, show: Callable[[Any], T]) -> dict[str, Any]:
    """One page of `rows` in the order of their numbers: nothing is skipped or doubled while others write."""
    if window.cursor:
        rows = rows.filter(pk__gt=_read_cursor(window.cursor))
    found = list(rows.order_by("pk")[: window.limit + 1])
    shown = found[: window.limit]
    more = len(found) > window.limit
    return {"items": [show(row) for row in shown], "next": _cursor(shown[-1].pk) if more else None}


def _cursor(key: int) -> str:
    return base64.urlsafe_b64encode(f"v1:{key}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        version, _, key = text.partition(":")
        if version != "v1" or not key.isascii() or not key.isdigit() or len(key) > 18:
            raise ValueError
    except (ValueError, binascii.Error) as error:
        raise refuse("api.cursor", "游标无效", "This cursor is not one of ours") from error
    return int(key)
