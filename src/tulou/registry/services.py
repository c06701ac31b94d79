"""Writing the registry: organisations, roles, delegation, tokens."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import IntegrityError

from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import story
from tulou.registry.models import Membership, Organisation, Person, Token
from tulou.registry.queries import people_of, token_hash
from tulou.registry.roles import ADMINISTRATORS, HEADS, Kind, Role

LONGEST_DELEGATION = dt.timedelta(days=366)


def register_organisation(
    actor: Actor, *, kind: Kind, code: str, name_zh: str, name_en: str = "", **known: str
) -> Organisation:
    """Enter an organisation; `known` are further fields. Raises Refused where the code is taken."""
    tidy = code.strip().upper()
    with story(actor) as told:
        organisation, made = Organisation.objects.get_or_create(
            kind=kind, code=tidy, defaults={"name_zh": name_zh.strip(), "name_en": name_en.strip(), **known}
        )
        if not made:
            raise refuse("registry.organisation.taken", "该代码已登记", "This code is on the register already")
        told.record("registry.organisation.registered", organisation, kind=str(kind))
    return organisation


def give_role(
    actor: Actor,
    person: Person,
    organisation: Organisation,
    role: Role,
    *,
    valid_to: dt.datetime | None = None,
    proof: str = "",
) -> Membership:
    """Give a person a role at an organisation.

    Raises Refused where the role belongs to another kind of organisation, where she has it already, or where she would
    be two of the three administrators.
    """
    if role.kind != organisation.kind:
        raise refuse(
            "registry.role.wrong_kind", "该角色不属于此类单位", "This role belongs to another kind of organisation"
        )
    with story(actor) as told:
        Person.objects.select_for_update().get(pk=person.pk)
        if role in ADMINISTRATORS:
            _stay_apart(person, role)
        try:
            membership = Membership.objects.create(
                person=person,
                organisation=organisation,
                role=role,
                valid_from=clock.now(),
                valid_to=valid_to,
                given_by_id=actor.person_key,
                proof=proof,
            )
        except IntegrityError as error:
            raise refuse("registry.role.taken", "该人员已有此角色", "This person has this role already") from error
        told.record("registry.role.given", membership, role=str(role), organisation=organisation.public_id)
        told.send(
            Notice(
                code="registry.role.given",
                key=membership.public_id,
                title=Text(
                    zh=f"您已加入“{organisation.name_zh}”",
                    en=f"You now act for {organisation.name_en or organisation.name_zh}",
                ),
                body=Text(zh=f"角色：{_label(role, 'zh')}", en=f"Role: {_label(role, 'en')}"),
                people=(person.pk,),
                link="/workspace/",
            )
        )
    return membership


def _stay_apart(person: Person, role: Role) -> None:
    others = ADMINISTRATORS - {role}
    if Membership.objects.filter(person=person, role__in=others, ended_at=None).exists():
        raise refuse(
            "registry.administrators.apart",
            "系统管理员、安全管理员、审计管理员必须由不同人员担任",
            "The system, the security and the audit administrator must be three different people",
        )


def _label(role: Role, language: str) -> str:
    from django.utils import translation

    with translation.override("zh-hans" if language == "zh" else "en"):
        return str(role.label)


def delegate(actor: Actor, email: str, organisation: Organisation, *, role: Role, valid_to: dt.datetime) -> Membership:
    """Let somebody act for one's organisation until a day, at most a year ahead.

    Only who heads the organisation may; the person must have signed up before. Whether she has is not told apart from
    whether she may be named, so that nobody finds out who has an account.
    """
    require_head(actor, organisation)
    if role in HEADS[Kind(organisation.kind)]:
        raise refuse("registry.delegation.too_high", "不能委托负责人角色", "The head's own role cannot be delegated")
    if not clock.now() < valid_to <= clock.now() + LONGEST_DELEGATION:
        raise refuse(
            "registry.delegation.period", "委托期限应在一年以内", "A delegation lasts until a day within the next year"
        )
    person = Person.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if person is None or person.pk == actor.person_key:
        raise refuse(
            "registry.delegation.person",
            "无法委托该邮箱，请确认对方已用此邮箱注册",
            "This address cannot be named: ask the person to sign up with it first",
        )
    return give_role(actor, person, organisation, role, valid_to=valid_to, proof="delegation")


def require_head(actor: Actor, organisation: Organisation) -> None:
    """Raises Refused unless the actor heads the organisation that she acts for."""
    heads = HEADS[Kind(organisation.kind)]
    if actor.organisation_key != organisation.pk or not actor.has_any(frozenset(map(str, heads))):
        raise refuse(
            "registry.role_missing", "仅单位负责人可以执行此操作", "Only the head of the organisation may do this"
        )


def end_membership(actor: Actor, membership: Membership) -> None:
    """Take a role back; it ends at once. The last head of an organisation stays."""
    heads = HEADS[Kind(membership.organisation.kind)]
    if membership.person_id != actor.person_key:
        require_head(actor, membership.organisation)
    with story(actor) as told:
        Organisation.objects.select_for_update().get(pk=membership.organisation_id)
        if membership.role in heads and people_of(membership.organisation_id, *heads) == [membership.person_id]:
            raise refuse(
                "registry.role.last_head", "不能移除唯一的负责人", "The only head of an organisation cannot be removed"
            )
        ended = Membership.objects.filter(pk=membership.pk, ended_at=None).update(ended_at=clock.now())
        if ended:
            told.record("registry.role.ended", membership, role=membership.role)


def make_token(
    actor: Actor, organisation: Organisation, *, name: str, scopes: list[str], days: int = 365
) -> tuple[Token, str]:
    """A new API token and its secret, which is shown once and never kept."""
    require_head(actor, organisation)
    secret = f"tulou_{secrets.token_urlsafe(32)}"
    with story(actor) as told:
        token = Token.objects.create(
            organisation=organisation,
            name=name,
            hash=token_hash(secret),
            scopes=sorted(set(scopes)),
            roles=sorted(actor.roles | _roles_of(organisation, scopes)),
            made_by_id=actor.person_key,
            valid_to=clock.now() + dt.timedelta(days=min(days, 365)),
        )
        told.record("registry.token.made", token, scopes=token.scopes)
    return token, secret


def _roles_of(organisation: Organisation, scopes: list[str]) -> frozenset[str]:
    """The role in which a machine of the operator works through doubtful matches."""
    if organisation.kind == Kind.OPERATOR and any(scope.startswith("matches:") for scope in scopes):
        return frozenset({Role.OPERATOR_STAFF.value})
    return frozenset()


def end_token(actor: Actor, token: Token) -> None:
    """Make a token worthless at once."""
    require_head(actor, token.organisation)
    with story(actor) as told:
        if Token.objects.filter(pk=token.pk, ended_at=None).update(ended_at=clock.now()):
            told.record("registry.token.ended", token)


def set_language(person: Person, language: str) -> None:
    """Remember in which language a person reads."""
    Person.objects.filter(pk=person.pk).update(language=language)
