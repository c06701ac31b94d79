"""A bank proposes an offer, a second person binds the bank to it, and the firm accepts one: once."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.urls import reverse

from tulou.finance.core.market.cost import METHODS, canonical, cost_of, digest
from tulou.finance.core.market.words import COLLATERALS
from tulou.finance.flows import APPLICATION, BANK, HEAD, MANAGER, NEED, OFFER
from tulou.finance.models import Application, Contract, Need, Offer
from tulou.finance.services.acting import acting
from tulou.finance.services.desk import other_eyes
from tulou.finance.services.needs import close_applications
from tulou.finance.services.notices import to_bank, to_firm
from tulou.kernel.errors import Text, Where, refuse
from tulou.kernel.money import format_money
from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.story import story
from tulou.platform.transitions.services import move

LONGEST_VALID = 30
MACHINE = "machine"
"""Who proposed an offer that came through the API: nobody who could approve it."""
APR_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a bank offers."""

    amount_fen: int
    months: int
    annual_rate: Decimal
    method: str
    fee_fen: int = 0
    collateral: str = "none"
    conditions: str = ""
    valid_days: int = 10
    cooling_off_days: int | None = None


def propose_offer(actor: Actor, application: Application, terms: OfferTerms) -> Offer:
    """Work an offer out and hand it to a second person. An offer that was given back is worked out anew.

    Raises Refused for terms beyond the product's, and where another offer for the application is alive.
    """
    acting(actor, BANK, organisation=application.bank_id)
    _check(application, terms)
    if application.state != "review":
        raise APPLICATION.illegal("offer", application.state)
    cost = cost_of(
        terms.amount_fen, terms.annual_rate, terms.months, terms.method, fee_fen=terms.fee_fen, first_day=clock.today()
    )
    row = {name: value for name, value in asdict(terms).items() if name not in {"valid_days", "cooling_off_days"}}
    row |= {
        "valid_until": clock.now() + dt.timedelta(days=terms.valid_days),
        "cooling_off_days": _cooling_off(application, terms),
        "apr": cost.apr.quantize(APR_PLACES),
        "interest_fen": cost.interest_fen,
        "total_fen": cost.total_fen,
        "highest_fen": cost.highest_fen,
        "proposed_by": actor.person_id or MACHINE,
    }
    with story(actor) as told:
        Application.objects.select_for_update().get(pk=application.pk)
        draft = Offer.objects.filter(application=application, state="draft").first()
        try:
            with transaction.atomic():
                if draft is None:
                    draft = Offer.objects.create(
                        application=application, need_id=application.need_id, bank_id=application.bank_id, **row
                    )
                else:
                    Offer.objects.filter(pk=draft.pk, state="draft").update(**row)
                    draft.refresh_from_db()
        except IntegrityError as error:
            raise refuse("finance.offer.alive", "已有未结的报价", "There is an offer already") from error
        move(told, OFFER, draft, "submit")
    return draft


def approve_offer(actor: Actor, offer: Offer) -> None:
    """Bind the bank: a manager, not the one who proposed it. The terms are frozen now, and the firm is told."""
    acting(actor, MANAGER, organisation=offer.bank_id)
    other_eyes(actor, offer.proposed_by)
    if clock.now() >= offer.valid_until:
        raise refuse("finance.offer.expired", "报价有效期已过", "The offer's last day is over")
    terms = canonical(frozen_terms(offer))
    with story(actor) as told:
        application = Application.objects.select_for_update().select_related("product").get(pk=offer.application_id)
        move(
            told, OFFER, offer, "approve", terms=terms, terms_sha256=digest(terms),
            approved_by=actor.person_id, approved_at=clock.now(),
        )  # fmt: skip
        move(told, APPLICATION, application, "offer", answered_at=clock.now())
        told.send(
            to_firm(
                offer.need.firm_id,
                "finance.offer.bound",
                offer.public_id,
                Text(
                    zh=f"{offer.bank.name_zh} 给出了报价",
                    en=f"{offer.bank.name_en or offer.bank.name_zh} has made an offer",
                ),
                Text(
                    zh=f"{format_money(offer.amount_fen)}，{offer.months} 个月，综合年化 {offer.apr * 100:.2f} %",
                    en=f"{format_money(offer.amount_fen, 'en')}, {offer.months} months, APR {offer.apr * 100:.2f} %",
                ),
                reverse("finance:need", args=[offer.need.public_id]),
                urgent=True,
            )
        )


def give_offer_back(actor: Actor, offer: Offer, *, reason: str) -> None:
    """The second person does not agree: back to the first, with a reason."""
    acting(actor, MANAGER, organisation=offer.bank_id)
    other_eyes(actor, offer.proposed_by)
    with story(actor) as told:
        move(told, OFFER, offer, "give_back", reason=reason)


def decline_offer(actor: Actor, offer: Offer) -> None:
    """The firm does not want an offer; the bank may make another."""
    acting(actor, HEAD, organisation=offer.need.firm_id)
    with story(actor) as told:
        move(told, OFFER, offer, "decline")
        application = Application.objects.get(pk=offer.application_id)
        move(told, APPLICATION, application, "retract")
        told.send(
            to_bank(
                offer.bank_id,
                "finance.offer.declined",
                offer.public_id,
                Text(zh="企业未接受报价", en="The firm has declined the offer"),
                Text(zh="在期限内可再次报价。", en="You may make another one in time."),
                reverse("finance:application", args=[application.public_id]),
                application=application.public_id,
                offer=offer.public_id,
            )
        )


def accept_offer(actor: Actor, offer: Offer) -> Contract:
    """Accept an offer: a contract on its frozen terms is made, every other bank is told that it lost.

    A need is accepted once, whoever presses the button how often: the same offer again answers the same contract, any
    other is refused. Only who heads the firm may do it.
    """
    acting(actor, HEAD, organisation=offer.need.firm_id)
    try:
        with story(actor) as told:
            need = Need.objects.select_for_update().get(pk=offer.need_id)
            offer = Offer.objects.select_related("bank", "need").get(pk=offer.pk)
            if offer.state == "accepted":
                return Contract.objects.get(offer=offer)
            if need.state == "accepted":
                raise _taken()
            if offer.state == "binding" and clock.now() >= offer.valid_until:
                raise refuse("finance.offer.expired", "报价有效期已过", "The offer's last day is over")
            now = clock.now()
            move(told, OFFER, offer, "accept", accepted_at=now)
            move(told, NEED, need, "accept")
            application = Application.objects.get(pk=offer.application_id)
            move(told, APPLICATION, application, "win")
            close_applications(told, actor, need, "lose", but=application.pk)
            contract = _contract(actor, offer, now)
            told.record("finance.contract.made", contract, terms=contract.terms_sha256)
            told.send(
                to_bank(
                    offer.bank_id,
                    "finance.offer.accepted",
                    offer.public_id,
                    Text(zh="企业接受了报价", en="The firm has accepted the offer"),
                    Text(
                        zh=f"{format_money(offer.amount_fen)}，合同 {contract.number}",
                        en=f"{format_money(offer.amount_fen, 'en')}, contract {contract.number}",
                    ),
                    reverse("finance:contract", args=[contract.public_id]),
                    urgent=True,
                    contract=contract.public_id,
                    offer=offer.public_id,
                    terms_sha256=contract.terms_sha256,
                )
            )
    except IntegrityError as error:
        raise _taken() from error
    return contract


def expire_offers() -> int:
    """Note the offers whose last moment is past; their applications go back to the bank's review. How many."""
    late = Offer.objects.filter(state__in=["draft", "check", "binding"], valid_until__lte=clock.now())
    expired = list(late.select_related("application").order_by("id")[:500])
    for offer in expired:
        with story(SYSTEM) as told:
            bound = offer.state == "binding"
            move(told, OFFER, offer, "expire")
            if bound:
                move(told, APPLICATION, offer.application, "retract")
    return len(expired)


def lapse_applications() -> int:
    """Note the applications that a bank did not answer within its time; answers how many."""
    late = Application.objects.filter(state__in=["sent", "review", "refusal_check"], answer_until__lte=clock.now())
    lapsed = list(late.select_related("need", "bank", "product").order_by("id")[:500])
    for application in lapsed:
        with story(SYSTEM) as told:
            for offer in Offer.objects.filter(application=application, state__in=["draft", "check"]):
                move(told, OFFER, offer, "expire")
            move(told, APPLICATION, application, "lapse")
            told.send(
                to_firm(
                    application.need.firm_id,
                    "finance.application.lapsed",
                    application.public_id,
                    Text(
                        zh=f"{application.bank.name_zh} 未在期限内答复",
                        en=f"{application.bank.name_en or application.bank.name_zh} did not answer in time",
                    ),
                    Text(zh="您可以选择其他银行。", en="You can choose another bank."),
                    reverse("finance:need", args=[application.need.public_id]),
                )
            )
    return len(lapsed)


def frozen_terms(offer: Offer) -> dict[str, object]:
    """Everything that both sides are bound by."""
    return {
        "format": "tulou.loan-offer/1",
        "offer": offer.public_id,
        "need": offer.need.public_id,
        "firm": offer.need.firm.public_id,
        "bank": offer.bank.public_id,
        "product": offer.application.product.public_id,
        "product_sha256": offer.application.product.terms_sha256,
        "amount_fen": offer.amount_fen,
        "months": offer.months,
        "annual_rate": f"{offer.annual_rate:.6f}",
        "method": offer.method,
        "fee_fen": offer.fee_fen,
        "collateral": offer.collateral,
        "conditions": offer.conditions,
        "apr": f"{offer.apr:.6f}",
        "interest_fen": offer.interest_fen,
        "total_fen": offer.total_fen,
        "valid_until": offer.valid_until.isoformat(),
        "cooling_off_days": offer.cooling_off_days,
    }


def _contract(actor: Actor, offer: Offer, now: dt.datetime) -> Contract:
    return Contract.objects.create(
        offer=offer,
        need_id=offer.need_id,
        firm_id=offer.need.firm_id,
        bank_id=offer.bank_id,
        number=f"TL{clock.today():%Y%m%d}{secrets.randbelow(10**8):08d}",
        terms=offer.terms,
        terms_sha256=offer.terms_sha256,
        principal_fen=offer.amount_fen,
        annual_rate=offer.annual_rate,
        months=offer.months,
        method=offer.method,
        fee_fen=offer.fee_fen,
        apr=offer.apr,
        accepted_by=actor.person_id,
        cooling_off_until=now + dt.timedelta(days=offer.cooling_off_days),
    )


def _cooling_off(application: Application, terms: OfferTerms) -> int:
    least = application.product.cooling_off_days
    return least if terms.cooling_off_days is None else max(least, terms.cooling_off_days)


def _check(application: Application, terms: OfferTerms) -> None:
    product = application.product
    for column, right in (
        ("amount", product.min_fen <= terms.amount_fen <= product.max_fen),
        ("months", product.min_months <= terms.months <= product.max_months),
        ("annual_rate", 0 <= terms.annual_rate <= product.rate_to),
        ("method", terms.method in product.methods and terms.method in METHODS),
        ("collateral", terms.collateral in COLLATERALS),
        ("fee", 0 <= terms.fee_fen < terms.amount_fen and terms.fee_fen <= product.fee_rate * terms.amount_fen + 1),
        ("valid_days", 1 <= terms.valid_days <= LONGEST_VALID),
    ):
        if not right:
            raise refuse(
                "finance.offer.terms",
                "超出产品公布的范围，请检查该项",
                "This is beyond what the product's terms say: check this entry",
                where=Where(column=column),
            )


def _taken() -> Exception:
    return refuse(
        "finance.need.accepted_already",
        "该需求已接受了另一份报价",
        "Another offer for this need was accepted already",
    )
