"""Whether one reading is allowed: a pure function over what was asked and what is known.

A reading needs all of: a reader and a person who may act, an intact grant in force for exactly this reader, subject
and purpose, the purpose's ceiling as it is today, every item granted, shared and opened to the reader by the department
that owns it, a period and a granularity within the grant, and a number of readings that is not used up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tulou.kernel.errors import Text
from tulou.pool.core.consent.grant import Grant, GrantState
from tulou.pool.core.consent.purpose import Purpose, deviations
from tulou.pool.core.consent.terms import Granularity, SharingType


class Code(StrEnum):
    """What was decided, and why; a stable word of the read log."""

    ALLOWED = "allowed"
    NOTHING_ASKED = "nothing_asked"
    READER_INACTIVE = "reader_inactive"
    PERSON_NOT_AUTHORISED = "person_not_authorised"
    NO_GRANT = "no_grant"
    TAMPERED = "tampered"
    OTHER_READER = "other_reader"
    OTHER_SUBJECT = "other_subject"
    OTHER_PURPOSE = "other_purpose"
    NOT_ACTIVE = "not_active"
    PAUSED = "paused"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    OVER_CEILING = "over_ceiling"
    ITEM_NOT_GRANTED = "item_not_granted"
    ITEM_NOT_SHARED = "item_not_shared"
    NO_ACCESS_RIGHT = "no_access_right"
    PERIOD_NOT_GRANTED = "period_not_granted"
    TOO_FINE = "too_fine"
    USED_UP = "used_up"
    TOO_FREQUENT = "too_frequent"
    READING_OVER = "reading_over"


SENTENCES: Mapping[Code, Text] = {
    Code.ALLOWED: Text(zh="允许读取", en="Reading is allowed"),
    Code.NOTHING_ASKED: Text(zh="没有请求任何数据项", en="No item was asked for"),
    Code.READER_INACTIVE: Text(zh="读取机构的资格已停用", en="The reading organisation is not active"),
    Code.PERSON_NOT_AUTHORISED: Text(zh="操作人未被所在机构授权", en="The person may not read for this organisation"),
    Code.NO_GRANT: Text(zh="没有企业的授权", en="There is no grant of the enterprise"),
    Code.TAMPERED: Text(zh="授权书与签名不符", en="The grant does not fit its signature"),
    Code.OTHER_READER: Text(zh="授权给了其他机构", en="The grant is for another organisation"),
    Code.OTHER_SUBJECT: Text(zh="授权属于其他企业", en="The grant is of another enterprise"),
    Code.OTHER_PURPOSE: Text(zh="授权用于其他目的", en="The grant is for another purpose"),
    Code.NOT_ACTIVE: Text(zh="授权尚未生效或已被取代", en="The grant is not in force"),
    Code.PAUSED: Text(zh="企业已暂停授权", en="The enterprise has paused the grant"),
    Code.REVOKED: Text(zh="企业已撤回授权", en="The enterprise has revoked the grant"),
    Code.SUSPENDED: Text(zh="平台已中止该授权", en="The platform has suspended the grant"),
    Code.NOT_YET: Text(zh="授权期尚未开始", en="The grant is not valid yet"),
    Code.EXPIRED: Text(zh="授权已到期", en="The grant has expired"),
    Code.OVER_CEILING: Text(zh="超出该目的允许的上限", en="The grant passes the ceiling of its purpose"),
    Code.ITEM_NOT_GRANTED: Text(zh="数据项不在授权范围内", en="An item is not part of the grant"),
    Code.ITEM_NOT_SHARED: Text(zh="数据项不予共享", en="An item is not shared for this purpose"),
    Code.NO_ACCESS_RIGHT: Text(zh="数据所属部门未开放该数据项", en="The owning department has not opened an item"),
    Code.PERIOD_NOT_GRANTED: Text(zh="数据期间超出授权", en="The period is not part of the grant"),
    Code.TOO_FINE: Text(zh="数据粒度细于授权", en="The data asked for are finer than granted"),
    Code.USED_UP: Text(zh="授权的读取次数已用完", en="The readings of the grant are used up"),
    Code.TOO_FREQUENT: Text(zh="读取过于频繁", en="The grant was read too often within a day"),
    Code.READING_OVER: Text(zh="本次读取已结束，请重新发起", en="This reading is over: begin a new one"),
}


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is asked: one grant, some of its items, over a half-open period of data."""

    grant_id: str
    reader: str
    person: str
    subject: str
    purpose: str
    items: frozenset[str]
    granularity: Granularity
    data_from: dt.date
    data_until: dt.date
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class ItemTerms:
    """What the catalogue says about one item: how it is shared and how sensitive it is (1-4)."""

    sharing: SharingType
    sensitivity: int


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """What is known at the moment of deciding; the ledger reads it under a lock on the grant.

    `rights` are the items that their departments have opened to the reader, `reads_total` and `reads_last_day` count
    earlier allowed readings (the last day is the 24 hours before `at`), `purpose` is the purpose as it is today.
    """

    at: dt.datetime
    reader_active: bool
    person_authorised: bool
    grant: Grant | None
    grant_intact: bool
    state: GrantState | None
    purpose: Purpose | None
    items: Mapping[str, ItemTerms]
    rights: frozenset[str]
    reads_total: int
    reads_last_day: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: a code, and the items that it speaks of where it is about items."""

    code: Code
    items: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether data may be fetched."""
        return self.code is Code.ALLOWED

    @property
    def text(self) -> Text:
        """The sentence for the person who asked."""
        return SENTENCES[self.code]


def decide(request: ReadRequest, facts: ReadFacts) -> Decision:
    """Decide one reading; the first reason against it is the answer.

    The order is from who asks, over whose grant and whether it is in force, to what is asked and how often, so that
    nobody learns about a grant that is not hers.
    """
    if not request.items:
        return Decision(Code.NOTHING_ASKED)
    if not facts.reader_active:
        return Decision(Code.READER_INACTIVE)
    if not facts.person_authorised:
        return Decision(Code.PERSON_NOT_AUTHORISED)
    grant = facts.grant
    if grant is None:
        return Decision(Code.NO_GRANT)
    if (code := _whose(request, facts, grant)) is not None:
        return Decision(code)
    if (code := _in_force(facts, grant)) is not None:
        return Decision(code)
    return _within(request, facts, grant)


def _whose(request: ReadRequest, facts: ReadFacts, grant: Grant) -> Code | None:
    if not facts.grant_intact:
        return Code.TAMPERED
    if grant.reader != request.reader:
        return Code.OTHER_READER
    if grant.subject != request.subject:
        return Code.OTHER_SUBJECT
    if grant.purpose != request.purpose:
        return Code.OTHER_PURPOSE
    return None


def _in_force(facts: ReadFacts, grant: Grant) -> Code | None:
    stopped = {
        GrantState.PAUSED: Code.PAUSED,
        GrantState.REVOKED: Code.REVOKED,
        GrantState.SUSPENDED: Code.SUSPENDED,
    }
    if facts.state is not GrantState.ACTIVE:
        return stopped.get(facts.state, Code.NOT_ACTIVE) if facts.state else Code.NOT_ACTIVE
    if facts.at < grant.terms.valid_from:
        return Code.NOT_YET
    if facts.at >= grant.terms.valid_until:
        return Code.EXPIRED
    return None


def _within(request: ReadRequest, facts: ReadFacts, grant: Grant) -> Decision:
    terms, purpose = grant.terms, facts.purpose
    if purpose is None or deviations(purpose, terms, grant.reader_kind):
        return Decision(Code.OVER_CEILING)
    if missing := request.items - terms.items:
        return Decision(Code.ITEM_NOT_GRANTED, tuple(sorted(missing)))
    if closed := [item for item in sorted(request.items) if not _is_shared(facts.items.get(item), purpose)]:
        return Decision(Code.ITEM_NOT_SHARED, tuple(closed))
    if unopened := request.items - facts.rights:
        return Decision(Code.NO_ACCESS_RIGHT, tuple(sorted(unopened)))
    if request.data_from < terms.data_from or request.data_until > terms.data_until:
        return Decision(Code.PERIOD_NOT_GRANTED)
    if request.granularity.finer_than(terms.granularity):
        return Decision(Code.TOO_FINE)
    if facts.reads_total >= terms.max_reads:
        return Decision(Code.USED_UP)
    if facts.reads_last_day >= min(terms.max_reads_per_day, purpose.max_reads_per_day):
        return Decision(Code.TOO_FREQUENT)
    return Decision(Code.ALLOWED)


def _is_shared(item: ItemTerms | None, purpose: Purpose) -> bool:
    return item is not None and item.sharing in purpose.sharing_types and item.sensitivity <= purpose.max_sensitivity
