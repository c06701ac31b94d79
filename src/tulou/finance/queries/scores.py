"""Reading scores and the cards that they were made with, and what stands behind each of their reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import F, Q

from tulou.finance.core.artefact import Scorecard
from tulou.finance.models import Application, Score, ScoreArtefact
from tulou.finance.queries.province import region_name, sector_name, size_name
from tulou.finance.queries.sources import sources_of
from tulou.kernel.errors import Text
from tulou.pool.core.profile.features import FeatureKind
from tulou.pool.courtyard import catalogue


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A data item behind a reason: whose it is, the value that was read, and the day on which it had come in.

    `told` is the value as a dispute about it repeats it; for a sum it says so.
    """

    item: str
    title: Text
    department: Text
    kind: Text
    value: Decimal | str | None = None
    unit: str = ""
    told: str = ""
    period: str = ""
    delivery: str = ""
    received: str = ""

    @property
    def shown(self) -> str:
        """The value as a page writes it: thousands apart, no more digits than it has."""
        return f"{self.value:,}" if isinstance(self.value, Decimal) else str(self.value or "")


@dataclass(frozen=True, slots=True)
class ShownReason:
    """Points that a score lost, and the data items that they were lost for; none where the firm stated it itself."""

    text: Text
    shortfall: int
    sources: tuple[ShownSource, ...]


@dataclass(frozen=True, slots=True)
class ShownPeers:
    """Where the firm stands in one measure: its quarter (1 is the lowest) and the cuts; None where too few to show."""

    title: Text
    group: Text | None = None
    firms: int = 0
    quarter: int | None = None
    cuts: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True)
class ShownScore:
    """A score as the file shows it; never without its probability and band."""

    row: Score
    answer: dict[str, Any]
    reasons: list[ShownReason] = field(default_factory=list)
    peers: list[ShownPeers] = field(default_factory=list)


def artefact_for(bank: int) -> ScoreArtefact | None:
    """The card that a bank scores with: its own, else the house's."""
    rows = ScoreArtefact.objects.filter(Q(bank=bank) | Q(bank=None), ended_at=None)
    return rows.order_by(F("bank").asc(nulls_last=True), "-id").first()


def scores_of(application: Application, most: int = 20) -> list[ShownScore]:
    """The scores of an application, newest first."""
    rows = application.scores.select_related("artefact").order_by("-id")[:most]
    return [shown_score(row) for row in rows]


def shown_score(row: Score) -> ShownScore:
    """A score with what stands behind its reasons."""
    answer = json.loads(row.answer)
    told = answer["reasons"]
    kept: Mapping[str, Any] = row.sources
    if any(reason["code"] not in kept for reason in told):
        # A score of a time when sources were not kept: its card still says which items each reason speaks of.
        kept = sources_of(card_of(row), [reason["code"] for reason in told], {})
    reasons = [
        ShownReason(
            Text(zh=reason["text"]["zh"], en=reason["text"]["en"]),
            reason["shortfall"],
            tuple(_source(source) for source in kept[reason["code"]] if source["item"] in catalogue().items),
        )
        for reason in told
    ]
    return ShownScore(row, answer, reasons, _peers(row))


def _peers(row: Score) -> list[ShownPeers]:
    """The kept places among peers, with the names that the card gives to what it reads."""
    told = row.peers.get("rows", [])
    labels = {feature.items[0].column: feature.meaning.label for feature in card_of(row).features} if told else {}
    labels["score"] = Text(zh="评分", en="Score")
    found = []
    for each in told:
        title = labels[each["measure"]]
        if "quarter" not in each:
            found.append(ShownPeers(title, known=each["known"]))
            continue
        cuts = tuple(f"{cut:,.0f}" if abs(cut) >= 100 else f"{cut:g}" for cut in each["cuts"])
        found.append(ShownPeers(title, _group_name(*each["group"]), each["firms"], each["quarter"], cuts))
    return found


def _group_name(sector: str, size: str, place: str) -> Text:
    """The group of peers in words: section, size class, region."""
    parts = [(sector, sector_name), (size, size_name), (place, region_name)]
    names = [name_of(key) for key, name_of in parts if key]
    if not names:
        return Text(zh="全部企业", en="all firms")
    return Text(zh=" · ".join(name.zh for name in names), en=" · ".join(name.en for name in names))


def card_of(row: Score) -> Scorecard:
    """The card that a score was made with."""
    from tulou.finance.core import load_artefact

    return load_artefact(bytes(row.artefact.content))


def _source(kept: Mapping[str, str]) -> ShownSource:
    known = catalogue()
    item, kind = known.items[kept["item"]], FeatureKind(kept["kind"])
    value, unit = kept.get("value"), _unit(item.unit)
    told = " ".join(filter(None, (value, unit))) if value is not None else ""
    if told and kind is not FeatureKind.LATEST:
        told = f"{told} ({kind.text.zh} / {kind.text.en})"
    return ShownSource(
        item=item.code,
        title=item.title,
        department=known.departments[item.department].title,
        kind=kind.text,
        value=_number(value),
        unit=unit,
        told=told,
        **{name: kept.get(name, "") for name in ("period", "delivery", "received")},
    )


def _number(value: str | None) -> Decimal | str | None:
    """A number as one, so that a page can write it; anything else as it stands."""
    try:
        return None if value is None else Decimal(value)
    except InvalidOperation:
        return value


def _unit(unit: str | None) -> str:
    """A unit as people write it; what UCUM puts in braces ({person}) only names what is counted, as the title does."""
    return "" if unit is None or unit.startswith("{") else unit
