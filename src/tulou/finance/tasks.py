"""The market's background work: clocks that run out, loans that age."""

from __future__ import annotations

from datetime import timedelta

from tulou.finance.models import ScoreArtefact
from tulou.finance.services.contracts import end_cooling_off
from tulou.finance.services.needs import lapse_needs
from tulou.finance.services.offers import expire_offers, lapse_applications
from tulou.finance.services.peers import publish_peers
from tulou.finance.services.repayment import age_loans
from tulou.platform.tasks.job import job


@job(every=timedelta(minutes=15))
def let_clocks_run_out() -> None:
    """Expire offers, lapse what banks did not answer and what firms did not accept, end cooling-off times."""
    expire_offers()
    lapse_applications()
    lapse_needs()
    end_cooling_off()


@job(every=timedelta(hours=6), together=False)
def age_running_loans() -> None:
    """Note which loans have fallen behind. Each is a story of its own: a second run of the day changes nothing."""
    age_loans()


@job(every=timedelta(hours=12), together=False)
def publish_peer_figures() -> None:
    """Publish how firms are spread, for each card in force whose figures are older than the profiles."""
    for artefact in ScoreArtefact.objects.filter(ended_at=None).order_by("id"):
        publish_peers(artefact)
