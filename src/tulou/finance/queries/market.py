"""The one way from a request to a need, an application, an offer, a contract."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404

from tulou.finance.models import Application, Contract, Need, Offer, PayoutFile
from tulou.platform.actor import Actor
from tulou.registry.roles import Kind

M = TypeVar("M", bound=Model)


def one(rows: QuerySet[M], public_id: str) -> M:
    """The row with an id. Raises Http404 where there is none."""
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _own(actor: Actor, rows: QuerySet[M], **fields: str) -> QuerySet[M]:
    """The rows whose field for the actor's kind of organisation names her organisation."""
    name: Any = fields.get(actor.organisation_kind)
    return rows.filter(**{name: actor.organisation_key}) if name and actor.organisation_key else rows.none()


def needs_for(actor: Actor) -> QuerySet[Need]:
    """A firm's own needs."""
    rows = Need.objects.select_related("firm")
    return _own(actor, rows, **{Kind.ENTERPRISE.value: "firm"})


def need_for(actor: Actor, public_id: str) -> Need:
    """One of `needs_for`. Raises Http404."""
    return one(needs_for(actor), public_id)


def applications_for(actor: Actor) -> QuerySet[Application]:
    """A bank's applications, or those that a firm sent."""
    rows = Application.objects.select_related(
        "need", "need__firm", "bank", "product", "product__product", "consent", "consent__purpose", "officer"
    )
    return _own(actor, rows, **{Kind.ENTERPRISE.value: "need__firm", Kind.BANK.value: "bank"})


def application_for(actor: Actor, public_id: str) -> Application:
    """One of `applications_for`. Raises Http404."""
    return one(applications_for(actor), public_id)


def offers_for(actor: Actor) -> QuerySet[Offer]:
    """A bank's offers, drafts too; a firm sees those that bind the bank, and what became of them."""
    rows = Offer.objects.select_related("application", "application__product", "need", "need__firm", "bank")
    if actor.organisation_kind == Kind.ENTERPRISE:
        rows = rows.exclude(terms="")
    return _own(actor, rows, **{Kind.ENTERPRISE.value: "need__firm", Kind.BANK.value: "bank"})


def offer_for(actor: Actor, public_id: str) -> Offer:
    """One of `offers_for`. Raises Http404."""
    return one(offers_for(actor), public_id)


def contracts_for(actor: Actor) -> QuerySet[Contract]:
    """A firm's loans, or those that a bank gave."""
    rows = Contract.objects.select_related("firm", "bank", "need", "offer", "offer__application__product")
    return _own(actor, rows, **{Kind.ENTERPRISE.value: "firm", Kind.BANK.value: "bank"})


def payable_for(actor: Actor) -> QuerySet[Contract]:
    """The loans of the actor's bank that are due to be paid out and stand in no payment file yet."""
    if actor.organisation_kind != Kind.BANK:
        return Contract.objects.none()
    return contracts_for(actor).filter(state="signed", payout=None)


def payout_files_for(actor: Actor) -> QuerySet[PayoutFile]:
    """The payment files of the actor's bank."""
    return _own(actor, PayoutFile.objects.all(), **{Kind.BANK.value: "bank"})


def payout_file_for(actor: Actor, public_id: str) -> PayoutFile:
    """One of `payout_files_for`. Raises Http404."""
    return one(payout_files_for(actor), public_id)


def contract_for(actor: Actor, public_id: str) -> Contract:
    """One of `contracts_for`. Raises Http404."""
    return one(contracts_for(actor), public_id)
