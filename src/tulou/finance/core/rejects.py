"""Reject inference: what refused applications might have become. An option with its honest effect, never a default.

Each refused row is taken twice, as bad with the probability that a card of the accepted rows gives it at raised odds,
and as good with the rest (fuzzy augmentation). In simulations this won at most 0.003 of AUC over all applicants: it
cannot stand in for outcomes. Its effect on the accepted rows is measured and kept in the report.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from tulou.finance.core.artefact import Target
from tulou.finance.core.batch import check_columns, probabilities, score
from tulou.finance.core.columns import Columns, Numbers, as_arrow
from tulou.finance.core.kinds import Reading
from tulou.finance.core.training import Trained, Wishes, train
from tulou.kernel.errors import Finding, Text, Where

RAISED_ODDS = 1.3
METHOD = "fuzzy augmentation"


def train_with_rejects(accepted: Columns, rejected: Columns, wishes: Wishes) -> Trained:
    """The scorecard of accepted rows and of refused rows with inferred outcomes; `report["reject_inference"]` says what
    the inference changed. Raises Refused and WrongUse as `train` does."""
    alone = train(accepted, wishes)
    check_columns(alone.card, rejected)
    chance = probabilities(alone.card.calibration, score(alone.card, rejected))
    chance = RAISED_ODDS * chance / (1 + (RAISED_ODDS - 1) * chance)
    table = _together(accepted, rejected, alone.card.target, len(chance))
    weights = np.concatenate([np.ones(_length(accepted)), chance, 1 - chance])
    inferred = np.arange(len(weights)) >= _length(accepted)
    unused = [name for name in accepted if name not in alone.card.columns]
    reading = replace(wishes.reading, leave_out={*wishes.reading.leave_out, *unused})
    wishes = replace(wishes, bad=alone.card.target.bad, leakage="warn", reading=_fitting(reading, alone))
    both = train(table, wishes, weights=weights, inferred=inferred)
    effect = _effect(alone, both, chance)
    report = {**both.card.report, "leakage": alone.card.report["leakage"], "reject_inference": effect}
    return Trained(replace(both.card, report=report), (*alone.findings, _finding(effect)))


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _fitting(reading: Reading, alone: Trained) -> Reading:
    """The reading without derivations that the first card did not use: their columns are left out."""
    used = {feature.name for feature in alone.card.features}
    return replace(reading, derivations=[each for each in reading.derivations if each.name in used])


def _together(accepted: Columns, rejected: Columns, target: Target, count: int) -> dict[str, pa.Array]:
    """The accepted rows, the refused as bad, and the refused as good."""
    answer = {}
    for name, column in accepted.items():
        first = as_arrow(column)
        if first is None:
            first = pa.array([None if value is None else str(value) for value in column], type=pa.string())
        if name == target.column:
            rest = pa.array([target.bad] * count + [target.good] * count).cast(first.type)
        else:
            rest = pa.concat_arrays([_as(rejected.get(name), first.type, count)] * 2)
        answer[name] = pa.concat_arrays([first, rest])
    return answer


def _as(column: Any, kind: pa.DataType, count: int) -> pa.Array:
    if column is None:
        return pa.nulls(count, type=kind)
    array = as_arrow(column)
    return pa.nulls(count, type=kind) if array is None else array.cast(kind)


def _effect(alone: Trained, both: Trained, chance: Numbers) -> dict[str, Any]:
    before, after = (trained.card.report["validation"] for trained in (alone, both))
    return {
        "method": METHOD,
        "raised_odds": RAISED_ODDS,
        "rejected": len(chance),
        "inferred_bad_rate": float(chance.mean()),
        "auc_without": before["auc"],
        "auc_with": after["auc"],
        "log_loss_without": before["log_loss"],
        "log_loss_with": after["log_loss"],
    }


def _finding(effect: dict[str, Any]) -> Finding:
    text = Text(
        zh=f"拒绝推断: AUC {effect['auc_without']:.4f} → {effect['auc_with']:.4f} (已批准者)。它不能代替真实结果",
        en=f"Reject inference: AUC {effect['auc_without']:.4f} to {effect['auc_with']:.4f} on those accepted. It "
        "cannot stand in for outcomes",
    )
    remedy = Text(
        zh="有条件时, 随机批准一小部分申请以取得真实结果",
        en="Where it can be afforded, accept a small random share to learn real outcomes",
    )
    return Finding("finance.rejects.inferred", text, Where(), remedy, "warn")
