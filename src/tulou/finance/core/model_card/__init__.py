"""The model card: everything about a scorecard that its readers have a right to know, as one page and as JSON."""

from tulou.finance.core.model_card.facts import summary_of_card
from tulou.finance.core.model_card.page import page_of

__all__ = ["page_of", "summary_of_card"]
