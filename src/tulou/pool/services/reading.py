"""Reading for others: the gate over this database's ledger and the pool's store. Nothing else hands out item values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.story import story
from tulou.pool.core.consent import (
    SELF,
    Code,
    Decision,
    Gate,
    Granularity,
    Page,
    ReadFacts,
    ReadRequest,
    state_after,
)
from tulou.pool.core.consent.gate import READING_LIFETIME, EarlierReading
from tulou.pool.courtyard import item_terms, items_of_dataset
from tulou.pool.keys import consent_signer
from tulou.pool.models import Consent, PurposeVersion, ReadDecision
from tulou.pool.queries.consent import events_of, opened_items, signed_grant
from tulou.pool.services.consent import READERS, SIGNERS
from tulou.pool.store import ProfileStore, values_held
from tulou.registry.models import Organisation

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to read: items over a half-open period, as fine as `granularity`."""

    items: frozenset[str]
    data_from: dt.date
    data_until: dt.date
    granularity: Granularity = Granularity.RAW


def read_profile(actor: Actor, consent: Consent, asked: Asked, *, key: str) -> Page:
    """All pages of one reading under a consent, each decided when it is fetched.

    `key` is the reading's idempotency key: the same key within an hour goes on with the same reading, uncounted.
    Raises ReadDenied where the gate says no; the denial is in the log.
    """
    return _read_all(actor, consent.subject, _request(actor, consent, asked, key))


def _request(actor: Actor, consent: Consent, asked: Asked, key: str) -> ReadRequest:
    return ReadRequest(
        grant_id=consent.public_id,
        reader=actor.organisation_id,
        person=actor.person_id,
        subject=consent.subject.public_id,
        purpose=consent.purpose.code,
        items=asked.items,
        granularity=asked.granularity,
        data_from=asked.data_from,
        data_until=asked.data_until,
        idempotency_key=key,
    )


def read_pages(actor: Actor, consent: Consent, asked: Asked, *, key: str) -> Iterator[Page]:
    """The pages of one reading, each decided when it is asked for: a revocation in between stops the rest."""
    return _gate(actor, consent.subject).pages(_request(actor, consent, asked, key))


def read_page(actor: Actor, consent: Consent, asked: Asked, *, key: str, cursor: str | None = None) -> Page:
    """One page of a reading under a consent; further pages come under the same key. Raises as `read_profile` does.

    Raises KeyReused where the key belongs to another reading.
    """
    return _gate(actor, consent.subject).read(_request(actor, consent, asked, key), cursor)


def read_own_page(actor: Actor, firm: Organisation, asked: Asked, *, key: str, cursor: str | None = None) -> Page:
    """One page of what the pool holds about the actor's own firm."""
    return _gate(actor, firm).read(_own_request(actor, firm, asked, key), cursor)


def read_own(actor: Actor, firm: Organisation, asked: Asked, *, key: str) -> Page:
    """What the pool holds about the actor's own firm. In the log as well, so that a stolen account shows."""
    return _read_all(actor, firm, _own_request(actor, firm, asked, key))


def count_own(actor: Actor, firm: Organisation) -> dict[str, int]:
    """How many values the pool holds about the actor's own firm, by dataset; nothing for who may not read them.

    A count is no value: it is not in the log. Raises Refused as `values_held` does.
    """
    if not actor.has_any(SIGNERS) or actor.organisation_id != firm.public_id:
        return {}
    return values_held(firm.code)


def _own_request(actor: Actor, firm: Organisation, asked: Asked, key: str) -> ReadRequest:
    return ReadRequest(
        grant_id="",
        reader=actor.organisation_id,
        person=actor.person_id,
        subject=firm.public_id,
        purpose=SELF,
        items=asked.items,
        granularity=asked.granularity,
        data_from=asked.data_from,
        data_until=asked.data_until,
        idempotency_key=key,
    )


def _gate(actor: Actor, subject: Organisation) -> Gate:
    return Gate(ProfileStore(subject.code), DatabaseLedger(actor, subject))


def _read_all(actor: Actor, subject: Organisation, request: ReadRequest) -> Page:
    values: dict[str, object] = {}
    for page in _gate(actor, subject).pages(request):
        values.update(page.values)
    return Page(values)


class DatabaseLedger:
    """The gate's memory in this database: consents, events, access rights and the log of readings."""

    def __init__(self, actor: Actor, subject: Organisation) -> None:
        self._actor = actor
        self._subject = subject
        self._reader = Organisation.objects.get(public_id=actor.organisation_id)
        self._continues = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One story: the decision, its count and its audit event are there together, or there are no data."""
        with story(self._actor):
            yield

    def facts(self, request: ReadRequest) -> ReadFacts:
        """What is known now; the consent stays locked until the decision is written."""
        now = clock.now()
        consent = self._consent(request, lock=True)
        signed = signed_grant(consent) if consent else None
        purpose = PurposeVersion.objects.filter(code=request.purpose, ended_at=None).first()
        counted = ReadDecision.objects.filter(consent=consent, counted=True) if consent else ReadDecision.objects.none()
        roles = SIGNERS if request.purpose == SELF else READERS
        return ReadFacts(
            at=now,
            reader_active=self._reader.state == Organisation.State.ACTIVE,
            person_authorised=self._actor.has_any(roles),
            grant=signed.grant if signed else None,
            grant_intact=signed is not None and signed.is_intact(consent_signer(settings.CHECKPOINTS).verifier()),
            state=state_after(events_of(consent)) if consent else None,
            purpose=purpose.value() if purpose else None,
            items=item_terms(),
            rights=opened_items(self._reader, items_of_dataset(), request.items),
            reads_total=counted.count(),
            reads_last_day=counted.filter(at__gt=now - DAY).count(),
        )

    def earlier(self, request: ReadRequest) -> EarlierReading | None:
        """The first decision under the request's key within the life of a reading."""
        since = clock.now() - READING_LIFETIME
        rows = ReadDecision.objects.filter(reader=self._reader, key=request.idempotency_key)
        first = rows.filter(Q(counted=True) | Q(at__gt=since)).order_by("-counted", "id").first()
        self._continues = first is not None and first.code == Code.ALLOWED
        if first is None:
            return None
        return EarlierReading(self._request_of(first, request), first.at, first.code == Code.ALLOWED)

    def count(self, request: ReadRequest, at: dt.datetime) -> None:
        """The row that `log` writes is the count."""

    def log(self, request: ReadRequest, decision: Decision, at: dt.datetime, cursor: str | None) -> str:
        """Append the decision, denied ones too, and its digest to the audit chain."""
        own = request.purpose == SELF
        row = ReadDecision.objects.create(
            at=at,
            consent=self._consent(request, lock=False),
            reader=self._reader,
            subject=self._subject,
            person=request.person,
            purpose=request.purpose,
            code=decision.code.value,
            items=sorted(request.items),
            asked=_asked(request),
            key=request.idempotency_key,
            cursor=cursor or "",
            counted=decision.allowed and not self._continues and not own,
            own=own,
        )
        with story(self._actor) as told:
            told.record("pool.reading.decided", None, **row.as_fact())
        return row.public_id

    def log_answer(self, entry: str, values: int, sha256: str) -> None:
        """Note what was delivered for a decision; once."""
        with story(self._actor) as told:
            ReadDecision.objects.filter(public_id=entry, delivered=None).update(delivered=values, answer_sha256=sha256)
            told.record("pool.reading.delivered", None, reading=entry, values=values, sha256=sha256)

    def _consent(self, request: ReadRequest, *, lock: bool) -> Consent | None:
        if not request.grant_id:
            return None
        rows = Consent.objects.select_for_update() if lock else Consent.objects.all()
        return rows.filter(public_id=request.grant_id).first()

    def _request_of(self, row: ReadDecision, request: ReadRequest) -> ReadRequest:
        """What was asked under the key, as the row keeps it; another request under the same key is no continuation."""
        grant = row.consent.public_id if row.consent else ""
        return ReadRequest(
            grant_id=grant,
            reader=request.reader,
            person=row.person,
            subject=row.subject.public_id if row.subject else "",
            purpose=row.purpose,
            items=frozenset(row.items),
            granularity=Granularity(row.asked["granularity"]),
            data_from=dt.date.fromisoformat(row.asked["from"]),
            data_until=dt.date.fromisoformat(row.asked["until"]),
            idempotency_key=row.key,
        )


def _asked(request: ReadRequest) -> dict[str, str]:
    return {
        "granularity": request.granularity.value,
        "from": request.data_from.isoformat(),
        "until": request.data_until.isoformat(),
    }
