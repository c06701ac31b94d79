"""The gate: the log comes before the data, and every page is decided anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from tests.pool.core.consent.test_decision import FACTS, NOW, REQUEST

from tulou.pool.core.consent import (
    SELF,
    Code,
    Decision,
    Gate,
    GrantState,
    KeyReused,
    Page,
    Permit,
    ReadDenied,
    ReadFacts,
)
from tulou.pool.core.consent.decision import ReadRequest
from tulou.pool.core.consent.gate import READING_LIFETIME, EarlierReading


class Notebook:
    """A ledger in memory, with the time in its hand."""

    def __init__(self) -> None:
        self.now = NOW
        self.state = GrantState.ACTIVE
        self.reads: list[dt.datetime] = []
        self.first: dict[str, EarlierReading] = {}
        self.decisions: list[Decision] = []
        self.answers: list[tuple[str, int, str]] = []
        self.broken = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    def facts(self, request: ReadRequest) -> ReadFacts:
        day = self.now - dt.timedelta(days=1)
        recent = sum(at > day for at in self.reads)
        return replace(FACTS, at=self.now, state=self.state, reads_total=len(self.reads), reads_last_day=recent)

    def earlier(self, request: ReadRequest) -> EarlierReading | None:
        return self.first.get(request.idempotency_key)

    def count(self, request: ReadRequest, at: dt.datetime) -> None:
        self.reads.append(at)

    def log(self, request: ReadRequest, decision: Decision, at: dt.datetime, cursor: str | None) -> str:
        if self.broken:
            raise OSError("the log cannot be written")
        self.decisions.append(decision)
        earlier = self.first.get(request.idempotency_key)
        if earlier is None or not earlier.allowed:
            self.first[request.idempotency_key] = EarlierReading(request, at, decision.allowed)
        return str(len(self.decisions))

    def log_answer(self, entry: str, values: int, sha256: str) -> None:
        self.answers.append((entry, values, sha256))


class ThreePages:
    """A store with three pages that counts what was fetched."""

    def __init__(self) -> None:
        self.fetched = 0
        self.permits: list[Permit] = []

    def fetch(self, permit: Permit) -> Page:
        permit.check()
        self.permits.append(permit)
        self.fetched += 1
        number = int(permit.cursor or 1)
        return Page({f"item{number}": number}, str(number + 1) if number < 3 else None)


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def store() -> ThreePages:
    return ThreePages()


@pytest.fixture
def gate(store: ThreePages, notebook: Notebook) -> Gate:
    return Gate(store, notebook)


def test_a_reading_of_three_pages_counts_once_and_is_logged_three_times(
    gate: Gate, store: ThreePages, notebook: Notebook
) -> None:
    assert [page.values for page in gate.pages(REQUEST)] == [{"item1": 1}, {"item2": 2}, {"item3": 3}]
    assert len(notebook.reads) == 1
    assert [decision.code for decision in notebook.decisions] == [Code.ALLOWED] * 3
    assert [entry for entry, _, _ in notebook.answers] == ["1", "2", "3"]
    assert len({sha256 for _, _, sha256 in notebook.answers}) == 3


def test_the_last_allowed_reading_can_be_read_to_its_end(gate: Gate, notebook: Notebook) -> None:
    notebook.reads = [NOW - dt.timedelta(days=2)] * 4
    assert len(list(gate.pages(REQUEST))) == 3
    with pytest.raises(ReadDenied) as denied:
        gate.read(replace(REQUEST, idempotency_key="k2"))
    assert denied.value.decision.code is Code.USED_UP


def test_no_page_that_begins_after_a_revocation_is_delivered(gate: Gate, store: ThreePages, notebook: Notebook) -> None:
    pages = gate.pages(REQUEST)
    next(pages)
    notebook.state = GrantState.REVOKED
    with pytest.raises(ReadDenied) as denied:
        next(pages)
    assert denied.value.finding.code == "consent.revoked"
    assert store.fetched == 1
    assert [decision.code for decision in notebook.decisions] == [Code.ALLOWED, Code.REVOKED]


def test_a_denied_reading_is_logged_and_counts_nothing(gate: Gate, store: ThreePages, notebook: Notebook) -> None:
    notebook.state = GrantState.PAUSED
    with pytest.raises(ReadDenied):
        gate.read(REQUEST)
    assert (len(notebook.decisions), notebook.reads, store.fetched) == (1, [], 0)


def test_a_denied_key_may_be_tried_again_and_is_counted_when_it_is_allowed(gate: Gate, notebook: Notebook) -> None:
    notebook.state = GrantState.PAUSED
    with pytest.raises(ReadDenied):
        gate.read(REQUEST)
    notebook.state = GrantState.ACTIVE
    gate.read(REQUEST)
    assert notebook.reads == [NOW]


def test_there_are_no_data_where_the_log_cannot_be_written(gate: Gate, store: ThreePages, notebook: Notebook) -> None:
    notebook.broken = True
    with pytest.raises(OSError, match="the log cannot be written"):
        gate.read(REQUEST)
    assert store.fetched == 0


def test_a_key_cannot_be_used_for_another_request(gate: Gate, store: ThreePages) -> None:
    gate.read(REQUEST)
    with pytest.raises(KeyReused):
        gate.read(replace(REQUEST, items=frozenset({"02-0002-0001"})))
    assert store.fetched == 1


@pytest.mark.parametrize(
    ("after", "code"),
    [(READING_LIFETIME - dt.timedelta(microseconds=1), Code.ALLOWED), (READING_LIFETIME, Code.READING_OVER)],
)
def test_a_reading_cannot_be_kept_open(gate: Gate, notebook: Notebook, after: dt.timedelta, code: Code) -> None:
    gate.read(REQUEST)
    notebook.now = NOW + after
    if code is Code.ALLOWED:
        assert gate.read(REQUEST, "2").values == {"item2": 2}
    else:
        with pytest.raises(ReadDenied):
            gate.read(REQUEST, "2")
    assert notebook.decisions[-1].code is code


def test_a_permit_cannot_be_made_or_used_outside_the_gate(gate: Gate, store: ThreePages) -> None:
    with pytest.raises(PermissionError):
        Permit(REQUEST, None, object())
    gate.read(REQUEST)
    with pytest.raises(PermissionError):
        store.fetch(store.permits[0])


def test_a_firm_reads_about_itself_after_a_revocation_too_and_the_reading_is_in_the_log(notebook: Notebook) -> None:
    notebook.state = GrantState.REVOKED
    page = Gate(ThreePages(), notebook).read(replace(REQUEST, reader="firm", purpose=SELF, grant_id=""))
    assert page.values == {"item1": 1}
    assert [decision.code for decision in notebook.decisions] == [Code.ALLOWED]
