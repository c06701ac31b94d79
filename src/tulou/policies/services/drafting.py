"""Writing drafts: a new policy, and every change of a draft."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.db.models import F

from tulou.kernel.errors import refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.attachments.content import DOCUMENTS, DOCX, XLSX
from tulou.platform.attachments.services import attach_file
from tulou.platform.records import new_public_id
from tulou.platform.story import story
from tulou.policies.models import Policy, PolicyFile, PolicyVersion
from tulou.registry.models import Organisation

EVERYBODY_IN_FUJIAN: dict[str, Any] = {"all": [{"op": "in", "attr": "region", "include": ["350000"]}]}
"""The rule that a new draft begins with."""


def draft_policy(actor: Actor, department: Organisation, *, code: str = "", **fields: Any) -> PolicyVersion:
    """A new policy with the first draft of what it says. `fields` are those of PolicyVersion.

    Raises Refused where the department has a policy with this code.
    """
    with story(actor) as told:
        try:
            policy = Policy.objects.create(department=department, code=(code or new_public_id())[:120])
        except IntegrityError as error:
            raise refuse(
                "policies.code.taken", f"本部门已有政策 {code}", f"The department has a policy {code}"
            ) from error
        version = PolicyVersion.objects.create(policy=policy, **{"eligibility": EVERYBODY_IN_FUJIAN, **fields})
        if actor.person_key is not None:
            version.authors.add(actor.person_key)
        told.record("policies.policy.drafted", policy)
    return version


def edit_draft(actor: Actor, version: PolicyVersion, *, revision: int, **fields: Any) -> None:
    """Change a draft that still stands at `revision`; it then stands at the next.

    Raises Refused where somebody else changed it meanwhile, or where it is no draft any more.
    """
    with story(actor) as told:
        if actor.organisation_key != version.policy.department_id:
            raise refuse("policies.department.other", "该政策属于其他部门", "This policy belongs to another department")
        rows = PolicyVersion.objects.filter(pk=version.pk, state=PolicyVersion.State.DRAFT, revision=revision)
        if not rows.update(revision=F("revision") + 1, **fields):
            raise refuse(
                "policies.draft.changed",
                "草稿已被他人修改或提交，请刷新页面后再改",
                "The draft was changed or submitted by somebody else meanwhile: reload the page",
            )
        for name, value in fields.items():
            setattr(version, name, value)
        version.revision = revision + 1
        Policy.objects.filter(pk=version.policy_id).update(changed_at=clock.now())
        if actor.person_key is not None:
            version.authors.add(actor.person_key)
        told.record("policies.draft.changed", version.policy, version=version.number, fields=sorted(fields))


def add_file(
    actor: Actor, version: PolicyVersion, upload: UploadedFile[Any], *, title_zh: str, title_en: str
) -> PolicyFile:
    """Keep a file with a draft. Raises Refused for a kind or a size that is not allowed."""
    with story(actor) as told:
        _require_open(actor, version)
        kept = attach_file(told, upload, purpose="policies.version", allowed=(*DOCUMENTS, DOCX, XLSX))
        made = PolicyFile.objects.create(version=version, attachment=kept, title_zh=title_zh, title_en=title_en)
        told.record("policies.draft.file_added", version.policy, version=version.number, file=made.public_id)
    return made


def remove_file(actor: Actor, found: PolicyFile) -> None:
    """Take a file away from a draft; the upload itself is kept."""
    with story(actor) as told:
        _require_open(actor, found.version)
        told.record("policies.draft.file_removed", found.version.policy, file=found.public_id)
        found.delete()


def _require_open(actor: Actor, version: PolicyVersion) -> None:
    """The draft is locked for the rest of the story, so that nobody submits it meanwhile."""
    held = PolicyVersion.objects.select_for_update().get(pk=version.pk)
    if actor.organisation_key != version.policy.department_id:
        raise refuse("policies.department.other", "该政策属于其他部门", "This policy belongs to another department")
    if not held.open:
        raise refuse(
            "policies.draft.closed", "该版本已提交，不能再改", "The version was submitted and cannot be changed"
        )
