"""The model card as JSON types: who, what for, how good, how sure, on whom, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tulou.finance.core.artefact import Feature, Pair, Scorecard
from tulou.finance.core.document import hash_of
from tulou.finance.core.reasons import sentence
from tulou.kernel.errors import Text

SCHEMA = "tulou.model-card/1"


def summary_of_card(card: Scorecard) -> dict[str, Any]:
    """The model card as a document; every figure is one that stands in the scorecard."""
    report = card.report
    return {
        "schema": SCHEMA,
        "scorecard": hash_of(card),
        "parent": card.parent,
        "name": card.name,
        "subject": card.subject,
        "human_review": card.subject == "natural",
        "target": {"column": card.target.column, "bad": card.target.bad, "good": card.target.good},
        "time_column": card.time_column,
        "scale": {"base": card.base, "points_to_double": card.points_to_double},
        "calibration": {
            "intercept": card.calibration.intercept,
            "slope": card.calibration.slope,
            "source": card.calibration.source,
            "outcomes": card.calibration.outcomes,
        },
        "training": {key: report.get(key) for key in ("method", "seed", "rows", "bad", "fit")},
        "performance": {key: report.get(key) for key in ("validation", "training", "out_of_time")},
        "bands": [{name: getattr(band, name) for name in band.__slots__} for band in card.bands],
        "features": [_feature(feature, report) for feature in card.features],
        "pairs": [_pair(pair) for pair in card.pairs],
        "segments": report.get("segments", []),
        "fairness": {"impact": report.get("impact", []), "proxies": report.get("proxies", [])},
        "leakage": report.get("leakage", []),
        "reject_inference": report.get("reject_inference"),
    }


def _both(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"zh": text.zh, "en": text.en}


def _feature(feature: Feature, report: Mapping[str, Any]) -> dict[str, Any]:
    cells = []
    for cell, points in enumerate(feature.by_cell):
        count = feature.counts[cell] if feature.counts else 0
        bad = feature.bads[cell] if feature.bads else 0
        cells.append(
            {
                "text": _both(sentence(feature, cell)),
                "points": points,
                "count": count,
                "bad_rate": bad / count if count else None,
                "spread": feature.spread[cell] if feature.spread else None,
            }
        )
    return {
        "name": feature.name,
        "kind": feature.kind,
        "label": _both(feature.meaning.label),
        "department": _both(feature.meaning.department),
        "unit": _both(feature.meaning.unit),
        "columns": [item.column for item in feature.items],
        "operation": feature.operation,
        "direction": feature.meaning.direction,
        "actionable": feature.meaning.actionable,
        "as_of": {"column": feature.as_of.column, "lag_days": feature.as_of.lag_days},
        "importance": report.get("importance", {}).get(feature.name),
        "cells": cells,
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {"features": list(pair.features), "points": [list(line) for line in pair.points], "best": pair.best}
