"""Whether the firms of today are still those that the scorecard knows, and whether its forecasts still hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.batch import Batch, Scores, probabilities, sort_into_cells
from tulou.finance.core.columns import Columns, Numbers
from tulou.finance.core.metrics import calibration_table, fair_shares, psi, quality, rate_limits
from tulou.kernel.errors import Finding, Text, Where

WATCH, ALARM = 0.10, 0.25
FEWEST_OUTCOMES = 30


def reference_of(scores: Scores) -> dict[str, Any]:
    """The distribution of scores to compare with later: the edges of about ten equal groups, and their counts."""
    edges = fair_shares(scores, 10)
    counts = np.bincount(np.searchsorted(edges, scores, side="right"), minlength=len(edges) + 1)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def monitor(
    card: Scorecard, columns: Columns, bad: Numbers | None = None, *, file: str | None = None
) -> dict[str, Any]:
    """How far a new table has drifted: PSI of the score and of each feature, new and missing values, and where
    outcomes are known (`bad`, NaN where not) how good the forecasts were. `state` is stable, watch or alarm."""
    batch = sort_into_cells(card, columns, file=file)
    scores = batch.scores()
    answer: dict[str, Any] = {
        "rows": batch.rows,
        "mean_score": float(scores.mean()),
        "features": _features(card, batch),
    }
    reference: Mapping[str, Any] = card.report["reference"]
    cells = np.searchsorted(reference["edges"], scores, side="right")
    now = np.bincount(cells, minlength=len(reference["counts"]))
    answer["score"] = {**reference, "now": now.tolist(), "psi": psi(reference["counts"], now)}
    answer["bands"] = _bands(card, scores)
    if bad is not None and (known := ~np.isnan(bad)).any():
        answer["outcomes"] = _outcomes(card, scores[known], bad[known])
    answer["state"] = state_of(answer)
    return answer


def _features(card: Scorecard, batch: Batch) -> list[dict[str, Any]]:
    rows = []
    for feature, cells in zip(card.features, batch.cells, strict=True):
        now = np.bincount(cells, minlength=feature.cells)
        was = np.array(feature.counts, dtype=np.float64)
        row: dict[str, Any] = {
            "name": feature.name,
            "psi": psi(was, now),
            "missing_then": float(was[-1] / was.sum()),
            "missing_now": float(now[-1] / max(now.sum(), 1)),
        }
        if feature.kind == "category":
            row |= {"unseen_then": float(was[-2] / was.sum()), "unseen_now": float(now[-2] / max(now.sum(), 1))}
        rows.append(row)
    rows.sort(key=lambda row: (-row["psi"], row["name"]))
    return rows


def _bands(card: Scorecard, scores: Any) -> list[dict[str, Any]]:
    answer, upper = [], np.inf
    total = sum(band.count for band in card.bands)
    for band in card.bands:
        lowest = -np.inf if band.lowest is None else band.lowest
        share = float(np.mean((scores >= lowest) & (scores < upper)))
        answer.append({"name": band.name, "share_then": band.count / total, "share_now": share})
        upper = lowest
    return answer


def _outcomes(card: Scorecard, scores: Any, bad: Numbers) -> dict[str, Any]:
    chance = probabilities(card.calibration, scores)
    figures = quality(bad, chance)
    low, high = rate_limits(int(bad.sum()), len(bad))
    return {
        **{name: getattr(figures, name) for name in figures.__slots__},
        "bad_rate_low": low,
        "bad_rate_high": high,
        "off_level": bool(len(bad) >= FEWEST_OUTCOMES and not low <= figures.mean_probability <= high),
        "calibration": calibration_table(bad, chance),
    }


def state_of(answer: Mapping[str, Any]) -> str:
    """The worst of the score's PSI and the level of the forecasts; features alone can only ask to watch."""
    if answer["score"]["psi"] >= ALARM or answer.get("outcomes", {}).get("off_level"):
        return "alarm"
    if answer["score"]["psi"] >= WATCH or any(row["psi"] >= ALARM for row in answer["features"]):
        return "watch"
    return "stable"


def drift_findings(answer: Mapping[str, Any]) -> list[Finding]:
    """What a person should know: a score that moved, features that moved far, forecasts at the wrong level."""
    findings = []
    value = answer["score"]["psi"]
    if value >= WATCH:
        alarm = value >= ALARM
        text = Text(
            zh=f"得分分布已偏移: PSI {value:.2f} (警戒 {WATCH}, 警报 {ALARM})",
            en=f"The scores have drifted: PSI {value:.2f} (watch from {WATCH}, alarm from {ALARM})",
        )
        remedy = Text(
            zh="积累结果后用 recalibrate 校准, 或重新训练", en="Recalibrate when outcomes come in, or train anew"
        )
        findings.append(Finding("finance.drift.score", text, Where(), remedy, "reject" if alarm else "warn"))
    for row in answer["features"]:
        if row["psi"] >= ALARM:
            text = Text(
                zh=f"特征 {row['name']} 已偏移: PSI {row['psi']:.2f}",
                en=f"The feature {row['name']} has drifted: PSI {row['psi']:.2f}",
            )
            findings.append(Finding("finance.drift.feature", text, Where(column=row["name"]), None, "warn"))
    outcomes = answer.get("outcomes")
    if outcomes and outcomes["off_level"]:
        text = Text(
            zh=f"实际坏率 {outcomes['bad_rate']:.1%}, 预测为 {outcomes['mean_probability']:.1%}, 超出置信范围",
            en=f"{outcomes['bad_rate']:.1%} turned out bad where {outcomes['mean_probability']:.1%} were foretold, "
            "which is outside the confidence limits",
        )
        remedy = Text(zh="请用 recalibrate 校准截距", en="Set the level anew with recalibrate")
        findings.append(Finding("finance.drift.level", text, Where(), remedy, "reject"))
    return findings
