"""How the first people of the operator come in: by a command at the operator's own terminal."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from tulou.kernel.errors import refuse
from tulou.platform.actor import SYSTEM
from tulou.platform.story import story
from tulou.registry.models import Organisation, Person
from tulou.registry.roles import Kind, Role
from tulou.registry.services import give_role

OPERATOR_CODE = "OPERATOR"


def enrol_person(email: str, name: str, *, language: str = "zh-hans") -> Person:
    """A person with a verified e-mail address, made where she is not there yet."""
    tidy = email.strip().lower()
    person = Person.objects.filter(email=tidy).first()
    if person is None:
        person = Person.objects.create_user(tidy, name=name.strip(), language=language)
    EmailAddress.objects.get_or_create(user=person, email=tidy, defaults={"verified": True, "primary": True})
    return person


def enrol_operator(email: str, name: str, role: str) -> Person:
    """Enter a person of the operator with one of its roles."""
    known = {str(r).partition(".")[2]: r for r in Role if r.kind == Kind.OPERATOR}
    if role not in known:
        raise refuse(
            "registry.role.unknown", f"未知角色 {role}：{'、'.join(known)}", f"No role {role}: {', '.join(known)}"
        )
    with story(SYSTEM):
        person = enrol_person(email, name)
        operator, _ = Organisation.objects.get_or_create(
            kind=Kind.OPERATOR, code=OPERATOR_CODE, defaults={"name_zh": "平台运营方", "name_en": "Platform operator"}
        )
        give_role(SYSTEM, person, operator, known[role], proof="command")
    return person
