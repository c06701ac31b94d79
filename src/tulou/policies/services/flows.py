"""The tables of moves: of a policy, and of a version."""

from __future__ import annotations

from tulou.platform.transitions.flow import Flow, Step
from tulou.registry.roles import Role

OFFICERS = frozenset({Role.DEPARTMENT_OFFICER.value})

POLICY = Flow(
    "policies.policy",
    "draft",
    [
        Step("submit", ("draft",), "in_review", "submitted", OFFICERS),
        Step("return", ("in_review",), "draft", "returned", OFFICERS),
        Step("publish", ("in_review", "expired"), "published", "published"),
        Step("suspend", ("published",), "suspended", "suspended", OFFICERS, reason=True),
        Step("resume", ("suspended",), "published", "resumed", OFFICERS),
        Step("expire", ("published", "suspended"), "expired", "expired"),
        Step(
            "withdraw", ("draft", "published", "suspended", "expired"), "withdrawn", "withdrawn", OFFICERS, reason=True
        ),
    ],
)
"""A policy. An expired one comes back when a version with a later last day is published."""

VERSION = Flow(
    "policies.version",
    "draft",
    [
        Step("submit", ("draft",), "in_review", "submitted", OFFICERS),
        Step("return", ("in_review",), "draft", "returned", OFFICERS, reason=True),
        Step("publish", ("in_review",), "published", "put_in_force"),
        Step("supersede", ("published",), "superseded", "superseded"),
        Step("discard", ("draft",), "discarded", "discarded", OFFICERS),
    ],
)
"""A version. Published versions never go back: what they said stays."""
