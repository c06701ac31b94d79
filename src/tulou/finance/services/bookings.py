"""Payments from a bank's notification of bookings (ISO 20022, camt.054)."""

from __future__ import annotations

from tulou.finance.core.loans.iso20022 import read_bookings
from tulou.finance.flows import BANK
from tulou.finance.models import Contract
from tulou.finance.services.acting import acting
from tulou.finance.services.repayment import record_payment
from tulou.kernel.errors import Where, refuse
from tulou.platform.actor import Actor
from tulou.platform.story import story


def book_payments(actor: Actor, content: bytes) -> int:
    """Note the payments that came in; `EndToEndId` names the contract. All of them or none, each once.

    Money that went out is passed over. Raises Refused for a file that is none, a contract that is not the bank's, and a
    reversal, which a person must look at.
    """
    bank = acting(actor, BANK)
    found = [booking for booking in read_bookings(content) if booking.amount_fen > 0 or booking.is_reversal]
    with story(actor):
        for record, booking in enumerate(found, 1):
            contract = Contract.objects.filter(bank=bank, number=booking.end_to_end).first()
            if contract is None or booking.is_reversal:
                raise refuse(
                    "finance.booking.unknown",
                    f"第 {record} 笔入账无法处理：{booking.end_to_end}",
                    f"Booking {record} cannot be noted: {booking.end_to_end}",
                    where=Where(record=record, column="EndToEndId", value=booking.end_to_end[:60]),
                )
            record_payment(
                actor,
                contract,
                request_id=booking.reference[:60],
                amount_fen=booking.amount_fen,
                paid_on=booking.booked_on,
                source="camt.054",
            )
    return len(found)
