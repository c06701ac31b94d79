"""What firms of the demonstration have done with its policies: saved, declared, applied, were granted and paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.core.files.uploadedfile import SimpleUploadedFile

from tulou.kernel.errors import Refused
from tulou.platform.actor import SYSTEM, Actor
from tulou.policies.models import Application, Mark, Policy, PolicyVersion, Sighting
from tulou.policies.queries.policies import published
from tulou.policies.services.applications import (
    Details,
    add_material,
    begin_application,
    decide_application,
    submit_application,
)
from tulou.policies.services.declaring import declare_fact, mark_policy, note_seen
from tulou.policies.services.flows import OFFICERS
from tulou.policies.services.grants import confirm_grant
from tulou.policies.services.standing import Standing, standing_of
from tulou.pool.services.consent import SIGNERS
from tulou.registry.models import Membership, Organisation
from tulou.registry.roles import Kind

MOST_FIRMS = 24
"""So many firms are busy; each of them reads its facts through the pool's gate."""
ANSWERS = {"project.cost": "860000", "project.equipment_cost": "640000", "project.loan": "1500000", "aid": "none"}
PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
"""A PDF of one empty page: the papers of the demonstration say nothing."""


def demo_applications() -> str:
    """Let some firms of the demonstration be busy; does its work once. Answers what was made."""
    if Sighting.objects.exists() or not published().exists():
        return "0 applications"
    for number, firm in enumerate(busy_firms()):
        act(number, firm)
    counts = f"{Application.objects.count()} applications, {Sighting.objects.count()} sightings"
    return f"{counts}, {Mark.objects.count()} marks"


def busy_firms() -> list[Organisation]:
    """Firms with somebody who may speak for them; the demo's own firm is the first."""
    rows = Membership.objects.filter(role__in=SIGNERS, organisation__kind=Kind.ENTERPRISE, ended_at=None)
    keys = list(dict.fromkeys(rows.order_by("pk").values_list("organisation", flat=True)))[:MOST_FIRMS]
    by_key = Organisation.objects.in_bulk(keys)
    return [by_key[key] for key in keys]


def speaker_of(firm: Organisation) -> Actor:
    """Somebody who may speak for a firm."""
    member = Membership.objects.select_related("person").filter(organisation=firm, role__in=SIGNERS).order_by("pk")[0]
    return Actor(
        person_id=member.person.public_id,
        person_key=member.person.pk,
        name=member.person.name or member.person.email,
        organisation_id=firm.public_id,
        organisation_key=firm.pk,
        organisation_name=firm.name,
        organisation_kind=firm.kind,
        roles=frozenset({member.role}),
        strong=True,
    )


def officer_of(policy: Policy) -> Actor:
    """The house, in the place of the policy's department."""
    department = policy.department
    return replace(SYSTEM, roles=OFFICERS, organisation_key=department.pk, organisation_id=department.public_id)


def act(number: int, firm: Organisation) -> None:
    """One firm's doings, different for each but the same every time."""
    actor = speaker_of(firm)
    if number % 3 == 1:
        for fact, answer in ANSWERS.items():
            declare_fact(actor, fact, answer)
    standing = standing_of(actor)
    for card in [*standing.lists["T"], *standing.lists["U"]][: 4 + number % 5]:
        note_seen(actor, card.policy)
    for kind, policy in marked(number, standing):
        mark_policy(actor, policy, kind)
    if number == 0:
        return  # The demo's owner finds her lists untouched: what she does is for the one who looks.
    for place, version in enumerate(wanted(number, standing)):
        apply(actor, version, stage=(number + place) % 6)


def marked(number: int, standing: Standing) -> list[tuple[str, Policy]]:
    """One policy to keep, and for some firms one to hide."""
    found = [("saved", card.policy) for card in standing.lists["U"][:1]]
    return found + [("hidden", card.policy) for card in standing.lists["F"][: number % 2]]


def wanted(number: int, standing: Standing) -> Sequence[PolicyVersion]:
    """What a firm goes for: a few that are for it, else one that may be."""
    sure = [card.version for card in standing.lists["T"] if not card.over]
    return sure[number % 3 : number % 3 + 2] or [card.version for card in standing.lists["U"][:1] if not card.over]


def apply(actor: Actor, version: PolicyVersion, *, stage: int) -> None:
    """An application, as far as `stage`: 0 a draft, 1 handed in, 2 returned, 3 granted, 4 paid, 5 refused."""
    officer = officer_of(version.policy)
    try:
        if version.no_application:
            grant = confirm_grant(actor, version.policy)
            if stage >= 3:
                decide_application(officer, grant, "pay")
            return
        made = begin_application(actor, version.policy)
        for place in range(len(version.materials)):
            add_material(actor, made, SimpleUploadedFile("材料.pdf", PAGE, "application/pdf"), place)
        if stage == 0:
            return
        submit_application(actor, made, Details(actor.name[:80], "0591-88886666", None, ""))
    except Refused:
        return  # Where the data do not let this firm have it, it does not have it in the demonstration either.
    granted = min(version.benefit_ceiling_fen or 5_000_000, 5_000_000)
    if stage == 2:
        decide_application(officer, made, "return", answer="发票复印件不清楚，请重新上传。")
    elif stage in (3, 4):
        decide_application(officer, made, "accept", answer="材料齐全，予以通过。", granted_fen=granted)
        if stage == 4:
            decide_application(officer, made, "pay")
    elif stage == 5:
        decide_application(officer, made, "refuse", answer="项目不在本政策支持范围（第四条）。")
