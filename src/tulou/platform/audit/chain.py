"""The chain itself, without a database: what is hashed, in which bytes, and how a walk along it fails."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

GENESIS: Final = hashlib.sha256(b"tulou audit log, version 1").hexdigest()
ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")

Row = tuple[int, int, str, str, str, str, str, str, str]
"""seq, at_us, action, person, organisation, subject_type, subject, detail, hash."""


def canonical(detail: Mapping[str, Any]) -> str:
    """The one text form of an event's detail: sorted keys, no spaces, control characters escaped.

    >>> canonical({"b": 1, "a": "闽"})
    '{"a":"闽","b":1}'
    """
    return json.dumps(detail, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def link(previous: str, row: Row) -> str:
    """The hash of an event after the event whose hash is `previous`.

    Every field but the last is free of line breaks (the database's checks and `canonical` see to it), so the joined
    text is read back in one way only.
    """
    seq, at_us, action, person, organisation, subject_type, subject, detail, _ = row
    text = f"{previous}\n{seq}\n{at_us}\n{action}\n{person}\n{organisation}\n{subject_type}\n{subject}\n{detail}"
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain does not hold. `code`: audit.hash_wrong, audit.gap or audit.checkpoint_…"""

    code: str
    seq: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk along the chain saw: how many events, its end, the first break, the hashes that were asked for."""

    events: int
    last_seq: int
    last_hash: str
    broken: Break | None
    hashes: Mapping[int, str]


def walk(rows: Iterable[Row], wanted: frozenset[int] = frozenset()) -> Walk:
    """Follow `rows` (in order, from 1), check every link, note the hashes of the events in `wanted`.

    >>> walk([]).events
    0
    """
    previous, expected, count = GENESIS, 1, 0
    hashes: dict[int, str] = {0: GENESIS}
    sha256 = hashlib.sha256
    for seq, at_us, action, person, organisation, subject_type, subject, detail, stored in rows:
        if seq != expected:
            return Walk(count, expected - 1, previous, Break("audit.gap", expected), hashes)
        text = f"{previous}\n{seq}\n{at_us}\n{action}\n{person}\n{organisation}\n{subject_type}\n{subject}\n{detail}"
        if sha256(text.encode()).hexdigest() != stored:
            return Walk(count, expected - 1, previous, Break("audit.hash_wrong", seq), hashes)
        previous, expected, count = stored, expected + 1, count + 1
        if seq in wanted:
            hashes[seq] = stored
    return Walk(count, expected - 1, previous, None, hashes)
