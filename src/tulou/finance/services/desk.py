"""At the bank's desk: take an application, write a note, refuse with reasons, answer an objection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.urls import reverse

from tulou.finance.core.market.words import REFUSALS, REVIEW_DAYS
from tulou.finance.flows import APPLICATION, BANK, FIRM
from tulou.finance.models import Application, Note, Offer
from tulou.finance.services.acting import acting
from tulou.finance.services.notices import to_bank, to_firm
from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import story
from tulou.platform.transitions.services import move

MOST_REASONS = 4
"""More reasons than four are not likely to help (Regulation B, comment 9(b)(2)-1)."""


def take_application(actor: Actor, application: Application) -> None:
    """Take an application on: the firm sees that somebody reads it."""
    acting(actor, BANK, organisation=application.bank_id)
    with story(actor) as told:
        move(told, APPLICATION, application, "take", officer_id=actor.person_key, taken_at=clock.now())


def write_note(actor: Actor, application: Application, text: str) -> Note:
    """Write a note into the file; the firm does not see it."""
    acting(actor, BANK, organisation=application.bank_id)
    if not text.strip():
        raise refuse("finance.note.empty", "请填写内容", "Write something")
    with story(actor) as told:
        note = Note.objects.create(application=application, author_id=actor.person_key, text=text.strip()[:2000])
        told.record("finance.application.noted", application)
    return note


def refuse_application(actor: Actor, application: Application, *, codes: Sequence[str], text: str = "") -> None:
    """Refuse an application by reasons of the controlled list, which the firm reads.

    About a sole trader it is proposed only: another person must confirm it (human review).
    """
    acting(actor, BANK, organisation=application.bank_id)
    reasons = sound_reasons(codes)
    words = "；".join(REFUSALS[code].text.zh for code in reasons)
    known = {"refusals": reasons, "refusal_text": text.strip()[:500], "refusal_by": actor.person_id}
    with story(actor) as told:
        _no_offer_alive(application)
        if application.need.natural_person:
            move(told, APPLICATION, application, "propose_refusal", reason=words, **known)
            return
        move(told, APPLICATION, application, "refuse", reason=words, answered_at=clock.now(), **known)
        told.send(_refused(application))


def confirm_refusal(actor: Actor, application: Application) -> None:
    """The second person looked herself, and refuses too. Raises Refused where she is the first."""
    acting(actor, BANK, organisation=application.bank_id)
    other_eyes(actor, application.refusal_by)
    with story(actor) as told:
        move(told, APPLICATION, application, "confirm_refusal", answered_at=clock.now())
        told.send(_refused(application))


def reconsider(actor: Actor, application: Application, *, reason: str) -> None:
    """The second person does not refuse: the application goes back to review."""
    acting(actor, BANK, organisation=application.bank_id)
    other_eyes(actor, application.refusal_by)
    with story(actor) as told:
        move(told, APPLICATION, application, "reconsider", reason=reason, refusals=[], refusal_text="")


def object_to_refusal(actor: Actor, application: Application, *, text: str) -> None:
    """The firm says that a refusal is wrong, within thirty days: somebody at the bank must look again."""
    acting(actor, FIRM, organisation=application.need.firm_id)
    if application.answered_at and clock.now() > application.answered_at + dt.timedelta(days=REVIEW_DAYS):
        raise refuse("finance.objection.late", "异议期限（30 天）已过", "The thirty days for an objection are over")
    with story(actor) as told:
        move(
            told, APPLICATION, application, "object", reason=text, objection=text.strip()[:1000],
            answer_until=_again(application),
        )  # fmt: skip
        told.send(
            to_bank(
                application.bank_id,
                "finance.application.objected",
                application.public_id,
                Text(zh="企业对拒绝提出异议", en="A firm objects to a refusal"),
                Text(zh=text[:200], en=text[:200]),
                reverse("finance:application", args=[application.public_id]),
                application=application.public_id,
            )
        )


def answer_objection(actor: Actor, application: Application, *, reopen: bool, text: str) -> None:
    """Another person than the one who refused looks again: reopens the application, or says why it stays refused."""
    acting(actor, BANK, organisation=application.bank_id)
    other_eyes(actor, application.refusal_by)
    with story(actor) as told:
        step = "reopen" if reopen else "uphold"
        move(told, APPLICATION, application, step, reason=text, objection_answer=text.strip()[:1000])
        if reopen:
            Application.objects.filter(pk=application.pk).update(answer_until=_again(application))
        told.send(
            to_firm(
                application.need.firm_id,
                f"finance.application.{step}",
                f"{application.public_id}.{step}",
                Text(zh="银行重新审查了您的申请", en="The bank has looked again"),
                Text(zh=text[:200] or "已重新受理", en=text[:200] or "It is under review again"),
                reverse("finance:need", args=[application.need.public_id]),
            )
        )


def sound_reasons(codes: Sequence[str]) -> list[str]:
    """The reasons of the list, at most four. Raises Refused for none, too many or unknown ones."""
    chosen = list(dict.fromkeys(codes))
    if not chosen or len(chosen) > MOST_REASONS or any(code not in REFUSALS for code in chosen):
        raise refuse(
            "finance.refusal.reasons",
            f"请从清单中选择 1 至 {MOST_REASONS} 条主要理由",
            f"Choose one to {MOST_REASONS} principal reasons from the list",
        )
    return chosen


def other_eyes(actor: Actor, first: str) -> None:
    """Raise Refused where the actor is the one who acted first: four eyes are two people."""
    if not actor.person_id or actor.person_id == first:
        raise refuse("finance.four_eyes", "须由另一位人员复核", "Another person must do this")


def _again(application: Application) -> dt.datetime:
    return clock.now() + dt.timedelta(days=application.product.answer_days)


def _no_offer_alive(application: Application) -> None:
    if Offer.objects.filter(application=application, state__in=["draft", "check", "binding"]).exists():
        raise refuse("finance.offer.alive", "已有未结的报价，不能同时拒绝", "There is an offer already: no refusal")


def _refused(application: Application) -> Notice:
    first = REFUSALS[application.refusals[0]]
    return to_firm(
        application.need.firm_id,
        "finance.application.refused",
        f"{application.public_id}.{application.answered_at:%Y%m%d%H%M%S}",
        Text(
            zh=f"{application.bank.name_zh} 未能批准申请",
            en=f"{application.bank.name_en or application.bank.name_zh} has refused",
        ),
        Text(zh=f"{first.text.zh}。{first.remedy.zh}。", en=f"{first.text.en}. {first.remedy.en}."),
        reverse("finance:need", args=[application.need.public_id]),
        urgent=True,
    )
