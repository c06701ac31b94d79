"""Consent: the firm's grant, the purpose's ceiling, the item's sharing type and the department's right, all at once."""

from tulou.pool.core.consent.decision import Code, Decision, ItemTerms, ReadFacts, ReadRequest, decide
from tulou.pool.core.consent.gate import Gate, KeyReused, Ledger, Page, Permit, ReadDenied, Store
from tulou.pool.core.consent.grant import (
    EventKind,
    Grant,
    GrantEvent,
    GrantState,
    IllegalEvent,
    SignedGrant,
    state_after,
)
from tulou.pool.core.consent.own import decide_own
from tulou.pool.core.consent.purpose import PURPOSES, SELF, Deviation, Purpose, deviations
from tulou.pool.core.consent.signing import Ed25519Signer, Ed25519Verifier, Signer, Verifier, canonical, digest
from tulou.pool.core.consent.terms import Granularity, SharingType, Terms, months_between
from tulou.pool.core.consent.wish import Wish

__all__ = [
    "PURPOSES",
    "SELF",
    "Code",
    "Decision",
    "Deviation",
    "Ed25519Signer",
    "Ed25519Verifier",
    "EventKind",
    "Gate",
    "Grant",
    "GrantEvent",
    "GrantState",
    "Granularity",
    "IllegalEvent",
    "ItemTerms",
    "KeyReused",
    "Ledger",
    "Page",
    "Permit",
    "Purpose",
    "ReadDenied",
    "ReadFacts",
    "ReadRequest",
    "SharingType",
    "SignedGrant",
    "Signer",
    "Store",
    "Terms",
    "Verifier",
    "Wish",
    "canonical",
    "decide",
    "decide_own",
    "deviations",
    "digest",
    "months_between",
    "state_after",
]
