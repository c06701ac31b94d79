"""Who plays in the market's demonstration: three banks with two people each, the owner and other firms' owners."""

from __future__ import annotations

from dataclasses import dataclass

from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.story import story
from tulou.pool.demo.people import make_cast
from tulou.registry.enrolment import enrol_person
from tulou.registry.middleware import actor_of
from tulou.registry.models import Organisation
from tulou.registry.queries import current_memberships
from tulou.registry.roles import Kind, Role
from tulou.registry.services import give_role

HOME = "demo.invalid"
BANKS = (
    ("HAIXIA", "海峡银行", "Haixia Bank", "bank", "郑浩", "bank-manager", "林月"),
    ("MINJIANG", "闽江农村商业银行", "Minjiang Rural Commercial Bank", "bank-2", "余晓明", "bank-2-manager", "董敏"),
    ("WUYI", "武夷银行", "Wuyi Bank", "bank-3", "方晴", "bank-3-manager", "邱伟"),
)


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank with an officer and a manager who are two people."""

    row: Organisation
    officer: Actor
    manager: Actor


@dataclass(frozen=True, slots=True)
class Players:
    """The three banks, the demo's owner, and the owners of other firms."""

    banks: tuple[Bank, ...]
    owner: Actor
    others: tuple[Actor, ...]


def make_players() -> Players:
    """Enrol whoever is not there yet."""
    cast = make_cast()
    with story(SYSTEM):
        banks = tuple(_bank(*row) for row in BANKS)
    return Players(banks, cast.owner, tuple(actor for actor, _firm in cast.others))


def _bank(code: str, zh: str, en: str, officer: str, name: str, manager: str, boss: str) -> Bank:
    row, _made = Organisation.objects.get_or_create(kind=Kind.BANK, code=code, defaults={"name_zh": zh, "name_en": en})
    return Bank(row, _member(officer, name, row, Role.BANK_OFFICER), _member(manager, boss, row, Role.BANK_MANAGER))


def _member(key: str, name: str, organisation: Organisation, role: Role) -> Actor:
    person = enrol_person(f"{key}@{HOME}", name)
    if not person.memberships.filter(organisation=organisation, role=role, ended_at=None).exists():
        give_role(SYSTEM, person, organisation, role, proof="demo")
    return actor_of(person, list(current_memberships(person)), organisation.public_id, strong=True)
