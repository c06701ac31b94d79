"""The scorecard engine: plain Python, no framework.

Other rooms call three functions: `load_artefact(path or bytes)`, `score_one(artefact, mapping) -> Score(score,
probability, band, reasons)` and `score_rows(artefact, table) -> ScoredRows`. Everything else is for those who train.
"""

from tulou.finance.core.serving import Score, ScoredRows, load_artefact, score_one, score_rows

__all__ = ["Score", "ScoredRows", "load_artefact", "score_one", "score_rows"]
