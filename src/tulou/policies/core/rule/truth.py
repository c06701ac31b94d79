"""True, false and unknown, and the answer to one (firm, policy) pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Truth = Literal["T", "F", "U"]
"""Strong Kleene logic: T true, F false, U unknown. *Not applicable* is false where it stands."""

AS_OF = "as_of_date"
"""The name of the day of the question among the facts: it too may be unknown."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says about a firm. `missing` names the facts that an unknown answer waits for; else it is empty."""

    truth: Truth
    missing: frozenset[str] = frozenset()


TRUE, FALSE = Verdict("T"), Verdict("F")


def negated(truth: Truth) -> Truth:
    """The opposite; unknown stays unknown.

    >>> negated("T"), negated("U")
    ('F', 'U')
    """
    return {"T": "F", "F": "T", "U": "U"}[truth]  # type: ignore[return-value]


def truth_of(value: bool | None) -> Truth:
    """T, F, or U for None."""
    return "U" if value is None else "T" if value else "F"
