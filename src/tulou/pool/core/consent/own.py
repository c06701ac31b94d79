"""Whether a firm may read what is kept about itself: a pure function, as the decision for others is."""

from __future__ import annotations

from tulou.pool.core.consent.decision import Code, Decision, ReadFacts, ReadRequest


def decide_own(request: ReadRequest, facts: ReadFacts) -> Decision:
    """Decide a firm's reading of what is kept about itself (PIPL art. 45): no grant and no ceiling, but its own alone.

    Who may act for the firm is asked first, as everywhere; items that are unknown to the catalogue are not delivered.
    """
    if not request.items:
        return Decision(Code.NOTHING_ASKED)
    if not facts.reader_active:
        return Decision(Code.READER_INACTIVE)
    if not facts.person_authorised:
        return Decision(Code.PERSON_NOT_AUTHORISED)
    if request.reader != request.subject:
        return Decision(Code.OTHER_SUBJECT)
    if unknown := request.items - facts.items.keys():
        return Decision(Code.ITEM_NOT_SHARED, tuple(sorted(unknown)))
    return Decision(Code.ALLOWED)
