"""Peers: publishes once a build of the profiles how firms of a group are spread, and places one firm among them.

The table of all firms is read under a purpose of its own, which rests on a duty and is in the audit log; what comes
out are the cuts of `tulou.finance.core.peers` and nothing of any firm. The one firm's values come from its consented
reading.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.columns import numbers
from tulou.finance.core.peers import Group, Numbers, from_document, publish, standing, to_document
from tulou.finance.models import PeerEdition, ScoreArtefact
from tulou.finance.queries.province import sector_of, size_of
from tulou.finance.queries.sources import DERIVED, SUM12, Place, places_of
from tulou.kernel.errors import Text
from tulou.platform.actor import SYSTEM
from tulou.platform.story import story
from tulou.pool.core.consent import Purpose
from tulou.pool.core.profile.features import FeatureKind, feature_name
from tulou.pool.courtyard import catalogue, pool_folder
from tulou.pool.models import PurposeVersion
from tulou.pool.queries.consent import purpose_in_force
from tulou.pool.services.access import set_purpose
from tulou.pool.services.duty import profile_version, read_for_duty

PURPOSE = Purpose(
    code="PEER_FIGURES",
    version=1,
    title=Text(zh="编制同类企业分布数据", en="Publish how firms of a kind are spread"),
    lawful_basis="PIPL art. 13 (3): statutory duty",
    reader_kinds=frozenset({"platform"}),
    max_months=24,
    max_days_valid=366,
    max_reads=1_000,
    max_reads_per_day=100,
    max_retention_days=1,
)
"""Why the table of all firms is read; who keeps the pool may end it, and no more figures are made."""
SCORE = "score"
MOST_MEASURES = 8
INDUSTRY, REGION, HEADCOUNT, REVENUE = (
    ("market_register", "industry_code", "latest"),
    ("market_register", "district_code", "latest"),
    ("market_register", "headcount", "latest"),
    ("invoice_monthly", "out_total_amount", SUM12),
)


def publish_peers(artefact: ScoreArtefact) -> PeerEdition | None:
    """Publish the figures of peers for a card, from the newest profiles; once for each build of them.

    None where there is no pool yet, no profile, or the purpose was ended.
    """
    from tulou.finance.core import load_artefact

    version = profile_version() if (pool_folder() / "pool.json").exists() else ""
    if not version:
        return None
    known = PeerEdition.objects.filter(artefact=artefact, version=version).first()
    if known is not None or not _in_force():
        return known
    card = load_artefact(bytes(artefact.content))
    table, as_of = _all_firms(card)
    measures = _measures(card, table)
    groups = _groups(table)
    steps = {SCORE: float(max(card.points_to_double // 4, 1))}
    with story(SYSTEM) as told:
        made, _new = PeerEdition.objects.get_or_create(
            artefact=artefact,
            version=version,
            defaults={"as_of": as_of, "groups": to_document(publish(groups, measures, steps))},
        )
        told.record("finance.peers.published", made, artefact=artefact.sha256, groups=len(made.groups))
    return made


def place(artefact: ScoreArtefact, facts: Mapping[str, Any], kept: str, score: int) -> dict[str, Any]:
    """Where a firm stands, from what was read of it under its consent and the newest published figures.

    Empty where nothing is published. A measure that no group may show is told as too few.
    """
    from tulou.finance.core import load_artefact

    edition = PeerEdition.objects.filter(artefact=artefact).order_by("-id").first()
    if edition is None:
        return {}
    inputs = json.loads(kept)
    values = {SCORE: float(score)} | {
        name: inputs.get(name) for name in measured(load_artefact(bytes(artefact.content)))
    }
    group: Group = (sector_of(facts), size_of(facts), str(facts.get("region") or "")[:4])
    found = standing(from_document(edition.groups), group, values)
    rows = [
        {"measure": name, "known": values[name] is not None}
        if one is None
        else {"measure": name, "group": list(one.group), "firms": one.firms, "quarter": one.quarter, "cuts": one.cuts}
        for name, one in zip(values, found, strict=True)
    ]
    return {"as_of": edition.as_of.isoformat(), "rows": rows}


def measured(card: Scorecard) -> list[str]:
    """The columns of a card that peers are compared by: plain numbers that departments say, the weightiest first."""
    plain = [
        feature
        for feature in card.features
        if feature.kind == "number" and feature.operation == "value" and _of_the_pool(feature.items[0].column)
    ]
    plain.sort(key=lambda feature: min(feature.by_cell) - max(feature.by_cell))
    return list(dict.fromkeys(feature.items[0].column for feature in plain))[:MOST_MEASURES]


def _of_the_pool(column: str) -> bool:
    items = {(item.dataset, item.technical_name) for item in catalogue().items.values()}
    found = places_of(column)
    return bool(found) and all(each[:2] in items for each in found)


def _in_force() -> bool:
    """Whether the purpose stands; put in force once, and never again after somebody has ended it."""
    if not PurposeVersion.objects.filter(code=PURPOSE.code).exists():
        set_purpose(SYSTEM, PURPOSE)
    return purpose_in_force(PURPOSE.code) is not None


def _all_firms(card: Scorecard) -> tuple[pa.Table, Any]:
    """The columns of the table of all firms that the card and the groups need, read for the duty."""
    items = {(item.dataset, item.technical_name): item.code for item in catalogue().items.values()}
    wanted: list[Place] = [INDUSTRY, REGION, HEADCOUNT, REVENUE]
    wanted += [each for column in card.columns for each in places_of(column) if each[:2] in items]
    columns: dict[str, str | None] = {_wide(each): items[each[:2]] for each in wanted}
    with read_for_duty(SYSTEM, PURPOSE.code, columns) as reading:
        batches = list(reading.batches())
        table = pa.Table.from_batches(batches) if batches else pa.table({name: [] for name in reading.columns})
        return table.append_column("as_of", pa.array([reading.as_of] * len(table), pa.date32())), reading.as_of


def _wide(each: Place) -> str:
    return feature_name(each[0], each[1], FeatureKind(each[2]))


def _measures(card: Scorecard, table: pa.Table) -> dict[str, Numbers]:
    """One number a firm: the card's main columns, and the score where the card reads nothing but the pool."""
    from tulou.finance.core import score_rows

    columns = {column: _column(table, column) for column in card.columns}
    found = {name: numbers(columns[name]) for name in measured(card)}
    if len(table) and all(_of_the_pool(column) for column in card.columns):
        found[SCORE] = score_rows(card, columns).score.astype(np.float64)
    return found


def _column(table: pa.Table, column: str) -> Any:
    """A column of a card over all firms, reckoned as `tulou.finance.services.scoring` does it for one."""
    if column == "firm__age_years":
        born = _plain(table, DERIVED[column][0])
        days = [
            (today - day).days / 365.25 if day is not None else None
            for today, day in zip(table["as_of"].to_pylist(), born, strict=True)
        ]
        return np.array(days, dtype=np.float64)
    if column in DERIVED and len(DERIVED[column]) == 2:
        now, before = (numbers(_array(table, each)) for each in DERIVED[column])
        return np.divide(now, before, out=np.full(len(now), np.nan), where=np.isfinite(before) & (before != 0)) - 1
    found = places_of(column)
    return _array(table, found[0]) if found else pa.nulls(len(table))


def _array(table: pa.Table, each: Place) -> Any:
    """A column as it stands; nothing but unknowns where the table has it not, or it may not be read."""
    name = _wide(each)
    if name not in table.column_names:
        return pa.nulls(len(table), pa.float64())
    column = table[name].combine_chunks()
    return column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column


def _plain(table: pa.Table, each: Place) -> list[Any]:
    return list(_array(table, each).to_pylist())


def _groups(table: pa.Table) -> list[Group]:
    rows = zip(*(_plain(table, each) for each in (INDUSTRY, REGION, HEADCOUNT, REVENUE)), strict=True)
    return [_group(*row) for row in rows]


def _group(industry: Any, region: Any, headcount: Any, revenue: Any) -> Group:
    facts = {
        "industry": industry,
        "headcount": None if headcount is None else int(headcount),
        "revenue": None if revenue is None else Decimal(str(revenue)),
    }
    return sector_of(facts), size_of(facts), str(region or "")[:4]
