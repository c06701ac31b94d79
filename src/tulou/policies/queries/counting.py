"""How many firms a version's rule holds for, from the facts that the matching keeps."""

from __future__ import annotations

import datetime as dt

from tulou.policies.core.rule.tree import Node
from tulou.policies.models import PolicyVersion
from tulou.policies.queries.documents import catalogue_of
from tulou.policies.services.matching import Counts, count


def firms_met(rule: Node | None, version: PolicyVersion, day: dt.date) -> Counts | None:
    """For how many firms a rule over a version's attributes holds; None where there is no rule, or no facts yet."""
    if rule is None:
        return None
    own = version.attributes or version.dictionaries
    return count(rule, day, catalogue_of(version) if own else None)
