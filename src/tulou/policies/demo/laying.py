"""The demonstration policies in the registry, each at its department, in force."""

from __future__ import annotations

from dataclasses import replace

from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.story import story
from tulou.platform.transitions.services import move
from tulou.policies.demo import demo_policies
from tulou.policies.demo.dating import moved
from tulou.policies.models import Policy
from tulou.policies.services.drafting import draft_policy
from tulou.policies.services.flows import OFFICERS, POLICY, VERSION
from tulou.policies.services.importing import fields_of
from tulou.policies.services.publishing import put_in_force
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

HOUSE: Actor = replace(SYSTEM, roles=OFFICERS)
"""The demonstration acts for every department."""

DEPARTMENTS = {
    "tax": ("福建省税务局", "Fujian Tax Bureau"),
    "hrss": ("福建省人力资源和社会保障厅", "Fujian Department of Human Resources and Social Security"),
    "industry": ("福建省工业和信息化厅", "Fujian Department of Industry and Information Technology"),
    "science": ("福建省科学技术厅", "Fujian Department of Science and Technology"),
    "ip": ("福建省知识产权局", "Fujian Intellectual Property Office"),
    "bank": ("福建省金融监督管理部门", "Fujian Financial Regulation Authority"),
    "finance": ("福建省财政厅", "Fujian Department of Finance"),
    "commerce": ("福建省商务厅", "Fujian Department of Commerce"),
    "power": ("国网福建电力", "State Grid Fujian"),
    "market": ("福建省市场监督管理局", "Fujian Administration for Market Regulation"),
    "assets": ("福建省国有资产监督管理部门", "Fujian State-owned Assets Supervision Authority"),
    "housing": ("福建省住房和城乡建设厅", "Fujian Department of Housing and Urban-Rural Development"),
    "agriculture": ("福建省农业农村厅", "Fujian Department of Agriculture and Rural Affairs"),
    "tourism": ("福建省文化和旅游厅", "Fujian Department of Culture and Tourism"),
    "transport": ("福建省交通运输厅", "Fujian Department of Transport"),
    "ecology": ("福建省生态环境厅", "Fujian Department of Ecology and Environment"),
    "planning": ("福建省发展和改革委员会", "Fujian Development and Reform Commission"),
}
"""Who gives the demonstration policies."""


def department(code: str) -> Organisation:
    """The organisation behind a department of the demonstration file; made where it is not there."""
    zh, en = DEPARTMENTS[code]
    found, _made = Organisation.objects.get_or_create(
        kind=Kind.DEPARTMENT, code=code.upper(), defaults={"name_zh": zh, "name_en": en}
    )
    return found


def lay_out_policies() -> int:
    """Import and publish the demonstration policies that are not there yet; how many were laid out."""
    found, made = demo_policies(), 0
    known = set(Policy.objects.values_list("department__code", "code"))
    for policy in found:
        owner = department(policy.department or "industry")
        if (owner.code, policy.id) in known:
            continue
        fields = moved(fields_of(policy, found), clock.today())
        fields |= {
            "office_zh": f"{owner.name_zh}企业服务处",
            "office_en": f"{owner.name_en}, enterprise service office",
        }
        with story(HOUSE) as told:
            version = draft_policy(HOUSE, owner, code=policy.id, **fields)
            move(told, POLICY, version.policy, "submit")
            move(told, VERSION, version, "submit")
            put_in_force(told, version)
        made += 1
    return made
