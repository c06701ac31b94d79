"""How late a loan is: buckets, what counts as bad, and the signs that come before."""

from __future__ import annotations

from collections.abc import Sequence

BUCKETS: Sequence[tuple[int, str]] = ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"), (180, "91-180"))
BAD_FROM = 90
"""Days past due from which a loan counts as bad, where nobody says otherwise (the usual label of a scorecard)."""


def bucket_of(days_past_due: int) -> str:
    """The bucket of a loan.

    >>> [bucket_of(days) for days in (0, 1, 30, 31, 90, 91, 400)]
    ['current', '1-30', '1-30', '31-60', '61-90', '91-180', '181+']
    """
    return next((name for most, name in BUCKETS if days_past_due <= most), "181+")


def is_bad(days_past_due: int) -> bool | None:
    """Whether a running loan is bad; None while it may still go either way.

    >>> is_bad(91), is_bad(10)
    (True, None)
    """
    return True if days_past_due > BAD_FROM else None
