"""The courtyard's demonstration: firms and departments on the register, consents, readings, disputes, a delivery."""

from __future__ import annotations

from tulou.pool.courtyard import pool_folder
from tulou.pool.demo.consents import make_consents
from tulou.pool.demo.firm import demo_firm
from tulou.pool.demo.people import Cast, make_cast
from tulou.pool.demo.rights import open_rights
from tulou.pool.demo.work import make_claim, make_disputes, review_matches, send_delivery
from tulou.pool.models import AccessRight, Consent, Delivery, Dispute, MatchReview
from tulou.pool.services.access import install_purposes
from tulou.pool.services.deliveries import adopt_receipts
from tulou.pool.services.enrolment import enrol_departments, enrol_enterprises, known_enterprises
from tulou.registry.models import Claim

__all__ = ["demo_firm", "make_demo"]


def make_demo() -> str:
    """Lay the demonstration out around the pool; what is there already stays as it is. Says what there is now."""
    if not (pool_folder() / "pool.json").exists():
        return "no pool"
    firms = enrol_enterprises(known_enterprises())
    departments = enrol_departments()
    purposes = install_purposes()
    cast = make_cast()
    _act(cast)
    return (
        f"{firms} enterprises, {departments} departments, {purposes} purposes, {Consent.objects.count()} consents, "
        f"{Dispute.objects.count()} disputes, {Delivery.objects.count()} deliveries, "
        f"{MatchReview.objects.count()} doubtful matches"
    )


def _act(cast: Cast) -> None:
    """Every part of the play that was not given yet."""
    if not AccessRight.objects.exists():
        open_rights(cast)
    if not Delivery.objects.exists():
        adopt_receipts()
        send_delivery(cast)
    if not Consent.objects.exists():
        make_consents(cast)
    if not Dispute.objects.exists():
        make_disputes(cast)
    if not Claim.objects.exists():
        make_claim(cast)
    if not MatchReview.objects.exists():
        review_matches()
