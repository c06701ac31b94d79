"""The one place where a reading happens: decide, count, log, permit, fetch - and decide again for every page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tulou.kernel.errors import Finding, Refused
from tulou.pool.core.consent.decision import Code, Decision, ReadFacts, ReadRequest, decide
from tulou.pool.core.consent.own import decide_own
from tulou.pool.core.consent.purpose import SELF
from tulou.pool.core.consent.signing import digest

_OPEN: ContextVar[object | None] = ContextVar("tulou_open_permit", default=None)
_SEAL = object()
READING_LIFETIME = dt.timedelta(hours=1)
"""How long the pages of one counted reading may be fetched."""


class Permit:
    """The right to fetch one page of exactly this request; only the gate makes one, and only while it is open."""

    __slots__ = ("_seal", "cursor", "request")

    def __init__(self, request: ReadRequest, cursor: str | None, seal: object) -> None:
        if seal is not _SEAL:
            raise PermissionError("only the gate gives permits")
        self.request = request
        self.cursor = cursor
        self._seal = seal

    def check(self) -> None:
        """Raise PermissionError unless the gate holds this permit open at this moment. A store calls it first."""
        if self._seal is not _SEAL or _OPEN.get() is not self:
            raise PermissionError("this permit is not open")


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the answer: values by item, and the cursor of the next page where there is one."""

    values: Mapping[str, Any]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class EarlierReading:
    """What an idempotency key was first used for: the request, when, and whether it was allowed."""

    request: ReadRequest
    at: dt.datetime
    allowed: bool


class Store(Protocol):
    """Where the data are. It must call `permit.check()` before it reads anything."""

    def fetch(self, permit: Permit) -> Page:
        """The page that the permit is for."""


class Ledger(Protocol):
    """Where grants are locked, readings counted and every decision logged, denied ones too."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; nobody else changes the grant meanwhile."""

    def facts(self, request: ReadRequest) -> ReadFacts:
        """What is known about the request now; locks the grant."""

    def earlier(self, request: ReadRequest) -> EarlierReading | None:
        """What this reader first did with the request's idempotency key, if anything."""

    def count(self, request: ReadRequest, at: dt.datetime) -> None:
        """Note one allowed reading."""

    def log(self, request: ReadRequest, decision: Decision, at: dt.datetime, cursor: str | None) -> str:
        """Append the decision to the read log; answers the number of the entry."""

    def log_answer(self, entry: str, values: int, sha256: str) -> None:
        """Append what was delivered for a logged decision."""


class ReadDenied(Refused):
    """A reading was not allowed; `decision` says why, and the denial is in the read log."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(Finding(code=f"consent.{decision.code}", text=decision.text))
        self.decision = decision


class KeyReused(ValueError):  # noqa: N818 - reads as what it is
    """An idempotency key came back with another request."""


class Gate:
    """Reads for others, out of `store`, on the record of `ledger`."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def read(self, request: ReadRequest, cursor: str | None = None) -> Page:
        """One page. The same key and request again continue the reading: decided anew, not counted again.

        Raises ReadDenied where it is not allowed and KeyReused where the key belongs to another request.
        The decision is in the log before anything is fetched: where the log cannot be written there are no data.
        """
        with self._ledger.transaction():
            facts = self._ledger.facts(request)
            earlier = self._ledger.earlier(request)
            if earlier is not None and earlier.request != request:
                raise KeyReused(request.idempotency_key)
            if request.purpose == SELF:
                decision = decide_own(request, facts)
            elif earlier is not None and earlier.allowed:
                decision = continue_reading(request, facts, earlier)
            else:
                decision = decide(request, facts)
                if decision.allowed:
                    self._ledger.count(request, facts.at)
            entry = self._ledger.log(request, decision, facts.at, cursor)
        if not decision.allowed:
            raise ReadDenied(decision)
        page = self._fetch(Permit(request, cursor, _SEAL))
        self._ledger.log_answer(entry, len(page.values), digest(dict(page.values)))
        return page

    def pages(self, request: ReadRequest) -> Iterator[Page]:
        """Every page, each decided when it is asked for: a revocation in between stops the rest."""
        cursor: str | None = None
        while True:
            page = self.read(request, cursor)
            yield page
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def _fetch(self, permit: Permit) -> Page:
        token = _OPEN.set(permit)
        try:
            return self._store.fetch(permit)
        finally:
            _OPEN.reset(token)


def continue_reading(request: ReadRequest, facts: ReadFacts, earlier: EarlierReading) -> Decision:
    """Decide a further page of an allowed reading: everything again, but the reading does not use itself up.

    A reading lasts READING_LIFETIME, so that one counted reading cannot be kept open to watch a firm.
    """
    if facts.at - earlier.at >= READING_LIFETIME:
        return Decision(Code.READING_OVER)
    return decide(request, replace(facts, reads_total=facts.reads_total - 1, reads_last_day=facts.reads_last_day - 1))
