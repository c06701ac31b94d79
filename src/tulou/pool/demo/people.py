"""The people of the demonstration beside those on the sign-in page: officers, a second bank, other firms' owners."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.story import story
from tulou.pool.courtyard import catalogue
from tulou.pool.demo.firm import rich_firms
from tulou.registry.enrolment import enrol_person
from tulou.registry.middleware import actor_of
from tulou.registry.models import Organisation, Person
from tulou.registry.queries import current_memberships
from tulou.registry.roles import Kind, Role
from tulou.registry.services import give_role

HOME = "demo.invalid"
BEFORE = dt.timedelta(days=500)
"""How long before the demo's today its people came: before everything that they did."""
OFFICERS = [
    "黄建国", "李国栋", "王丽华", "陈志明", "林晓燕", "张伟东", "刘佳宁", "郑宏", "许文婷",
    "何俊杰", "谢芳", "叶青", "罗明", "吴海涛", "杨静", "蔡文斌", "庄秀英",
]  # fmt: skip
OWNERS = ["苏志强", "方美玲", "江涛", "赖秀兰", "曾国华", "廖永福", "邱敏", "傅丽萍"]
OTHER_BANK = ("MINJIANG", "闽江农村商业银行", "Minjiang Rural Commercial Bank")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: the owner and her firm, other owners with theirs, two banks, the officers by department, the clerk."""

    owner: Actor
    firm: Organisation
    others: tuple[tuple[Actor, Organisation], ...]
    bank: Actor
    other_bank: Actor
    officers: dict[str, Actor]
    clerk: Actor
    claimant: Actor


def make_cast() -> Cast:
    """Enrol everybody who is not there yet; answers the whole cast."""
    with clock.at(clock.now() - BEFORE), story(SYSTEM):
        firms = [_firm(number, firm.uscc) for number, firm in enumerate(rich_firms()[: len(OWNERS) + 1])]
        owner = _member("owner", "林秀珍", firms[0], Role.ENTERPRISE_LEGAL)
        others = tuple(
            (_member(f"owner-{number}", name, firm, Role.ENTERPRISE_LEGAL), firm)
            for number, (name, firm) in enumerate(zip(OWNERS, firms[1:], strict=False), 2)
        )
        bank = _organisation(Kind.BANK, "HAIXIA", "海峡银行", "Haixia Bank")
        second = _organisation(Kind.BANK, *OTHER_BANK)
        departments = {
            name: Organisation.objects.get(kind=Kind.DEPARTMENT, code=name.upper()) for name in catalogue().departments
        }
        officers = {
            name: _member("officer" if name == "tax" else f"officer-{name}", who, departments[name],
                          Role.DEPARTMENT_OFFICER)
            for who, name in zip(OFFICERS, departments, strict=True)
        }  # fmt: skip
        return Cast(
            owner=owner,
            firm=firms[0],
            others=others,
            bank=_member("bank", "郑浩", bank, Role.BANK_OFFICER),
            other_bank=_member("bank-2", "余晓明", second, Role.BANK_OFFICER),
            officers=officers,
            clerk=_member("clerk", "吴梅", departments["power"], Role.DEPARTMENT_CLERK),
            claimant=_acting(enrol_person(f"claimant@{HOME}", "沈佳"), None),
        )


def _firm(number: int, code: str) -> Organisation:
    firm = Organisation.objects.get(kind=Kind.ENTERPRISE, code=code)
    if not firm.contact_email:
        firm.contact_email = f"office-{number + 1}@{HOME}"
        firm.save(update_fields=["contact_email"])
    return firm


def _organisation(kind: Kind, code: str, name_zh: str, name_en: str) -> Organisation:
    found, _made = Organisation.objects.get_or_create(
        kind=kind, code=code, defaults={"name_zh": name_zh, "name_en": name_en}
    )
    return found


def _member(key: str, name: str, organisation: Organisation, role: Role) -> Actor:
    person = enrol_person(f"{key}@{HOME}", name)
    if not person.memberships.filter(organisation=organisation, role=role, ended_at=None).exists():
        give_role(SYSTEM, person, organisation, role, proof="demo")
    return _acting(person, organisation)


def _acting(person: Person, organisation: Organisation | None) -> Actor:
    wished = organisation.public_id if organisation else ""
    return actor_of(person, list(current_memberships(person)), wished, strong=True)
