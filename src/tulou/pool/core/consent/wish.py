"""What a reader asks a firm for, before anything is granted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tulou.pool.core.consent.terms import Granularity, Terms


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader asks for. `days_valid` begin when the firm grants it; `data_until` is the first day outside."""

    items: frozenset[str]
    granularity: Granularity
    data_from: dt.date
    data_until: dt.date
    days_valid: int
    max_reads: int
    max_reads_per_day: int
    retention_days: int

    def terms(self, valid_from: dt.datetime) -> Terms:
        """The terms of a grant that begins at a moment. Raises ValueError where they contradict themselves."""
        return Terms(
            items=self.items,
            granularity=self.granularity,
            data_from=self.data_from,
            data_until=self.data_until,
            valid_from=valid_from,
            valid_until=valid_from + dt.timedelta(days=self.days_valid),
            max_reads=self.max_reads,
            max_reads_per_day=self.max_reads_per_day,
            retention_days=self.retention_days,
        )

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "items": sorted(self.items),
            "granularity": self.granularity.value,
            "data_from": self.data_from.isoformat(),
            "data_until": self.data_until.isoformat(),
            "days_valid": self.days_valid,
            "max_reads": self.max_reads,
            "max_reads_per_day": self.max_reads_per_day,
            "retention_days": self.retention_days,
        }

    @classmethod
    def from_document(cls, body: dict[str, object]) -> Wish:
        """The wish that `document` wrote."""
        known = dict(body)
        return cls(
            items=frozenset(map(str, known.pop("items"))),  # type: ignore[call-overload]
            granularity=Granularity(str(known.pop("granularity"))),
            data_from=dt.date.fromisoformat(str(known.pop("data_from"))),
            data_until=dt.date.fromisoformat(str(known.pop("data_until"))),
            **{name: int(str(value)) for name, value in known.items()},
        )
