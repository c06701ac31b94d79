"""Keeping policies findable: the search index follows every change in the same transaction."""

from __future__ import annotations

from django.urls import reverse

from tulou.platform.search.services import forget_document, index_document
from tulou.platform.story import Story
from tulou.policies.models import Policy, PolicyVersion
from tulou.policies.queries.public import KIND
from tulou.policies.services.after import PolicyChange, on_change


@on_change
def follow(_told: Story, change: PolicyChange) -> None:
    """Index what can be had, forget what cannot."""
    if change.in_force:
        index(change.policy, change.version)
    else:
        forget_document(KIND, change.policy.public_id)


def index(policy: Policy, version: PolicyVersion) -> None:
    """Make a policy findable by its words in both languages, its office and its department."""
    texts = [
        version.summary_zh, version.summary_en, version.benefit_zh, version.benefit_en, version.title_en,
        version.office_zh, version.office_en, policy.department.name_zh, policy.department.name_en,
        *(line for lines in version.prose.values() for line in lines),
    ]  # fmt: skip
    index_document(
        KIND,
        policy.public_id,
        title=version.title_zh,
        summary=" · ".join(part for part in (version.benefit_zh, version.title_en) if part),
        body="\n".join(part for part in texts if part),
        link=reverse("policies:show", args=[policy.public_id]),
    )
