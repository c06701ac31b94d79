"""A state machine as a table. Pure: which moves there are, who may make them, and whether the table is sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tulou.kernel.errors import Refused, refuse


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the table: the move `name` leads from one of `sources` to `target`; `roles` may make it (empty: any).

    `action` is what the audit log calls it, in the past tense (`accepted`); `reason` says that words are required.
    """

    name: str
    sources: tuple[str, ...]
    target: str
    action: str
    roles: frozenset[str] = frozenset()
    reason: bool = False


class Flow:
    """The table of one kind of record.

    >>> flow = Flow("finance.offer", "draft", [Step("send", ("draft",), "sent", "sent")])
    >>> flow.steps_from("draft")[0].target
    'sent'
    >>> flow.final("sent")
    True
    """

    def __init__(self, name: str, start: str, steps: Iterable[Step]) -> None:
        self.name = name
        self.start = start
        self.steps = {step.name: step for step in steps}
        self._check()

    def _check(self) -> None:
        known, reached = {self.start, *(step.target for step in self.steps.values())}, {self.start}
        unknown = {source for step in self.steps.values() for source in step.sources} - known
        while new := {s.target for s in self.steps.values() if reached & set(s.sources)} - reached:
            reached |= new
        if unknown or known - reached:
            raise ValueError(f"{self.name}: states that nothing leads to: {sorted(unknown | (known - reached))}")

    @property
    def states(self) -> frozenset[str]:
        """Every state there is."""
        return frozenset({self.start, *(step.target for step in self.steps.values())})

    def steps_from(self, state: str, roles: frozenset[str] | None = None) -> list[Step]:
        """The moves that lead on from `state`, for somebody with `roles` (None: for anybody)."""
        return [
            step
            for step in self.steps.values()
            if state in step.sources and (roles is None or not step.roles or step.roles & roles)
        ]

    def final(self, state: str) -> bool:
        """Whether nothing leads on from `state`."""
        return not self.steps_from(state)

    def step(self, name: str, state: str, roles: frozenset[str]) -> Step:
        """The move `name` from `state` by somebody with `roles`. Raises Refused where the table has no such move."""
        step = self.steps[name]
        if state not in step.sources:
            raise self.illegal(name, state)
        if step.roles and not step.roles & roles:
            raise refuse(
                "transition.role_missing",
                "您的角色不能执行此操作",
                "Your role may not do this",
            )
        return step

    def illegal(self, name: str, state: str) -> Refused:
        """The refusal of a move that does not start from `state`."""
        return refuse(
            "transition.illegal",
            f"当前状态“{state}”下不能执行“{name}”，请刷新页面查看最新状态",
            f"'{name}' is not possible in the state '{state}': reload the page to see where it stands now",
        )
