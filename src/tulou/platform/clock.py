"""The one clock. Whoever needs the time asks here, so that a test (or a replay) can say what time it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_clock: ContextVar[Callable[[], dt.datetime]] = ContextVar("clock")
_shift = dt.timedelta()


def shift(seconds: int) -> None:
    """Let this process live `seconds` after the machine's time (before it, where negative); for demonstrations."""
    global _shift
    _shift = dt.timedelta(seconds=seconds)


def system_time() -> dt.datetime:
    """The machine's time, in UTC, or as long beside it as `shift` said."""
    return dt.datetime.now(dt.UTC) + _shift


def now() -> dt.datetime:
    """The present moment, in UTC."""
    return _clock.get(system_time)()


def today() -> dt.date:
    """The present day in the province (Asia/Shanghai)."""
    return now().astimezone(SHANGHAI).date()


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Inside this block it is `moment`.

    >>> with at(dt.datetime(2020, 2, 29, 16, 30, tzinfo=dt.UTC)):
    ...     today().isoformat()
    '2020-03-01'
    """
    if moment.tzinfo is None:
        raise ValueError("the moment needs a time zone")
    token = _clock.set(lambda: moment)
    try:
        yield
    finally:
        _clock.reset(token)


def microseconds(moment: dt.datetime) -> int:
    """Whole microseconds since 1970 (exact; no float on the way)."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of(micros: int) -> dt.datetime:
    """The moment that lies `micros` microseconds after 1970."""
    return EPOCH + dt.timedelta(microseconds=micros)
