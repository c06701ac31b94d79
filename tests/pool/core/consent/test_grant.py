"""A grant cannot be changed, and its state is what its events say."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pool.core.consent.test_decision import GRANT, NOW, TERMS

from tulou.pool.core.consent import (
    PURPOSES,
    Ed25519Signer,
    EventKind,
    Grant,
    GrantEvent,
    GrantState,
    Granularity,
    IllegalEvent,
    SignedGrant,
    canonical,
    deviations,
    digest,
    state_after,
)
from tulou.pool.core.consent.grant import TRANSITIONS

SIGNER = Ed25519Signer.generate("test")


def events(*kinds: EventKind) -> list[GrantEvent]:
    return [GrantEvent(number, NOW, kind, "somebody") for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "other"},
        {"reader": "other"},
        {"purpose": "LOAN_MONITOR"},
        {"terms": replace(TERMS, items=TERMS.items | {"02-0002-0003"})},
        {"terms": replace(TERMS, valid_until=TERMS.valid_until + dt.timedelta(microseconds=1))},
        {"terms": replace(TERMS, max_reads=6)},
        {"terms": replace(TERMS, granularity=Granularity.RAW)},
        {"terms": replace(TERMS, retention_days=31)},
    ],
)
def test_a_changed_grant_does_not_fit_its_signature(change: dict[str, object]) -> None:
    signed = SignedGrant.sign(GRANT, SIGNER)
    assert signed.is_intact(SIGNER.verifier())
    assert not replace(signed, grant=replace(GRANT, **change)).is_intact(SIGNER.verifier())  # type: ignore[arg-type]


def test_another_key_does_not_confirm_a_grant() -> None:
    assert not SignedGrant.sign(GRANT, SIGNER).is_intact(Ed25519Signer.generate("other").verifier())


def test_a_grant_survives_its_document() -> None:
    assert Grant.from_document(json.loads(canonical(GRANT.document()))) == GRANT


def test_the_receipt_holds_the_body_its_digest_and_what_happened() -> None:
    receipt = SignedGrant.sign(GRANT, SIGNER).receipt(events(EventKind.REQUESTED, EventKind.GRANTED))
    assert receipt["sha256"] == digest(receipt["processing"])
    assert [event["type"] for event in receipt["events"]] == ["requested", "granted"]
    assert SIGNER.verifier().verify(canonical(receipt["processing"]), bytes.fromhex(receipt["signature"]["value"]))


@given(st.lists(st.sampled_from(EventKind), max_size=6))
def test_a_state_moves_along_the_table_or_not_at_all(kinds: list[EventKind]) -> None:
    state: GrantState | None = None
    for kind in kinds:
        if (state, kind) not in TRANSITIONS:
            with pytest.raises(IllegalEvent):
                state_after(events(*kinds))
            return
        state = TRANSITIONS[state, kind]
    assert state_after(events(*kinds)) is state


def test_the_order_of_events_is_their_number_not_their_place() -> None:
    happened = events(EventKind.REQUESTED, EventKind.GRANTED, EventKind.REVOKED)
    assert state_after(reversed(happened)) is GrantState.REVOKED


@pytest.mark.parametrize("final", [GrantState.REVOKED, GrantState.REJECTED, GrantState.LAPSED, GrantState.SUPERSEDED])
def test_what_has_ended_stays_ended(final: GrantState) -> None:
    assert [kind for state, kind in TRANSITIONS if state is final] == []


@pytest.mark.parametrize(
    ("terms", "attribute"),
    [
        ({"data_from": dt.date(2018, 8, 31)}, "data_period"),
        ({"valid_until": TERMS.valid_from + dt.timedelta(days=31)}, "validity"),
        ({"max_reads": 6}, "max_reads"),
        ({"max_reads_per_day": 6}, "max_reads_per_day"),
        ({"retention_days": 181}, "retention_days"),
    ],
)
def test_terms_over_the_ceiling_are_named(terms: dict[str, object], attribute: str) -> None:
    purpose = PURPOSES["LOAN_APPLY"]
    assert deviations(purpose, TERMS, "bank") == ()
    assert [row.attribute for row in deviations(purpose, replace(TERMS, **terms), "bank")] == [attribute]  # type: ignore[arg-type]


def test_a_reader_of_another_kind_and_finer_data_are_over_the_ceiling() -> None:
    assert [row.attribute for row in deviations(PURPOSES["LOAN_APPLY"], TERMS, "provider")] == ["reader_kind"]
    raw = replace(TERMS, granularity=Granularity.RAW, data_from=dt.date(2020, 4, 1), max_reads_per_day=1)
    assert [row.attribute for row in deviations(PURPOSES["LOAN_MONITOR"], raw, "bank")] == ["granularity"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": frozenset()},
        {"items": frozenset({"02-*"})},
        {"data_until": TERMS.data_from},
        {"valid_until": TERMS.valid_from},
        {"valid_from": dt.datetime(2020, 1, 1), "valid_until": dt.datetime(2020, 2, 1)},  # noqa: DTZ001 - the fault under test
        {"max_reads": 0},
        {"retention_days": -1},
    ],
)
def test_terms_that_cannot_be_meant_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"terms name|a span ends|a moment carries|a limit is"):
        replace(TERMS, **wrong)  # type: ignore[arg-type]
