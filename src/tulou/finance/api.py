"""The market's part of the API, for a bank's core system: applications in, offers out, loans and payments."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tulou.finance.api_payouts import router as payouts_router
from tulou.finance.api_pots import router as pots_router
from tulou.finance.models import Application, Contract, Offer, ProductVersion
from tulou.finance.queries.market import (
    application_for,
    applications_for,
    contract_for,
    contracts_for,
    offers_for,
)
from tulou.finance.queries.shelf import on_shelf
from tulou.finance.services import contracts, desk, offers, outcomes, repayment
from tulou.finance.services.bookings import book_payments
from tulou.platform.api.kit import Needs, Slice, Window, slice_of
from tulou.pool.api.words import PLAIN, Key, Note, Words, actor_of, words

router = Router(tags=["finance"])
router.add_router("/pots", pots_router)
router.add_router("/payouts", payouts_router)

Fen = Annotated[int, Field(gt=0, le=10**13)]
Rate = Annotated[str, Field(pattern=r"^0(\.\d{1,6})?$", max_length=8, examples=["0.0435"])]
Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z_]+$")]
Reference = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[!-~]+$")]


class ProductOut(Schema):
    """A product as it stands on the shelf."""

    id: str
    bank: str
    name: Words
    kind: str
    version: int
    min_fen: int
    max_fen: int
    min_months: int
    max_months: int
    rate_from: str
    rate_to: str
    methods: list[str]
    collaterals: list[str]
    answer_days: int


class ApplicationOut(Schema):
    """A firm's application to the token's bank, or one that the token's firm sent."""

    id: str
    need: str
    state: str
    product: str
    amount_fen: int
    months: int
    purpose: str
    collateral: str
    needed_by: dt.date
    answer_until: dt.datetime
    consent: str | None
    natural_person: bool
    refusals: list[str]


class OfferIn(Schema):
    """Terms to offer; a manager approves them in the portal before they bind the bank."""

    amount_fen: Fen
    months: Annotated[int, Field(ge=1, le=360)]
    annual_rate: Rate
    method: Word
    fee_fen: Annotated[int, Field(ge=0, le=10**12)] = 0
    collateral: Word = "none"
    conditions: Note = ""
    valid_days: Annotated[int, Field(ge=1, le=30)] = 10


class OfferOut(Schema):
    """An offer, with the costs that the platform computed."""

    id: str
    application: str
    state: str
    amount_fen: int
    months: int
    annual_rate: str
    method: str
    fee_fen: int
    apr: str
    interest_fen: int
    total_fen: int
    valid_until: dt.datetime
    terms_sha256: str


class RefusalIn(Schema):
    """Principal reasons, by their codes in the controlled list."""

    codes: Annotated[list[Word], Field(min_length=1, max_length=4)]
    text: Note = ""


class InstalmentOut(Schema):
    """One line of the schedule in force."""

    number: int
    due: dt.date
    principal_fen: int
    interest_fen: int
    paid_fen: int


class ContractOut(Schema):
    """A loan."""

    id: str
    number: str
    state: str
    principal_fen: int
    annual_rate: str
    months: int
    method: str
    apr: str
    disbursed_on: dt.date | None
    terms_sha256: str


class ContractWhole(ContractOut):
    """A loan with its schedule."""

    plan: int
    instalments: list[InstalmentOut]


class DisbursementIn(Schema):
    """When the money went out."""

    paid_out: dt.date
    reference: Reference


class PaymentIn(Schema):
    """Money that came in; the same `request_id` is the same payment."""

    request_id: Reference
    amount_fen: Fen
    paid_on: dt.date


class PaymentOut(Schema):
    """A payment and what it paid."""

    id: str
    request_id: str
    amount_fen: int
    paid_on: dt.date
    allocation: list[dict[str, int]]


class BookingsIn(Schema):
    """A camt.054 file (ISO 20022) as text; EndToEndId is the number of the contract."""

    camt054: Annotated[str, Field(max_length=2 * 1024**2, pattern=PLAIN)]


class OutcomeIn(Schema):
    """How a loan stood on a day."""

    contract: Annotated[str, Field(max_length=30, pattern=r"^[!-~]+$")]
    observed_on: dt.date
    days_past_due: Annotated[int, Field(ge=0, le=10_000)]
    bad: bool | None = None


class OutcomesIn(Schema):
    """Outcomes: all of them are kept, or none."""

    outcomes: Annotated[list[OutcomeIn], Field(min_length=1, max_length=1000)]


class Count(Schema):
    """How many."""

    count: int


@router.get("/products", response=Slice[ProductOut], auth=Needs("finance:read"), summary="Products on the shelf")
def read_products(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """Every bank's products in force."""
    return slice_of(on_shelf(), window, _product)


@router.get("/applications", response=Slice[ApplicationOut], auth=Needs("finance:read"), summary="Applications")
def read_applications(
    request: HttpRequest, window: Query[Window], state: Annotated[str, Field(max_length=14, pattern=r"^[a-z_]*$")] = ""
) -> dict[str, Any]:
    """Those of the token's bank or firm, in the order in which they came in."""
    rows = applications_for(actor_of(request))
    return slice_of(rows.filter(state=state) if state else rows, window, _application)


@router.get("/applications/{key}", response=ApplicationOut, auth=Needs("finance:read"), summary="One application")
def read_application(request: HttpRequest, key: Key) -> ApplicationOut:
    """Where an application stands. What the firm opened is read through `/pool/consents/{consent}/…`, never here."""
    return _application(application_for(actor_of(request), key))


@router.post("/applications/{key}/take", response=ApplicationOut, auth=Needs("finance:write"), summary="Take it on")
def take_application(request: HttpRequest, key: Key) -> ApplicationOut:
    """Take an application on; the firm sees it. 409 where it was taken before."""
    found = application_for(actor_of(request), key)
    desk.take_application(actor_of(request), found)
    return _application(found)


@router.post(
    "/applications/{key}/offers", response={201: OfferOut}, auth=Needs("finance:write"), summary="Propose an offer"
)
def propose_offer(request: HttpRequest, key: Key, proposed: OfferIn) -> Status[OfferOut]:
    """Propose an offer. It binds the bank when a manager has approved it in the portal; no machine approves."""
    found = application_for(actor_of(request), key)
    terms = offers.OfferTerms(**{**proposed.dict(), "annual_rate": Decimal(proposed.annual_rate)})
    return Status(201, _offer(offers.propose_offer(actor_of(request), found, terms)))


@router.post("/applications/{key}/refusal", response=ApplicationOut, auth=Needs("finance:write"), summary="Refuse")
def refuse_application(request: HttpRequest, key: Key, refused: RefusalIn) -> ApplicationOut:
    """Refuse by reasons of the list. About a sole trader a person must confirm it in the portal."""
    found = application_for(actor_of(request), key)
    desk.refuse_application(actor_of(request), found, codes=refused.codes, text=refused.text)
    return _application(found)


@router.get("/offers", response=Slice[OfferOut], auth=Needs("finance:read"), summary="Offers")
def read_offers(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """The token's bank's offers; for a firm those that bind a bank."""
    return slice_of(offers_for(actor_of(request)), window, _offer)


@router.get("/contracts", response=Slice[ContractOut], auth=Needs("finance:read"), summary="Loans")
def read_contracts(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """The loans of the token's bank or firm."""
    return slice_of(contracts_for(actor_of(request)), window, lambda row: ContractOut(**_contract(row)))


@router.get("/contracts/{key}", response=ContractWhole, auth=Needs("finance:read"), summary="One loan")
def read_contract(request: HttpRequest, key: Key) -> ContractWhole:
    """A loan with the schedule in force."""
    return _whole(contract_for(actor_of(request), key))


@router.post(
    "/contracts/{key}/disbursement", response=ContractWhole, auth=Needs("finance:write"), summary="It was paid out"
)
def disburse(request: HttpRequest, key: Key, paid: DisbursementIn) -> ContractWhole:
    """Say when the money went out; the schedule begins on that day."""
    found = contract_for(actor_of(request), key)
    contracts.disburse(actor_of(request), found, paid_out=paid.paid_out, reference=paid.reference)
    return _whole(found)


@router.post(
    "/contracts/{key}/payments", response={201: PaymentOut}, auth=Needs("finance:write"), summary="A payment came in"
)
def record_payment(request: HttpRequest, key: Key, paid: PaymentIn) -> Status[PaymentOut]:
    """Note a payment; it pays the oldest instalment first, in it interest before principal."""
    made = repayment.record_payment(
        actor_of(request), contract_for(actor_of(request), key), source="api", **paid.dict()
    )
    return Status(201, PaymentOut(id=made.public_id, allocation=made.allocation, **paid.dict()))


@router.post("/bookings", response=Count, auth=Needs("finance:write"), summary="Payments from a camt.054 file")
def read_bookings(request: HttpRequest, sent: BookingsIn) -> Count:
    """Note the payments of a camt.054 file: all of them or none; the same booking counts once."""
    return Count(count=book_payments(actor_of(request), sent.camt054.encode()))


@router.post("/outcomes", response=Count, auth=Needs("finance:write"), summary="Outcomes")
def record_outcomes(request: HttpRequest, sent: OutcomesIn) -> Count:
    """Keep how loans stand in the bank's own ledger; models learn from it."""
    rows = [outcomes.OutcomeRow(**row.dict()) for row in sent.outcomes]
    return Count(count=outcomes.record_outcomes(actor_of(request), rows, source="api"))


def _product(row: ProductVersion) -> ProductOut:
    same = ("kind", "version", "min_fen", "max_fen", "min_months", "max_months", "methods", "collaterals")
    return ProductOut(
        id=row.product.public_id,
        bank=row.product.bank.public_id,
        name=words(row.name),
        rate_from=f"{row.rate_from:.6f}",
        rate_to=f"{row.rate_to:.6f}",
        answer_days=row.answer_days,
        **{name: getattr(row, name) for name in same},
    )


def _application(row: Application) -> ApplicationOut:
    need = row.need
    return ApplicationOut(
        id=row.public_id,
        need=need.public_id,
        state=row.state,
        product=row.product.product.public_id,
        amount_fen=need.amount_fen,
        months=need.months,
        purpose=need.purpose,
        collateral=need.collateral,
        needed_by=need.needed_by,
        answer_until=row.answer_until,
        consent=row.consent.public_id if row.consent else None,
        natural_person=need.natural_person,
        refusals=row.refusals,
    )


def _offer(row: Offer) -> OfferOut:
    same = ("state", "amount_fen", "months", "method", "fee_fen", "interest_fen", "total_fen", "valid_until")
    return OfferOut(
        id=row.public_id,
        application=row.application.public_id,
        annual_rate=f"{row.annual_rate:.6f}",
        apr=f"{row.apr:.6f}",
        terms_sha256=row.terms_sha256,
        **{name: getattr(row, name) for name in same},
    )


def _contract(row: Contract) -> dict[str, Any]:
    same = ("number", "state", "principal_fen", "months", "method", "disbursed_on", "terms_sha256")
    return {
        "id": row.public_id,
        "annual_rate": f"{row.annual_rate:.6f}",
        "apr": f"{row.apr:.6f}",
        **{name: getattr(row, name) for name in same},
    }


def _whole(row: Contract) -> ContractWhole:
    names = ("number", "due", "principal_fen", "interest_fen", "paid_fen")
    lines = [InstalmentOut(**{name: getattr(line, name) for name in names}) for line in repayment.lines_of(row)]
    return ContractWhole(plan=row.plan, instalments=lines, **_contract(row))
