"""What other rooms call: a scorecard from a file or bytes, and scores of one row or of many.

card = load_artefact(Path("card.json"))
score_one(card, {"tax_growth": 0.12, "headcount": 38}).band
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.batch import Scores, probabilities, sort_into_cells
from tulou.finance.core.columns import Columns, Numbers
from tulou.finance.core.document import read, read_bytes
from tulou.finance.core.reasons import MOST_REASONS, Against, Reason, ReasonTable, reason_table, reasons_of
from tulou.finance.core.scalar import Row, score
from tulou.kernel.errors import Finding, Text, Where

MOSTLY, RARELY = 0.5, 0.2


@dataclass(frozen=True, slots=True)
class Score:
    """One row's whole score, the calibrated probability of the bad outcome, the band, and at most four reasons."""

    score: int
    probability: float
    band: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class ScoredRows:
    """The scores of a table, in the order of its rows."""

    score: Scores
    probability: Numbers
    band: tuple[str, ...]
    table: ReasonTable

    def __len__(self) -> int:
        return len(self.score)

    def reasons(self, row: int) -> list[tuple[Text, int]]:
        """The sentences of one row and the points that each cost, greatest first."""
        return self.table.texts(row)

    def codes(self, row: int) -> list[str]:
        """The features and pairs that those sentences speak of."""
        return self.table.codes(row)

    def rows(self) -> Iterator[tuple[int, float, str, list[tuple[Text, int]]]]:
        """Score, probability, band and reasons, row by row."""
        for row in range(len(self)):
            yield int(self.score[row]), float(self.probability[row]), self.band[row], self.reasons(row)


def load_artefact(source: Path | str | bytes) -> Scorecard:
    """The scorecard in a file, or in the bytes of one. Raises Refused where it is none, was changed after it was made,
    or contradicts itself."""
    return read_bytes(source) if isinstance(source, bytes) else read(Path(source))


def score_one(
    artefact: Scorecard, row: Row, *, against: Against = "best", most: int = MOST_REASONS, as_of: str | None = None
) -> Score:
    """The score of one mapping of column -> value; a column that is not there counts as missing.

    `as_of` is the day that reasons name where the data do not say their own.
    """
    points = score(artefact, row)
    reasons = tuple(reasons_of(artefact, row, against=against, most=most, as_of=as_of))
    return Score(points, artefact.calibration.probability(points), band_name(artefact, points), reasons)


def score_rows(
    artefact: Scorecard,
    table: Columns | Sequence[Mapping[str, Any]],
    *,
    against: Against = "best",
    most: int = MOST_REASONS,
    file: str | None = None,
) -> ScoredRows:
    """The scores of many rows: columns (Arrow, NumPy, pandas or lists by name) or a list of mappings.

    Raises Refused where a column that the scorecard reads is not there; in mappings it counts as missing.
    """
    columns = table if isinstance(table, Mapping) else _columns(artefact, table)
    batch = sort_into_cells(artefact, columns, file=file)
    scores = batch.scores()
    names = {int(value): band_name(artefact, int(value)) for value in set(scores.tolist())}
    return ScoredRows(
        scores,
        probabilities(artefact.calibration, scores),
        tuple(names[value] for value in scores.tolist()),
        reason_table(batch, against=against, most=most),
    )


def unread_findings(scored: ScoredRows) -> list[Finding]:
    """Findings about features that most rows lack here and the training rows had: often another way of writing."""
    findings = []
    for feature, cells in zip(scored.table.card.features, scored.table.batch.cells, strict=True):
        now = float(np.mean(cells == feature.missing_cell)) if len(cells) else 0.0
        then = feature.counts[-1] / max(sum(feature.counts), 1) if feature.counts else 1.0
        if now >= MOSTLY and then <= RARELY:
            text = Text(
                zh=f"特征 {feature.name} 有 {now:.0%} 的行读不出值, 训练时只有 {then:.0%}",
                en=f"The feature {feature.name} cannot be read in {now:.0%} of the rows; in training it was {then:.0%}",
            )
            remedy = Text(zh="请检查该列的写法是否变了", en="See whether this column is written in another way now")
            findings.append(Finding("finance.score.unread", text, Where(column=feature.name), remedy, "warn"))
    return findings


def band_name(artefact: Scorecard, points: int) -> str:
    """The name of the band of a score, empty for a card without bands."""
    band = artefact.band(points)
    return band.name if band is not None else ""


def _columns(artefact: Scorecard, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in artefact.columns}
