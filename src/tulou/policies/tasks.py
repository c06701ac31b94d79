"""Background work of the room of policies."""

from __future__ import annotations

from datetime import timedelta

from tulou.platform import clock
from tulou.platform.actor import SYSTEM
from tulou.platform.tasks.job import job
from tulou.policies.services.matching import Overtaken, keep_up
from tulou.policies.services.publishing import expire_ended


@job(together=False, every=timedelta(minutes=5), attempts=20)
def keep_matching() -> None:
    """Tell firms what changed: policies, facts, the day. Goes on where a worker that died left off."""
    try:
        keep_up()
    except Overtaken:
        return


@job(attempts=6)
def send_errand(errand: int) -> None:
    """Wake one device with one event."""
    from tulou.policies.services.devices import send_to_device

    send_to_device(errand)


@job(together=False, every=timedelta(minutes=15))
def send_digests() -> None:
    """Send the e-mails that are due."""
    from tulou.policies.services.digests import send_due

    send_due()


@job(every=timedelta(hours=1))
def end_policies() -> None:
    """Let policies end on the day after their last."""
    expire_ended(SYSTEM, clock.today())
