"""Payment files (ISO 20022, pain.001) for the loans that are due to be paid out.

A loan is due when its contract is signed: confirmed, or past the cooling-off time. It is paid out in full. The accounts
are the bank's own knowledge of its customers; they stand in the file and nowhere else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence

from django.db.models import Max

from tulou.finance.core.loans.iso20022 import Account, Transfer, write_transfers
from tulou.finance.flows import BANK
from tulou.finance.models import Contract, Payout, PayoutFile
from tulou.finance.services.acting import acting
from tulou.kernel.errors import Where, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.story import story
from tulou.registry.models import Organisation

LATEST = dt.timedelta(days=30)


def make_payout_file(actor: Actor, *, payer: Account, accounts: Mapping[str, Account], day: dt.date) -> PayoutFile:
    """Write a file of all loans of the actor's bank that are due and whose account (by number of contract) is given.

    What stands in an earlier file is never written again. Raises Refused where nothing is left to be written, for an
    account of no loan that is due, and for a day that lies behind or more than thirty days ahead.
    """
    bank = acting(actor, BANK)
    if not clock.today() <= day <= clock.today() + LATEST:
        raise refuse(
            "finance.payout.day",
            "付款日应在今天起 30 天内",
            "The day lies between today and thirty days from now",
            where=Where(column="day", value=str(day)),
        )
    with story(actor) as told:
        # The bank's row is the lock: two files of one bank are written one after the other.
        code = Organisation.objects.select_for_update().get(pk=bank).public_id
        due = _due(bank, accounts)
        last = PayoutFile.objects.filter(bank=bank, day=day).aggregate(last=Max("sequence"))["last"] or 0
        message = f"TL{code}{day:%Y%m%d}{last + 1:03d}"
        transfers = [Transfer(row.number, accounts[row.number], row.principal_fen, row.number) for row in due]
        content = write_transfers(message, clock.now(), payer, day, transfers)
        made = PayoutFile.objects.create(
            bank_id=bank,
            day=day,
            sequence=last + 1,
            message=message,
            transfers=len(due),
            total_fen=sum(row.principal_fen for row in due),
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        Payout.objects.bulk_create(Payout(file=made, contract=row, amount_fen=row.principal_fen) for row in due)
        told.record("finance.payout_file.made", made, transfers=len(due), total_fen=made.total_fen, sha256=made.sha256)
    return made


def _due(bank: int, accounts: Mapping[str, Account]) -> Sequence[Contract]:
    """The loans to be written, locked, in the order of their numbers."""
    rows = Contract.objects.select_for_update().filter(bank=bank, state="signed", number__in=list(accounts))
    due = [row for row in rows.order_by("number") if not Payout.objects.filter(contract=row).exists()]
    before = Payout.objects.filter(contract__bank=bank, contract__number__in=list(accounts))
    written = set(before.values_list("contract__number", flat=True))
    known = {row.number for row in due} | written
    for number in accounts:
        if number not in known:
            raise refuse(
                "finance.payout.contract",
                f"合同 {number} 没有待放款项",
                f"Contract {number} has nothing to be paid out",
                where=Where(column="contract", value=number),
            )
    if not due:
        raise refuse("finance.payout.none", "没有待放款项", "Nothing is left to be paid out")
    return due
