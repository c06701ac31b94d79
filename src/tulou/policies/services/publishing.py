"""From draft to force and out of it: submit, review by a second person, publish, amend, suspend, expire, withdraw."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError

from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import Story, story
from tulou.platform.transitions.services import move
from tulou.policies.models import Policy, PolicyVersion, Review
from tulou.policies.services.after import PolicyChange, What, tell
from tulou.policies.services.flows import OFFICERS, POLICY, VERSION
from tulou.registry.queries import people_of


def submit(actor: Actor, version: PolicyVersion) -> Review:
    """Hand a draft over to a second person of the department.

    Raises Refused where the lint has errors or an example fails (`services.checking.require_sound`).
    """
    from tulou.policies.services.checking import require_sound

    require_sound(version)
    with story(actor) as told:
        return _submit(told, version)


def _submit(told: Story, version: PolicyVersion) -> Review:
    move(told, VERSION, version, "submit")
    if version.policy.state == Policy.State.DRAFT:
        move(told, POLICY, version.policy, "submit", changed_at=clock.now())
    if told.actor.person_key is None:
        raise refuse("policies.review.person", "须由具体人员提交", "A person has to submit it")
    review = Review.objects.create(version=version, revision=version.revision, submitted_by_id=told.actor.person_key)
    version.authors.add(told.actor.person_key)
    told.send(_ask_reviewers(version, told.actor))
    return review


def approve(actor: Actor, version: PolicyVersion, *, revision: int, comment: str = "") -> None:
    """Approve a submitted version and put it in force. Raises Refused for whoever wrote at it or submitted it."""
    from tulou.policies.services.checking import require_sound

    require_sound(version)
    with story(actor) as told:
        _decide(told, version, Review.Verdict.APPROVED, revision, comment)
        put_in_force(told, version)
        told.send(_tell_authors(version, "approved", comment))


def send_back(actor: Actor, version: PolicyVersion, *, revision: int, comment: str) -> None:
    """Return a submitted version to its authors with what has to change."""
    with story(actor) as told:
        _decide(told, version, Review.Verdict.RETURNED, revision, comment)
        move(told, VERSION, version, "return", reason=comment)
        if version.policy.state == Policy.State.IN_REVIEW:
            move(told, POLICY, version.policy, "return", changed_at=clock.now())
        told.send(_tell_authors(version, "returned", comment))


def _decide(told: Story, version: PolicyVersion, verdict: Review.Verdict, revision: int, comment: str) -> None:
    actor = told.actor
    if actor.organisation_key != version.policy.department_id or not actor.has_any(OFFICERS):
        raise refuse("transition.role_missing", "您的角色不能执行此操作", "Your role may not do this")
    if version.authors.filter(pk=actor.person_key).exists():
        raise refuse(
            "policies.review.four_eyes",
            "撰写或提交该版本的人员不能审核，请由本部门另一人审核",
            "Whoever wrote or submitted this version cannot review it: a second person of the department has to",
        )
    found = Review.objects.filter(version=version, verdict="", revision=revision)
    if not found.update(
        reviewer_id=actor.person_key, verdict=verdict, comment=comment.strip()[:2000], decided_at=clock.now()
    ):
        raise refuse(
            "policies.review.other_revision",
            "该版本已被处理或已改动，请刷新页面查看最新内容",
            "This version was decided or changed meanwhile: reload the page to see what it says now",
        )


def put_in_force(told: Story, version: PolicyVersion) -> None:
    """Publish a version that is in review, in the place of the one in force; tell everybody who wants to know."""
    policy, now = version.policy, clock.now()
    before = PolicyVersion.objects.filter(policy=policy, state=PolicyVersion.State.PUBLISHED).first()
    if before is not None:
        move(told, VERSION, before, "supersede", superseded_at=now)
    move(told, VERSION, version, "publish", published_at=now)
    if policy.state in (Policy.State.IN_REVIEW, Policy.State.EXPIRED):
        move(told, POLICY, policy, "publish", current=version, changed_at=now, reason_zh="", reason_en="")
    else:
        Policy.objects.filter(pk=policy.pk).update(current=version, changed_at=now)
        policy.current, policy.changed_at = version, now
    tell(told, PolicyChange("amended" if before else "published", policy, version, before))


def suspend(actor: Actor, policy: Policy, *, reason_zh: str, reason_en: str = "") -> None:
    """Take a published policy out of force for a while; the reason is shown to everybody."""
    _stop(actor, policy, "suspend", "suspended", reason_zh, reason_en)


def withdraw(actor: Actor, policy: Policy, *, reason_zh: str, reason_en: str = "") -> None:
    """Take a policy back for good, or give up one that never was published."""
    _stop(actor, policy, "withdraw", "withdrawn", reason_zh, reason_en)


def _stop(actor: Actor, policy: Policy, step: str, what: What, reason_zh: str, reason_en: str) -> None:
    zh, en = reason_zh.strip()[:500], (reason_en.strip() or reason_zh.strip())[:500]
    with story(actor) as told:
        _require_own(actor, policy)
        move(told, POLICY, policy, step, reason=zh, reason_zh=zh, reason_en=en, changed_at=clock.now())
        if policy.current is not None:
            tell(told, PolicyChange(what, policy, policy.current))


def resume(actor: Actor, policy: Policy) -> None:
    """Put a suspended policy back in force."""
    with story(actor) as told:
        _require_own(actor, policy)
        move(told, POLICY, policy, "resume", reason_zh="", reason_en="", changed_at=clock.now())
        if policy.current is not None:
            tell(told, PolicyChange("resumed", policy, policy.current))


def _require_own(actor: Actor, policy: Policy) -> None:
    if actor.organisation_key != policy.department_id:
        raise refuse("policies.department.other", "该政策属于其他部门", "This policy belongs to another department")


def expire_ended(actor: Actor, day: dt.date) -> int:
    """Let every policy end whose last day lies before `day`; how many ended."""
    ended = Policy.objects.select_related("current").filter(
        state__in=["published", "suspended"], current__valid_to__lt=day
    )
    count = 0
    for policy in ended:
        with story(actor) as told:
            move(told, POLICY, policy, "expire", changed_at=clock.now())
            if policy.current is not None:
                tell(told, PolicyChange("expired", policy, policy.current))
        count += 1
    return count


COPIED = (
    "title_zh", "title_en", "summary_zh", "summary_en", "theme", "document", "eligibility", "examples", "attributes",
    "dictionaries", "prose", "valid_from", "valid_to", "dates_in_rule", "deadline", "recurrence", "no_application",
    "benefit_zh", "benefit_en", "benefit_of", "benefit_rate", "benefit_each_fen", "benefit_ceiling_fen", "budget_fen",
    "office_zh", "office_en", "contact", "materials", "links",
)  # fmt: skip
"""What a version says; an amendment begins as a copy of it."""


def begin_amendment(actor: Actor, policy: Policy) -> PolicyVersion:
    """A draft of the next version, as a copy of the one in force. Raises Refused where there is an open draft."""
    with story(actor) as told:
        _require_own(actor, policy)
        if policy.current is None or policy.state == Policy.State.WITHDRAWN:
            raise refuse("policies.amend.nothing", "该政策没有可修订的版本", "There is no version to amend")
        last = policy.versions.order_by("-number").first()
        try:
            version = PolicyVersion.objects.create(
                policy=policy,
                number=(last.number if last else 0) + 1,
                **{name: getattr(policy.current, name) for name in COPIED},
            )
        except IntegrityError as error:
            raise refuse(
                "policies.amend.open", "已有修订草稿", "There is a draft of the next version already"
            ) from error
        for kept in policy.current.files.all():
            version.files.create(attachment=kept.attachment, title_zh=kept.title_zh, title_en=kept.title_en)
        if actor.person_key is not None:
            version.authors.add(actor.person_key)
        told.record("policies.version.begun", policy, version=version.number)
    return version


def discard(actor: Actor, version: PolicyVersion) -> None:
    """Give a draft up. What was in force stays in force."""
    with story(actor) as told:
        _require_own(actor, version.policy)
        move(told, VERSION, version, "discard")
        if version.policy.state == Policy.State.DRAFT:
            zh, en = "草稿已放弃", "The draft was given up"
            move(told, POLICY, version.policy, "withdraw", reason=zh, reason_zh=zh, reason_en=en)


def _ask_reviewers(version: PolicyVersion, actor: Actor) -> Notice:
    department = version.policy.department_id
    return Notice(
        code="policies.review.asked",
        key=f"{version.public_id}.{version.revision}",
        title=Text(zh=f"请审核政策: {version.title_zh}", en=f"Please review: {version.title_en}"),
        body=Text(
            zh=f"{actor.name} 提交了第 {version.number} 版", en=f"{actor.name} submitted version {version.number}"
        ),
        people=tuple(key for key in people_of(department, *OFFICERS) if key != actor.person_key),
        organisation=department,
        link=f"/policies/department/versions/{version.public_id}/review/",
    )


def _tell_authors(version: PolicyVersion, verdict: str, comment: str) -> Notice:
    zh, en = {"approved": ("已通过并发布", "was approved and published"), "returned": ("被退回", "was returned")}[
        verdict
    ]
    return Notice(
        code=f"policies.review.{verdict}",
        key=f"{version.public_id}.{version.revision}.{verdict}",
        title=Text(zh=f"“{version.title_zh}”{zh}", en=f"'{version.title_en}' {en}"),
        body=Text(zh=comment[:200] or zh, en=comment[:200] or en),
        people=tuple(version.authors.order_by("pk").values_list("pk", flat=True)),
        organisation=version.policy.department_id,
        link=f"/policies/department/{version.policy.public_id}/",
    )
