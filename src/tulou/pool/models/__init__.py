"""The tables of the courtyard, gathered from its parts."""

from tulou.pool.models.consent import AccessRight, Consent, ConsentEvent, PurposeVersion, ReadDecision
from tulou.pool.models.delivery import Delivery
from tulou.pool.models.dispute import Dispute
from tulou.pool.models.match import MatchReview

__all__ = [
    "AccessRight",
    "Consent",
    "ConsentEvent",
    "Delivery",
    "Dispute",
    "MatchReview",
    "PurposeVersion",
    "ReadDecision",
]
