"""Firms as they come out of a file, some at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from tulou.policies.core.firms.table import FirmTable

Day = dt.date | None


@dataclass(frozen=True)
class FirmBatch:
    """Some firms of a file. `days` is each one's own day (None: unknown), or None where the file carries no days."""

    firm_ids: Sequence[str]
    table: FirmTable
    days: Sequence[Day] | None
    first_record: int
