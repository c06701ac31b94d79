"""Repayment: money comes in, falls behind, is put on a new plan, or is written off; every standing is an outcome."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError
from django.urls import reverse

from tulou.finance.core.loans import Method, schedule
from tulou.finance.core.market.delinquency import bucket_of, is_bad
from tulou.finance.flows import BANK, CONTRACT, HEAD, LIVE, MANAGER
from tulou.finance.models import Contract, Instalment, Outcome, Payment
from tulou.finance.services.acting import acting
from tulou.finance.services.desk import other_eyes
from tulou.finance.services.needs import release_invoices
from tulou.finance.services.notices import to_bank, to_firm
from tulou.kernel.errors import Text, Where, refuse
from tulou.kernel.money import format_money
from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import Story, story
from tulou.platform.transitions.services import move


def record_payment(
    actor: Actor, contract: Contract, *, request_id: str, amount_fen: int, paid_on: dt.date, source: str = "page"
) -> Payment:
    """Note money that came in: it pays the oldest instalment first, in it interest before principal (Civil Code, 561).

    The same `request_id` is the same payment. Raises Refused for more than is owed, and for a loan that does not run.
    """
    acting(actor, BANK, organisation=contract.bank_id)
    if found := Payment.objects.filter(contract=contract, request_id=request_id).first():
        return _same(found, amount_fen, paid_on)
    try:
        with story(actor) as told:
            row = Contract.objects.select_for_update().get(pk=contract.pk)
            if row.state not in {*LIVE, "written_off"}:
                raise CONTRACT.illegal("repay", row.state)
            if amount_fen <= 0 or paid_on > clock.today() or (row.disbursed_on and paid_on < row.disbursed_on):
                raise refuse("finance.payment.terms", "金额或日期有误", "The amount or the day cannot be")
            allocation = _pay(row, amount_fen, paid_on)
            payment = Payment.objects.create(
                contract=row,
                request_id=request_id,
                amount_fen=amount_fen,
                paid_on=paid_on,
                source=source,
                allocation=allocation,
            )
            told.record("finance.payment.received", payment, contract=row.public_id, amount_fen=amount_fen)
            _stand(told, row)
            contract.state = row.state
    except IntegrityError:
        return _same(Payment.objects.get(contract=contract, request_id=request_id), amount_fen, paid_on)
    return payment


def age_loans() -> int:
    """Once a day: note which loans have fallen behind and how far; answers how many were looked at."""
    looked = 0
    for contract in Contract.objects.filter(state__in=LIVE).order_by("id").iterator():
        with story(SYSTEM) as told:
            row = Contract.objects.select_for_update().get(pk=contract.pk)
            _stand(told, row)
        looked += 1
    return looked


def propose_plan(actor: Actor, contract: Contract, *, months: int, method: str, reason: str) -> None:
    """Propose to pay what is left in another time; the firm must agree.

    What is left is principal and interest that are due, and principal that is not due yet.
    """
    acting(actor, BANK, organisation=contract.bank_id)
    with story(actor) as told:
        row = Contract.objects.select_for_update().get(pk=contract.pk)
        open_fen = owed(row, clock.today())
        if open_fen <= 0 or not 1 <= months <= 360 or method not in set(Method):
            raise refuse("finance.plan.terms", "新的还款计划有误", "Such a plan cannot be")
        proposal = {"months": months, "method": method, "principal_fen": open_fen, "by": actor.person_id}
        move(told, CONTRACT, row, "propose_plan", reason=reason, proposal=proposal)
        contract.state, contract.proposal = row.state, row.proposal
        told.send(_to_firm(row, "plan_proposed", "银行提出了新的还款计划", "The bank proposes a new plan"))


def agree_plan(actor: Actor, contract: Contract) -> None:
    """Agree to the new plan: it begins today, under the next number; what it replaces stays on record."""
    acting(actor, HEAD, organisation=contract.firm_id)
    with story(actor) as told:
        row = Contract.objects.select_for_update().get(pk=contract.pk)
        made = row.proposal
        rows = schedule(made["principal_fen"], row.annual_rate, made["months"], Method(made["method"]), clock.today())
        move(told, CONTRACT, row, "agree_plan", plan=row.plan + 1, method=made["method"], proposal={})
        Instalment.objects.bulk_create(
            Instalment(
                contract=row,
                plan=row.plan,
                number=line.number,
                due=line.due,
                principal_fen=line.principal_fen,
                interest_fen=line.interest_fen,
            )
            for line in rows
        )
        contract.state, contract.plan = row.state, row.plan
        told.send(_to_bank(row, "restructured", "企业同意新的还款计划", "The firm has agreed to the new plan"))


def decline_plan(actor: Actor, contract: Contract) -> None:
    """Keep the plan that there is."""
    acting(actor, HEAD, organisation=contract.firm_id)
    with story(actor) as told:
        move(told, CONTRACT, contract, "decline_plan", proposal={})
        _stand(told, contract)
        told.send(_to_bank(contract, "plan_declined", "企业未同意新的还款计划", "The firm has declined the new plan"))


def propose_write_off(actor: Actor, contract: Contract, *, reason: str) -> None:
    """Propose to write a loan off; a manager who is somebody else decides."""
    acting(actor, BANK, organisation=contract.bank_id)
    with story(actor) as told:
        move(told, CONTRACT, contract, "propose_write_off", reason=reason, write_off_by=actor.person_id)


def decide_write_off(actor: Actor, contract: Contract, *, agree: bool) -> None:
    """Write off what is still owed, or keep the claim."""
    acting(actor, MANAGER, organisation=contract.bank_id)
    other_eyes(actor, contract.write_off_by)
    with story(actor) as told:
        if not agree:
            move(told, CONTRACT, contract, "keep_claim", write_off_by="")
            return
        left = owed(contract, clock.today())
        move(told, CONTRACT, contract, "write_off", written_off_fen=left, closed_on=clock.today())
        _observe(contract, days_late(contract, clock.today()), bad=True)
        release_invoices(contract.need)


def lines_of(contract: Contract) -> list[Instalment]:
    """The schedule in force, in order."""
    return list(Instalment.objects.filter(contract=contract, plan=contract.plan).order_by("number"))


def owed(contract: Contract, today: dt.date) -> int:
    """What would settle the loan: all principal that is open, and the interest that is due."""
    total = 0
    for line in lines_of(contract):
        interest_open = max(line.interest_fen - line.paid_fen, 0)
        principal_open = line.principal_fen - max(line.paid_fen - line.interest_fen, 0)
        total += principal_open + (interest_open if line.due <= today else 0)
    return total


def days_late(contract: Contract, today: dt.date) -> int:
    """Days since the oldest instalment fell due on which anything is open; 0 where nothing is late."""
    late = [line.due for line in lines_of(contract) if line.open_fen > 0 and line.due < today]
    return (today - min(late)).days if late else 0


def _pay(contract: Contract, amount_fen: int, paid_on: dt.date) -> Sequence[dict[str, int]]:
    left, allocation = amount_fen, []
    for line in lines_of(contract):
        part = min(left, line.open_fen)
        if part <= 0:
            continue
        interest = min(part, max(line.interest_fen - line.paid_fen, 0))
        line.paid_fen += part
        line.paid_on = paid_on if line.open_fen == 0 else None
        line.save(update_fields=["paid_fen", "paid_on"])
        allocation.append({"number": line.number, "interest_fen": interest, "principal_fen": part - interest})
        left -= part
    if left:
        raise refuse(
            "finance.payment.too_much",
            f"超出应还总额 {format_money(left)}",
            f"This is {format_money(left, 'en')} more than is owed",
            where=Where(column="amount", value=str(amount_fen)),
        )
    return allocation


def _stand(told: Story, contract: Contract) -> None:
    """Move the loan to where its schedule says it stands today, and keep that as an outcome."""
    late = days_late(contract, clock.today())
    lines = lines_of(contract)
    if all(line.open_fen == 0 for line in lines) and contract.state in {"running", "overdue"}:
        move(told, CONTRACT, contract, "repay", closed_on=clock.today())
        _observe(contract, 0, bad=False)
        release_invoices(contract.need)
        told.send(_to_firm(contract, "repaid", "贷款已结清", "The loan is repaid"))
        return
    if late and contract.state == "running":
        move(told, CONTRACT, contract, "fall_overdue")
        told.send(_to_firm(contract, "overdue", "有一期还款已逾期", "An instalment is overdue", urgent=True))
        told.send(_to_bank(contract, "overdue", "贷款出现逾期", "A loan has fallen overdue"))
    elif not late and contract.state == "overdue":
        move(told, CONTRACT, contract, "cure")
    _observe(contract, late, bad=is_bad(late))


def _observe(contract: Contract, late: int, *, bad: bool | None) -> None:
    Outcome.objects.update_or_create(
        contract=contract,
        observed_on=clock.today(),
        source="ledger",
        defaults={"days_past_due": late, "bucket": bucket_of(late), "bad": bad},
    )


def _same(found: Payment, amount_fen: int, paid_on: dt.date) -> Payment:
    if (found.amount_fen, found.paid_on) != (amount_fen, paid_on):
        raise refuse(
            "finance.payment.request_reused",
            "该流水号已用于另一笔还款",
            "This reference was used for another payment",
            where=Where(column="request_id", value=found.request_id),
        )
    return found


def _key(contract: Contract, code: str) -> str:
    return f"{contract.public_id}.{code}.{clock.today():%Y%m%d}"


def _to_firm(contract: Contract, code: str, zh: str, en: str, *, urgent: bool = False) -> Notice:
    return to_firm(
        contract.firm_id,
        f"finance.contract.{code}",
        _key(contract, code),
        Text(zh=zh, en=en),
        Text(zh=f"合同 {contract.number}", en=f"Contract {contract.number}"),
        reverse("finance:contract", args=[contract.public_id]),
        urgent=urgent,
    )


def _to_bank(contract: Contract, code: str, zh: str, en: str) -> Notice:
    return to_bank(
        contract.bank_id,
        f"finance.contract.{code}",
        _key(contract, code),
        Text(zh=zh, en=en),
        Text(zh=f"合同 {contract.number}", en=f"Contract {contract.number}"),
        reverse("finance:contract", args=[contract.public_id]),
        contract=contract.public_id,
    )
