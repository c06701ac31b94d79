"""Tasks for tests: their effect is an organisation with a code that is given."""

from __future__ import annotations

from datetime import timedelta

from tulou.platform.tasks.job import job
from tulou.registry.models import Organisation


@job()
def leave_a_mark(code: str) -> None:
    Organisation.objects.create(kind="enterprise", code=code, name_zh=code)


@job(every=timedelta(hours=1))
def leave_a_mark_hourly() -> None:
    leave_a_mark.call("EFFECT-hourly")


@job(attempts=3)
def fail_after_its_effect(code: str) -> None:
    leave_a_mark.call(code)
    raise RuntimeError("personal data of somebody")
