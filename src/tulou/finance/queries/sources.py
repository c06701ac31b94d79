"""Where the values behind a reason come from: the data items, and of each the value, the period and the delivery.

They are kept with a score, for the reasons that are told only, so that a firm can dispute the very value that cost it
points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tulou.finance.core.artefact import Scorecard
from tulou.pool.core.profile.features import SEPARATOR, FeatureKind
from tulou.pool.courtyard import catalogue

Place = tuple[str, str, str]
"""Dataset, column and kind of value."""
Read = Mapping[str, Iterable[Mapping[str, Any]]]

LATEST, SUM12, PRIOR12 = (kind.value for kind in (FeatureKind.LATEST, FeatureKind.SUM12, FeatureKind.PRIOR12))
DERIVED: Mapping[str, tuple[Place, ...]] = {
    "firm__headcount": (("market_register", "headcount", LATEST),),
    "firm__age_years": (("market_register", "established_on", LATEST),),
    "firm__sales_growth": tuple(("invoice_monthly", "out_total_amount", kind) for kind in (SUM12, PRIOR12)),
    "firm__power_growth": tuple(("power_monthly", "total_energy", kind) for kind in (SUM12, PRIOR12)),
}
"""What a card may read besides the values as they stand -> the values that it is reckoned from."""


def places_of(column: str) -> tuple[Place, ...]:
    """The values that a column of a card is made of.

    >>> places_of("power_monthly__total_energy__sum12")
    (('power_monthly', 'total_energy', 'sum12'),)
    """
    if column in DERIVED:
        return DERIVED[column]
    dataset, _, rest = column.partition(SEPARATOR)
    name, _, kind = rest.partition(SEPARATOR)
    return ((dataset, name, kind or LATEST),) if name else ()


def columns_behind(card: Scorecard, code: str) -> tuple[str, ...]:
    """The columns that a reason of a card speaks of: those of its feature, or of both features of its pair."""
    pair = next((pair.features for pair in card.pairs if pair.name == code), (code,))
    features = [card.by_name[name] for name in pair if name in card.by_name]
    return tuple(dict.fromkeys(item.column for feature in features for item in feature.items))


def sources_of(card: Scorecard, codes: Iterable[str], read: Read) -> dict[str, list[dict[str, Any]]]:
    """Reason -> the items behind it, each with what a reading said of it; nothing but the item where it said nothing.

    What the firm itself stated (the amount that it asks for) is no item of the pool and is left out.
    """
    facts = {
        (str(fact["dataset"]), str(fact["column"]), str(fact["kind"])): fact for rows in read.values() for fact in rows
    }
    items = {(item.dataset, item.technical_name): item.code for item in catalogue().items.values()}
    return {
        code: [
            _source(items[place[:2]], place, facts.get(place))
            for column in columns_behind(card, code)
            for place in places_of(column)
            if place[:2] in items
        ]
        for code in codes
    }


def _source(item: str, place: Place, fact: Mapping[str, Any] | None) -> dict[str, Any]:
    known = {"item": item, "kind": place[2]}
    if fact is None or fact["value"] is None:
        return known
    return {
        **known,
        "value": str(fact["value"]),
        "period": fact["period"] or "",
        "delivery": str(fact["delivery"] or ""),
        "received": str(fact["received_at"])[:10],
    }
