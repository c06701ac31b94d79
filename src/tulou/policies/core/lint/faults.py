"""What the lint reports: a fault of one policy, with its place, the words of the text and those of the rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tulou.kernel.errors import Finding, Text, Where

Severity = Literal["reject", "warn"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding about one policy. `code` is stable: `policies.lint.<check>`."""

    policy_id: str
    check: str
    text: Text
    severity: Severity = "warn"
    words: str | None = None
    rule: Text | None = None
    path: str | None = None
    remedy: Text | None = None

    @property
    def code(self) -> str:
        """The stable code."""
        return f"policies.lint.{self.check}"

    def finding(self, file: str | None = None) -> Finding:
        """The fault as the rest of the house reports findings."""
        where = Where(
            file=file,
            column=f"{self.policy_id}.{self.path}" if self.path else self.policy_id,
            value=self.words,
            rule=self.rule.en if self.rule else None,
        )
        return Finding(self.code, self.text, where, self.remedy, self.severity)


def fault(policy_id: str, check: str, zh: str, en: str, **more: object) -> Fault:
    """A fault from its sentence in both languages."""
    return Fault(policy_id, check, Text(zh=zh, en=en), **more)  # type: ignore[arg-type]
