"""The audit log finds what was done to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from typer.testing import CliRunner

from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.audit.chain import GENESIS, link, walk
from tulou.platform.audit.checkpoints import CheckpointFile
from tulou.platform.audit.models import AuditEvent, AuditHead
from tulou.platform.audit.queries import rows, verify_log
from tulou.platform.audit.services import Deed, append_deeds, checkpoint_log
from tulou.platform.story import story
from tulou.portal.cli import audit_app

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> None:
    """Twelve events, signed after the eighth and at the end."""
    for start, stop in ((0, 8), (8, 12)):
        append_deeds([Deed("tests.thing.done", SYSTEM, "tests.thing", f"t{n}", {"n": n}) for n in range(start, stop)])
        checkpoint_log()


def rewrite_from(first: int, *, changed: str) -> None:
    """What an attacker who knows the code does: change an event and give all that follow right hashes again."""
    previous = GENESIS if first == 1 else AuditEvent.objects.get(seq=first - 1).hash
    for row in list(rows()):
        if row[0] < first:
            continue
        fresh = (*row[:7], changed if row[0] == first else row[7], "")
        previous = link(previous, fresh)
        AuditEvent.objects.filter(seq=row[0]).update(detail=fresh[7], hash=previous)
    AuditHead.objects.update(hash=previous)


def edit() -> None:
    AuditEvent.objects.filter(seq=5).update(detail='{"n":500}')


def delete() -> None:
    AuditEvent.objects.filter(seq=5).delete()


def insert() -> None:
    for seq in range(12, 5, -1):
        AuditEvent.objects.filter(seq=seq).update(seq=seq + 1)
    AuditEvent.objects.create(seq=6, at_us=1, action="tests.thing.done", hash="0" * 64)


def swap() -> None:
    AuditEvent.objects.filter(seq=5).update(seq=99)
    AuditEvent.objects.filter(seq=6).update(seq=5)
    AuditEvent.objects.filter(seq=99).update(seq=6)


def cut_tail() -> None:
    AuditEvent.objects.filter(seq__gt=9).delete()
    AuditHead.objects.update(seq=9, hash=AuditEvent.objects.get(seq=9).hash)


def rewrite_tail() -> None:
    rewrite_from(10, changed='{"n":1000}')


def restore_old_copy() -> None:
    AuditEvent.objects.filter(seq__gt=8).delete()
    AuditHead.objects.update(seq=8, hash=AuditEvent.objects.get(seq=8).hash)


@pytest.mark.parametrize("attack", [edit, delete, insert, swap, cut_tail, rewrite_tail, restore_old_copy])
def test_a_changed_log_is_found(log: None, attack: Callable[[], None]) -> None:
    assert verify_log().holds
    attack()
    proof = verify_log()
    assert not proof.holds
    assert CliRunner().invoke(audit_app, ["verify"]).exit_code == 1


def test_an_untouched_log_holds_and_says_how_much_is_signed(log: None) -> None:
    answer = CliRunner().invoke(audit_app, ["verify", "--json"])
    said = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert said["proof"]["events"] == said["proof"]["covered"] == 12


def test_a_forged_checkpoint_is_found(log: None) -> None:
    file = CheckpointFile(settings.CHECKPOINTS)
    lines = file.log.read_text().splitlines()
    forged = {**json.loads(lines[-1]), "hash": "0" * 64}
    file.log.write_text("\n".join([*lines[:-1], json.dumps(forged)]) + "\n")
    proof = verify_log()
    assert proof.broken is not None
    assert proof.broken.code == "audit.checkpoint_forged"


def test_nothing_is_signed_twice(log: None) -> None:
    assert checkpoint_log() is None


def test_the_private_key_is_for_its_owner_only(log: None) -> None:
    assert (settings.CHECKPOINTS / "audit.key").stat().st_mode & 0o077 == 0


def test_an_action_has_a_dotted_name() -> None:
    with pytest.raises(ValueError, match="dotted"):
        Deed("Accepted", SYSTEM)


def test_the_walk_names_the_first_gap() -> None:
    first = (1, 1, "a.b", "", "", "", "", "{}", "")
    whole = [(*first[:8], link(GENESIS, first)), (3, 1, "a.b", "", "", "", "", "{}", "x")]
    broken = walk(whole).broken
    assert broken is not None
    assert (broken.code, broken.seq) == ("audit.gap", 2)


def test_a_story_that_fails_leaves_nothing_behind() -> None:
    def tell() -> None:
        with story(SYSTEM) as told:
            told.record("tests.thing.done")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        tell()
    assert AuditEvent.objects.count() == 0


def test_an_inner_story_is_part_of_the_outer_one() -> None:
    actor = Actor(person_id="p" * 20)
    with story(SYSTEM) as outer:
        outer.record("tests.outer.begun")
        with story(actor) as inner:
            inner.record("tests.inner.done", None, amount=1)
        assert AuditEvent.objects.count() == 0
    found = list(AuditEvent.objects.order_by("seq").values_list("action", "person"))
    assert found == [("tests.outer.begun", "system"), ("tests.inner.done", "p" * 20)]


def test_events_are_chained_in_whichever_database_holds_them(log: None) -> None:
    assert connection.vendor in {"sqlite", "postgresql"}
    facts: list[dict[str, Any]] = [event.facts for event in AuditEvent.objects.order_by("seq")]
    assert facts == [{"n": n} for n in range(12)]
