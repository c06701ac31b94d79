"""What a firm says of itself, keeps at hand and has seen."""

from __future__ import annotations

from tulou.kernel.errors import refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.story import story
from tulou.policies.core.choices import answered
from tulou.policies.core.firms.facts import Unreadable
from tulou.policies.core.rule.truth import AS_OF
from tulou.policies.models import Declaration, Mark, Policy, Sighting
from tulou.policies.queries.public import shelf
from tulou.policies.services.matching import firm_declared
from tulou.pool.services.consent import SIGNERS, require


def declare_fact(actor: Actor, fact: str, answer: str) -> Declaration:
    """Keep a fact that the firm declares; the one before it ends. Raises Refused for what cannot be an answer."""
    firm = require(actor, SIGNERS)
    if fact == AS_OF:
        raise refuse("policies.fact", "日期不能申报", "The day cannot be declared")
    try:
        answered({}, fact, answer, shelf().policies.catalogue)
    except Unreadable as error:
        raise refuse(
            "policies.answer", f"答案应为{error.expected.zh}", f"The answer should be {error.expected.en}"
        ) from error
    with story(actor) as told:
        Declaration.objects.filter(firm_id=firm, fact=fact, ended_at=None).update(ended_at=clock.now())
        made = Declaration.objects.create(firm_id=firm, fact=fact, answer=answer, declared_by_id=actor.person_key)
        told.record("policies.fact.declared", made, fact=fact)
        firm_declared()
    return made


def retract_fact(actor: Actor, declaration: Declaration) -> None:
    """Take a declared fact back; it is unknown again."""
    require(actor, SIGNERS)
    with story(actor) as told:
        if Declaration.objects.filter(pk=declaration.pk, ended_at=None).update(ended_at=clock.now()):
            told.record("policies.fact.retracted", declaration, fact=declaration.fact)
            firm_declared()


def mark_policy(actor: Actor, policy: Policy, kind: str) -> None:
    """Save or hide a policy for the firm; an empty `kind` takes the mark away."""
    firm = require(actor, SIGNERS)
    with story(actor) as told:
        if kind not in Mark.Kind.values:
            Mark.objects.filter(firm_id=firm, policy=policy).delete()
            told.record("policies.mark.removed", policy)
            return
        Mark.objects.update_or_create(
            firm_id=firm, policy=policy, defaults={"kind": kind, "person_id": actor.person_key}
        )
        told.record(f"policies.mark.{kind}", policy)


def note_seen(actor: Actor, policy: Policy) -> None:
    """Count that the firm has seen the policy: once, however often it looks."""
    firm = require(actor, SIGNERS)
    if policy.current_id is None:
        return
    Sighting.objects.bulk_create(
        [Sighting(firm_id=firm, policy=policy, version_id=policy.current_id)], ignore_conflicts=True
    )
