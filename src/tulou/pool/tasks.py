"""The courtyard's background work."""

from __future__ import annotations

from datetime import timedelta

from tulou.platform.tasks.job import job
from tulou.pool.courtyard import pool_folder
from tulou.pool.services.consent import lapse_requests
from tulou.pool.services.deliveries import adopt_receipts, note_lost_deliveries, pool_delivery
from tulou.pool.services.matches import apply_decision, gather_matches


@job(every=timedelta(hours=1))
def lapse_unanswered_requests() -> None:
    """Note the requests for consent that nobody answered in time."""
    lapse_requests()


@job(together=False)
def pool_delivery_file(key: int) -> None:
    """Pool the file of a delivery. The lake knows it by its id: however often this runs, it is pooled once."""
    pool_delivery(key)


@job(every=timedelta(minutes=5))
def note_what_happened_to_deliveries() -> None:
    """Note deliveries that the worker gave up, and those that came into the lake by other ways."""
    note_lost_deliveries()
    if (pool_folder() / "pool.json").exists():
        adopt_receipts()


@job(together=False)
def apply_match_decision(key: int) -> None:
    """Tell the lake what a person decided about a pair, or that she takes it back. Again: nothing happens twice."""
    apply_decision(key)


@job(every=timedelta(minutes=15), together=False)
def gather_match_reviews() -> None:
    """Lay the pairs that resolution could not decide before the operator."""
    if (pool_folder() / "pool.json").exists():
        gather_matches()
