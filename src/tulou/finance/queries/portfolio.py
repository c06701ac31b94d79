"""A bank's loans as a whole: what is out, what is late by bucket, and the signs that come before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from tulou.finance.core.market.delinquency import bucket_of
from tulou.finance.flows import LIVE
from tulou.finance.models import Contract, Instalment
from tulou.kernel.errors import Text
from tulou.platform import clock

SOON = dt.timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is out, in fen; loans and open principal by bucket of lateness."""

    loans: int
    outstanding_fen: int
    late_fen: int
    repaid: int
    written_off_fen: int
    buckets: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def late_share(self) -> float | None:
        """The share of the open principal that lies in late loans."""
        return self.late_fen / self.outstanding_fen if self.outstanding_fen else None


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the field's own word
    """A loan that needs a look, and why."""

    contract: Contract
    text: Text
    tone: str
    weight: int


@dataclass(slots=True)
class _Standing:
    late_since: dt.date | None = None
    outstanding: int = 0
    next_due: dt.date | None = None
    late_paid: int = 0


def portfolio_of(rows: QuerySet[Contract]) -> Portfolio:
    """The sums over all loans of a bank."""
    live = list(rows.filter(state__in=LIVE))
    standing = _standings(live)
    today = clock.today()
    buckets: dict[str, tuple[int, int]] = {}
    late_fen = 0
    for contract in live:
        found = standing[contract.pk]
        days = (today - found.late_since).days if found.late_since else 0
        count, fen = buckets.get(bucket_of(days), (0, 0))
        buckets[bucket_of(days)] = (count + 1, fen + found.outstanding)
        late_fen += found.outstanding if days else 0
    written = rows.filter(state="written_off").values_list("written_off_fen", flat=True)
    return Portfolio(
        loans=len(live),
        outstanding_fen=sum(standing[row.pk].outstanding for row in live),
        late_fen=late_fen,
        repaid=rows.filter(state="repaid").count(),
        written_off_fen=sum(written),
        buckets=buckets,
    )


def warnings_of(rows: QuerySet[Contract]) -> list[Warning]:
    """Early warnings from how a loan is paid, the gravest first."""
    live = list(rows.filter(state__in=LIVE))
    standing, today = _standings(live), clock.today()
    found = []
    for contract in live:
        one = standing[contract.pk]
        if one.late_since is not None:
            days = (today - one.late_since).days
            text = Text(zh=f"已逾期 {days} 天", en=f"{days} days overdue")
            found.append(Warning(contract, text, "red", 1000 + days))
        elif one.late_paid >= 2:
            text = Text(zh=f"近期有 {one.late_paid} 期迟付", en=f"{one.late_paid} instalments were paid late")
            found.append(Warning(contract, text, "yellow", 100 + one.late_paid))
        elif one.next_due is not None and one.next_due - today <= SOON:
            text = Text(zh=f"{one.next_due} 应还一期", en=f"An instalment falls due on {one.next_due}")
            found.append(Warning(contract, text, "azure", 1))
    return sorted(found, key=lambda row: (-row.weight, row.contract.number))


def _standings(live: Iterable[Contract]) -> dict[int, _Standing]:
    by_key = {row.pk: row for row in live}
    standing = {key: _Standing() for key in by_key}
    today = clock.today()
    for line in Instalment.objects.filter(contract__in=list(by_key)).order_by("contract", "number"):
        contract = by_key[line.contract_id]
        if line.plan != contract.plan:
            continue
        one = standing[line.contract_id]
        one.outstanding += line.principal_fen - max(line.paid_fen - line.interest_fen, 0)
        if line.open_fen and line.due < today and one.late_since is None:
            one.late_since = line.due
        if line.open_fen and line.due >= today and one.next_due is None:
            one.next_due = line.due
        if line.paid_on is not None and line.paid_on > line.due:
            one.late_paid += 1
    return standing
