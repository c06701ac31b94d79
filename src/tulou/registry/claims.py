"""Claiming a firm: a person shows that she may speak for it, by a code to the contact on register or by documents.

A claim by code proves that she reads the mail that the firm itself gave to the business register; by documents, that
the operator has compared licence and identity. Whoever comes first locks nobody out: a firm may have several claims.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.utils.translation import override

from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.attachments.services import attach_file
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import Story, story
from tulou.platform.transitions.flow import Flow, Step
from tulou.platform.transitions.services import move
from tulou.registry.models import Claim, Organisation, Person
from tulou.registry.roles import Kind, Role
from tulou.registry.services import give_role

CODE_LIFE = dt.timedelta(minutes=30)
AGENT_LIFE = dt.timedelta(days=90)
TRIES = 5
A_DAY = dt.timedelta(days=1)
CLAIMS_A_DAY = 10
REVIEWERS = frozenset({Role.OPERATOR_STAFF.value})
FLOW = Flow(
    "registry.claim",
    "open",
    [
        Step("accept", ("open",), "accepted", "accepted"),
        Step("refuse", ("open",), "refused", "refused", REVIEWERS, reason=True),
        Step("lock", ("open",), "refused", "locked"),
        Step("withdraw", ("open",), "withdrawn", "withdrawn"),
    ],
)


def claim_by_code(actor: Actor, firm: Organisation) -> Claim:
    """Open a claim and send a code to the e-mail address that the register has for the firm.

    Raises Refused where the register has none, or where too many claims were opened in a day.
    """
    person = _claimant(actor)
    if not firm.contact_email:
        raise refuse(
            "registry.claim.no_contact",
            "登记机关没有该企业的联系邮箱",
            "The register has no e-mail address for this firm",
            remedy=Text(zh="请改用上传执照的方式", en="Claim it with its licence instead"),
        )
    code = f"{secrets.randbelow(10**8):08d}"
    with story(actor) as told:
        claim = _open(told, person, firm, Claim.Proof.CODE, code_hash=_digest(code), code_until=clock.now() + CODE_LIFE)
        transaction.on_commit(lambda: _send(firm, code))
    return claim


def answer_code(actor: Actor, claim: Claim, code: str) -> bool:
    """Whether the code is right; then the person is the firm's legal representative or delegate from now on.

    After five wrong codes the claim is locked. Raises Refused where its time is over.
    """
    person = _claimant(actor)
    if claim.code_until is None or clock.now() >= claim.code_until:
        raise refuse(
            "registry.claim.code_over", "验证码已过期，请重新认领", "The code is too old: claim the firm again"
        )
    with story(actor) as told:
        held = Claim.objects.select_for_update().get(pk=claim.pk, person=person)
        if held.state != FLOW.start:
            raise FLOW.illegal("accept", held.state)
        if hmac.compare_digest(held.code_hash, _digest(code.strip())):
            _accept(told, held)
            return True
        held.tries += 1
        Claim.objects.filter(pk=held.pk).update(tries=held.tries)
        told.record("registry.claim.wrong_code", held, tries=held.tries)
        if held.tries >= TRIES:
            move(told, FLOW, held, "lock")
    return False


def claim_by_document(actor: Actor, firm: Organisation, upload: UploadedFile[Any]) -> Claim:
    """Open a claim with the firm's licence, which the operator compares."""
    person = _claimant(actor)
    with story(actor) as told:
        document = attach_file(told, upload, purpose="registry.licence")
        return _open(told, person, firm, Claim.Proof.DOCUMENT, document=document)


def decide_claim(actor: Actor, claim: Claim, *, accept: bool, reason: str = "") -> None:
    """The operator's answer to a claim with documents. Raises Refused for a refusal without a reason."""
    if not actor.has_any(REVIEWERS):
        raise refuse("registry.role_missing", "您的角色不能执行此操作", "Your role may not do this")
    with story(actor) as told:
        Claim.objects.filter(pk=claim.pk).update(decided_by=actor.person_key)
        if accept:
            _accept(told, claim)
        else:
            move(told, FLOW, claim, "refuse", reason=reason)
            told.send(
                Notice(
                    code="registry.claim.refused",
                    key=claim.public_id,
                    title=Text(zh=f"认领“{claim.organisation.name_zh}”未通过", en="Your claim was not accepted"),
                    body=Text(zh=reason[:200], en=reason[:200]),
                    people=(claim.person_id,),
                    link="/registry/claims/",
                )
            )


def accept_by_identity(person: Person, firm: Organisation, role: Role) -> bool:
    """Let a person act for a firm for which the government's identity provider names her; False where she does already.

    An agent acts for ninety days, then the provider must name her again.
    """
    if person.memberships.filter(organisation=firm, role=role, ended_at=None).exists():
        return False
    actor = Actor(person_id=person.public_id, person_key=person.pk)
    with story(actor) as told:
        claim = _open(told, person, firm, Claim.Proof.OIDC)
        _accept(told, claim, role, None if role == Role.ENTERPRISE_LEGAL else clock.now() + AGENT_LIFE)
    return True


def _accept(told: Story, claim: Claim, role: Role = Role.ENTERPRISE_LEGAL, valid_to: dt.datetime | None = None) -> None:
    move(told, FLOW, claim, "accept")
    give_role(SYSTEM, claim.person, claim.organisation, role, valid_to=valid_to, proof=claim.proof)


def _open(told: Story, person: Person, firm: Organisation, proof: Claim.Proof, **known: Any) -> Claim:
    if firm.kind != Kind.ENTERPRISE:
        raise refuse("registry.claim.wrong_kind", "只能认领企业", "Only firms can be claimed")
    today = Claim.objects.filter(person=person, created_at__gt=clock.now() - A_DAY).exclude(proof=Claim.Proof.OIDC)
    if proof != Claim.Proof.OIDC and today.count() >= CLAIMS_A_DAY:
        raise refuse("registry.claim.busy", "今日认领次数过多，请明天再试", "Too many claims today: try again tomorrow")
    for earlier in Claim.objects.filter(person=person, organisation=firm, state=FLOW.start):
        move(told, FLOW, earlier, "withdraw")
    try:
        claim = Claim.objects.create(person=person, organisation=firm, proof=proof, state=FLOW.start, **known)
    except IntegrityError as error:
        raise refuse("registry.claim.taken", "该企业已在认领中", "You are claiming this firm already") from error
    told.record("registry.claim.opened", claim, proof=str(proof))
    return claim


def _claimant(actor: Actor) -> Person:
    person = Person.objects.filter(public_id=actor.person_id).first()
    if person is None:
        raise refuse("registry.person.not_found", "请先登录", "Sign in first")
    return person


def _digest(code: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"claim:{code}".encode(), hashlib.sha256).hexdigest()


def _send(firm: Organisation, code: str) -> None:
    with override("zh-hans"):
        send_mail(
            "土楼：企业认领验证码 / Code to claim your firm",
            f"有人正在认领“{firm.name_zh}”。验证码：{code}，30 分钟内有效。若非贵单位人员，请忽略。\n\n"
            f"Somebody is claiming {firm.name_en or firm.name_zh}. The code is {code}, good for 30 minutes. "
            "If it is none of your people, ignore this message.",
            None,
            [firm.contact_email],
        )
