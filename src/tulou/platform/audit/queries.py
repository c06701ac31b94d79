"""Reading and proving the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from tulou.platform.audit.chain import Break, Row, walk
from tulou.platform.audit.checkpoints import CheckpointFile
from tulou.platform.audit.models import AuditEvent, AuditHead

COLUMNS = "seq, at_us, action, person, organisation, subject_type, subject, detail, hash"


@dataclass(frozen=True, slots=True)
class Proof:
    """What `tulou audit verify` found: how much was walked, how much of it checkpoints cover, and the first break."""

    events: int
    last_seq: int
    checkpoints: int
    covered: int
    broken: Break | None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.broken is None


def rows(batch: int = 20_000) -> Iterator[Row]:
    """The log, first event first, in pieces that fit into memory."""
    start = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {COLUMNS} FROM platform_auditevent WHERE seq > %s ORDER BY seq LIMIT {int(batch)}", [start]
            )
            piece = cursor.fetchall()
        yield from piece
        if len(piece) < batch:
            return
        start = piece[-1][0]


def verify_log(file: CheckpointFile | None = None) -> Proof:
    """Walk the whole log and hold it against its signed checkpoints.

    An event that was edited, deleted, put in or swapped breaks a link; a tail that was cut or rewritten, and an older
    copy of the database, contradict a checkpoint.
    """
    kept = file or CheckpointFile(settings.CHECKPOINTS)
    checkpoints = kept.read()
    walked = walk(rows(), frozenset(point.seq for point in checkpoints))
    covered = checkpoints[-1].seq if checkpoints else 0
    broken = walked.broken
    if broken is None and (forged := kept.forged(checkpoints)) is not None:
        broken = Break("audit.checkpoint_forged", checkpoints[forged - 1].seq)
    if broken is None:
        for point in checkpoints:
            if point.seq > walked.last_seq:
                broken = Break("audit.cut_off", walked.last_seq + 1)
            elif walked.hashes[point.seq] != point.hash:
                broken = Break("audit.rewritten", point.seq)
            if broken is not None:
                break
    head = AuditHead.objects.filter(id=1).first()
    if broken is None and head is not None and (head.seq, head.hash) != (walked.last_seq, walked.last_hash):
        broken = Break("audit.cut_off" if head.seq > walked.last_seq else "audit.head_wrong", walked.last_seq + 1)
    return Proof(walked.events, walked.last_seq, len(checkpoints), covered, broken)


def events_about(subject_type: str, subject: str) -> QuerySet[AuditEvent]:
    """What was done to one thing, newest first."""
    return AuditEvent.objects.filter(subject_type=subject_type, subject=subject)
