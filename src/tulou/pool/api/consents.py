"""Consents: a reader asks, a firm's system sees what it gave and takes it back. Giving it is for a person."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, model_validator

from tulou.kernel.errors import Refused, refuse
from tulou.platform.actor import Actor
from tulou.platform.api.kit import Needs, OnRecord, Slice, Window, slice_of
from tulou.platform.web.middleware import status_of
from tulou.pool.api.words import ItemCode, Key, Line, Note, Party, Why, Words, actor_of
from tulou.pool.core.consent import Granularity, Wish
from tulou.pool.courtyard import items_of_dataset
from tulou.pool.models import Consent
from tulou.pool.queries.consent import consent_for, consents_for, events_of, receipt_of
from tulou.pool.services import consent as services
from tulou.pool.services.finding import find_firm
from tulou.registry.models import Organisation

router = Router(tags=["pool"])
ACTIONS = {
    "reject": services.reject_consent,
    "pause": services.pause_consent,
    "resume": services.resume_consent,
    "revoke": services.revoke_consent,
}
Count = Annotated[int, Field(ge=1, le=100_000)]


class TermsOut(Schema):
    """What was asked for; a granted consent may hold fewer items."""

    items: list[str]
    granularity: Granularity
    data_from: dt.date
    data_until: dt.date
    days_valid: int
    max_reads: int
    max_reads_per_day: int
    retention_days: int


class ConsentOut(Schema):
    """A consent as a list shows it. `state` is what its events lead to; `valid_until` the first moment outside."""

    id: str
    subject: Party
    reader: Party
    purpose: str
    purpose_version: int
    state: str
    reason: str
    context: str
    created_at: dt.datetime
    answer_until: dt.datetime
    valid_until: dt.datetime | None


class EventOut(Schema):
    """Something that happened to a consent."""

    sequence: int
    at: dt.datetime
    kind: str
    reason: str


class ConsentWhole(ConsentOut):
    """A consent with its terms and its events, oldest first."""

    terms: TermsOut
    events: list[EventOut]


class ConsentIn(Schema):
    """What is asked of a firm: the items of whole datasets, or single items; the period is half-open."""

    firm: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$", description="USCC or exact name")]
    purpose: Line
    datasets: list[ItemCode] = Field(default_factory=list, max_length=200)
    items: list[ItemCode] = Field(default_factory=list, max_length=5_000)
    granularity: Granularity = Granularity.RAW
    data_from: dt.date
    data_until: dt.date
    days_valid: Count = 30
    max_reads: Count = 5
    max_reads_per_day: Count = 2
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = 30
    reason: Note
    context: Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$")] = ""

    @model_validator(mode="after")
    def names_something(self) -> ConsentIn:
        """Something must be asked for."""
        if not self.datasets and not self.items:
            raise ValueError("name datasets or items")
        return self


def party(organisation: Organisation) -> Party:
    """An organisation as the API shows it."""
    return Party(
        id=organisation.public_id, name=Words(zh=organisation.name_zh, en=organisation.name_en or organisation.name_zh)
    )


def facts(row: Consent) -> dict[str, Any]:
    """What a list shows of a consent."""
    return {
        "id": row.public_id,
        "subject": party(row.subject),
        "reader": party(row.reader),
        "purpose": row.purpose.code,
        "purpose_version": row.purpose.version,
        "state": row.state,
        "reason": row.reason,
        "context": row.context,
        "created_at": row.created_at,
        "answer_until": row.answer_until,
        "valid_until": row.valid_until,
    }


def whole(row: Consent) -> ConsentWhole:
    """A consent with what happened to it."""
    events = [EventOut(sequence=e.sequence, at=e.at, kind=e.kind.value, reason=e.reason) for e in events_of(row)]
    return ConsentWhole(**facts(row), terms=TermsOut(**row.terms), events=events)


@router.get("/consents", response=Slice[ConsentOut], auth=Needs("pool:read"), summary="Consents")
def read_consents(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """The consents that the token's organisation gave, or asked for."""
    return slice_of(consents_for(actor_of(request)), window, lambda row: ConsentOut(**facts(row)))


@router.post("/consents", response={201: ConsentWhole}, auth=Needs("pool:write"), summary="Ask a firm for consent")
def ask_for_consent(request: HttpRequest, asked: ConsentIn) -> Status[ConsentWhole]:
    """Ask a firm. 422 with the attribute in `where.column` where the request passes the ceiling of its purpose."""
    actor = actor_of(request)
    services.require(actor, services.READERS)
    firm = find_firm(actor, asked.firm)
    if firm is None:
        raise OnRecord(404, refuse("registry.firm.not_found", "登记库中没有这家企业", "No firm has this code or name"))
    try:
        made = _ask(actor, firm, asked)
    except Refused as refused:
        raise OnRecord(status_of(refused), refused) from refused
    return Status(201, whole(made))


def _ask(actor: Actor, firm: Organisation, asked: ConsentIn) -> Consent:
    known = items_of_dataset()
    items = {*asked.items, *(code for name in asked.datasets for code in known.get(name, ()))}
    wish = Wish(
        items=frozenset(items),
        granularity=asked.granularity,
        data_from=asked.data_from,
        data_until=asked.data_until,
        days_valid=asked.days_valid,
        max_reads=asked.max_reads,
        max_reads_per_day=asked.max_reads_per_day,
        retention_days=asked.retention_days,
    )
    return services.request_consent(
        actor, firm, purpose=asked.purpose, wish=wish, reason=asked.reason, context=asked.context
    )


@router.get("/consents/{key}", response=ConsentWhole, auth=Needs("pool:read"), summary="One consent")
def read_consent(request: HttpRequest, key: Key) -> ConsentWhole:
    """What was asked for, what was granted, and what happened to it."""
    return whole(consent_for(actor_of(request), key))


@router.get("/consents/{key}/receipt", response=dict[str, Any], auth=Needs("pool:read"), summary="Signed receipt")
def read_receipt(request: HttpRequest, key: Key) -> dict[str, Any]:
    """The granted body with its signature, as both sides keep it; 404 where nothing was granted."""
    return dict(receipt_of(consent_for(actor_of(request), key)))


@router.post("/consents/{key}/{action}", response=ConsentWhole, auth=Needs("pool:write"), summary="Take back, pause …")
def act_on_consent(request: HttpRequest, key: Key, action: Key, why: Why) -> ConsentWhole:
    """For the firm's own system: `reject`, `pause`, `resume` or `revoke`; from this moment on.

    A consent is granted by a person in the portal, never by a machine.
    """
    if action not in ACTIONS:
        raise Http404
    found = consent_for(actor_of(request), key)
    ACTIONS[action](actor_of(request), found, reason=why.reason)
    found.refresh_from_db()
    return whole(found)
