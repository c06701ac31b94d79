"""From the accepted offer to the money: cooling off, confirmation, disbursement."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from tulou.finance.core.loans import Method, schedule
from tulou.finance.flows import BANK, CONTRACT, HEAD, MANAGER, NEED
from tulou.finance.models import Contract, Instalment, Need
from tulou.finance.services.acting import acting
from tulou.finance.services.needs import end_consent, release_invoices
from tulou.finance.services.notices import to_bank, to_firm
from tulou.kernel.errors import Text, Where, refuse
from tulou.kernel.money import format_money
from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import Story, story
from tulou.platform.transitions.services import move


def rescind_contract(actor: Actor, contract: Contract) -> None:
    """Step back within the cooling-off time, without a reason and without cost."""
    acting(actor, HEAD, organisation=contract.firm_id)
    if clock.now() >= contract.cooling_off_until:
        raise refuse("finance.contract.cooled_off", "冷静期已结束", "The cooling-off time is over")
    with story(actor) as told:
        move(told, CONTRACT, contract, "rescind", closed_on=clock.today())
        _end(told, actor, contract)
        told.send(
            to_bank(
                contract.bank_id,
                "finance.contract.rescinded",
                contract.public_id,
                Text(zh="企业在冷静期内解除了合同", en="The firm has stepped back within the cooling-off time"),
                Text(zh=contract.number, en=contract.number),
                reverse("finance:contract", args=[contract.public_id]),
                contract=contract.public_id,
            )
        )


def confirm_contract(actor: Actor, contract: Contract) -> None:
    """Ask for the money before the cooling-off time is over, and give up the rest of it."""
    acting(actor, HEAD, organisation=contract.firm_id)
    with story(actor) as told:
        move(told, CONTRACT, contract, "confirm")
        told.send(_signed(contract))


def end_cooling_off() -> int:
    """Let the contracts go on whose cooling-off time is over; answers how many."""
    over = list(Contract.objects.filter(state="cooling_off", cooling_off_until__lte=clock.now()).order_by("id")[:500])
    for contract in over:
        with story(SYSTEM) as told:
            move(told, CONTRACT, contract, "cool_off")
            told.send(_signed(contract))
    return len(over)


def cancel_contract(actor: Actor, contract: Contract, *, reason: str) -> None:
    """The bank cannot pay out (a condition was not met); the firm reads why."""
    acting(actor, MANAGER, organisation=contract.bank_id)
    with story(actor) as told:
        move(told, CONTRACT, contract, "cancel", reason=reason, closed_on=clock.today())
        _end(told, SYSTEM, contract)
        told.send(
            to_firm(
                contract.firm_id,
                "finance.contract.cancelled",
                contract.public_id,
                Text(zh="银行未能放款", en="The bank could not pay out"),
                Text(zh=reason[:200], en=reason[:200]),
                reverse("finance:contract", args=[contract.public_id]),
                urgent=True,
            )
        )


def disburse(actor: Actor, contract: Contract, *, paid_out: dt.date, reference: str) -> None:
    """Note that the money was paid out; the schedule begins on that day. Raises Refused for a day that cannot be."""
    acting(actor, BANK, organisation=contract.bank_id)
    signed_on = contract.created_at.astimezone(clock.SHANGHAI).date()
    if not signed_on <= paid_out <= clock.today():
        raise refuse(
            "finance.disbursement.day",
            "放款日应在签约日与今天之间",
            "The day lies between the contract and today",
            where=Where(column="paid_out", value=str(paid_out)),
        )
    if not reference.strip():
        raise refuse("finance.disbursement.reference", "请填写放款流水号", "Give the payment's reference")
    rows = schedule(contract.principal_fen, contract.annual_rate, contract.months, Method(contract.method), paid_out)
    with story(actor) as told:
        move(told, CONTRACT, contract, "disburse", disbursed_on=paid_out, disbursement_reference=reference.strip()[:60])
        Instalment.objects.bulk_create(
            Instalment(
                contract=contract,
                plan=contract.plan,
                number=row.number,
                due=row.due,
                principal_fen=row.principal_fen,
                interest_fen=row.interest_fen,
            )
            for row in rows
        )
        move(told, NEED, Need.objects.get(pk=contract.need_id), "disburse")
        told.send(
            to_firm(
                contract.firm_id,
                "finance.contract.disbursed",
                contract.public_id,
                Text(
                    zh=f"贷款 {format_money(contract.principal_fen)} 已发放",
                    en=f"{format_money(contract.principal_fen, 'en')} were paid out",
                ),
                Text(
                    zh=f"首期 {rows[0].due} 应还 {format_money(rows[0].amount_fen)}",
                    en=f"The first instalment of {format_money(rows[0].amount_fen, 'en')} falls due on {rows[0].due}",
                ),
                reverse("finance:contract", args=[contract.public_id]),
                urgent=True,
            )
        )


def _end(told: Story, actor: Actor, contract: Contract) -> None:
    need = Need.objects.get(pk=contract.need_id)
    move(told, NEED, need, "fall_through")
    release_invoices(need)
    if actor is not SYSTEM:
        end_consent(actor, contract.offer.application.consent)


def _signed(contract: Contract) -> Notice:
    return to_bank(
        contract.bank_id,
        "finance.contract.signed",
        contract.public_id,
        Text(zh="合同生效，请放款", en="The contract stands: pay out"),
        Text(
            zh=f"{contract.number}，{format_money(contract.principal_fen)}",
            en=f"{contract.number}, {format_money(contract.principal_fen, 'en')}",
        ),
        reverse("finance:contract", args=[contract.public_id]),
        urgent=True,
        contract=contract.public_id,
        amount_fen=contract.principal_fen,
    )
