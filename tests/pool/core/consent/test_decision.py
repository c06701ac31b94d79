"""One reading, all right except one thing: what the gate decides, on each border."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from tulou.pool.core.consent import (
    PURPOSES,
    SELF,
    Code,
    Grant,
    GrantState,
    Granularity,
    ItemTerms,
    ReadFacts,
    ReadRequest,
    SharingType,
    Terms,
    decide,
    decide_own,
)

NOW = dt.datetime(2020, 9, 1, 12, tzinfo=dt.UTC)
TICK = dt.timedelta(microseconds=1)
TERMS = Terms(
    items=frozenset({"02-0002-0001", "02-0002-0002"}),
    granularity=Granularity.SUMMARY,
    data_from=dt.date(2019, 1, 1),
    data_until=dt.date(2020, 9, 1),
    valid_from=NOW - dt.timedelta(days=10),
    valid_until=NOW + dt.timedelta(days=10),
    max_reads=5,
    max_reads_per_day=2,
    retention_days=30,
)
GRANT = Grant(
    grant_id="g1",
    subject="firm",
    granted_by="owner",
    authority="legal representative",
    reader="bank",
    reader_kind="bank",
    purpose="LOAN_APPLY",
    purpose_version=1,
    terms=TERMS,
    granted_at=NOW - dt.timedelta(days=10),
    notice_version="2020-1",
    language="zh",
)
REQUEST = ReadRequest(
    grant_id="g1",
    reader="bank",
    person="officer",
    subject="firm",
    purpose="LOAN_APPLY",
    items=TERMS.items,
    granularity=Granularity.SUMMARY,
    data_from=TERMS.data_from,
    data_until=TERMS.data_until,
    idempotency_key="k1",
)
OPEN = ItemTerms(SharingType.CONDITIONAL, 3)
FACTS = ReadFacts(
    at=NOW,
    reader_active=True,
    person_authorised=True,
    grant=GRANT,
    grant_intact=True,
    state=GrantState.ACTIVE,
    purpose=PURPOSES["LOAN_APPLY"],
    items=MappingProxyType(dict.fromkeys(TERMS.items, OPEN)),
    rights=TERMS.items,
    reads_total=0,
    reads_last_day=0,
)
ITEM = "02-0002-0001"


def asked(**changes: Any) -> tuple[ReadRequest, ReadFacts]:
    return replace(REQUEST, **changes), FACTS


def known(**changes: Any) -> tuple[ReadRequest, ReadFacts]:
    return REQUEST, replace(FACTS, **changes)


def granted(**changes: Any) -> tuple[ReadRequest, ReadFacts]:
    return known(grant=replace(GRANT, terms=replace(TERMS, **changes)))


def item_is(terms: ItemTerms | None) -> tuple[ReadRequest, ReadFacts]:
    items: Mapping[str, ItemTerms] = {key: OPEN for key in TERMS.items if key != ITEM}
    return known(items={**items, ITEM: terms} if terms else items)


Decide = Callable[[ReadRequest, ReadFacts], Any]
TABLE: list[tuple[str, tuple[ReadRequest, ReadFacts], Code]] = [
    ("all is right", (REQUEST, FACTS), Code.ALLOWED),
    ("nothing is asked", asked(items=frozenset()), Code.NOTHING_ASKED),
    ("the reader is not active", known(reader_active=False), Code.READER_INACTIVE),
    ("the person may not act", known(person_authorised=False), Code.PERSON_NOT_AUTHORISED),
    ("there is no grant", known(grant=None), Code.NO_GRANT),
    ("the grant was changed", known(grant_intact=False), Code.TAMPERED),
    ("the grant is for another bank", asked(reader="other bank"), Code.OTHER_READER),
    ("the grant is of another firm", asked(subject="other firm"), Code.OTHER_SUBJECT),
    ("the purpose is another", asked(purpose="LOAN_MONITOR"), Code.OTHER_PURPOSE),
    ("the grant was only requested", known(state=GrantState.REQUESTED), Code.NOT_ACTIVE),
    ("the grant is paused", known(state=GrantState.PAUSED), Code.PAUSED),
    ("the grant is revoked", known(state=GrantState.REVOKED), Code.REVOKED),
    ("the grant is suspended", known(state=GrantState.SUSPENDED), Code.SUSPENDED),
    ("a tick before it begins", granted(valid_from=NOW + TICK), Code.NOT_YET),
    ("the moment it begins", granted(valid_from=NOW), Code.ALLOWED),
    ("a tick before it ends", granted(valid_until=NOW + TICK), Code.ALLOWED),
    ("the moment it ends", granted(valid_until=NOW), Code.EXPIRED),
    ("the ceiling was lowered", known(purpose=replace(FACTS.purpose, max_months=19)), Code.OVER_CEILING),
    ("the purpose is gone", known(purpose=None), Code.OVER_CEILING),
    ("one item more than granted", granted(items=frozenset({ITEM})), Code.ITEM_NOT_GRANTED),
    ("an item is never shared", item_is(ItemTerms(SharingType.NONE, 1)), Code.ITEM_NOT_SHARED),
    ("an item is too sensitive", item_is(ItemTerms(SharingType.CONDITIONAL, 4)), Code.ITEM_NOT_SHARED),
    ("an item is not in the catalogue", item_is(None), Code.ITEM_NOT_SHARED),
    ("the department has not opened an item", known(rights=frozenset({ITEM})), Code.NO_ACCESS_RIGHT),
    ("a day before the period", asked(data_from=dt.date(2018, 12, 31)), Code.PERIOD_NOT_GRANTED),
    ("a day after the period", asked(data_until=dt.date(2020, 9, 2)), Code.PERIOD_NOT_GRANTED),
    ("finer than granted", asked(granularity=Granularity.RAW), Code.TOO_FINE),
    ("coarser than granted", asked(granularity=Granularity.SCORE), Code.ALLOWED),
    ("the last reading", known(reads_total=4), Code.ALLOWED),
    ("one reading too many", known(reads_total=5), Code.USED_UP),
    ("the last reading of the day", known(reads_last_day=1), Code.ALLOWED),
    ("one too many within a day", known(reads_last_day=2), Code.TOO_FREQUENT),
]


@pytest.mark.parametrize(("case", "expected"), [(case, code) for _, case, code in TABLE], ids=[row[0] for row in TABLE])
def test_a_reading_is_decided_on_each_border(case: tuple[ReadRequest, ReadFacts], expected: Code) -> None:
    assert decide(*case).code is expected


def test_the_table_reaches_every_code_of_a_first_decision() -> None:
    reached = Counter(code for _, _, code in TABLE)
    assert set(Code) - set(reached) == {Code.READING_OVER}


def test_a_denial_about_items_names_them() -> None:
    assert decide(*granted(items=frozenset({ITEM}))).items == ("02-0002-0002",)


def test_every_code_has_a_sentence_in_both_languages() -> None:
    for code in Code:
        decision = type(decide(REQUEST, FACTS))(code)
        assert decision.text.zh
        assert decision.text.en


OWN = replace(REQUEST, reader="firm", purpose=SELF, grant_id="")
NO_GRANT = replace(FACTS, grant=None, state=None, purpose=None, rights=frozenset())


@pytest.mark.parametrize(
    ("request_", "facts", "code"),
    [
        (OWN, NO_GRANT, Code.ALLOWED),
        (replace(OWN, items=frozenset()), NO_GRANT, Code.NOTHING_ASKED),
        (OWN, replace(NO_GRANT, reader_active=False), Code.READER_INACTIVE),
        (OWN, replace(NO_GRANT, person_authorised=False), Code.PERSON_NOT_AUTHORISED),
        (replace(OWN, reader="bank"), NO_GRANT, Code.OTHER_SUBJECT),
        (OWN, replace(NO_GRANT, items={}), Code.ITEM_NOT_SHARED),
    ],
)
def test_a_firm_reads_about_itself_without_a_grant_and_nobody_else_does(
    request_: ReadRequest, facts: ReadFacts, code: Code
) -> None:
    assert decide_own(request_, facts).code is code
