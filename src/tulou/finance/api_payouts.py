"""Payment files in the API: a bank's core system takes a pain.001 file of the loans that are due, each loan once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tulou.finance.core.loans.iso20022 import Account
from tulou.finance.models import PayoutFile
from tulou.finance.queries.market import payable_for, payout_file_for, payout_files_for
from tulou.finance.services.payouts import make_payout_file
from tulou.platform.api.kit import Needs, Slice, Window, slice_of
from tulou.pool.api.words import PLAIN, Key, actor_of

router = Router(tags=["finance"])

Name = Annotated[str, Field(min_length=1, max_length=140, pattern=PLAIN)]
Number = Annotated[str, Field(min_length=1, max_length=34, pattern=r"^[0-9A-Za-z-]+$")]
Cnaps = Annotated[str, Field(pattern=r"^[0-9]{12}$", max_length=12)]


class AccountIn(Schema):
    """An account: whose, its number, and the twelve digits of its bank in the national clearing system (CNAPS)."""

    name: Name
    number: Number
    bank: Cnaps


class PayeeIn(AccountIn):
    """Where the money of a loan goes."""

    contract: Annotated[str, Field(min_length=1, max_length=30, pattern=r"^[!-~]+$")]


class PayoutIn(Schema):
    """The account that pays, the day of execution, and the account of each loan that is to be paid out."""

    payer: AccountIn
    day: dt.date
    payees: Annotated[list[PayeeIn], Field(min_length=1, max_length=1000)]


class DueOut(Schema):
    """A loan that is due to be paid out and stands in no file yet."""

    contract: str
    id: str
    firm: str
    amount_fen: int


class PayoutFileOut(Schema):
    """A payment file: its MsgId, how many transfers, their sum, and the digest of its bytes."""

    id: str
    message: str
    day: dt.date
    transfers: int
    total_fen: int
    sha256: str
    contracts: list[str]


class PayoutFileWhole(PayoutFileOut):
    """A payment file with its text (pain.001.001.09)."""

    pain001: str


@router.get("/due", response=Slice[DueOut], auth=Needs("finance:read"), summary="Loans due to be paid out")
def read_due(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """Signed contracts of the token's bank that stand in no payment file yet."""
    return slice_of(
        payable_for(actor_of(request)),
        window,
        lambda row: DueOut(
            contract=row.number, id=row.public_id, firm=row.firm.public_id, amount_fen=row.principal_fen
        ),
    )


@router.post("/files", response={201: PayoutFileWhole}, auth=Needs("finance:write"), summary="Make a payment file")
def make_file(request: HttpRequest, wanted: PayoutIn) -> Status[PayoutFileWhole]:
    """Write the loans that are due into a pain.001 file. What stands in an earlier file is never written again."""
    accounts = {payee.contract: _account(payee) for payee in wanted.payees}
    made = make_payout_file(actor_of(request), payer=_account(wanted.payer), accounts=accounts, day=wanted.day)
    return Status(201, _whole(made))


@router.get("/files", response=Slice[PayoutFileOut], auth=Needs("finance:read"), summary="Payment files")
def read_files(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """The payment files of the token's bank."""
    return slice_of(payout_files_for(actor_of(request)), window, lambda row: PayoutFileOut(**_file(row)))


@router.get("/files/{key}", response=PayoutFileWhole, auth=Needs("finance:read"), summary="One payment file")
def read_file(request: HttpRequest, key: Key) -> PayoutFileWhole:
    """A payment file as it was written; the same bytes as often as it is asked for."""
    return _whole(payout_file_for(actor_of(request), key))


def _account(given: AccountIn) -> Account:
    return Account(given.name, given.number, given.bank)


def _file(row: PayoutFile) -> dict[str, Any]:
    same = ("message", "day", "transfers", "total_fen", "sha256")
    contracts = list(row.payouts.values_list("contract__number", flat=True))
    return {"id": row.public_id, "contracts": contracts, **{name: getattr(row, name) for name in same}}


def _whole(row: PayoutFile) -> PayoutFileWhole:
    return PayoutFileWhole(pain001=bytes(row.content).decode(), **_file(row))
