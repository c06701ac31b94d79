"""What the ground floor does by itself. Importing this module makes its schedules known to the worker."""

from __future__ import annotations

from datetime import timedelta

from tulou.platform.audit.services import checkpoint_log
from tulou.platform.idempotency.services import forget_answers
from tulou.platform.outbox.tasks import deliver_message
from tulou.platform.search.services import count_terms
from tulou.platform.tasks.job import job

__all__ = ["count_terms", "deliver_message", "forget_answers", "sign_audit_log"]


@job(every=timedelta(minutes=10), together=False)
def sign_audit_log() -> None:
    """Sign where the audit log stands."""
    checkpoint_log()
