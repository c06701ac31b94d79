"""Writing consents: a reader asks, a firm answers, and takes back as easily as it gave."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from django.conf import settings

from tulou.kernel.errors import Text, Where, refuse
from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import Story, story
from tulou.pool.core.consent import (
    EventKind,
    Grant,
    GrantState,
    IllegalEvent,
    Purpose,
    SignedGrant,
    Terms,
    Wish,
    canonical,
    deviations,
    state_after,
)
from tulou.pool.courtyard import item_terms
from tulou.pool.keys import consent_signer
from tulou.pool.models import Consent, ConsentEvent, PurposeVersion
from tulou.pool.queries.consent import as_event, purpose_in_force
from tulou.registry.models import Organisation
from tulou.registry.queries import people_of
from tulou.registry.roles import Role

ANSWER_WITHIN = dt.timedelta(days=15)
NOTICE_VERSION = "2026-11"
"""Which text of the notice the person saw (docs/explanation/consent.md); a new text is a new version."""

SIGNERS = frozenset({Role.ENTERPRISE_LEGAL.value, Role.ENTERPRISE_DELEGATE.value})
"""Who may answer and take back for a firm."""

READERS = frozenset({Role.BANK_OFFICER.value, Role.BANK_MANAGER.value, Role.DEPARTMENT_OFFICER.value})
"""Who may ask and read for an organisation."""


def request_consent(
    actor: Actor, subject: Organisation, *, purpose: str, wish: Wish, reason: str, context: str = ""
) -> Consent:
    """Ask a firm for consent. Raises Refused over a ceiling, and for items that may not be asked for."""
    reader = require(actor, READERS)
    version = _purpose(purpose)
    terms = _sound_terms(wish)
    if found := deviations(version.value(), terms, actor.organisation_kind):
        listed = "; ".join(f"{d.attribute}: {d.wished} > {d.ceiling}" for d in found)
        raise refuse(
            "consent.over_ceiling",
            f"请求超出该目的允许的上限（{listed}）",
            f"The request passes the ceiling of its purpose ({listed})",
            where=Where(column=found[0].attribute, value=found[0].wished, rule=found[0].ceiling),
            remedy=Text(zh="请缩小请求范围后重新提交", en="Ask again for less"),
        )
    _only_shared(wish.items, version.value())
    with story(actor) as told:
        consent = Consent.objects.create(
            subject=subject,
            reader_id=reader,
            purpose=version,
            state=GrantState.REQUESTED,
            terms=wish.document(),
            reason=reason.strip(),
            context=context,
            answer_until=clock.now() + ANSWER_WITHIN,
        )
        _happen(told, consent, EventKind.REQUESTED)
        told.send(
            Notice(
                code="consent.requested",
                key=consent.public_id,
                title=Text(
                    zh=f"{actor.organisation_name} 请求读取贵企业数据", en=f"{actor.organisation_name} asks for consent"
                ),
                body=Text(
                    zh=f"目的：{version.title_zh}。请查看并答复。", en=f"Purpose: {version.title_en}. Please answer."
                ),
                people=tuple(people_of(subject.pk, *SIGNERS)),
                organisation=subject.pk,
                link=f"/pool/consents/{consent.public_id}/",
                urgent=True,
            )
        )
    return consent


def grant_consent(
    actor: Actor, consent: Consent, *, items: Iterable[str] | None = None, language: str = "zh"
) -> Consent:
    """Grant what was asked, or fewer items of it. The signed body is made now and never changes.

    Raises Refused where the request was answered before or has lapsed, or the purpose meanwhile allows less.
    """
    require(actor, SIGNERS, organisation=consent.subject_id)
    _by_a_person(actor)
    wish = Wish.from_document(consent.terms)
    chosen = wish.items if items is None else wish.items & frozenset(items)
    if not chosen:
        raise refuse("consent.no_items", "请至少选择一个数据项", "Choose at least one item, or decline the request")
    with story(actor) as told:
        now = clock.now()
        if now >= consent.answer_until:
            raise refuse("transition.lapsed", "该请求已超过答复期限", "The time to answer this request is over")
        terms = Wish.from_document({**consent.terms, "items": sorted(chosen)}).terms(now)
        _sign(actor, consent, terms, language=language, now=now)
        _happen(told, consent, EventKind.GRANTED, items=len(chosen))
        told.send(_to_reader(consent, "consent.granted", "企业已同意授权", "The enterprise has granted consent"))
    return consent


def give_consent(
    actor: Actor,
    reader: Organisation,
    *,
    purpose: str,
    wish: Wish,
    reason: str,
    context: str = "",
    language: str = "zh",
) -> Consent:
    """Open data to a reader of one's own accord, as when a firm applies to a bank: request and grant in one story.

    The same bounds hold as for `request_consent`. Raises Refused over a ceiling, and for items that may not be shared.
    """
    firm = require(actor, SIGNERS)
    version = _purpose(purpose)
    terms = _sound_terms(wish)
    if found := deviations(version.value(), terms, reader.kind):
        raise refuse(
            "consent.over_ceiling",
            f"超出该目的允许的上限（{found[0].attribute}）",
            f"This passes the ceiling of its purpose ({found[0].attribute})",
        )
    _only_shared(wish.items, version.value())
    with story(actor) as told:
        consent = Consent.objects.create(
            subject_id=firm,
            reader=reader,
            purpose=version,
            state=GrantState.REQUESTED,
            terms=wish.document(),
            reason=reason.strip(),
            context=context,
            answer_until=clock.now() + ANSWER_WITHIN,
        )
        _happen(told, consent, EventKind.REQUESTED)
        _sign(actor, consent, terms, language=language, now=clock.now())
        _happen(told, consent, EventKind.GRANTED, items=len(wish.items))
        told.send(_to_reader(consent, "consent.granted", "企业已同意授权", "The enterprise has granted consent"))
    return consent


def reject_consent(actor: Actor, consent: Consent, *, reason: str = "") -> None:
    """Decline a request."""
    _answer(actor, consent, EventKind.REJECTED, reason, "企业未同意授权", "The enterprise has declined")


def pause_consent(actor: Actor, consent: Consent, *, reason: str = "") -> None:
    """Stop readings until `resume_consent`; effective before the next reading is decided."""
    _answer(actor, consent, EventKind.PAUSED, reason, "企业已暂停授权", "The enterprise has paused its consent")


def resume_consent(actor: Actor, consent: Consent, *, reason: str = "") -> None:
    """Let readings go on after a pause."""
    _answer(actor, consent, EventKind.RESUMED, reason, "企业已恢复授权", "The enterprise has resumed its consent")


def revoke_consent(actor: Actor, consent: Consent, *, reason: str = "") -> None:
    """Take a consent back for good; no page is delivered whose reading begins after this."""
    _answer(actor, consent, EventKind.REVOKED, reason, "企业已撤回授权", "The enterprise has revoked its consent")


def narrow_consent(actor: Actor, consent: Consent, *, items: Iterable[str]) -> Consent:
    """Replace a consent by one for fewer items, until the same day; the old one is superseded in the same moment."""
    require(actor, SIGNERS, organisation=consent.subject_id)
    _by_a_person(actor)
    wish = Wish.from_document(consent.terms)
    kept = wish.items & frozenset(items)
    if not kept or kept == wish.items or consent.valid_until is None:
        raise refuse(
            "consent.not_narrower", "请去掉至少一项并保留至少一项", "Take at least one item away, and keep one"
        )
    now = clock.now()
    if now >= consent.valid_until:
        raise refuse("transition.expired", "该授权已到期", "This consent has expired")
    with story(actor) as told:
        _happen(told, consent, EventKind.NARROWED)
        terms = {**consent.terms, "items": sorted(kept)}
        narrower = Consent.objects.create(
            subject=consent.subject,
            reader=consent.reader,
            purpose=consent.purpose,
            state=GrantState.REQUESTED,
            terms=terms,
            reason=consent.reason,
            context=consent.context,
            answer_until=now + ANSWER_WITHIN,
            supersedes=consent,
        )
        _happen(told, narrower, EventKind.REQUESTED)
        until = Wish.from_document(terms).terms(now)
        rest = replace(until, valid_until=consent.valid_until)
        _sign(actor, narrower, rest, language=actor.language[:2], now=now)
        _happen(told, narrower, EventKind.GRANTED, items=len(kept))
        told.send(
            _to_reader(narrower, "consent.narrowed", "企业已缩小授权范围", "The enterprise has narrowed its consent")
        )
    return narrower


def suspend_consent(actor: Actor, consent: Consent, *, reason: str) -> None:
    """Stop a consent for the platform's reasons (the reader's licence is lost, the firm is dissolved)."""
    require(actor, frozenset({Role.OPERATOR_SECURITY.value}))
    with story(actor) as told:
        _happen(told, consent, EventKind.SUSPENDED, reason=reason)


def reinstate_consent(actor: Actor, consent: Consent, *, reason: str) -> None:
    """End a suspension. What the firm had paused before is paused again: only the firm lets readings go on."""
    require(actor, frozenset({Role.OPERATOR_SECURITY.value}))
    with story(actor) as told:
        Consent.objects.select_for_update().get(pk=consent.pk)
        events = [as_event(row) for row in ConsentEvent.objects.filter(consent=consent).order_by("sequence")]
        last = max((at for at, event in enumerate(events) if event.kind is EventKind.SUSPENDED), default=0)
        paused = state_after(events[:last]) is GrantState.PAUSED
        _happen(told, consent, EventKind.REINSTATED, reason=reason)
        if paused:
            _happen(told, consent, EventKind.PAUSED)


def lapse_requests() -> int:
    """Note the requests that nobody answered in time; answers how many."""
    late = list(Consent.objects.filter(state=GrantState.REQUESTED, answer_until__lte=clock.now()).order_by("id")[:1000])
    for consent in late:
        with story(SYSTEM) as told:
            _happen(told, consent, EventKind.LAPSED)
    return len(late)


def _answer(actor: Actor, consent: Consent, kind: EventKind, reason: str, zh: str, en: str) -> None:
    require(actor, SIGNERS, organisation=consent.subject_id)
    with story(actor) as told:
        _happen(told, consent, kind, reason=reason)
        told.send(_to_reader(consent, f"consent.{kind.value}", zh, en))


def _happen(told: Story, consent: Consent, kind: EventKind, *, reason: str = "", items: int | None = None) -> None:
    """Append an event under a lock on the consent; the state follows. Raises Refused where the state forbids it."""
    Consent.objects.select_for_update().get(pk=consent.pk)
    events = [as_event(row) for row in ConsentEvent.objects.filter(consent=consent).order_by("sequence")]
    before = state_after(events)
    row = ConsentEvent(
        consent=consent, sequence=len(events) + 1, kind=kind, person=told.actor.person_id, reason=reason.strip()
    )
    try:
        after = state_after([*events, as_event(row)])
    except IllegalEvent as error:
        raise refuse(
            "transition.illegal",
            "授权的当前状态不允许此操作，请刷新页面",
            f"A consent that is {before} cannot be {kind}: reload the page to see where it stands",
        ) from error
    row.save()
    changes = {"state": str(after)}
    Consent.objects.filter(pk=consent.pk).update(**changes)
    consent.state = str(after)
    facts = {} if items is None else {"items": items}
    told.record(f"pool.consent.{kind.value}", consent, sequence=row.sequence, **facts)


def _sign(actor: Actor, consent: Consent, terms: Terms, *, language: str, now: dt.datetime) -> None:
    purpose = consent.purpose.value()
    if deviations(purpose, terms, consent.reader.kind):
        raise refuse("consent.over_ceiling", "该目的现在允许的范围更小", "The purpose allows less now: ask again")
    grant = Grant(
        grant_id=consent.public_id,
        subject=consent.subject.public_id,
        granted_by=actor.person_id,
        authority=", ".join(sorted(actor.roles & SIGNERS)),
        reader=consent.reader.public_id,
        reader_kind=consent.reader.kind,
        purpose=purpose.code,
        purpose_version=purpose.version,
        terms=terms,
        granted_at=now,
        notice_version=NOTICE_VERSION,
        language=language,
        context=consent.context,
        supersedes=consent.supersedes.public_id if consent.supersedes else None,
    )
    signed = SignedGrant.sign(grant, consent_signer(settings.CHECKPOINTS))
    known = {
        "body": canonical(grant.document()).decode(),
        "signature": signed.signature.hex(),
        "algorithm": signed.algorithm,
        "key_id": signed.key_id,
        "valid_until": terms.valid_until,
    }
    Consent.objects.filter(pk=consent.pk, body="").update(**known)
    for name, value in known.items():
        setattr(consent, name, value)


def _to_reader(consent: Consent, code: str, zh: str, en: str) -> Notice:
    return Notice(
        code=code,
        key=f"{consent.public_id}.{consent.events.count()}",
        title=Text(
            zh=f"{zh}：{consent.subject.name_zh}", en=f"{en}: {consent.subject.name_en or consent.subject.name_zh}"
        ),
        body=Text(zh=consent.purpose.title_zh, en=consent.purpose.title_en),
        people=tuple(people_of(consent.reader_id, *READERS)),
        organisation=consent.reader_id,
        link=f"/pool/consents/{consent.public_id}/",
    )


def require(actor: Actor, roles: frozenset[str], *, organisation: int | None = None) -> int:
    """The key of the organisation that the actor acts for.

    Raises Refused unless she has one of `roles` there, and there is `organisation` where one is named.
    """
    acts_for = actor.organisation_key
    if acts_for is None or not actor.has_any(roles) or organisation not in (None, acts_for):
        raise refuse("consent.role_missing", "您的角色不能执行此操作", "Your role may not do this")
    return acts_for


def _by_a_person(actor: Actor) -> None:
    if not actor.person_id:
        raise refuse(
            "consent.person_needed",
            "授权须由企业人员本人作出, 不能由系统代为作出",
            "A consent is given by a person, never by a machine",
        )


def _purpose(code: str) -> PurposeVersion:
    version = purpose_in_force(code)
    if version is None:
        raise refuse("consent.purpose_unknown", "没有这个目的", "There is no such purpose", where=Where(value=code))
    return version


def _sound_terms(wish: Wish) -> Terms:
    try:
        return wish.terms(clock.now())
    except ValueError as error:
        raise refuse(
            "consent.terms", "请求的范围自相矛盾，请检查日期和次数", f"The terms contradict themselves: {error}"
        ) from error


def _only_shared(items: frozenset[str], purpose: Purpose) -> None:
    known = item_terms()
    refused = [
        code
        for code in sorted(items)
        if (terms := known.get(code)) is None
        or terms.sharing not in purpose.sharing_types
        or terms.sensitivity > purpose.max_sensitivity
    ]
    if refused:
        raise refuse(
            "consent.item_not_shared",
            f"{len(refused)} 个数据项不能用于此目的，例如 {refused[0]}",
            f"{len(refused)} items may not be asked for under this purpose, for example {refused[0]}",
            where=Where(value=refused[0]),
        )
