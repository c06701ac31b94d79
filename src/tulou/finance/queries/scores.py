"""Reading scores and the cards that they were made with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q

from tulou.finance.models import Application, Score, ScoreArtefact


@dataclass(frozen=True, slots=True)
class ShownScore:
    """A score as the file shows it; never without its probability and band."""

    row: Score
    answer: dict[str, Any]


def artefact_for(bank: int) -> ScoreArtefact | None:
    """The card that a bank scores with: its own, else the house's."""
    rows = ScoreArtefact.objects.filter(Q(bank=bank) | Q(bank=None), ended_at=None)
    return rows.order_by(F("bank").asc(nulls_last=True), "-id").first()


def scores_of(application: Application) -> list[ShownScore]:
    """The scores of an application, newest first."""
    rows = application.scores.select_related("artefact").order_by("-id")[:20]
    return [ShownScore(row, json.loads(row.answer)) for row in rows]
