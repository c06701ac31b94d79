"""How fast the audit log is verified, and how fast it grows: ours, on a SQLite file.

Asked: at least 100,000 events verified a second. The peer is the bare chain (SHA-256 over the same bytes in memory),
which is the least that any hash-chained log must do.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._measuring import measured, options, show


def _wake(home: str) -> None:
    os.environ.update({"TULOU_MODE": "demo", "TULOU_HOME": home, "TULOU_SECRET_KEY": "k" * 50})
    os.environ.pop("TULOU_DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tulou.portal.settings"
    import django

    django.setup()


def _deeds(first: int, count: int) -> Any:
    from tulou.platform.actor import Actor
    from tulou.platform.audit.services import Deed

    actor = Actor(person_id="p" * 20, organisation_id="o" * 20)
    return [
        Deed("finance.offer.accepted", actor, "finance.offer", f"x{n:019d}", {"amount_fen": n, "bank": "海峡银行"})
        for n in range(first, first + count)
    ]


def fill(home: str, events: int, at_once: int) -> int:
    """Write a log of `events`, so many in a transaction."""
    _wake(home)
    from django.core.management import call_command
    from django.db import transaction

    from tulou.platform.audit.services import append_deeds, checkpoint_log

    call_command("migrate", verbosity=0)
    for first in range(0, events, at_once):
        with transaction.atomic():
            append_deeds(_deeds(first, at_once))
    checkpoint_log()
    return events


def verify(home: str) -> int:
    """Walk it and hold it against its checkpoints."""
    _wake(home)
    from tulou.platform.audit.queries import verify_log

    proof = verify_log()
    assert proof.holds
    return proof.events


def wake_only(home: str) -> int:
    """What any Django process costs before it does anything."""
    _wake(home)
    from tulou.platform.audit.queries import verify_log

    return int(verify_log is None)


def bare(home: str, events: int) -> int:
    """The chain alone, over as many rows in memory."""
    _wake(home)
    from tulou.platform.audit.chain import GENESIS, Row, link

    row: Row = (1, 1, "finance.offer.accepted", "p" * 20, "o" * 20, "finance.offer", "x" * 20, '{"amount_fen":1}', "")
    previous = GENESIS
    for _ in range(events):
        previous = link(previous, row)
    return events


def main() -> None:
    """Print the rates."""
    given = options("audit log", events=300_000, repeat=3)
    with tempfile.TemporaryDirectory() as folder:
        home = str(Path(folder))
        written = measured(fill, home, given.events, 500)
        start = measured(wake_only, home, repeat=given.repeat)
        verified = measured(verify, home, repeat=given.repeat)
        chain = measured(bare, home, given.events, repeat=given.repeat)
    rows = [
        {"work": "append, 500 a transaction", "events": given.events, "cpu_s": written.cpu, "wall_s": written.wall},
        {"work": "verify, with checkpoints", "events": verified.answer, "cpu_s": verified.cpu, "wall_s": verified.wall},
        {"work": "bare chain in memory", "events": given.events, "cpu_s": chain.cpu, "wall_s": chain.wall},
        {"work": "start of the process", "events": 0, "cpu_s": start.cpu, "wall_s": start.wall},
    ]
    rate = given.events / (verified.cpu - start.cpu)
    notes = {
        "verified events a CPU second, without the start": round(rate),
        "verified events a CPU second, with the start": round(given.events / verified.cpu),
        "asked": 100_000,
        "ours / bare chain (CPU)": (verified.cpu - start.cpu) / (chain.cpu - start.cpu),
    }
    show("audit", rows, notes, as_json=given.json)
