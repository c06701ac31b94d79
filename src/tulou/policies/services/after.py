"""Who wants to know when a policy changes: called in the same story, so that nothing is told that did not happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tulou.platform.story import Story
from tulou.policies.models import Policy, PolicyVersion

What = Literal["published", "amended", "suspended", "resumed", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What happened to a policy: `version` is in force now (or was until now), `before` is the one that it replaces."""

    what: What
    policy: Policy
    version: PolicyVersion
    before: PolicyVersion | None = None

    @property
    def in_force(self) -> bool:
        """Whether the policy can be had after this: an amended policy may still be suspended."""
        return self.policy.state == Policy.State.PUBLISHED


Listener = Callable[[Story, PolicyChange], None]
_listeners: list[Listener] = []


def on_change(listener: Listener) -> Listener:
    """Call `listener(story, change)` at every change of a published policy, inside its transaction. A decorator."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def tell(told: Story, change: PolicyChange) -> None:
    """Record the change and call everybody who wants to know."""
    told.record(
        f"policies.version.{change.what}",
        change.policy,
        version=change.version.number,
        before=change.before.number if change.before else None,
    )
    for listener in _listeners:
        listener(told, change)
