"""How well datasets are delivered: freshness against the promised cycle, what was rejected, what has drifted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Max, Q, Sum

from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.pool.core.catalogue import Dataset
from tulou.pool.courtyard import catalogue
from tulou.pool.models import Delivery
from tulou.pool.queries.disputes import department_of
from tulou.registry.roles import Kind

CYCLE_DAYS: Mapping[str, int] = {
    "realtime": 1,
    "daily": 1,
    "weekly": 7,
    "monthly": 31,
    "quarterly": 92,
    "half-yearly": 184,
    "yearly": 366,
}
"""The longest that a cycle lasts. Datasets that come irregularly have promised no day."""
STANDING = [Delivery.State.ACCEPTED, Delivery.State.PARTLY]
DRIFT = ("drift.", "unit.", "header.")
RECENT = 5


@dataclass(frozen=True, slots=True)
class Quality:
    """The state of one dataset: its deliveries, when the next is due, and what was found in the last ones."""

    dataset: Dataset
    deliveries: int
    refused: int
    records: int
    rejected: int
    last_at: dt.datetime | None
    due: dt.date | None
    drift: tuple[str, ...]

    @property
    def reject_rate(self) -> float | None:
        """The share of records that were rejected."""
        return self.rejected / self.records if self.records else None

    @property
    def completeness(self) -> float | None:
        """The share of records that were accepted."""
        return None if self.reject_rate is None else 1 - self.reject_rate

    @property
    def state(self) -> str:
        """One of none, late, fresh; `open` where no day was promised."""
        if self.last_at is None:
            return "none"
        if self.due is None:
            return "open"
        return "late" if clock.today() > self.due else "fresh"


def due_after(dataset: Dataset, last: dt.datetime) -> dt.date | None:
    """By which day the next delivery is promised: one cycle after the last, and the delay that the contract allows."""
    days = CYCLE_DAYS.get(dataset.update_cycle)
    if days is None:
        return None
    return last.astimezone(clock.SHANGHAI).date() + dt.timedelta(days=days + (dataset.max_delay_days or 0))


def quality_of(datasets: Iterable[Dataset]) -> list[Quality]:
    """The quality of some datasets, in their order."""
    wanted = list(datasets)
    names = [dataset.id for dataset in wanted]
    counts = {
        row["dataset"]: row
        for row in Delivery.objects.filter(dataset__in=names)
        .order_by()
        .values("dataset")
        .annotate(
            standing=Count("pk", filter=Q(state__in=STANDING)),
            refused=Count("pk", filter=Q(state=Delivery.State.REFUSED)),
            records=Sum("records_in", filter=Q(state__in=STANDING, replays=None), default=0),
            rejects=Sum("rejected", filter=Q(state__in=STANDING, replays=None), default=0),
            last=Max("received_at", filter=Q(state__in=STANDING, replays=None)),
        )
    }
    drift = _drift(names)
    return [_quality(dataset, counts.get(dataset.id), drift.get(dataset.id, ())) for dataset in wanted]


def _quality(dataset: Dataset, row: Mapping[str, object] | None, drift: tuple[str, ...]) -> Quality:
    if row is None:
        return Quality(dataset, 0, 0, 0, 0, None, None, ())
    last = row["last"] if isinstance(row["last"], dt.datetime) else None
    standing, refused, records, rejected = (int(str(row[n])) for n in ("standing", "refused", "records", "rejects"))
    due = due_after(dataset, last) if last else None
    return Quality(dataset, standing, refused, records, rejected, last, due, drift)


def _drift(names: list[str]) -> dict[str, tuple[str, ...]]:
    """By dataset the codes of what moved in its last deliveries: units, columns."""
    found: dict[str, list[str]] = {}
    seen: dict[str, int] = {}
    rows = Delivery.objects.filter(dataset__in=names, state__in=STANDING).order_by("dataset", "-received_at")
    for dataset, findings in rows.values_list("dataset", "receipt__findings"):
        seen[dataset] = seen.get(dataset, 0) + 1
        if seen[dataset] > RECENT:
            continue
        codes = found.setdefault(dataset, [])
        for finding in findings or []:
            if finding["code"].startswith(DRIFT) and finding["code"] not in codes:
                codes.append(finding["code"])
    return {dataset: tuple(codes) for dataset, codes in found.items()}


def quality_for(actor: Actor) -> list[Quality]:
    """The quality of the actor's department's datasets; of all for the operator."""
    known = catalogue()
    if actor.organisation_kind == Kind.OPERATOR:
        return quality_of(known.datasets.values())
    return quality_of(known.of_department(department_of(actor)))
