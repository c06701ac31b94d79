"""Validation: every record of a delivery is accepted or rejected with its reasons, and the two add up."""

from tulou.pool.core.validation.delivery import validate
from tulou.pool.core.validation.drift import moved_units
from tulou.pool.core.validation.header import match_header
from tulou.pool.core.validation.pieces import ConservationError, Stamp
from tulou.pool.core.validation.records import REJECT_SCHEMA
from tulou.pool.core.validation.whole import Bar, Bars, Tally

__all__ = [
    "REJECT_SCHEMA",
    "Bar",
    "Bars",
    "ConservationError",
    "Stamp",
    "Tally",
    "match_header",
    "moved_units",
    "validate",
]
