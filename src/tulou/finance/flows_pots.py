"""How a round of pots and an appeal move. What is published is never decided again; an appeal corrects by hand."""

from __future__ import annotations

from tulou.platform.transitions.flow import Flow, Step
from tulou.registry.roles import Role

OFFICER = frozenset({Role.DEPARTMENT_OFFICER.value, Role.OPERATOR_STAFF.value})
FIRM = frozenset({Role.ENTERPRISE_LEGAL.value, Role.ENTERPRISE_DELEGATE.value})

ROUND = Flow(
    "finance.pot_round",
    "draft",
    [
        Step("decide", ("draft",), "decided", "decided", OFFICER, reason=True),
        Step("undo", ("decided",), "draft", "undone", OFFICER, reason=True),
        Step("publish", ("decided",), "published", "published", OFFICER),
    ],
)

APPEAL = Flow(
    "finance.pot_appeal",
    "open",
    [
        Step("grant", ("open",), "granted", "granted", OFFICER, reason=True),
        Step("uphold", ("open",), "upheld", "upheld", OFFICER, reason=True),
    ],
)
