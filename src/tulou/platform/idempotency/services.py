"""Answering once: the key is taken, the work done and the answer kept in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.idempotency.models import AnsweredRequest
from tulou.platform.tasks.job import job

KEPT = timedelta(days=7)
LONGEST_KEY = 80


def fingerprint(request: HttpRequest) -> str:
    """What was asked: method, path and body."""
    files = ",".join(f"{name}:{file.name}:{file.size}" for name, sent in sorted(request.FILES.lists()) for file in sent)
    form = (
        "&".join(f"{k}={v}" for k, vs in sorted(request.POST.lists()) for v in vs if k != "csrfmiddlewaretoken")
        if request.POST or request.FILES
        else request.body.decode("utf-8", "replace")
    )
    return hashlib.sha256(f"{request.method} {request.path}\n{form}\n{files}".encode()).hexdigest()


def is_final(answer: HttpResponseBase) -> bool:
    """Whether an answer is the last word: not 5xx, 409, 425 or 429, which may be tried again, and not streamed."""
    return answer.status_code < 500 and answer.status_code not in {409, 425, 429} and not answer.streaming


def answer_once(
    asker: str,
    key: str,
    request: HttpRequest,
    work: Callable[[], HttpResponseBase],
    keep: Callable[[HttpResponseBase], bool] = is_final,
) -> HttpResponseBase:
    """The answer of `work`, or the kept answer where `asker` has used `key` for the same request before.

    Where `keep` says no, the key stays free and nothing that `work` wrote remains. An answer with `unkept` set is never
    kept, but what was written for it stays: it speaks of the moment, and its view knows its keys itself. Raises Refused
    where the key was used for something else.
    """
    if len(key) > LONGEST_KEY:
        raise refuse(
            "idempotency.key_too_long", "幂等键不得超过 80 个字符", "An idempotency key has at most 80 characters"
        )
    asked = fingerprint(request)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = AnsweredRequest.objects.create(asker=asker, key=key, fingerprint=asked)
        except IntegrityError:
            return _kept(AnsweredRequest.objects.get(asker=asker, key=key), asked)
        answer = work()
        if getattr(answer, "unkept", False):
            row.delete()
            return answer
        if not keep(answer):
            transaction.set_rollback(True)
            return answer
        if isinstance(answer, HttpResponse):
            row.status, row.location = answer.status_code, answer.headers.get("Location", "")
            row.answer = answer.content.decode("utf-8", "replace")
            row.save()
        return answer


def _kept(row: AnsweredRequest, asked: str) -> HttpResponse:
    if row.fingerprint != asked:
        raise refuse(
            "idempotency.key_reused",
            "该幂等键已用于另一请求",
            "This idempotency key was used for another request",
            remedy=Text(zh="请为新的请求使用新的键", en="Use a new key for a new request"),
        )
    answer = HttpResponse(row.answer, status=row.status)
    if row.location:
        answer.headers["Location"] = row.location
    if row.answer.startswith(("{", "[")):
        answer.headers["Content-Type"] = "application/json"
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


@job(every=timedelta(hours=6))
def forget_answers() -> None:
    """Forget the answers that are older than a week."""
    AnsweredRequest.objects.filter(at__lt=clock.now() - KEPT).delete()
