"""A firm says what it needs, chooses the banks that may see it, and opens its data to each of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse

from tulou.finance.core.market.words import COLLATERALS, PURPOSES
from tulou.finance.flows import APPLICATION, FIRM, NEED, OFFER
from tulou.finance.models import Application, Contract, Need, Offer, PledgedInvoice, ProductVersion
from tulou.finance.queries.shelf import wish_of
from tulou.finance.services.acting import acting
from tulou.finance.services.facts import own_facts
from tulou.finance.services.notices import to_bank
from tulou.kernel.errors import Text, Where, refuse
from tulou.kernel.money import format_money
from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.story import Story, story
from tulou.platform.transitions.services import move
from tulou.pool.core.consent import GrantState
from tulou.pool.models import Consent
from tulou.pool.services.consent import give_consent, revoke_consent
from tulou.registry.models import Organisation

UNTIL = "until"
"""Beside the sources of a need: the first month of which departments have told nothing yet."""
MOST_BANKS = 8
"""Banks that one need may be shown to."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice to borrow on."""

    number: str
    debtor: str
    issued_on: dt.date
    amount_fen: int

    @property
    def fingerprint(self) -> str:
        """What makes it this invoice, however it is typed: its number, its debtor, its amount."""
        tidy = "|".join(
            "".join(unicodedata.normalize("NFKC", part).upper().split()) for part in (self.number, self.debtor)
        )
        return hashlib.sha256(f"{tidy}|{self.amount_fen}".encode()).hexdigest()


def state_need(
    actor: Actor,
    *,
    request_id: str,
    amount_fen: int,
    months: int,
    purpose: str,
    needed_by: dt.date,
    collateral: str = "none",
    purpose_text: str = "",
    invoices: Sequence[Invoice] = (),
    declared: Mapping[str, Any] | None = None,
) -> Need:
    """State a need. The same `request_id` of a firm is the same need. Raises Refused for what cannot be meant."""
    firm = acting(actor, FIRM)
    if found := Need.objects.filter(firm=firm, request_id=request_id).first():
        return found
    _check(amount_fen, months, purpose, collateral, needed_by)
    known = own_facts(actor, Organisation.objects.get(pk=firm))
    with story(actor) as told:
        try:
            with transaction.atomic():
                need = Need.objects.create(
                    firm_id=firm,
                    stated_by_id=actor.person_key,
                    request_id=request_id,
                    amount_fen=amount_fen,
                    months=months,
                    purpose=purpose,
                    purpose_text=purpose_text.strip(),
                    collateral=collateral,
                    needed_by=needed_by,
                    facts=known.facts,
                    sources={**known.sources, UNTIL: known.until},
                    facts_as_of=known.as_of,
                    declared=dict(declared or {}),
                    natural_person=known.natural_person,
                    first_time=not Contract.objects.filter(firm=firm).exclude(disbursed_on=None).exists(),
                )
        except IntegrityError:
            return Need.objects.get(firm=firm, request_id=request_id)
        for invoice in invoices:
            _pledge(need, invoice)
        told.record("finance.need.stated", need, amount_fen=amount_fen, months=months, purpose=purpose)
    return need


def declare_facts(actor: Actor, need: Need, answers: Mapping[str, Any]) -> None:
    """Keep what the firm says itself where the pool is silent."""
    acting(actor, FIRM, organisation=need.firm_id)
    with story(actor) as told:
        row = Need.objects.select_for_update().get(pk=need.pk)
        row.declared = {**row.declared, **{key: value for key, value in answers.items() if value not in (None, "")}}
        row.save(update_fields=["declared"])
        need.declared = row.declared
        told.record("finance.need.declared", need, facts=sorted(answers))


def ask_banks(
    actor: Actor, need: Need, choices: Mapping[ProductVersion, Iterable[str]], *, language: str = "zh"
) -> list[Application]:
    """Put a need before banks: for each product that was chosen, with the datasets that its bank may read.

    One consent a bank, for this purpose only. A bank that has the need already is left out.
    """
    acting(actor, FIRM, organisation=need.firm_id)
    if not choices:
        raise refuse("finance.need.no_bank", "请至少选择一家银行", "Choose at least one bank")
    made = []
    with story(actor) as told:
        row = Need.objects.select_for_update().get(pk=need.pk)
        here = set(row.applications.values_list("bank_id", flat=True))
        if len(here | {version.product.bank_id for version in choices}) > MOST_BANKS:
            raise refuse(
                "finance.need.too_many_banks",
                f"一个需求最多发送给 {MOST_BANKS} 家银行",
                f"A need goes to {MOST_BANKS} banks at the most",
            )
        for version, datasets in choices.items():
            if version.product.bank_id not in here:
                here.add(version.product.bank_id)
                made.append(_ask(told, actor, row, version, frozenset(datasets), language))
        if row.state == NEED.start and made:
            move(told, NEED, row, "ask")
        need.state = row.state
        if row.state != "asked":
            raise NEED.illegal("ask", row.state)
    return made


def _ask(
    told: Story, actor: Actor, need: Need, version: ProductVersion, datasets: frozenset[str], language: str
) -> Application:
    if version.ended_at is not None or version.product.state != "on_shelf":
        raise refuse("finance.product.gone", "该产品条款已更新，请重新选择", "This product has new terms: choose again")
    wish = wish_of(version, datasets, until=need.sources.get(UNTIL, ""))
    consent = None
    if wish is not None:
        consent = give_consent(
            actor,
            version.product.bank,
            purpose="LOAN_APPLY",
            wish=wish,
            reason=f"{version.name_zh}：{format_money(need.amount_fen)}，{need.months} 个月",
            context=f"finance.need:{need.public_id}",
            language=language,
        )
    application = Application.objects.create(
        need=need,
        bank_id=version.product.bank_id,
        product=version,
        consent=consent,
        answer_until=clock.now() + dt.timedelta(days=version.answer_days),
    )
    told.record("finance.application.sent", application, product=version.public_id)
    told.send(
        to_bank(
            version.product.bank_id,
            "finance.application.sent",
            application.public_id,
            Text(
                zh=f"新的融资申请：{format_money(need.amount_fen)}",
                en=f"New application: {format_money(need.amount_fen, 'en')}",
            ),
            Text(zh=f"产品：{version.name_zh}，{need.months} 个月", en=f"{version.name.en}, {need.months} months"),
            reverse("finance:application", args=[application.public_id]),
            application=application.public_id,
            product=version.public_id,
            amount_fen=need.amount_fen,
            months=need.months,
        )
    )
    return application


def withdraw_need(actor: Actor, need: Need, *, reason: str = "") -> None:
    """Take a need back: no bank may go on with it, and no bank may read on its account."""
    acting(actor, FIRM, organisation=need.firm_id)
    with story(actor) as told:
        row = Need.objects.select_for_update().get(pk=need.pk)
        move(told, NEED, row, "withdraw", reason=reason)
        need.state = row.state
        close_applications(told, actor, row, "withdraw")
        release_invoices(row)


def lapse_needs() -> int:
    """Note the needs whose day is past without an accepted offer; answers how many."""
    late = list(Need.objects.filter(state__in=["open", "asked"], needed_by__lt=clock.today()).order_by("id")[:500])
    for need in late:
        with story(SYSTEM) as told:
            move(told, NEED, need, "lapse")
            close_applications(told, SYSTEM, need, "lapse")
            release_invoices(need)
    return len(late)


def close_applications(told: Story, actor: Actor, need: Need, step: str, *, but: int = 0) -> None:
    """End the applications of a need (all but one) by a step; their offers are passed over, their consents taken back.

    A consent has served its purpose when the bank has lost; the house itself takes none back.
    """
    for offer in Offer.objects.filter(need=need, state__in=["draft", "check", "binding"]).exclude(application=but):
        move(told, OFFER, offer, "pass_over")
    for application in Application.objects.filter(need=need).exclude(pk=but).select_related("consent", "product"):
        if step not in {s.name for s in APPLICATION.steps_from(application.state)}:
            continue
        move(told, APPLICATION, application, step)
        if actor is not SYSTEM:
            end_consent(actor, application.consent)
        told.send(
            to_bank(
                application.bank_id,
                f"finance.application.{application.state}",
                f"{application.public_id}.{application.state}",
                Text(
                    zh=f"申请已结束：{application.product.name_zh}",
                    en=f"Application ended: {application.product.name.en}",
                ),
                Text(zh="企业不再需要您的答复。", en="The firm needs no answer any more."),
                reverse("finance:application", args=[application.public_id]),
                application=application.public_id,
            )
        )


def end_consent(actor: Actor, consent: Consent | None) -> None:
    """Take back a consent that has served its purpose."""
    if consent is not None and consent.state in {GrantState.ACTIVE.value, GrantState.PAUSED.value}:
        revoke_consent(actor, consent, reason="融资申请已结束")


def release_invoices(need: Need) -> None:
    """Let the invoices of a need go, so that they may be borrowed on again."""
    PledgedInvoice.objects.filter(need=need, released_at=None).update(released_at=clock.now())


def _pledge(need: Need, invoice: Invoice) -> None:
    try:
        with transaction.atomic():
            PledgedInvoice.objects.create(
                need=need,
                number=invoice.number.strip(),
                debtor=invoice.debtor.strip(),
                issued_on=invoice.issued_on,
                amount_fen=invoice.amount_fen,
                fingerprint=invoice.fingerprint,
            )
    except IntegrityError as error:
        raise refuse(
            "finance.invoice.pledged",
            "该发票已用于另一笔融资",
            "This invoice stands behind another financing already",
            where=Where(column="invoice_number", value=invoice.number),
        ) from error


def _check(amount_fen: int, months: int, purpose: str, collateral: str, needed_by: dt.date) -> None:
    wrong = [
        name
        for name, right in (
            ("amount", 0 < amount_fen <= 10**13),
            ("months", 1 <= months <= 360),
            ("purpose", purpose in PURPOSES),
            ("collateral", collateral in COLLATERALS),
            ("needed_by", needed_by >= clock.today()),
        )
        if not right
    ]
    if wrong:
        raise refuse(
            "finance.need.terms",
            "需求信息有误，请检查该项",
            "This cannot be: check this entry",
            where=Where(column=wrong[0]),
        )
