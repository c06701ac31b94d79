"""The demo's people: one for every kind. Shown on the sign-in page of the demo only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from tulou.platform import clock
from tulou.platform.actor import SYSTEM
from tulou.platform.story import story
from tulou.pool.demo import demo_firm
from tulou.pool.demo.people import BEFORE
from tulou.registry.enrolment import enrol_person
from tulou.registry.models import Organisation, Person
from tulou.registry.roles import Kind, Role
from tulou.registry.services import give_role


@dataclass(frozen=True, slots=True)
class Account:
    """One of the demo's people, what she is and where."""

    key: str
    name: str
    label: Any
    text: Any
    kind: Kind
    code: str
    organisation_zh: str
    organisation_en: str
    roles: tuple[Role, ...]
    icon: str


ACCOUNTS = [
    Account("owner", "林秀珍", _("Firm owner"), _("Her firm's data, consents, policies"), Kind.ENTERPRISE,
            "91350100MA2XN6K31A", "福州闽江精密轴承有限公司", "Fuzhou Minjiang Precision Bearings Ltd",
            (Role.ENTERPRISE_LEGAL,), "building-store"),
    Account("accountant", "陈立新", _("Accountant"), _("Acts for a firm by delegation"), Kind.ENTERPRISE,
            "91350100MA2XN6K31A", "福州闽江精密轴承有限公司", "Fuzhou Minjiang Precision Bearings Ltd",
            (Role.ENTERPRISE_DELEGATE,), "calculator"),
    Account("officer", "黄建国", _("Department officer"), _("Delivers data, answers disputes"), Kind.DEPARTMENT,
            "TAX", "福建省税务局", "Fujian Tax Bureau", (Role.DEPARTMENT_OFFICER,), "building-bank"),
    Account("reviewer", "郭敏", _("Second officer"), _("Reviews what her colleague drafts"), Kind.DEPARTMENT,
            "TAX", "福建省税务局", "Fujian Tax Bureau", (Role.DEPARTMENT_OFFICER,), "checks"),
    Account("officer-power", "李国栋", _("Officer of the power company"), _("Hands files in, takes them back"),
            Kind.DEPARTMENT, "POWER", "国网福建电力", "State Grid Fujian", (Role.DEPARTMENT_OFFICER,), "cloud-upload"),
    Account("clerk", "吴梅", _("Data clerk"), _("Corrects rejected rows"), Kind.DEPARTMENT,
            "POWER", "国网福建电力", "State Grid Fujian", (Role.DEPARTMENT_CLERK,), "table"),
    Account("bank", "郑浩", _("Bank officer"), _("Reads what firms allow, makes offers"), Kind.BANK,
            "HAIXIA", "海峡银行", "Haixia Bank", (Role.BANK_OFFICER, Role.BANK_MANAGER), "coin-yuan"),
    Account("bank-manager", "林月", _("Bank manager"), _("The second pair of eyes on offers"), Kind.BANK,
            "HAIXIA", "海峡银行", "Haixia Bank", (Role.BANK_MANAGER,), "eye"),
    Account("bank-2", "余晓明", _("Officer of another bank"), _("Competes for the same firms"), Kind.BANK,
            "MINJIANG", "闽江农村商业银行", "Minjiang Rural Commercial Bank", (Role.BANK_OFFICER,), "coin-yuan"),
    Account("bank-2-manager", "董敏", _("Manager of another bank"), _("Approves its offers"), Kind.BANK,
            "MINJIANG", "闽江农村商业银行", "Minjiang Rural Commercial Bank", (Role.BANK_MANAGER,), "eye"),
    Account("provider", "许文", _("Cloud provider"), _("Publishes products, takes orders"), Kind.PROVIDER,
            "CLOUD1", "闽云科技有限公司", "Minyun Technology Ltd",
            (Role.PROVIDER_MANAGER, Role.PROVIDER_EDITOR), "cloud"),
    Account("operator", "何静", _("Operator"), _("Decides matches, reviews claims"), Kind.OPERATOR,
            "OPERATOR", "平台运营方", "Platform operator", (Role.OPERATOR_STAFF,), "tool"),
    Account("system", "罗志强", _("System administrator"), _("Tasks, schedules, health"), Kind.OPERATOR,
            "OPERATOR", "平台运营方", "Platform operator", (Role.OPERATOR_SYSTEM,), "server"),
    Account("security", "谢丽", _("Security administrator"), _("Roles and rights"), Kind.OPERATOR,
            "OPERATOR", "平台运营方", "Platform operator", (Role.OPERATOR_SECURITY,), "lock"),
    Account("audit", "叶明", _("Audit administrator"), _("Reads the audit log"), Kind.OPERATOR,
            "OPERATOR", "平台运营方", "Platform operator", (Role.OPERATOR_AUDIT,), "shield-check"),
    Account("decider", "王海", _("Decision-maker"), _("Sees how production resumes"), Kind.GOVERNMENT,
            "GOV", "福建省工业和信息化厅", "Fujian Department of Industry and Information Technology",
            (Role.GOVERNMENT_DECIDER, Role.GOVERNMENT_ANALYST), "activity"),
    Account("seeker", "张小燕", _("Job seeker"), _("Looks for work"), Kind.ENTERPRISE, "", "", "", (), "user-search"),
]  # fmt: skip


def address(account: Account) -> str:
    """The e-mail address of a demo account: at a name that no mail reaches."""
    return f"{account.key}@demo.invalid"


def demo_person(key: str) -> Person | None:
    """The person behind a demo account."""
    account = next((a for a in ACCOUNTS if a.key == key), None)
    return Person.objects.filter(email=address(account)).first() if account else None


def make_demo_people() -> int:
    """Make the demo's people and organisations; those that are there stay as they are. How many were made."""
    made = 0
    with clock.at(clock.now() - BEFORE), story(SYSTEM):
        for account in ACCOUNTS:
            made += not Person.objects.filter(email=address(account)).exists()
            person = enrol_person(address(account), account.name)
            if not account.roles:
                continue
            organisation = _organisation(account)
            for role in account.roles:
                give_once(person, organisation, role)
    return made


def _organisation(account: Account) -> Organisation:
    """Where she works. The demo's firm is one of the pool's own, where there is a pool."""
    code, known = account.code, {"name_zh": account.organisation_zh, "name_en": account.organisation_en}
    if account.kind == Kind.ENTERPRISE and (firm := demo_firm()) is not None:
        code, known = firm.uscc, {"name_zh": firm.name, "region": firm.region}
    found, _made = Organisation.objects.get_or_create(kind=account.kind, code=code, defaults=known)
    return found


def give_once(person: Person, organisation: Organisation, role: Role) -> None:
    """Give a role where she has not got it."""
    if person.memberships.filter(organisation=organisation, role=role, ended_at=None).exists():
        return
    give_role(SYSTEM, person, organisation, role, proof="demo")
