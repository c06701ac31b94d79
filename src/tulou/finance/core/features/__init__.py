"""Features for scorecards over the pool: each declared once, answered alike by DuckDB and Spark, as of any day."""

from tulou.finance.core.features.answering import Answered, answer_features, answer_features_on
from tulou.finance.core.features.declared import Feature, Panel, Source
from tulou.finance.core.features.library import FEATURES, PANELS, feature

__all__ = [
    "FEATURES",
    "PANELS",
    "Answered",
    "Feature",
    "Panel",
    "Source",
    "answer_features",
    "answer_features_on",
    "feature",
]
