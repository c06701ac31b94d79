"""A grant: what a firm allowed one reader, for one purpose. Its body never changes; its state is told by events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tulou.pool.core.consent.signing import Signer, Verifier, canonical, digest
from tulou.pool.core.consent.terms import Granularity, Terms


class EventKind(StrEnum):
    """What can happen to a grant."""

    REQUESTED = "requested"
    GRANTED = "granted"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    PAUSED = "paused"
    RESUMED = "resumed"
    NARROWED = "narrowed"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"


class GrantState(StrEnum):
    """What a grant is at a moment. Expiry and use are not states: they are computed when somebody reads."""

    REQUESTED = "requested"
    ACTIVE = "active"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    PAUSED = "paused"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    SUSPENDED = "suspended"


TRANSITIONS: Mapping[tuple[GrantState | None, EventKind], GrantState] = {
    (None, EventKind.REQUESTED): GrantState.REQUESTED,
    (GrantState.REQUESTED, EventKind.GRANTED): GrantState.ACTIVE,
    (GrantState.REQUESTED, EventKind.REJECTED): GrantState.REJECTED,
    (GrantState.REQUESTED, EventKind.LAPSED): GrantState.LAPSED,
    (GrantState.ACTIVE, EventKind.PAUSED): GrantState.PAUSED,
    (GrantState.PAUSED, EventKind.RESUMED): GrantState.ACTIVE,
    (GrantState.ACTIVE, EventKind.NARROWED): GrantState.SUPERSEDED,
    (GrantState.PAUSED, EventKind.NARROWED): GrantState.SUPERSEDED,
    (GrantState.ACTIVE, EventKind.REVOKED): GrantState.REVOKED,
    (GrantState.PAUSED, EventKind.REVOKED): GrantState.REVOKED,
    (GrantState.SUSPENDED, EventKind.REVOKED): GrantState.REVOKED,
    (GrantState.ACTIVE, EventKind.SUSPENDED): GrantState.SUSPENDED,
    (GrantState.PAUSED, EventKind.SUSPENDED): GrantState.SUSPENDED,
    (GrantState.SUSPENDED, EventKind.REINSTATED): GrantState.ACTIVE,
}
"""(state before, event) -> state after; what is not here is not allowed."""


class IllegalEvent(ValueError):  # noqa: N818 - reads as what it is
    """An event that the state of the grant does not allow."""


@dataclass(frozen=True, slots=True)
class GrantEvent:
    """Something that happened to a grant: `sequence` gives the order, not the clock."""

    sequence: int
    at: dt.datetime
    kind: EventKind
    by: str
    reason: str = ""


def state_after(events: Iterable[GrantEvent]) -> GrantState | None:
    """The state that the events lead to, in the order of their sequence numbers; None where there are none.

    Raises IllegalEvent where an event was not allowed in the state before it.
    """
    state: GrantState | None = None
    for event in sorted(events, key=lambda event: event.sequence):
        try:
            state = TRANSITIONS[state, event.kind]
        except KeyError:
            raise IllegalEvent(f"{event.kind} is not allowed for a grant that is {state or 'unknown'}") from None
    return state


@dataclass(frozen=True, slots=True)
class Grant:
    """The body of a grant. `subject` is the enterprise, `granted_by` the person who had the right to allow it.

    `notice_version` and `language` say which text the person saw (ISO/IEC TS 27560), `context` what the grant is
    for, e.g. the number of a loan request, and `supersedes` names the wider grant that this one narrowed.
    """

    grant_id: str
    subject: str
    granted_by: str
    authority: str
    reader: str
    reader_kind: str
    purpose: str
    purpose_version: int
    terms: Terms
    granted_at: dt.datetime
    notice_version: str
    language: str
    context: str = ""
    supersedes: str | None = None

    def document(self) -> dict[str, Any]:
        """The body as a JSON document."""
        terms = self.terms
        return {
            "grant_id": self.grant_id,
            "subject": self.subject,
            "granted_by": self.granted_by,
            "authority": self.authority,
            "reader": {"id": self.reader, "kind": self.reader_kind},
            "purpose": {"code": self.purpose, "version": self.purpose_version},
            "items": sorted(terms.items),
            "granularity": terms.granularity.value,
            "data": {"from": terms.data_from.isoformat(), "until": terms.data_until.isoformat()},
            "valid": {"from": utc(terms.valid_from), "until": utc(terms.valid_until)},
            "reads": {"total": terms.max_reads, "per_day": terms.max_reads_per_day},
            "retention_days": terms.retention_days,
            "granted_at": utc(self.granted_at),
            "notice": {"version": self.notice_version, "language": self.language},
            "context": self.context,
            "supersedes": self.supersedes,
        }

    @classmethod
    def from_document(cls, body: Mapping[str, Any]) -> Grant:
        """The grant that `document` wrote. Raises KeyError or ValueError on anything else."""
        return cls(
            grant_id=body["grant_id"],
            subject=body["subject"],
            granted_by=body["granted_by"],
            authority=body["authority"],
            reader=body["reader"]["id"],
            reader_kind=body["reader"]["kind"],
            purpose=body["purpose"]["code"],
            purpose_version=body["purpose"]["version"],
            terms=Terms(
                items=frozenset(body["items"]),
                granularity=Granularity(body["granularity"]),
                data_from=dt.date.fromisoformat(body["data"]["from"]),
                data_until=dt.date.fromisoformat(body["data"]["until"]),
                valid_from=dt.datetime.fromisoformat(body["valid"]["from"]),
                valid_until=dt.datetime.fromisoformat(body["valid"]["until"]),
                max_reads=body["reads"]["total"],
                max_reads_per_day=body["reads"]["per_day"],
                retention_days=body["retention_days"],
            ),
            granted_at=dt.datetime.fromisoformat(body["granted_at"]),
            notice_version=body["notice"]["version"],
            language=body["notice"]["language"],
            context=body["context"],
            supersedes=body["supersedes"],
        )


@dataclass(frozen=True, slots=True)
class SignedGrant:
    """A grant with the platform's signature over its canonical bytes."""

    grant: Grant
    signature: bytes
    algorithm: str
    key_id: str

    @classmethod
    def sign(cls, grant: Grant, signer: Signer) -> SignedGrant:
        """Sign `grant`."""
        return cls(grant, signer.sign(canonical(grant.document())), signer.algorithm, signer.key_id)

    def is_intact(self, verifier: Verifier) -> bool:
        """Whether the body is the one that was signed."""
        return verifier.verify(canonical(self.grant.document()), self.signature)

    def receipt(self, events: Iterable[GrantEvent]) -> dict[str, Any]:
        """What the firm and the reader keep: body, digest, signature and what happened (the shape of TS 27560)."""
        body = self.grant.document()
        return {
            "schema_version": "tulou-receipt-1",
            "record_id": self.grant.grant_id,
            "principal_id": self.grant.subject,
            "processing": body,
            "events": [
                {"sequence": event.sequence, "at": utc(event.at), "type": event.kind.value, "by": event.by}
                for event in sorted(events, key=lambda event: event.sequence)
            ],
            "sha256": digest(body),
            "signature": {"algorithm": self.algorithm, "key_id": self.key_id, "value": self.signature.hex()},
        }


def utc(moment: dt.datetime) -> str:
    """A moment as ISO 8601 in UTC, to the microsecond."""
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
